"""Goods and cash in staff's hands, as the pure state machine: nothing appears, nothing vanishes, everything is told."""

import random

import pytest

from edge.service.inputs import CashCounted, FloatFilled, Removal, SlotChangedOver, SlotServiced, StaffIn
from edge.vend import inputs as i
from edge.vend.state import ActiveFault, MachineState, Phase
from protocol.desired import Planogram
from tests.edge.staff_bench import PureMachine, row

VISIT = "0" * 31 + "1"


def machine(**update: object) -> PureMachine:
    rows = [row("A1", "p1"), row("A2", "p2")]
    state = MachineState(planogram=Planogram(rev=1, slots=rows), on_hand={"A1": 3, "A2": 0}, hoppers={10: 20, 100: 9})
    made = PureMachine(state.model_copy(update=update))
    made.apply(StaffIn("st-1", VISIT, 0))
    made.events.clear()
    made.steps = 0
    return made


def told(made: PureMachine) -> list[tuple[str, ...]]:
    return [(event.KIND, *(str(value) for value in _essence(event.to_dict()))) for event in made.events]


def _essence(body: dict[str, object]) -> list[object]:
    names = ("slot", "product_id", "believed", "counted", "removed", "why", "added", "on_hand")
    return [body[name] for name in names if name in body]


def planogram(rev: int, **products: str) -> Planogram:
    return Planogram(rev=rev, slots=[row(slot, product) for slot, product in products.items()])


def test_slot_when_counted_emptied_and_filled_then_is_one_write_with_every_fact_in_order() -> None:
    made = machine()
    removed = (Removal(1, "expired", "L1", "2026-01-31"), Removal(1, "damaged"))
    made.apply(SlotServiced("A1", found=2, removed=removed, added=6, lot="L2", best_before="2027-03-01"))
    assert told(made) == [
        ("slot.counted", "A1", "p1", "3", "2", "2"),
        ("slot.removed", "A1", "p1", "1", "expired", "1"),
        ("slot.removed", "A1", "p1", "1", "damaged", "0"),
        ("slot.restocked", "A1", "p1", "6", "6"),
    ]
    assert {(event.to_dict()["staff"], event.to_dict()["visit"]) for event in made.events} == {("st-1", VISIT)}
    visit = made.state.visit
    assert visit is not None
    assert (visit.units_added, visit.units_removed, visit.slots, visit.done) == (6, 2, ("A1",), ("count", "restock"))
    assert made.steps == 1


@pytest.mark.parametrize(
    "done",
    [
        SlotServiced("A1", added=6),
        SlotServiced("A1", removed=(Removal(4, "other"),)),
        SlotServiced("A1", found=-1),
        SlotServiced("A1", added=-1),
        SlotServiced("A1", removed=(Removal(0, "other"),)),
        SlotServiced("Z9", added=1),
    ],
    ids=["too many", "more than there are", "less than none", "negative", "nothing removed", "no such slot"],
)
def test_slot_when_it_cannot_be_so_then_nothing_happens(done: SlotServiced) -> None:
    made = machine()
    before = made.state
    made.apply(done)
    assert (made.state, made.events) == (before, [])


def test_slot_when_a_unit_of_it_is_being_sold_then_waits() -> None:
    made = machine()
    made.apply(i.CoinIn(500, "hopper", 1))
    made.apply(i.Select("A1"))
    assert made.state.phase is Phase.DISPENSING
    before = made.state
    made.apply(SlotServiced("A1", found=2))
    assert made.state == before
    made.apply(SlotServiced("A2", added=2))
    assert made.state.on_hand["A2"] == 2


def test_planogram_when_it_has_another_product_then_the_old_units_stay_and_the_slot_is_locked() -> None:
    made = machine()
    made.apply(i.PlanogramArrived(planogram(2, A1="p9", A2="p8")))
    assert made.state.on_hand == {"A1": 3, "A2": 0}
    assert (made.state.slot_fault("A1"), made.state.slot_fault("A2")) == ("slot.changing", "")
    assert (made.state.product_in("A1"), made.state.product_in("A2")) == ("p1", "p8")
    made.apply(i.CoinIn(500, "hopper", 1))
    made.apply(i.Select("A1"))
    assert made.events[-1].to_dict()["refused"] == "locked"


def test_change_over_when_done_then_the_old_leave_the_new_come_and_it_sells() -> None:
    made = machine()
    made.apply(i.PlanogramArrived(planogram(2, A1="p9")))
    made.events.clear()
    made.apply(SlotChangedOver("A1", taken_out=2, added=5))
    assert told(made) == [
        ("slot.counted", "A1", "p1", "3", "2", "2"),
        ("slot.removed", "A1", "p1", "2", "changeover", "0"),
        ("slot.changed_over", "A1"),
        ("fault.cleared",),
        ("slot.restocked", "A1", "p9", "5", "5"),
    ]
    assert (made.state.on_hand["A1"], made.state.slot_fault("A1"), made.state.changing) == (5, "", {})


def test_change_over_when_the_old_product_comes_back_then_nothing_is_left_to_do() -> None:
    made = machine()
    made.apply(i.PlanogramArrived(planogram(2, A1="p9")))
    made.apply(i.PlanogramArrived(planogram(3, A1="p7")))
    assert made.state.changing["A1"].product_id == "p1"
    made.apply(i.PlanogramArrived(planogram(4, A1="p1")))
    assert (made.state.on_hand["A1"], made.state.slot_fault("A1"), made.state.changing) == (3, "", {})


def test_slot_when_taken_out_of_the_planogram_then_its_units_wait_for_staff() -> None:
    made = machine()
    made.apply(i.PlanogramArrived(planogram(2, A2="p2")))
    assert made.state.on_hand == {"A1": 3, "A2": 0}
    made.apply(SlotChangedOver("A1", taken_out=3, added=1))
    assert made.state.on_hand["A1"] == 3
    made.apply(SlotChangedOver("A1", taken_out=3))
    assert made.state.on_hand == {"A2": 0}
    assert not made.state.has_fault("slot.changing", "A1")


def test_units_when_anything_happens_in_any_order_then_none_appears_or_vanishes() -> None:
    luck = random.Random(20261121)  # noqa: S311 - not a secret
    for _ in range(60):
        made = machine()
        for rev in range(2, 30):
            made.apply(_anything(luck, rev))
        books: dict[tuple[str, str], int] = {("A1", "p1"): 3}
        for event in made.events:
            body = event.to_dict()
            key = (str(body.get("slot")), str(body.get("product_id")))
            change = {
                "slot.restocked": body.get("added", 0),
                "slot.removed": -body.get("removed", 0),
                "slot.counted": body.get("counted", 0) - body.get("believed", 0),
            }.get(event.KIND, 0)
            books[key] = books.get(key, 0) + change
        state = made.state
        real = {(slot, state.product_in(slot)): units for slot, units in state.on_hand.items() if units}
        assert {key: units for key, units in books.items() if units} == real


def _anything(luck: random.Random, rev: int) -> i.Input:
    slot = luck.choice(["A1", "A2"])
    match luck.randrange(3):
        case 0:
            products = {name: luck.choice(["p1", "p2", "p9"]) for name in ("A1", "A2") if luck.random() < 0.8}
            return i.PlanogramArrived(planogram(rev, **products))
        case 1:
            return SlotChangedOver(slot, luck.randrange(6), luck.randrange(10))
        case _:
            removed = (Removal(luck.randrange(1, 4), "expired"),) if luck.random() < 0.4 else ()
            return SlotServiced(slot, luck.choice([None, 2, 5]), removed, luck.randrange(10))


def test_cash_box_when_coins_overflow_into_it_then_is_believed_and_a_collection_empties_it() -> None:
    made = machine(cash_box={500: 2})
    made.apply(i.CoinIn(500, "cash_box", 1))
    made.apply(i.Select("A1"))
    made.apply(i.Delivered(1))
    for leg in (1, 2):
        made.apply(i.LegReady(leg))
        made.apply(i.LegDone(made.state.payout.legs[0].count if made.state.payout else 0))
    assert made.state.cash_box == {500: 3}
    made.events.clear()
    made.apply(CashCounted("cash_box", ((500, 2), (100, 1)), ((500, 2), (100, 1)), "BAG-7"))
    (event,) = made.events
    body = event.to_dict()
    assert [body[name] for name in ("believed_minor", "counted_minor", "collected_minor")] == [1500, 1100, 1100]
    assert (body["pieces"], body["bag"], body["staff"]) == ({"500": 2, "100": 1}, "BAG-7", "st-1")
    visit = made.state.visit
    assert visit is not None
    assert (made.state.cash_box, visit.cash_collected_minor, visit.done) == ({}, 1100, ("cash",))


def test_stacker_when_a_bill_is_stacked_then_is_believed_there() -> None:
    made = machine()
    made.apply(i.BillHeld(1000, 0))
    made.apply(i.Select("A1"))
    made.apply(i.Delivered(1))
    made.apply(i.BillIn(1000))
    made.apply(i.BillIn(1000))
    assert made.state.stacker == {1000: 1}


def test_cash_when_counted_and_left_there_then_is_believed_as_counted() -> None:
    made = machine(stacker={1000: 3})
    made.apply(CashCounted("stacker", ((1000, 4),)))
    assert made.state.stacker == {1000: 4}


def test_hoppers_when_counted_then_only_those_and_they_may_pay_again() -> None:
    made = machine(faults=(ActiveFault(code="payout.uncertain", where="hopper 10"),))
    made.apply(CashCounted("hopper", ((10, 25),)))
    assert made.state.hoppers == {10: 25, 100: 9}
    assert made.state.payable == {10: 25, 100: 9}
    assert made.events[0].to_dict()["believed_minor"] == 200


@pytest.mark.parametrize(
    "done",
    [
        CashCounted("stacker", ((1000, 1),), ((1000, 2),)),
        CashCounted("cash_box", ((100, -1),)),
        CashCounted("cash_box", (), ((100, 1),)),
    ],
)
def test_cash_when_it_cannot_be_so_then_nothing_happens(done: CashCounted) -> None:
    made = machine()
    made.apply(done)
    assert made.events == []


def test_cash_when_a_customer_has_money_inside_then_is_not_counted() -> None:
    made = machine()
    made.apply(i.CoinIn(100, "hopper", 1))
    made.events.clear()
    made.apply(CashCounted("hopper", ((100, 10),)))
    assert made.events == []


def test_float_when_filled_then_is_one_write_and_each_hopper_is_told() -> None:
    made = machine()
    made.apply(FloatFilled(((10, 30), (100, -4))))
    assert made.state.hoppers == {10: 50, 100: 5}
    assert [(event.to_dict()["added"], event.to_dict()["visit"]) for event in made.events] == [(30, VISIT), (-4, VISIT)]
    assert made.steps == 1
    made.apply(FloatFilled(((10, 1), (100, -6))))
    assert made.state.hoppers == {10: 50, 100: 5}
