"""What the machine does when its store has little room, or was put in the place of a damaged one."""

import asyncio
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.store.errors import StoreDamagedError
from edge.store.health import replace_damaged
from edge.store.room import ENOUGH_BYTES, LOW_BYTES, Room
from edge.vend import inputs as i
from edge.vend.state import Phase
from tests.edge.machine_bench import MACHINE, Bench


class Disk:
    """A disk that says what it is told to say."""

    def __init__(self) -> None:
        self.free = 2 * ENOUGH_BYTES

    def __call__(self, folder: Path) -> int:
        return self.free


@pytest.fixture
def disk(bench: Bench) -> Disk:
    disk = Disk()
    bench.store._room = Room(bench.store.path, disk)
    return disk


async def test_selling_when_the_disk_runs_full_then_stops_and_says_so_once(bench: Bench, disk: Disk) -> None:
    await bench.insert(100, 100)
    disk.free = LOW_BYTES - 1
    bench.select("B9")  # any step notices
    bench.select("A1")
    await asyncio.sleep(0.5)
    await bench.insert(100)
    assert bench.state.blocked_by == "store.full"
    assert (bench.state.phase, bench.state.credit) == (Phase.CREDIT, 200)
    assert [event.d["code"] for event in bench.events() if event.kind == "fault.raised"].count("store.full") == 1


async def test_credit_when_the_disk_is_full_then_can_be_taken_back(bench: Bench, disk: Disk) -> None:
    await bench.insert(100, 100)
    disk.free = LOW_BYTES - 1
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()
    assert (bench.state.phase, bench.cup()) == (Phase.IDLE, 200)
    assert bench.state.blocked_by == "store.full"


async def test_sale_when_the_disk_runs_full_in_the_middle_then_is_finished_with_its_change(
    bench: Bench, disk: Disk
) -> None:
    await bench.insert(100, 100)
    bench.select("A1")
    disk.free = LOW_BYTES - 1
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A1"]
    assert bench.cup() == 40
    assert bench.state.blocked_by == "store.full"


async def test_selling_when_there_is_room_again_then_goes_on_by_itself(bench: Bench, disk: Disk) -> None:
    disk.free = LOW_BYTES - 1
    bench.runtime.apply(i.Clear())
    disk.free = ENOUGH_BYTES
    assert bench.state.blocked_by == "store.full"
    await asyncio.sleep(2)
    assert bench.state.blocked_by == ""
    await bench.insert(100, 10, 10)
    bench.select("A2")
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A2"]


async def test_new_store_when_ordered_then_its_first_event_names_the_damaged_one(bench: Bench) -> None:
    before = bench.store.epoch
    bench.power_off()
    bench.store.path.write_bytes(b"damaged")
    with pytest.raises(StoreDamagedError):
        await bench.power_on()
    kept = replace_damaged(bench.store.path, MACHINE, SystemClock())
    await bench.power_on()
    first, second = bench.events()[:2]
    assert first.ep != before
    assert (first.seq, first.kind, first.d["code"], first.d["detail"]) == (
        1, "fault.raised", "store.replaced", kept.name,
    )  # fmt: skip
    assert second.kind == "machine.booted"


async def test_new_store_when_staff_has_been_inside_then_is_no_news_any_more(bench: Bench) -> None:
    bench.runtime.apply(i.FaultSeen("store.replaced", detail="store.damaged-x.db"))
    bench.machine.world.open_door()
    await asyncio.sleep(1)
    bench.machine.world.close_door()
    await asyncio.sleep(1)
    assert not bench.state.has_fault("store.replaced")
