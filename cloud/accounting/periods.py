"""The statements of a period from the ledger. Reads only."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, reports, repository, statements
from cloud.accounting.closing import month_end
from cloud.accounting.statements import Period, Statement

StatementName = Literal["profit-and-loss", "balance-sheet", "cash-flow"]
_MAKERS: Final[dict[StatementName, Callable[[Period], Statement]]] = {
    "profit-and-loss": statements.profit_and_loss,
    "balance-sheet": statements.balance_sheet,
    "cash-flow": statements.cash_flow,
}


async def period(db_session: AsyncSession, start: date, end: date) -> Period:
    """What the statements from `start` to `end`, both included, are made of."""
    moved = await repository.moved_between(db_session, start, end)
    closed = await repository.moved_by_year_closings(db_session, start, end)
    return Period(
        start=start,
        end=end,
        opening=await repository.moved_between(db_session, None, start - timedelta(days=1)),
        moved=reports.less(moved, closed),
        closed=closed,
        purchases_minor=await repository.purchases(db_session, start, end),
        overpaid=await repository.overpaid(db_session, chart.OWED_TO_OTHERS, end),
    )


async def statement(db_session: AsyncSession, name: StatementName, start: date, end: date) -> Statement:
    """One statement with the same of the period before beside it: the month before, for a whole month."""
    return (await every_statement(db_session, start, end))[name]


async def every_statement(db_session: AsyncSession, start: date, end: date) -> dict[StatementName, Statement]:
    """All statements of a period, each as `statement` gives it: the ledger is asked once for all of them."""
    now, before = await period(db_session, start, end), await period(db_session, *before_that(start, end))
    return {name: statements.compared(make(now), make(before)) for name, make in _MAKERS.items()}


def before_that(start: date, end: date) -> tuple[date, date]:
    """The period before: whole months for whole months, else as many days."""
    last = start - timedelta(days=1)
    if last - date.min < end - start:
        return date.min, last  # a period longer than the calendar before it
    if start.day == 1 and end == month_end(end.year, end.month):
        months = (end.year - start.year) * 12 + end.month - start.month + 1
        first = max(last.year * 12 + last.month - months, 12)
        return date(first // 12, first % 12 + 1, 1), last
    return last - (end - start), last
