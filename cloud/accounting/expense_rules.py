"""Expenses as an owner enters them: what, to whom, how it is paid, and which part of its tax may be deducted. Pure.

Source: accounting reference, sections 5.4, 12 and 16; shares for suppliers without a registration number are data.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from cloud.accounting import chart, places
from cloud.accounting.places import Place
from cloud.accounting.rules import Draft, Event, legs

EXPENSES: Final = (
    *(row for row in chart.CHART if row.kind == "expense" and row.code != chart.DEPRECIATION),
    chart.BY_CODE[chart.INCOME_TAX],
)
"""Accounts an expense may be of."""

PaidBy = Literal["bank", "safe", "payable"]

UNREGISTERED: Final = (
    (date(1, 1, 1), 100),
    (date(2023, 10, 1), 80),
    (date(2026, 10, 1), 70),
    (date(2028, 10, 1), 50),
    (date(2030, 10, 1), 30),
    (date(2031, 10, 1), 0),
)
"""From which day which share (per cent) of the tax counts, bought from somebody without a registration number."""


@dataclass(frozen=True, slots=True)
class Expense:
    """One expense. Money in yen."""

    account: str
    """One of `EXPENSES`."""
    gross_minor: int
    """Tax included."""
    tax_percent: int
    """Rate of its consumption tax; 0 for what is outside it or exempt."""
    is_registered: bool
    """Whoever is paid has a registration number (T and 13 digits)."""
    paid_by: PaidBy
    """`payable`: not yet; it is owed (未払金)."""
    payee: str
    """Who is paid; a sub-account of 未払金. At most 64 characters."""
    day: date
    text: str


def deductible_tax(gross_minor: int, percent: int, day: date, *, is_registered: bool) -> int:
    """The part of a tax-included price that is deductible input tax, fractions of a yen cut off."""
    tax = gross_minor * percent // (100 + percent)
    if is_registered:
        return tax
    share = UNREGISTERED[bisect_right(UNREGISTERED, day, key=lambda row: row[0]) - 1][1]
    return tax * share // 100


def paid_from(paid_by: PaidBy, payee: str) -> str | Place:
    """Where the money comes from, or who is owed."""
    sources: dict[str, str | Place] = {
        "bank": chart.BANK,
        "safe": places.SAFE,
        "payable": Place(chart.OTHER_PAYABLES, payee),
    }
    return sources[paid_by]


def expense(event: Event, what: Expense) -> Draft | None:
    """The expense and its deductible tax against what pays it."""
    tax = deductible_tax(what.gross_minor, what.tax_percent, what.day, is_registered=what.is_registered)
    pairs = (
        (what.account, what.gross_minor - tax),
        (chart.INPUT_TAX, tax),
        (paid_from(what.paid_by, what.payee), -what.gross_minor),
    )
    name = chart.BY_CODE[what.account].name_ja
    return event.draft("expense", f"{name} {what.payee} {what.text}".rstrip(), legs(*pairs))


def paid(event: Event, payee: str, amount_minor: int, paid_by: PaidBy) -> Draft | None:
    """What was owed is paid."""
    pairs = ((Place(chart.OTHER_PAYABLES, payee), amount_minor), (paid_from(paid_by, payee), -amount_minor))
    return event.draft("paid", f"未払金の支払い {payee}", legs(*pairs))
