"""Change planning."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.payment.change import plan_change

yen_tubes = st.fixed_dictionaries({kind: st.integers(0, 12) for kind in (10, 50, 100, 500)})
odd_tubes = st.fixed_dictionaries({kind: st.integers(0, 4) for kind in (20, 50, 70)})


def reachable(tubes: dict[int, int]) -> dict[int, int]:
    """Every payable amount and the fewest coins for it, by trying everything."""
    best: dict[int, int] = {}
    kinds = list(tubes)
    for counts in itertools.product(*(range(tubes[kind] + 1) for kind in kinds)):
        amount = sum(kind * count for kind, count in zip(kinds, counts, strict=True))
        best[amount] = min(best.get(amount, 10**9), sum(counts))
    return best


@given(st.integers(0, 300), odd_tubes)
def test_plan_when_compared_with_trying_everything_then_pays_most_with_fewest_coins(
    owed: int, tubes: dict[int, int]
) -> None:
    plan = plan_change(owed, tubes)
    best = reachable(tubes)
    most = max(amount for amount in best if amount <= owed)
    assert (plan.total, sum(plan.coins.values())) == (most, best[most])


@given(st.integers(0, 1200).map(lambda tens: tens * 10), yen_tubes)
def test_plan_when_made_then_accounts_for_every_yen_and_no_missing_coin(owed: int, tubes: dict[int, int]) -> None:
    plan = plan_change(owed, tubes)
    assert plan.total + plan.short == owed
    assert all(0 < count <= tubes[kind] for kind, count in plan.coins.items())


def test_plan_when_largest_first_would_miss_then_still_pays_exactly() -> None:
    assert plan_change(60, {50: 1, 20: 3}).coins == {20: 3}


def test_plan_when_nothing_fits_then_is_short_by_everything() -> None:
    assert plan_change(30, {50: 9, 10: 0}).short == 30


def test_plan_when_owed_is_negative_then_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        plan_change(-10, {10: 1})
