"""Equipment: what it loses each month, and what is booked when it is bought or scrapped. Pure.

Straight line (定額法), by month of use, down to a memo value of 1 yen; each month is what has accumulated less what was
booked, so a year comes to the yen. Source: accounting reference, section 12; rates of 耐用年数省令 別表第八.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from cloud.accounting import chart
from cloud.accounting.closing import month_end
from cloud.accounting.expense_rules import PaidBy, paid_from
from cloud.accounting.rules import Draft, Event, legs

RATES: Final = {
    2: 500,
    3: 334,
    4: 250,
    5: 200,
    6: 167,
    7: 143,
    8: 125,
    9: 112,
    10: 100,
    15: 67,
    20: 50,
}
"""Useful life in years to thousandths written off in a year. A vending machine has 5."""

MEMO: Final = 1
"""備忘価額: what stays in the books until it is scrapped."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One thing. Money in yen."""

    id: int
    name: str
    cost_minor: int
    life_years: int
    used_from: date
    disposed_on: date | None = None


def months_used(asset: Asset, last_day: date) -> int:
    """Months from the first of use to that of `last_day`, both counted; 0 before."""
    until = min(last_day, asset.disposed_on) if asset.disposed_on else last_day
    return max((until.year - asset.used_from.year) * 12 + until.month - asset.used_from.month + 1, 0)


def accumulated(asset: Asset, months: int) -> int:
    """What has been written off after so many months."""
    worn = asset.cost_minor * RATES[asset.life_years] * months // 12_000
    return min(worn, max(asset.cost_minor - MEMO, 0))


def month_of_use(asset: Asset, number: int) -> date:
    """The last day of the n-th month of use; 1 is the first."""
    at = asset.used_from.year * 12 + asset.used_from.month - 1 + number - 1
    return month_end(at // 12, at % 12 + 1)


def source(asset: Asset, last_day: date) -> str:
    """What the entry of a month follows from."""
    return f"equipment:{asset.id}/{last_day:%Y-%m}"


def depreciation(asset: Asset, number: int, at_ms: int) -> Draft | None:
    """The entry of the n-th month of use; None when nothing is left to write off."""
    last_day = month_of_use(asset, number)
    amount = accumulated(asset, number) - accumulated(asset, number - 1)
    pairs = ((chart.DEPRECIATION, amount), (chart.ACCUMULATED_DEPRECIATION, -amount))
    event = Event(source(asset, last_day), last_day, at_ms)
    return event.draft("depreciation", f"減価償却 {asset.name} {last_day:%Y-%m}", legs(*pairs))


def bought(event: Event, name: str, cost_minor: int, tax_minor: int, paid_by: PaidBy, payee: str) -> Draft | None:
    """It is ours, and paid for or owed."""
    pairs = (
        (chart.EQUIPMENT, cost_minor),
        (chart.INPUT_TAX, tax_minor),
        (paid_from(paid_by, payee), -cost_minor - tax_minor),
    )
    return event.draft("bought", f"器具備品の取得 {name}", legs(*pairs))


def disposed(event: Event, asset: Asset) -> Draft | None:
    """It is gone: what was not written off is a loss."""
    assert asset.disposed_on is not None  # noqa: S101 - said by the caller
    worn = accumulated(asset, months_used(asset, asset.disposed_on))
    pairs = (
        (chart.ACCUMULATED_DEPRECIATION, worn),
        (chart.DISPOSAL_LOSS, asset.cost_minor - worn),
        (chart.EQUIPMENT, -asset.cost_minor),
    )
    return event.draft("disposed", f"器具備品の除却 {asset.name}", legs(*pairs))
