"""Closing a fiscal year: consumption tax is settled, profit goes to 繰越利益剰余金, the last month is closed with it.

Entries that close a year have sources `year:<id>…`; statements of a period leave them out, or the year they close would
read as nothing. Commits nothing; the caller's boundary does. Source: accounting reference, section 13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, documents_repository, months, repository, service
from cloud.accounting.closing import Finding, month_end
from cloud.accounting.models import YearClosing
from cloud.accounting.months import Person, WrongMonthError
from cloud.accounting.reports import Moved
from cloud.accounting.rules import Draft, Event, legs

EARNING = ("revenue", "cost", "expense", "other_income", "other_expense")


class WrongYearError(ValueError):
    """A year that cannot be closed or opened now."""


class YearView(BaseModel):
    """One closing of a year. Yen."""

    id: int
    first_day: date
    last_day: date
    closed_at_ms: int
    closed_by: str
    profit: int
    """What went to 繰越利益剰余金."""
    tax: int
    """消費税 to be paid; negative to be had back."""
    is_closed: bool
    undone_at_ms: int
    undone_by: str
    undone_why: str


class TaxDue(BaseModel):
    """Consumption tax of the year so far, yen."""

    output_tax: int
    input_tax: int
    due: int
    """To be paid; negative to be had back."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which year, and what is accepted."""

    last_day: date
    declared_minor: int | None
    """消費税 as it is declared, negative for a refund; None for what the books say."""
    findings: Sequence[Finding]
    despite: Sequence[str]


def first_day_of_year(last_day: date) -> date:
    """Twelve months before the end of a year."""
    return month_end(last_day.year - 1, last_day.month) + timedelta(days=1)


def last_day_of_year(today: date, end_month: int) -> date:
    """The end of the year that `today` is in."""
    return month_end(today.year + (today.month > end_month), end_month)


def settlement(event: Event, due: TaxDue, declared_minor: int) -> Draft | None:
    """仮受 and 仮払 against 未払消費税 or 未収還付消費税; the difference to what is declared is income or a loss."""
    difference = due.due - declared_minor
    pairs = (
        (chart.OUTPUT_TAX, due.output_tax),
        (chart.INPUT_TAX, -due.input_tax),
        (chart.TAX_PAYABLE, -max(declared_minor, 0)),
        (chart.TAX_REFUND, max(-declared_minor, 0)),
        (chart.OTHER_INCOME, -max(difference, 0)),
        (chart.OTHER_LOSSES, max(-difference, 0)),
    )
    return event.draft("settlement", f"消費税の精算 {event.entry_date}", legs(*pairs))


def closing_entry(event: Event, moved: Sequence[Moved]) -> Draft | None:
    """Every account of income and expense to zero, the rest to 繰越利益剰余金."""
    earned = [
        (row.account, row.credit_minor - row.debit_minor)
        for row in sorted(moved, key=lambda row: row.account)
        if chart.BY_CODE[row.account].kind in EARNING
    ]
    pairs = (*earned, (chart.RETAINED_EARNINGS, -sum(amount for _, amount in earned)))
    return event.draft("close", f"決算振替 {event.entry_date}", legs(*pairs))


async def tax_due(db_session: AsyncSession, last_day: date) -> TaxDue:
    """What the books say of consumption tax up to a day."""
    moved = await repository.moved_between(db_session, None, last_day)
    balances = {row.account: row.debit_minor - row.credit_minor for row in moved}
    output, paid = -balances.get(chart.OUTPUT_TAX, 0), balances.get(chart.INPUT_TAX, 0)
    return TaxDue(output_tax=output, input_tax=paid, due=output - paid)


async def listing(db_session: AsyncSession) -> list[YearView]:
    """Every closing of a year, the newest first."""
    return [_view(row) for row in reversed(await documents_repository.year_closings(db_session))]


async def close(db_session: AsyncSession, wanted: Wanted, *, today: date, by: Person) -> YearView:
    """Close a year with its last month.

    Raises:
        WrongYearError: it is closed already, or a later one is.
        WrongMonthError: its last month is not the next to close.
        NotInOrderError: findings of that month that were not accepted.
    """
    await repository.lock_head(db_session)
    last_day = wanted.last_day
    closed = await documents_repository.closed_year_upto(db_session)
    if closed is not None and last_day <= closed:
        raise WrongYearError(f"the years up to {closed} are closed")
    open_upto = await months.closed_upto(db_session)
    if open_upto is not None and last_day <= open_upto:
        raise WrongMonthError(last_day, "is closed already; reopen it, a year is closed together with its last month")
    due = await tax_due(db_session, last_day)
    declared = due.due if wanted.declared_minor is None else wanted.declared_minor
    row = YearClosing(
        first_day=closed + timedelta(days=1) if closed else first_day_of_year(last_day),
        last_day=last_day,
        closed_at_ms=by.at_ms,
        closed_by=by.email,
        profit_minor=0,
        tax_minor=declared,
    )
    await documents_repository.add(db_session, row)
    await service.post(db_session, [settlement(Event(f"taxyear:{row.id}", last_day, by.at_ms), due, declared)])
    moved = await repository.moved_between(db_session, None, last_day)
    draft = closing_entry(Event(f"year:{row.id}", last_day, by.at_ms), moved)
    carried = [leg for leg in (draft.legs if draft else ()) if leg.account == chart.RETAINED_EARNINGS]
    row.profit_minor = -sum(leg.amount_minor for leg in carried)
    await service.post(db_session, [draft])
    await db_session.flush()
    await months.close(db_session, last_day, wanted.findings, despite=wanted.despite, today=today, by=by)
    return _view(row)


async def undo(db_session: AsyncSession, year_id: int, why: str, by: Person) -> YearView:
    """Open a year again, with its last month: its entries are reversed on the same day.

    Raises:
        WrongYearError: it is not the newest closed year, or later months are closed.
    """
    await repository.lock_head(db_session)
    rows = [row for row in await documents_repository.year_closings(db_session) if not row.undone_at_ms]
    if not rows or rows[-1].id != year_id:
        raise WrongYearError(f"year {year_id} is not the newest closed one")
    row = rows[-1]
    try:
        await months.reopen(db_session, row.last_day, why, by, is_with_year=True)
    except WrongMonthError as error:
        raise WrongYearError(f"reopen the months after {row.last_day} first") from error
    sources = [f"year:{row.id}#close", f"taxyear:{row.id}#settlement"]
    for number in sorted((await repository.numbers_of(db_session, sources)).values(), reverse=True):
        await service.reverse(db_session, number, on=row.last_day, at_ms=by.at_ms, why=why)
    row.undone_at_ms, row.undone_by, row.undone_why = by.at_ms, by.email, why
    await db_session.flush()
    return _view(row)


def _view(row: YearClosing) -> YearView:
    return YearView(
        id=row.id,
        first_day=row.first_day,
        last_day=row.last_day,
        closed_at_ms=row.closed_at_ms,
        closed_by=row.closed_by,
        profit=row.profit_minor,
        tax=row.tax_minor,
        is_closed=not row.undone_at_ms,
        undone_at_ms=row.undone_at_ms,
        undone_by=row.undone_by,
        undone_why=row.undone_why,
    )
