"""Staff's journeys with cash, the end of a visit, and what of all that outlives a power cut and a missing network."""

import contextlib
from pathlib import Path

import pytest

from edge.screens.intents import Intent
from edge.screens.maintenance.desk import MaintenanceDesk
from edge.screens.maintenance.tasks import Fittings, goods_and_cash
from edge.service.inputs import StaffListArrived
from edge.vend import inputs as i
from edge.vend.state import MachineState
from protocol.desired import Planogram
from tests.edge.machine_bench import Bench, PowerCutError
from tests.edge.staff_bench import PIN, STAFF, START_MS, Staff, row

KINDS = Fittings((10, 100))


def at_work(*, fittings: Fittings | None = None, **update: object) -> Staff:
    rows = [row("A1", "p1"), row("A2", "p2")]
    state = MachineState(planogram=Planogram(rev=1, slots=rows), on_hand={"A1": 3, "A2": 0}, hoppers={10: 20, 100: 9})
    staff = Staff(lambda machine: goods_and_cash(machine, fittings or KINDS), state=state.model_copy(update=update))
    staff.open_door()
    staff.log_in()
    staff.machine.events.clear()
    return staff


def test_collection_when_it_is_right_then_asks_for_a_bag_and_empties_the_part() -> None:
    staff = at_work(stacker={1000: 3})
    staff.press("task:cash")
    assert "¥3,000" in staff.item("紙幣入れ").detail
    staff.press("part:stacker")
    staff.enter("kind-1000", "3")
    assert staff.fact("差異").value == "±¥0"
    staff.press("save")
    assert "袋番号" in staff.trouble
    staff.enter("bag", "B-0042")
    staff.press("save")
    (counted,) = staff.told("cash.counted")
    assert [counted[name] for name in ("part", "believed_minor", "collected_minor", "bag", "staff")] == [
        "stacker", 3000, 3000, "B-0042", "st-1",
    ]  # fmt: skip
    assert staff.machine.state.stacker == {}
    staff.press("back")
    assert "○集金" in staff.fact("訪問").value


def test_collection_when_something_is_missing_then_is_shown_once_before_it_is_written() -> None:
    staff = at_work(cash_box={500: 4})
    staff.press("task:cash", "part:cash_box")
    staff.enter("kind-500", "3")
    staff.enter("bag", "B1")
    staff.press("save")
    assert "¥500" in staff.trouble
    assert staff.machine.events == []
    staff.press("save")
    assert [(one["believed_minor"], one["counted_minor"]) for one in staff.told("cash.counted")] == [(2000, 1500)]
    staff.press("back", "end_visit")
    assert staff.fact("差異 金庫").value == "−¥500"


def test_collection_when_counted_only_then_the_money_stays_and_needs_no_bag() -> None:
    staff = at_work(cash_box={100: 7})
    staff.press("task:cash", "part:cash_box", "as_expected", "along", "save")
    assert staff.machine.state.cash_box == {100: 7}
    assert staff.told("cash.counted")[0]["collected_minor"] == 0


def test_hoppers_when_counted_then_are_believed_as_counted() -> None:
    staff = at_work()
    staff.press("task:cash", "part:hopper", "as_expected")
    staff.enter("kind-10", "18")
    staff.press("save", "save")
    assert staff.machine.state.hoppers == {10: 18, 100: 9}


def test_cash_when_the_machine_has_a_changer_and_no_validator_then_only_the_cash_box_is_there() -> None:
    staff = at_work(fittings=Fittings((10, 100), has_bills=False, counts_coins=True))
    staff.press("task:cash")
    assert [block.text for block in staff.blocks if block.kind == "item"] == ["金庫"]


def test_float_when_coins_are_put_in_and_taken_out_then_is_one_write_with_who_did_it() -> None:
    staff = at_work()
    steps = staff.machine.steps
    staff.press("task:float")
    staff.enter("kind-10", "30")
    staff.enter("kind-100", "-10")
    assert "-9" in staff.trouble
    staff.enter("kind-100", "-9")
    assert staff.fact("合計").value == "−¥600"
    staff.press("save")
    assert staff.page == "menu"
    assert staff.machine.steps == steps + 1
    assert staff.machine.state.hoppers == {10: 50, 100: 0}
    assert {one["staff"] for one in staff.told("float.loaded")} == {"st-1"}
    assert "○釣銭" in staff.fact("訪問").value


def test_float_when_the_machine_is_new_then_every_hopper_can_be_filled() -> None:
    staff = at_work(hoppers={})
    staff.press("task:float")
    staff.enter("kind-100", "40")
    staff.press("save")
    assert staff.machine.state.hoppers == {100: 40}


def test_float_when_nothing_was_entered_then_says_so() -> None:
    staff = at_work()
    staff.press("task:float", "save")
    assert staff.trouble
    assert staff.page == "float"


def test_visit_when_it_ends_then_the_summary_says_what_was_done_and_what_is_left() -> None:
    staff = at_work(stacker={1000: 2})
    staff.machine.apply(i.FaultSeen("slot.jammed", "A2"))
    staff.press("task:restock", "slot:A1", "save", "back", "back")
    staff.press("task:cash", "part:stacker", "as_expected")
    staff.enter("bag", "B7")
    staff.press("save", "back", "end_visit")
    assert staff.page == "summary"
    assert (staff.fact("補充").value, staff.fact("集金").value) == ("3個", "¥2,000")
    assert "計数、釣銭、点検" in staff.notes()
    assert "扉が開いています" in staff.notes()
    assert "A2" in staff.notes()
    staff.press("back")
    assert staff.page == "menu"
    staff.wait(61)
    staff.press("end_visit", "end")
    (ended,) = staff.told("visit.ended")
    assert [ended[name] for name in ("minutes", "slots_filled", "units_added", "cash_collected_minor")] == [
        1,
        1,
        3,
        2000,
    ]
    assert ended["open_tasks"] == ["count", "float", "check", "door_open", "slot:A2"]
    assert staff.page == "login.names"
    assert staff.machine.state.visit is None


class Visitor:
    """Staff at a whole machine with a store: no cloud is there at all."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.desk = MaintenanceDesk(
            bench.runtime,
            goods_and_cash(bench.runtime, KINDS),
            is_online=lambda: False,
            wall_ms=lambda: START_MS,
            draw=lambda size: "a" * (2 * size),
        )

    def do(self, *presses: str) -> None:
        for one in presses:
            field, _, value = one.partition("=")
            kind = "enter" if value else "press"
            self.desk.obey(Intent(maintenance=kind, name=field, entry=value), "ja", 0.0)

    def visit(self) -> None:
        self.desk.obey(Intent(maintenance="open"), "ja", 0.0)
        self.do("person:0", f"pin={PIN}", "task:restock", "slot:A1", "removed=1", "added=3", "save", "back", "back")
        self.do("task:float", "kind-10=5", "kind-100=7", "save", "end_visit", "end")


async def test_visit_when_the_cloud_is_away_all_the_time_then_every_event_waits_with_the_staffs_id(
    bench: Bench,
) -> None:
    bench.runtime.apply(StaffListArrived(STAFF))
    before = bench.store.last_seq
    Visitor(bench).visit()
    waiting = [event for event in bench.events() if event.seq > before]
    assert [event.kind for event in waiting] == [
        "visit.started", "slot.removed", "slot.restocked", "float.loaded", "float.loaded", "visit.ended",
    ]  # fmt: skip
    assert {(event.d["staff"], event.d["visit"]) for event in waiting} == {("st-1", "a" * 32)}
    assert bench.store.acknowledged == 0


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
async def test_visit_when_the_power_is_cut_at_any_write_then_books_and_events_agree(
    tmp_path: Path, after: bool
) -> None:
    for fuse in range(1, 6):
        bench = Bench(tmp_path / f"{fuse}")
        bench.folder.mkdir()
        await bench.power_on()
        await bench.fill()
        bench.runtime.apply(StaffListArrived(STAFF))
        bench.store.fuse, bench.store.after = bench.store.commits + fuse, after
        with contextlib.suppress(PowerCutError):
            Visitor(bench).visit()
        bench.power_off()
        await bench.power_on()
        _check_books(bench)
        Visitor(bench).visit()
        _check_books(bench)
        assert bench.state.visit is None
        assert bench.kinds().count("visit.ended") == bench.kinds().count("visit.started")
        bench.power_off()


def _check_books(bench: Bench) -> None:
    units: dict[str, int] = {}
    coins: dict[int, int] = {}
    for event in bench.events():
        body = event.d
        if event.kind in {"slot.restocked", "slot.removed"}:
            units[body["slot"]] = units.get(body["slot"], 0) + body.get("added", 0) - body.get("removed", 0)
        elif event.kind == "float.loaded":
            kind = body["denomination_minor"]
            coins[kind] = coins.get(kind, 0) + body["added"]
    assert units == bench.state.on_hand
    assert coins == bench.state.hoppers
