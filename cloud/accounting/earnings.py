"""What each machine and each product earned in a period, with a rating, and how fast the stock turns. Pure.

Figures follow the sales by their true day; a sale that came late stands here on its own day and in the statements of
a later one (docs/decisions/0015). Spoilage, fees and rent are not spread over machines and products.
"""

from typing import Final

from pydantic import BaseModel

from cloud.accounting.reports import percent
from cloud.kit.rounding import half_up, hundredths_text

RATINGS: Final = ((45, "A"), (35, "B"), (20, "C"))
"""Least gross margin in whole per cent of net revenue for each rating; below the last it is D. Our own scale: drinks
bought at half of their net price reach an A."""

TURNS: Final = ((24, "A"), (12, "B"), (6, "C"))
"""Least turns a year for each rating: stock for two weeks, a month, two months; below it is D. Our own scale."""

DAYS_PER_YEAR: Final = 365


class Earning(BaseModel):
    """One machine or product in a period. Yen, revenue without tax."""

    key: str
    name: str
    units: int
    revenue: int
    cost: int
    gross_profit: int
    gross_margin: str | None
    """Per cent of revenue with two decimals; null without revenue."""
    rating: str
    """A to D; empty without revenue."""


class Turnover(BaseModel):
    """How fast the stock turns over, from one period. Yen."""

    cost_of_goods: int
    """Of the period."""
    average_inventory: int
    """Mean of the stock's cost at the beginning and at the end."""
    ratio: str | None
    """Turns a year with two decimals; null without stock."""
    days: str | None
    """One turn takes so many days; null without sales or stock."""
    rating: str
    """A to D; empty without stock."""


def earning(key: str, name: str, units: int, revenue: int, cost: int) -> Earning:
    """One row, rated."""
    profit = revenue - cost
    rating = ""
    if revenue > 0:
        rating = next((letter for least, letter in RATINGS if 100 * profit >= least * revenue), "D")
    return Earning(
        key=key,
        name=name,
        units=units,
        revenue=revenue,
        cost=cost,
        gross_profit=profit,
        gross_margin=percent(profit, revenue),
        rating=rating,
    )


def turnover(cost_of_goods: int, opening: int, closing: int, days: int) -> Turnover:
    """Turns a year, as if the whole year went like the period.

    Args:
        cost_of_goods: of the period, yen.
        opening: cost of the stock before it.
        closing: and after it.
        days: of the period, at least 1.
    """
    both = opening + closing
    per_year = 2 * cost_of_goods * DAYS_PER_YEAR
    rating = ""
    if both > 0:
        rating = next((letter for least, letter in TURNS if per_year >= least * both * days), "D")
    return Turnover(
        cost_of_goods=cost_of_goods,
        average_inventory=both // 2,
        ratio=_hundredths(per_year, both * days),
        days=_hundredths(both * days, 2 * cost_of_goods),
        rating=rating,
    )


def _hundredths(part: int, whole: int) -> str | None:
    """`part / whole` with two decimals, half up; None when there is nothing to divide by."""
    if whole <= 0 or part < 0:
        return None
    return hundredths_text(half_up(100 * part, whole))
