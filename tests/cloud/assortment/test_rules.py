"""Prices by day, plans by day, and prices to look at twice."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.assortment.rules import DatedPrice, Plan, doubts_about, due_plan, priced, prices_on
from protocol.desired import PlanogramSlot

DAYS = [date(2026, 12, day) for day in range(1, 8)]


def price(number: int, day: int, yen: int, product: str = "tea") -> DatedPrice:
    return DatedPrice(number, product, date(2026, 12, day), yen)


def test_price_when_several_have_begun_then_the_latest_day_counts_and_of_one_day_the_last_entered() -> None:
    rows = [price(1, 1, 160), price(2, 5, 170), price(3, 3, 165), price(4, 5, 175)]
    found = [prices_on(rows, day).get("tea") for day in DAYS]
    assert found == [160, 160, 165, 165, 175, 175, 175]


def test_price_when_taken_out_of_the_list_then_there_is_none_from_that_day_on() -> None:
    rows = [price(1, 1, 160), price(2, 3, 0)]
    assert [prices_on(rows, day) for day in DAYS[1:3]] == [{"tea": 160}, {}]
    assert prices_on(rows, date(2026, 11, 30)) == {}


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.integers(0, 500)), max_size=12), st.randoms(use_true_random=False))
def test_price_when_rows_come_in_any_order_then_it_is_the_same(entries: list[tuple[date, int]], dice: object) -> None:
    rows = [DatedPrice(number, "tea", day, yen) for number, (day, yen) in enumerate(entries)]
    mixed = list(rows)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert all(prices_on(rows, day) == prices_on(mixed, day) for day in DAYS)


def slot(name: str, product: str, yen: int) -> PlanogramSlot:
    return PlanogramSlot(
        slot=name, product_id=product, name_ja="品", name_en="x", price_minor=yen, capacity=8, par_level=6
    )


def test_slots_when_priced_then_only_what_the_list_names_changes() -> None:
    found = priced([slot("A1", "tea", 160), slot("A2", "water", 120), slot("A3", "tea", 150)], {"tea": 170})
    assert [row.price_minor for row in found] == [170, 120, 170]


def test_plan_when_several_are_due_then_the_latest_counts() -> None:
    plans = [Plan(1, DAYS[0], []), Plan(2, DAYS[2], []), Plan(3, DAYS[2], []), Plan(4, DAYS[5], [])]
    chosen = [due_plan(plans, day) for day in (date(2026, 11, 30), DAYS[0], DAYS[4], DAYS[6])]
    assert [plan.number if plan else None for plan in chosen] == [None, 1, 3, 4]


@pytest.mark.parametrize(
    ("yen", "before", "cost", "kinds"),
    [
        (160, 160, 84, []),
        (240, 160, 84, []),
        (241, 160, 84, ["jump"]),
        (80, 160, 0, []),
        (79, 160, 0, ["jump"]),
        (1600, 160, 84, ["jump"]),
        (108, 0, 100, []),
        (106, 0, 100, ["below_cost"]),
        (16, 160, 84, ["below_cost", "jump"]),
        (0, 160, 84, []),
    ],
)
def test_price_when_below_cost_or_far_from_before_then_a_person_is_asked(
    yen: int, before: int, cost: int, kinds: list[str]
) -> None:
    found = doubts_about("tea", yen, before_minor=before, cost_minor=cost, percent=8)
    assert [doubt.kind for doubt in found] == kinds
