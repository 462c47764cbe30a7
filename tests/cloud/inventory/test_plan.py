"""The restocking plan: the defaults that were asked for, never too much, and fair where there is too little."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.inventory.lots import LotShare
from cloud.inventory.plan import Need, below_ms, below_since, open_shares, plan, share_out, slot_order


def need(slot: str = "A1", on_hand: int = 0, sold: int = 0, **more: Any) -> Need:
    fields = {"machine_id": "vm-1", "product_id": "tea", "par_level": 10, "room": 20} | more
    return Need(slot=slot, on_hand=on_hand, sold=sold, **fields)


@pytest.mark.parametrize(
    ("on_hand", "storage", "quantity", "priority"),
    [(4, 100, 6, "medium"), (2, 3, 3, "medium"), (1, 100, 9, "high"), (0, 4, 4, "high"), (-3, 100, 10, "high")],
)
def test_plan_when_the_par_level_is_ten_then_it_is_what_was_asked_for(
    on_hand: int, storage: int, quantity: int, priority: str
) -> None:
    (row,) = plan([need(on_hand=on_hand)], {"tea": storage})
    assert (row.quantity, row.need.priority) == (quantity, priority)


def test_plan_when_a_slot_has_half_of_its_par_level_then_it_waits_unless_somebody_tops_up() -> None:
    assert plan([need(on_hand=5)], {"tea": 100}) == []
    (row,) = plan([need(on_hand=5)], {"tea": 100}, is_top_up=True)
    assert (row.quantity, row.need.priority) == (5, "low")


def test_plan_when_other_goods_are_still_in_the_slot_then_no_more_goes_in_than_fits() -> None:
    (row,) = plan([need(room=3)], {"tea": 100})
    assert row.quantity == 3


def test_plan_when_there_is_too_little_then_the_slot_that_would_lose_most_sales_gets_it() -> None:
    rows = plan([need("A1", 0, sold=14), need("A2", 0, sold=42), need("A3", 1, sold=14)], {"tea": 9})
    # Until the next visit A1 and A3 would sell 3, A2 9: A2 is served until no more is lost there than elsewhere.
    assert [(row.need.slot, row.quantity) for row in rows] == [("A1", 2), ("A2", 7), ("A3", 0)]


def test_plan_when_nothing_was_sold_yet_then_everybody_gets_the_same() -> None:
    rows = plan([need("A1", 0), need("A2", 3), need("A10", 0)], {"tea": 9})
    assert [(row.need.slot, row.quantity) for row in rows] == [("A1", 4), ("A2", 1), ("A10", 4)]


needs = st.lists(
    st.builds(
        need,
        slot=st.sampled_from(["A1", "A2", "B1", "B10", "C3"]),
        on_hand=st.integers(-2, 12),
        sold=st.integers(0, 100),
        machine_id=st.sampled_from(["vm-1", "vm-2"]),
        product_id=st.sampled_from(["tea", "water"]),
        par_level=st.integers(0, 12),
        room=st.integers(0, 15),
    ),
    max_size=12,
    unique_by=lambda row: (row.machine_id, row.slot),
)


@given(needs, st.integers(-3, 40), st.booleans())
def test_plan_when_anything_is_asked_then_nothing_exceeds_slot_par_level_or_storage_and_nothing_is_held_back(
    rows: list[Need], storage: int, is_top_up: bool
) -> None:
    found = plan(rows, {"tea": storage, "water": storage}, is_top_up=is_top_up)
    for row in found:
        assert 0 <= row.quantity <= row.need.room
        assert max(row.need.on_hand, 0) + row.quantity <= row.need.par_level
    for product in ("tea", "water"):
        mine = [row for row in found if row.need.product_id == product]
        wanted = sum(row.need.wanted for row in mine)
        assert sum(row.quantity for row in mine) == min(wanted, max(storage, 0))
        for row in mine:  # nobody got a unit that another one would have lost a sale for, and had room for
            for other in mine:
                if row.quantity and other.quantity < other.need.wanted:
                    assert row.need.loss(row.quantity - 1) >= other.need.loss(other.quantity)
    assert found == sorted(found, key=lambda row: (row.need.machine_id, slot_order(row.need.slot)))


def test_lots_when_shared_out_then_the_first_to_expire_goes_to_the_first_stop() -> None:
    early, late = LotShare("E", 3, date(2026, 12, 1)), LotShare("L", 9, date(2027, 1, 1))
    assert [[(lot.code, lot.quantity) for lot in part] for part in share_out([early, late], 14, [3, 2, 4])] == [
        [("E", 1)],
        [("E", 2)],
        [("L", 4)],
    ]


def test_sold_out_when_a_slot_ran_empty_twice_then_the_time_adds_up() -> None:
    changes = [(100, -1), (150, 3), (200, -3), (900, 5)]
    assert below_ms(1, changes, 1, 0, 300) == 50 + 100
    assert below_ms(1, changes, 1, 0, 150) == 50
    assert below_ms(0, [], 1, 0, 300) == 300


@given(
    level=st.integers(0, 3),
    moves=st.lists(st.tuples(st.integers(0, 399), st.integers(-2, 3)), max_size=12),
    now_ms=st.integers(50, 450),
)
def test_open_shares_when_days_are_looked_at_together_then_each_is_what_it_is_alone(
    level: int, moves: list[tuple[int, int]], now_ms: int
) -> None:
    changes = sorted(moves)
    found = open_shares(level, changes, [0, 100, 200, 300, 400], now_ms)
    for day, share in enumerate(found):
        start_ms, end_ms = day * 100, min(day * 100 + 100, now_ms)
        before = level + sum(units for at_ms, units in changes if at_ms < start_ms)
        out_ms = below_ms(before, changes, 1, start_ms, end_ms) if end_ms > start_ms else 0
        assert share == (1 - out_ms / (end_ms - start_ms) if out_ms else 1)
    assert below_since(0, [(200, -3), (150, 3), (100, -1)], 1) == 200
    assert below_since(0, [(220, -1), (200, -2), (150, 3)], 1) == 220
    assert below_since(-1, [(220, -1), (200, -2), (150, 2), (100, -1)], 1) == 200
    assert below_since(0, [], 1) == 0
