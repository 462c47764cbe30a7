from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.inventory.rules import BadQuantityError, Cost, PoolState, issue, receive


def test_pool_when_moved_as_in_the_textbook_then_costs_are_as_in_the_textbook() -> None:
    pool, _ = receive(PoolState(), 30, 2520)
    pool, cost = issue(pool, 10)
    assert (cost.stock_minor, pool.quantity, pool.value_minor) == (840, 20, 1680)
    pool, _ = receive(pool, 24, 2136)
    pool, cost = issue(pool, 1)
    assert (cost.stock_minor, pool.quantity, pool.value_minor) == (87, 43, 3729)


def test_issue_when_the_books_have_nothing_then_the_last_unit_cost_is_used_and_value_stays_zero() -> None:
    pool, _ = receive(PoolState(), 1, 84)
    pool, _ = issue(pool, 1)
    pool, cost = issue(pool, 1)
    assert cost == Cost(0, 84)
    assert (pool.quantity, pool.value_minor) == (-1, 0)


def test_receive_when_units_had_already_left_then_their_part_of_the_cost_is_not_stock() -> None:
    pool, cost = receive(PoolState(-2, 0, 84), 24, 2136)
    assert cost == Cost(1958, 178)
    assert (pool.quantity, pool.value_minor) == (22, 1958)


@pytest.mark.parametrize("quantity", [0, -1])
def test_pool_when_nothing_or_less_is_moved_then_it_refuses(quantity: int) -> None:
    with pytest.raises(BadQuantityError):
        issue(PoolState(), quantity)
    with pytest.raises(BadQuantityError):
        receive(PoolState(), quantity, 1)


moves = st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.integers(0, 5000)), max_size=60)


@given(moves)
def test_pool_when_moved_at_random_then_value_is_never_negative_and_no_yen_is_lost(steps: Any) -> None:
    pool, paid, left, borrowed = PoolState(), 0, 0, 0
    for comes_in, quantity, cost_minor in steps:
        if comes_in:
            pool, cost = receive(pool, quantity, cost_minor)
            paid += cost_minor
            borrowed -= cost.uncovered_minor
            assert cost.stock_minor + cost.uncovered_minor == cost_minor
        else:
            pool, cost = issue(pool, quantity)
            left += cost.stock_minor + cost.uncovered_minor
            borrowed += cost.uncovered_minor
        assert pool.value_minor >= 0
        if pool.quantity <= 0:
            assert pool.value_minor == 0
        assert paid - left + borrowed == pool.value_minor
