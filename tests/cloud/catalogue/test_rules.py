"""What is checked of a product, and its tax class by day."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cloud.catalogue import rules
from cloud.catalogue.allergens import ALLERGENS, RECOMMENDED, REQUIRED
from cloud.catalogue.views import ProductView


def product(**changes: Any) -> ProductView:
    said: dict[str, Any] = {"id": "green-tea", "name_ja": "緑茶", "name_en": "Green tea", "tax_class": "food"}
    return ProductView(**said | changes)


@pytest.mark.parametrize("jan", ["4901234567894", "49123456", "2000000000015"])
def test_jan_when_its_check_digit_is_right_then_it_is_one(jan: str) -> None:
    assert rules.is_jan(jan)
    assert product(jan=jan).jan == jan


@given(jan=st.sampled_from(["4901234567894", "49123456"]), at=st.integers(0, 12), other=st.integers(1, 9))
def test_jan_when_any_digit_is_wrong_then_it_is_refused(jan: str, at: int, other: int) -> None:
    at %= len(jan)
    wrong = jan[:at] + str((int(jan[at]) + other) % 10) + jan[at + 1 :]
    assert not rules.is_jan(wrong)
    with pytest.raises(ValidationError, match="check digit"):
        product(jan=wrong)


@pytest.mark.parametrize("jan", ["", "490123456789", "49O1234567894", "49012345678940", "４９１２３４５６"])
def test_jan_when_it_is_no_number_of_8_or_13_digits_then_it_is_none(jan: str) -> None:
    assert not rules.is_jan(jan)


def test_allergens_when_counted_then_they_are_the_eight_and_the_twenty() -> None:
    assert (len(REQUIRED), len(RECOMMENDED), len(ALLERGENS)) == (8, 20, 28)


def test_allergens_when_given_in_any_order_and_twice_then_they_stand_once_as_on_labels() -> None:
    assert product(allergens=["soybean", "milk", "wheat", "milk"]).allergens == ["wheat", "milk", "soybean"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"allergens": ["moss"]}, "no allergen is called 'moss'"),
        ({"size_amount": 500}, "belong together"),
        ({"size_amount": 0, "size_unit": "ml"}, "greater than or equal to 1"),
        ({"name_kana": "緑茶"}, "String should match"),
        ({"name_ja": "\t"}, "at least 1"),
        ({"temperature": "icy"}, "Input should be"),
        ({"tax_changes": [{"valid_from": "2027-04-01", "tax_class": "food"}] * 2}, "on the same day"),
    ],
)
def test_product_when_something_of_it_is_wrong_then_it_is_refused_and_says_what(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        product(**changes)


def test_tax_class_when_it_changes_on_a_day_then_it_is_the_new_one_from_that_day_on() -> None:
    changes = [{"valid_from": "2027-04-01", "tax_class": "food"}, {"valid_from": "2026-12-01", "tax_class": "standard"}]
    found = product(tax_changes=changes)
    days = [date(2026, 11, 30), date(2026, 12, 1), date(2027, 3, 31), date(2027, 4, 1)]
    assert [found.tax_class_on(day) for day in days] == ["food", "standard", "standard", "food"]


@pytest.mark.parametrize(
    ("words", "is_found"),
    [("緑", True), ("リョクチャ", True), ("りょくちゃ tea", True), ("GREEN", True), ("49012", True), ("coffee", False)],
)
def test_product_when_searched_then_names_reading_and_code_are_looked_at(words: str, is_found: bool) -> None:
    found = product(name_kana="りょくちゃ", jan="4901234567894")
    assert found.matches(words) is is_found
