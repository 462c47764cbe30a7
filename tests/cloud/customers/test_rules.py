"""Loyalty stays in its bounds and never falls with a purchase; a coupon takes something off and never more than all."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.customers.rules import (
    MOST_VALID_MS,
    CouponError,
    Purchase,
    check_grant,
    coupon_state,
    grouped,
    is_alike,
    loyalty,
    part_of_day,
    tastes,
)

TODAY = date(2026, 11, 20)


def bought(days_ago: int = 0, product: str = "green-tea", hour: int = 12, paid: int = 160) -> Purchase:
    return Purchase(product, "drink", "cold", TODAY - timedelta(days=days_ago), hour, paid)


PURCHASES = st.lists(st.builds(bought, st.integers(-5, 200), st.sampled_from("abcdefgh"), st.integers(0, 23)))


@settings(max_examples=50)
@given(purchases=PURCHASES, voices=st.integers(-3, 50), one=st.integers(0, 89))
def test_loyalty_when_anything_was_bought_then_it_is_in_bounds_and_one_more_purchase_never_lowers_it(
    purchases: list[Purchase], voices: int, one: int
) -> None:
    found = loyalty(purchases, TODAY, voices)
    assert 0 <= found.score <= 100
    assert all(0 <= part.points <= part.most for part in found.parts)
    assert sum(part.points for part in found.parts) == found.score
    assert sum(part.most for part in found.parts) == 100
    assert loyalty([*purchases, bought(one)], TODAY, voices).score >= found.score


@pytest.mark.parametrize(
    ("purchases", "voices", "score"),
    [
        ([], 0, 0),
        ([bought(200)], 0, 0),
        ([bought()], 0, 5 + 20 + 1 + 2),
        ([bought(day) for day in range(20)], 5, 40 + 20 + 20 + 2 + 10),
        ([bought(29)], 1, 5 + 10 + 1 + 2 + 2),
    ],
)
def test_loyalty_when_known_purchases_are_given_then_it_has_these_points(
    purchases: list[Purchase], voices: int, score: int
) -> None:
    assert loyalty(purchases, TODAY, voices).score == score


def test_tastes_when_bought_then_the_most_frequent_comes_first_and_prices_are_the_median_and_the_highest() -> None:
    found = tastes([bought(paid=160), bought(paid=120), bought(product="yokan", hour=8, paid=200)])
    assert found.products == (("green-tea", 2), ("yokan", 1))
    assert (found.usual_price_minor, found.highest_price_minor) == (160, 200)
    assert found.times == {"midday": 66, "morning": 33}
    assert tastes([]).usual_price_minor == 0


def test_day_when_divided_then_every_hour_belongs_to_a_part() -> None:
    assert [part_of_day(hour) for hour in (0, 4, 5, 10, 11, 14, 17, 20, 21, 23)] == [
        "night", "night", "morning", "morning", "midday", "afternoon", "evening", "evening", "night", "night",
    ]  # fmt: skip


@given(list_minor=st.integers(0, 10_000), price_minor=st.integers(-10_000, 20_000))
@settings(max_examples=50)
def test_coupon_when_allowed_then_its_price_is_below_the_list_price_and_not_negative(
    list_minor: int, price_minor: int
) -> None:
    is_good = 0 <= price_minor < list_minor
    try:
        check_grant(list_minor=list_minor, price_minor=price_minor, now_ms=0, valid_until_ms=1)
    except CouponError:
        assert not is_good
    else:
        assert is_good


@pytest.mark.parametrize("until", [-1, 0, MOST_VALID_MS + 1])
def test_coupon_when_it_ends_before_it_begins_or_too_late_then_it_is_refused(until: int) -> None:
    with pytest.raises(CouponError, match="180 days"):
        check_grant(list_minor=160, price_minor=100, now_ms=0, valid_until_ms=until)


@pytest.mark.parametrize(
    ("stored", "now", "command", "state"),
    [
        ("open", 9, None, "open"),
        ("open", 10, None, "expired"),
        ("offered", 9, "taken", "offered"),
        ("offered", 99, "unknown", "offered"),
        ("offered", 9, "expired", "open"),
        ("offered", 10, "rejected", "expired"),
        ("used", 99, "succeeded", "used"),
        ("withdrawn", 99, "taken", "withdrawn"),
    ],
)
def test_coupon_when_looked_at_then_its_state_follows_from_time_and_machine(
    stored: str, now: int, command: str | None, state: str
) -> None:
    assert coupon_state(stored, valid_until_ms=10, now_ms=now, command_state=command) == state


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("レモンティーが欲しい", "ﾚﾓﾝﾃｨｰを入れてください", True),
        ("Melon soda please", "I want melon soda!", True),
        ("メロンソーダ", "お茶", False),
        ("", "!", True),
        ("無糖の紅茶をお願いします", "無糖紅茶", True),
    ],
)
def test_wishes_when_compared_then_the_wanted_thing_counts_and_not_how_it_is_said(
    one: str, other: str, alike: bool
) -> None:
    assert is_alike(one, other) is alike


def test_wishes_when_grouped_then_the_largest_group_comes_first() -> None:
    texts = [(1, "お茶"), (2, "メロンソーダ"), (3, "メロンソーダください"), (4, "水")]
    assert grouped(texts) == [[2, 3], [1], [4]]
