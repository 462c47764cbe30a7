"""Check digit of 登録番号, what a document adds up to, whole packs, days of payment."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.procurement import registration, rules
from cloud.procurement.registration import BadRegistrationNumberError
from cloud.procurement.rules import Part, RateSum

SHARES = [(date(2023, 10, 1), 80), (date(2026, 10, 1), 70), (date(2028, 10, 1), 50)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("T7000012050002", "T7000012050002"),
        (" t7000-012-050002 ", "T7000012050002"),
        ("Ｔ１１８０３０１０１８７７１", "T1180301018771"),
        ("", ""),
    ],
)
def test_registration_number_when_it_is_right_then_it_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert registration.checked(typed) == kept


@pytest.mark.parametrize("typed", ["T700001205000", "7000012050002", "T0000012050002", "T70000120500021", "none"])
def test_registration_number_when_the_form_is_wrong_then_it_says_what_to_write(typed: str) -> None:
    with pytest.raises(BadRegistrationNumberError, match="T1234567890123"):
        registration.checked(typed)


@settings(max_examples=50, derandomize=True, database=None)
@given(place=st.integers(1, 12), step=st.integers(1, 9))
def test_registration_number_when_one_digit_is_mistyped_then_it_is_refused(place: int, step: int) -> None:
    digits = [int(one) for one in "7000012050002"]
    wrong = [*digits]
    wrong[place] = (wrong[place] + step) % 10
    weight = 1 + (12 - place) % 2
    if (wrong[place] - digits[place]) * weight % 9 == 0:
        return  # 0 for 9 (and the like) is what this check digit cannot see
    with pytest.raises(BadRegistrationNumberError, match="check digit"):
        registration.checked("T" + "".join(map(str, wrong)))


def test_sums_when_rates_and_prices_are_mixed_then_each_rate_is_rounded_once() -> None:
    parts = [
        Part(130, is_tax_included=False, percent=8),
        Part(130, is_tax_included=False, percent=8),
        Part(2_200, is_tax_included=True, percent=10),
    ]
    assert rules.sums(parts, 100) == [RateSum(8, 260, 20, 20), RateSum(10, 2_000, 200, 200)]


def test_sums_when_the_supplier_is_not_registered_then_the_lost_tax_is_cost() -> None:
    (found,) = rules.sums([Part(2_200, is_tax_included=True, percent=10)], 70)
    assert (found.net_minor, found.tax_minor, found.deductible_minor, found.cost_minor) == (2_000, 200, 140, 2_060)


@pytest.mark.parametrize(
    ("day", "registered", "percent"),
    [
        (date(2026, 9, 30), False, 80),
        (date(2026, 10, 1), False, 70),
        (date(2030, 1, 1), False, 50),
        (date(2026, 10, 1), True, 100),
        (date(2023, 9, 30), False, 100),
    ],
)
def test_share_when_the_day_changes_then_it_follows_the_table(day: date, registered: bool, percent: int) -> None:
    assert rules.share_on(SHARES, day, is_registered=registered) == percent


@settings(max_examples=200, derandomize=True, database=None)
@given(amount=st.integers(0, 10**9), weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_split_when_an_amount_is_shared_then_nothing_is_lost_and_nobody_is_a_yen_off(
    amount: int, weights: list[int]
) -> None:
    parts = rules.split(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))


@settings(max_examples=200, derandomize=True, database=None)
@given(
    price=st.integers(1, 10**6),
    pack=st.integers(1, 100),
    units=st.lists(st.integers(1, 60), min_size=1, max_size=6),
)
def test_amount_when_packs_come_in_parts_then_the_parts_add_up_to_the_whole(
    price: int, pack: int, units: list[int]
) -> None:
    before, found = 0, 0
    for part in units:
        found += rules.amount_of(price, pack, before, part)
        before += part
    assert found == rules.amount_of(price, pack, 0, before)
    assert rules.amount_of(price, pack, 0, 7 * pack) == 7 * price


@pytest.mark.parametrize(
    ("units", "pack", "least", "packs"), [(24, 24, 1, 1), (25, 24, 1, 2), (1, 24, 3, 3), (100, 24, 3, 5)]
)
def test_packs_when_units_are_wanted_then_they_are_whole_and_at_least_the_lot(
    units: int, pack: int, least: int, packs: int
) -> None:
    assert rules.packs_for(units, pack, least) == packs


@pytest.mark.parametrize(
    ("issued", "closing", "months", "day", "due"),
    [
        (date(2026, 11, 20), 31, 1, 31, date(2026, 12, 31)),
        (date(2026, 11, 20), 20, 1, 31, date(2026, 12, 31)),
        (date(2026, 11, 21), 20, 1, 31, date(2027, 1, 31)),
        (date(2026, 12, 31), 31, 2, 31, date(2027, 2, 28)),
        (date(2026, 11, 20), 25, 0, 10, date(2026, 11, 20)),
    ],
)
def test_due_when_terms_are_given_then_it_is_the_day_they_say(
    issued: date, closing: int, months: int, day: int, due: date
) -> None:
    assert rules.due_on(issued, closing, months, day) == due
