"""Costs, rambling and differences: pure."""

import pytest

from cloud.agents.loop.rules import MICRO, Prices, Spent, Terms, Watch, in_yen
from cloud.agents.loop.service import yen_text
from cloud.agents.mind import Usage
from cloud.agents.tools import Answer, Call


def test_cost_when_tokens_of_every_kind_were_used_then_each_has_its_price() -> None:
    assert Prices(1, 10, 100, 1000).microyen(Usage(1, 2, 3, 4)) == 1 + 20 + 300 + 4000


@pytest.mark.parametrize(
    ("microyen", "yen", "shown"), [(0, 0, "¥0.00"), (1, 1, "¥0.01"), (MICRO, 1, "¥1.00"), (12 * MICRO + 1, 13, "¥13")]
)
def test_yen_when_it_is_a_fraction_then_it_is_rounded_up(microyen: int, yen: int, shown: str) -> None:
    assert in_yen(microyen) == yen
    assert yen_text(microyen) == shown


@pytest.mark.parametrize(
    ("spent", "is_over"),
    [(Spent(9, 0), False), (Spent(10, 0), True), (Spent(0, 2 * MICRO - 1), False), (Spent(0, 2 * MICRO), True)],
)
def test_budget_when_tokens_or_yen_reach_it_then_it_is_spent(spent: Spent, is_over: bool) -> None:
    assert Terms(daily_tokens=10, daily_yen=2).is_spent(spent) is is_over


def call(number: int, **arguments: int) -> Call:
    return Call(f"t{number}", "look", arguments)


def test_watch_when_the_same_call_comes_again_and_again_then_it_is_noticed_whatever_its_id() -> None:
    watch = Watch(most_repeats=3, most_idle=9)
    done = [Answer("t", {"outcome": "done"})]
    assert watch.see([call(1, a=1, b=2)], done) == ""
    assert watch.see([call(2, b=2, a=1), call(3, a=2)], done) == ""
    assert watch.see([call(4, a=1, b=2)], done) == "the same call of look 3 times"


def test_watch_when_replies_come_to_nothing_in_a_row_then_it_is_noticed_and_one_effect_begins_anew() -> None:
    watch = Watch(most_repeats=9, most_idle=2)
    nothing, done = ([Answer("t", {"outcome": outcome})] for outcome in ("denied", "proposed"))
    assert watch.see([call(1, a=1)], nothing) == ""
    assert watch.see([call(2, a=2)], done) == ""
    assert watch.see([call(3, a=3)], nothing) == ""
    assert watch.see([call(4, a=4)], nothing) == "2 replies in a row came to nothing"
