"""Live sensors on the whole machine: right words, and no device is asked while nobody looks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from edge.sensor_watch import SensorWatch
from edge.vend import inputs as i
from tests.edge.machine_bench import PRICES, Bench


@pytest.fixture
async def watch(bench: Bench) -> AsyncIterator[SensorWatch]:
    made = SensorWatch(bench.runtime, bench.devices())
    task = asyncio.get_running_loop().create_task(made.run())
    made.watch()
    await asyncio.sleep(0.5)
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def said(watch: SensorWatch, kind: str, where: str = "") -> tuple[str, str]:
    found = next(one for one in watch.readings() if one.kind == kind and one.where == where)
    return found.standing, found.says


async def test_sensors_when_all_is_well_then_say_so(watch: SensorWatch) -> None:
    fitted = [one for one in watch.readings() if one.kind != "coil" or one.where in PRICES]
    assert {one.standing for one in fitted} == {"ok"}
    kinds = [one.kind for one in watch.readings()]
    assert (kinds.count("coil"), kinds.count("hopper")) == (len(watch.slots), 4)


async def test_sensors_when_something_is_wrong_then_say_what_within_a_moment(watch: SensorWatch, bench: Bench) -> None:
    world = bench.machine.world
    world.open_door()
    world.block_beam()
    bench.machine.line._peers.pop(5)
    await asyncio.sleep(12)
    assert said(watch, "door") == ("attention", "open")
    assert said(watch, "beam") == ("fault", "blocked")
    assert said(watch, "hopper", "100") == ("missing", "silent")


async def test_sensors_when_a_coil_stops_half_way_then_say_which(watch: SensorWatch, bench: Bench) -> None:
    await bench.insert(100, 100)
    bench.select("A1")
    await asyncio.sleep(0.5)
    bench.machine.world.open_door()
    await bench.until_idle()
    await asyncio.sleep(2)
    assert said(watch, "coil", "A1") == ("fault", "not_home")
    assert said(watch, "coil", "A2") == ("ok", "home")


async def test_devices_when_nobody_looks_then_are_not_asked(watch: SensorWatch, bench: Bench) -> None:
    watch.rest()
    await asyncio.sleep(2)
    frames: list[bytes] = []
    bench.machine.bus.on_frame = lambda _, frame: frames.append(frame)
    await asyncio.sleep(10)
    assert frames == []


async def test_latch_when_rearmed_after_a_sale_then_is_clear_and_the_next_sale_is_judged_right(
    watch: SensorWatch, bench: Bench
) -> None:
    await bench.insert(100, 50, 10)
    bench.select("A1")
    await bench.until_idle()
    assert watch.has_dropped
    assert watch.rearm()
    assert not watch.has_dropped
    bench.machine.world.empty_turn("A2")
    bench.machine.world.empty_turn("A2")
    await bench.insert(100, 10, 10)
    assert not watch.rearm()
    bench.select("A2")
    await bench.until_idle()
    assert bench.events()[-1].kind in {"vend.failed", "vend.dispensed"}
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()
    assert not bench.world_state.units_unaccounted()
