"""Staff's journeys with goods: pick list, change-over, count. Step lists on the pages, without a display."""

from edge.screens.maintenance.tasks import Fittings, goods_and_cash
from edge.screens.maintenance.view import Stepper
from edge.service.inputs import RestockListArrived
from edge.vend import inputs as i
from protocol.desired import Planogram, RestockLine, RestockList
from tests.edge.staff_bench import OTHER_PIN, Staff, row


def at_work(name: str = "", pin: str = "") -> Staff:
    staff = Staff(lambda machine: goods_and_cash(machine, Fittings((10, 100))))
    staff.open_door()
    if name:
        staff.log_in(name, pin)
    else:
        staff.log_in()
    staff.machine.events.clear()
    return staff


def stepper(staff: Staff, field: str) -> Stepper:
    return next(block for block in staff.blocks if isinstance(block, Stepper) and block.field == field)


def bring(staff: Staff, *lines: RestockLine) -> None:
    staff.machine.apply(RestockListArrived(RestockList(rev=1, made_ms=1, trip="trip-1", lines=list(lines))))
    staff.machine.events.clear()


def test_restock_when_there_is_no_list_then_fills_each_slot_to_par_and_ticks_the_step() -> None:
    staff = at_work()
    assert staff.item("補充").badge == "2"
    staff.press("task:restock", "slot:A1")
    assert (stepper(staff, "found").value, stepper(staff, "added").value) == (3, 3)
    staff.press("save")
    assert staff.page == "restock.slot"
    assert "A2" in staff.look().page.title  # type: ignore[union-attr]
    staff.press("save")
    assert staff.page == "restock"
    assert staff.machine.state.on_hand == {"A1": 6, "A2": 6}
    assert [(one["slot"], one["added"], one["staff"]) for one in staff.told("slot.restocked")] == [
        ("A1", 3, "st-1"), ("A2", 6, "st-1"),
    ]  # fmt: skip
    staff.press("back")
    assert "○補充" in staff.fact("訪問").value
    assert staff.item("補充").badge == ""


def test_restock_when_fewer_were_found_then_more_are_suggested_and_the_count_is_told_first() -> None:
    staff = at_work()
    staff.press("task:restock", "slot:A1")
    staff.enter("found", "1")
    assert stepper(staff, "added").value == 5
    staff.press("save")
    assert [event.KIND for event in staff.machine.events] == ["slot.counted", "slot.restocked"]


def test_restock_when_the_list_says_so_then_takes_its_numbers_lot_and_removals() -> None:
    staff = at_work()
    day = "2027-02-01"
    bring(
        staff,
        RestockLine(slot="A2", product_id="p2", take=4, lot="L7", best_before=day),
        RestockLine(slot="A1", product_id="p1", take=0, remove=2, why_remove="expired", lot="L1"),
    )
    staff.press("task:restock")
    assert staff.look().page.keys[-1].action == "slot:A1"  # type: ignore[union-attr]
    staff.press("slot:A2", "save")
    staff.press("save")
    (added,), (removed,) = staff.told("slot.restocked"), staff.told("slot.removed")
    assert [added[name] for name in ("slot", "added", "lot", "best_before")] == ["A2", 4, "L7", day]
    assert [removed[name] for name in ("slot", "removed", "why", "lot", "on_hand")] == ["A1", 2, "expired", "L1", 1]
    assert staff.page == "restock"
    staff.press("back")
    assert staff.item("補充").badge == ""


def test_restock_when_something_broke_then_the_reason_lot_and_date_are_told() -> None:
    staff = at_work()
    staff.press("task:restock", "slot:A1")
    staff.enter("removed", "1")
    staff.press("why:damaged")
    staff.enter("removed_lot", "L9")
    staff.enter("removed_best_before", "2026-02-30")
    assert "日付" in staff.trouble
    staff.enter("removed_best_before", "2026-12-24")
    staff.enter("added", "0")
    staff.press("save")
    (removed,) = staff.told("slot.removed")
    assert [removed[name] for name in ("why", "lot", "best_before")] == ["damaged", "L9", "2026-12-24"]
    assert staff.told("slot.restocked") == []


def test_restock_when_too_many_then_says_how_many_fit_and_nothing_is_written() -> None:
    staff = at_work()
    staff.press("task:restock", "slot:A1")
    staff.enter("added", "6")
    staff.press("save")
    assert "あと5個" in staff.trouble
    staff.enter("added", "x")
    assert "200" in staff.trouble
    staff.enter("removed", "4")
    staff.press("save")
    assert "3個まで" in staff.trouble
    assert staff.machine.events == []


def test_restock_when_a_unit_is_sold_while_counting_then_asks_to_count_again() -> None:
    staff = at_work()
    staff.press("task:restock", "slot:A1")
    staff.machine.state = staff.machine.state.model_copy(update={"on_hand": {"A1": 2, "A2": 0}})
    staff.press("save")
    assert "売れました" in staff.trouble
    assert stepper(staff, "found").value == 2
    assert staff.machine.events == []


def test_restock_when_the_machine_starts_again_then_what_was_saved_is_there_and_the_rest_is_to_do() -> None:
    staff = at_work()
    bring(staff, *(RestockLine(slot=slot, product_id="p", take=2) for slot in ("A1", "A2")))
    staff.press("task:restock", "slot:A1", "save")
    staff.enter("added", "1")
    staff.restart()
    staff.log_in()
    assert staff.item("補充").badge == "1"
    staff.press("task:restock", "slot:A2", "save")
    assert staff.machine.state.on_hand == {"A1": 5, "A2": 2}
    assert len({one["visit"] for one in staff.told("slot.restocked")}) == 1


def test_restock_when_a_new_list_comes_then_everything_of_it_is_to_do() -> None:
    staff = at_work()
    bring(staff, RestockLine(slot="A1", product_id="p1", take=1))
    staff.press("task:restock", "slot:A1", "save", "back")
    staff.machine.apply(
        RestockListArrived(
            RestockList(rev=2, made_ms=2, trip="trip-2", lines=[RestockLine(slot="A1", product_id="p1", take=1)])
        )
    )
    assert staff.item("補充").badge == "1"


def test_change_over_when_a_slot_has_another_product_then_waits_for_staff_and_then_sells() -> None:
    staff = at_work()
    new = Planogram(rev=2, slots=[row("A1", "p9", name_ja="水"), row("A2", "p2")])
    staff.machine.apply(i.PlanogramArrived(new))
    assert staff.item("商品入替").badge == "1"
    staff.press("task:restock")
    assert not staff.item("A1").enabled
    staff.press("slot:A1")
    assert staff.page == "restock"
    staff.press("back", "task:changeover", "slot:A1")
    assert "茶p1 → 水" in staff.fact("A1").value
    staff.enter("taken_out", "2")
    staff.enter("added", "9")
    staff.press("save")
    assert "あと8個" in staff.trouble
    staff.enter("added", "5")
    staff.press("save")
    assert staff.page == "changeover"
    assert staff.machine.state.on_hand["A1"] == 5
    (told,) = staff.told("slot.changed_over")
    assert (told["old_product_id"], told["new_product_id"], told["planogram_rev"]) == ("p1", "p9", 2)
    assert [one["staff"] for one in staff.told("fault.cleared")] == ["st-1"]
    staff.close_door()
    assert staff.machine.state.slot_fault("A1") == ""


def test_count_when_all_slots_are_counted_then_goes_from_one_to_the_next_and_ticks_the_step() -> None:
    staff = at_work()
    staff.press("task:count", "slot:A1")
    staff.enter("found", "2")
    assert staff.fact("差異").value == "-1"
    staff.press("save", "save")
    assert staff.page == "count"
    assert [(one["slot"], one["counted"], one["believed"]) for one in staff.told("slot.counted")] == [
        ("A1", 2, 3), ("A2", 0, 0),
    ]  # fmt: skip
    staff.press("back")
    assert "○計数" in staff.fact("訪問").value
    assert "・補充" in staff.fact("訪問").value
    staff.press("end_visit")
    assert staff.fact("差異 A1").value == "−1個"


def test_rights_when_missing_then_the_row_is_shown_and_cannot_be_opened() -> None:
    staff = at_work("山田", OTHER_PIN)
    assert not staff.item("集金").enabled
    staff.press("task:cash")
    assert staff.page == "menu"
    assert "権限" in staff.trouble


def test_language_when_switched_in_the_middle_then_the_page_goes_on_in_it() -> None:
    staff = at_work()
    staff.press("task:restock", "slot:A1")
    staff.enter("added", "2")
    staff.desk.set_language("en")
    view = staff.look()
    assert view is not None
    assert view.page.title == "Restock A1"
    assert stepper(staff, "added").value == 2
