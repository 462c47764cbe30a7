"""`/api/v1/accounting/earnings` and `/turnover`: which machine and which product earns, and how fast goods turn."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, service
from cloud.accounting.csv_files import CsvResponse, csv_response
from cloud.accounting.earnings import Earning, Turnover, earning, turnover
from cloud.catalogue import service as catalogue
from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep, refusals
from cloud.machines import service as machines
from cloud.sales import service as sales
from cloud.sales.service import Earned

router = APIRouter(prefix="/api/v1/accounting", tags=["accounting"], dependencies=[needs(Permission.BOOKS_READ)])

By = Literal["machine", "product"]

EARLIEST: Final = date(1900, 1, 1)
"""A day that has a day before it, whatever is asked for."""


class Earnings(BaseModel):
    """What earned what in a period, the most profitable first."""

    period_start: date
    period_end: date
    by: By
    items: list[Earning]


def period(today: TodayDep, start: date | None = None, end: date | None = None) -> tuple[date, date]:
    """The first and the last day that are asked for; from the first of the month to today unless told otherwise.

    Raises:
        ProblemError: 422, it ends before it starts, or starts before there were any books.
    """
    last = end or today
    first = start or last.replace(day=1)
    if first > last:
        raise ProblemError(422, "bad_period", f"The period starts on {first}, after it ends on {last}.")
    if first < EARLIEST:
        raise ProblemError(422, "bad_period", f"Nothing was booked before {EARLIEST}.")
    return first, last


PeriodDep = Annotated[tuple[date, date], Depends(period)]


async def earnings_of(
    db_session: AsyncSession, by: By, first: date, last: date, only: str | None = None
) -> list[Earning]:
    """What earned what, the most profitable first; one machine or product, if it is named."""
    return await _named(db_session, by, await sales.earned(db_session, by, first, last, only))


async def all_earnings(db_session: AsyncSession, first: date, last: date) -> tuple[list[Earning], list[Earning]]:
    """What each machine and what each product earned, the most profitable first."""
    return await named_earnings(db_session, *await sales.earned_by_both(db_session, first, last))


async def named_earnings(
    db_session: AsyncSession, by_machine: Sequence[Earned], by_product: Sequence[Earned]
) -> tuple[list[Earning], list[Earning]]:
    """The same of what was added up before, with the names of now."""
    return await _named(db_session, "machine", by_machine), await _named(db_session, "product", by_product)


async def _named(db_session: AsyncSession, by: By, found: Sequence[Earned]) -> list[Earning]:
    if by == "machine":
        fleet = await machines.names(db_session)
        names = {name: fleet[name] or name for name in fleet}
    else:
        products = await catalogue.load(db_session)
        names = {name: products.name(name) for name in products.ids()}
    rows = [earning(row.key, names.get(row.key, row.key), row.units, row.net, row.cost) for row in found]
    return sorted(rows, key=lambda row: (-row.gross_profit, row.key))


@router.get("/earnings/{by}", responses=refusals(http_422="bad_period"))
async def get_earnings(by: By, database: DatabaseDep, between: PeriodDep) -> Earnings:
    """Units, net revenue, cost and gross profit of each machine or product, rated by margin."""
    async with database.read() as db_session:
        items = await earnings_of(db_session, by, *between)
    return Earnings(period_start=between[0], period_end=between[1], by=by, items=items)


@router.get("/earnings/{by}/csv", response_class=CsvResponse, responses=refusals(http_422="bad_period"))
async def get_earnings_csv(by: By, database: DatabaseDep, between: PeriodDep) -> CsvResponse:
    """The same as a table."""
    async with database.read() as db_session:
        items = await earnings_of(db_session, by, *between)
    return csv_response(f"earnings-{by}", list(Earning.model_fields), [row.model_dump().values() for row in items])


@router.get("/turnover", responses=refusals(http_422="bad_period"))
async def get_turnover(database: DatabaseDep, between: PeriodDep) -> Turnover:
    """How fast the stock turns: ratio, days, rating."""
    async with database.read() as db_session:
        return await turnover_of(db_session, *between)


async def turnover_of(db_session: AsyncSession, first: date, last: date) -> Turnover:
    """How fast the stock turned from `first` to `last`, both included."""
    income = await service.income_statement(db_session, first, last)
    stock = [await service.balance_on(db_session, chart.GOODS, day) for day in (first - timedelta(days=1), last)]
    cost = sum(line.amount for line in income.lines if line.code == chart.COST_OF_SALES)
    return turnover(cost, stock[0], stock[1], (last - first).days + 1)
