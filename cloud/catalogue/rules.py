"""Consumption tax inside a price. Pure.

Source: Consumption Tax Act as applied by shops: the tax in a tax-included price is price x rate / (100 + rate),
fractions of a yen cut off, per sale. Rates are rows with dates, not constants.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

TaxClass = Literal["food", "standard"]

FALLBACK_CLASS: Final = "standard"
"""For a product nobody has described yet: the higher rate, so that too little tax is never set aside."""


class NoRateError(LookupError):
    """No rate is on record for a day."""

    def __init__(self, tax_class: str, day: date) -> None:
        self.tax_class = tax_class
        self.day = day
        super().__init__(f"no tax rate for class {tax_class!r} on {day}; add a row to tax_rates")


def rate_on(rates: Sequence[tuple[date, int]], tax_class: str, day: date) -> int:
    """The rate in force on `day`.

    Args:
        rates: (valid from, per cent) of this class, earliest first.
        tax_class: for the error.
        day: of the sale.

    Raises:
        NoRateError: `day` is before the first rate.
    """
    index = bisect_right(rates, day, key=lambda row: row[0])
    if index == 0:
        raise NoRateError(tax_class, day)
    return rates[index - 1][1]


def tax_within(gross_minor: int, percent: int) -> int:
    """The tax inside a tax-included price, fractions of a yen cut off."""
    return gross_minor * percent // (100 + percent)


def tax_on(net_minor: int, percent: int) -> int:
    """The tax on top of a price without tax, fractions of a yen cut off."""
    return net_minor * percent // 100


def class_on(first: str, changes: Sequence[tuple[date, str]], day: date) -> str:
    """The tax class of a product on a day.

    Args:
        first: its class before any change.
        changes: (from which day, class), earliest first.
        day: of the sale.
    """
    index = bisect_right(changes, day, key=lambda row: row[0])
    return changes[index - 1][1] if index else first


def is_jan(code: str) -> bool:
    """Whether `code` is a JAN of 8 or 13 digits with the right check digit.

    Source: GS1 General Specifications, section 7.9: from the right, digits weigh 3, 1, 3 … and the sum with the check
    digit is a multiple of ten.
    """
    if len(code) not in {8, 13} or not (code.isascii() and code.isdecimal()):
        return False
    digits = [int(digit) for digit in reversed(code)]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0
