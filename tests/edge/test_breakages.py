"""The drawer "break something": every hand breaks the emulated machine for real, and mends it."""

import asyncio
import math

import pytest

from edge.emulated import COLD_CELSIUS, ROOM_CELSIUS, WARMING_S, EmulatedCabinet
from edge.service.device_inputs import DeviceTestAsked
from edge.vend.state import hopper_name
from tests.edge.machine_bench import FLOAT, Bench


@pytest.fixture
def cabinet(bench: Bench) -> EmulatedCabinet:
    return EmulatedCabinet(bench.machine.world)


async def buy(bench: Bench, slot: str = "A1", *coins: int) -> None:
    await bench.insert(*(coins or (100, 100)))
    bench.select(slot)
    await bench.until_idle()


async def sells_for_the_credit(bench: Bench) -> None:
    bench.select("A1")
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A1"]


async def visit(cabinet: EmulatedCabinet) -> None:
    cabinet.do("open_door", 0)
    await asyncio.sleep(2)
    cabinet.do("close_door", 0)
    await asyncio.sleep(2)


async def test_slot_when_broken_then_stalls_and_the_money_stays_and_when_mended_sells_again(
    bench: Bench, cabinet: EmulatedCabinet
) -> None:
    cabinet.do("break_slot", 0, "A1")
    assert cabinet.snapshot()["broken"]["slots"] == ["A1"]
    await buy(bench)
    assert bench.state.slot_fault("A1")
    assert bench.state.credit == 200
    assert bench.world_state.tray == []
    cabinet.do("mend_slot", 0, "A1")
    assert cabinet.snapshot()["broken"]["slots"] == []
    await visit(cabinet)
    await sells_for_the_credit(bench)


async def test_beam_when_blinded_then_nothing_is_sold_until_it_sees_again(
    bench: Bench, cabinet: EmulatedCabinet
) -> None:
    cabinet.do("break_beam", 0)
    assert cabinet.snapshot()["broken"]["beam"]
    await buy(bench)
    assert bench.state.blocked_by == "drop_sensor.blocked"
    assert bench.state.credit == 200
    cabinet.do("mend_beam", 0)
    await asyncio.sleep(3)
    assert not cabinet.snapshot()["broken"]["beam"]
    assert bench.state.blocked_by == ""
    await sells_for_the_credit(bench)


async def test_change_when_taken_then_the_rest_is_owed_with_a_claim_and_coins_come_back(
    bench: Bench, cabinet: EmulatedCabinet
) -> None:
    cabinet.do("break_change", 0)
    assert cabinet.snapshot()["broken"]["change"]
    await buy(bench, "A1", 500)
    assert bench.world_state.tray == ["p-A1"]
    assert bench.cup() < 340
    assert any(event.kind == "change.paid" and event.d["short_minor"] for event in bench.events())
    cabinet.do("mend_change", 0)
    assert not cabinet.snapshot()["broken"]["change"]
    held = {value: hopper.count for value, hopper in bench.world_state.hoppers.items()}
    assert all(held[value] >= count for value, count in FLOAT.items() if value != 500)


async def test_coins_when_jammed_then_no_change_leaves_and_when_mended_it_does(
    bench: Bench, cabinet: EmulatedCabinet
) -> None:
    await bench.insert(100, 100)
    cabinet.do("break_coins", 0)
    assert cabinet.snapshot()["broken"]["coins"]
    bench.select("A1")
    await bench.until_idle()
    assert bench.cup() == 0
    assert any(bench.state.has_fault(fault.code, hopper_name(10)) for fault in bench.state.faults)
    cabinet.do("mend_coins", 0)
    assert not cabinet.snapshot()["broken"]["coins"]


async def test_coins_when_two_find_the_way_in_blocked_then_all_come_back_until_somebody_was_inside(
    bench: Bench, cabinet: EmulatedCabinet
) -> None:
    cabinet.do("break_coins", 0)
    await bench.insert(100)
    assert not bench.state.has_fault("coin_acceptor.jammed"), "once is chance"
    await bench.insert(10)
    assert bench.state.has_fault("coin_acceptor.jammed")
    assert not bench.world_state.acceptor.is_accepting
    assert (bench.cup(), bench.state.credit) == (110, 0)
    cabinet.do("mend_coins", 0)
    await bench.insert(50)
    assert (bench.cup(), bench.state.credit) == (160, 0), "nobody has looked yet"
    await visit(cabinet)
    assert not bench.state.has_fault("coin_acceptor.jammed")
    await bench.insert(100)
    assert bench.state.credit == 100


async def test_coins_when_staff_put_the_jam_right_then_a_coin_of_the_coin_test_proves_it(
    bench: Bench, cabinet: EmulatedCabinet
) -> None:
    cabinet.do("break_coins", 0)
    await bench.insert(100, 100)
    cabinet.do("mend_coins", 0)
    bench.runtime.apply(DeviceTestAsked("coin", staff="s-1"))
    await asyncio.sleep(1)
    assert bench.state.has_fault("coin_acceptor.jammed")
    await bench.insert(100)
    assert not bench.state.has_fault("coin_acceptor.jammed")


async def test_power_when_cut_in_a_vend_then_the_next_start_finishes_the_business(bench: Bench) -> None:
    cabinet = EmulatedCabinet(bench.machine.world, cut_power=bench.power_off)
    await bench.insert(100, 100)
    bench.select("A1")
    await asyncio.sleep(0.5)
    cabinet.do("break_power", 0)
    await bench.power_on()
    await bench.until_idle()
    sold = "vend.dispensed" in bench.kinds()
    assert bench.world_state.tray == (["p-A1"] if sold else [])
    assert bench.cup() + bench.state.due_to_customer == (40 if sold else 200)


async def test_hand_when_it_reaches_for_nothing_then_says_what_there_is(cabinet: EmulatedCabinet) -> None:
    with pytest.raises(ValueError, match="there is no coil 'C9'; there are A1, A2, B1"):
        cabinet.do("break_slot", 0, "C9")
    with pytest.raises(ValueError, match="unknown action 'break_wind'"):
        cabinet.do("break_wind", 0)
    with pytest.raises(ValueError, match="unknown action 'break_line'"):
        cabinet.do("break_line", 0)


async def test_shelf_when_the_door_stands_open_then_warms_and_cools_again(
    bench: Bench, cabinet: EmulatedCabinet
) -> None:
    assert cabinet.snapshot()["celsius"] == {"cold": COLD_CELSIUS, "hot": 55.0}
    drawn: list[float] = []
    bench.machine.world.on_change = lambda: drawn.append(cabinet.snapshot()["celsius"]["cold"])
    cabinet.do("open_door", 0)
    await asyncio.sleep(WARMING_S)
    expected = ROOM_CELSIUS + (COLD_CELSIUS - ROOM_CELSIUS) * math.exp(-1)
    assert cabinet.snapshot()["celsius"]["cold"] == pytest.approx(expected, abs=0.2)
    assert len(drawn) > WARMING_S * 0.9
    cabinet.do("close_door", 0)
    await asyncio.sleep(8 * WARMING_S)
    assert cabinet.snapshot()["celsius"]["cold"] == pytest.approx(COLD_CELSIUS, abs=0.1)
    settled = len(drawn)
    await asyncio.sleep(60)
    assert len(drawn) - settled <= 1
