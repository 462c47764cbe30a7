"""The month's report: everything an owner and an accountant look at, gathered from one state of the database."""

from datetime import date, timedelta

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, closing, counting, months, periods, service
from cloud.accounting.closing import Finding
from cloud.accounting.counting import CashView, CountView
from cloud.accounting.earnings import Earning, Turnover
from cloud.accounting.earnings_endpoints import all_earnings, turnover_of
from cloud.accounting.months_endpoints import findings_of, midnight_ms
from cloud.accounting.statements import Statement
from cloud.sales import service as sales
from cloud.settings import Settings

MOST_COUNTS = 200
"""Counts of cash in a report at most, the newest."""


class DayRevenue(BaseModel):
    """One day's sales."""

    day: date
    revenue: int
    """Yen, tax included."""


class TaxLine(BaseModel):
    """What was sold at one rate of consumption tax, by the true day of the sale. Yen."""

    percent: int
    units: int
    gross: int
    tax: int
    net: int


class TaxSummary(BaseModel):
    """Consumption tax of the month. Yen."""

    rates: list[TaxLine]
    output_tax: int
    """仮受消費税 that the books of the month added."""
    input_tax: int
    """仮払消費税 that they added."""


class MonthReport(BaseModel):
    """One month."""

    month: str
    """2026-10."""
    business: str
    first_day: date
    last_day: date
    is_closed: bool
    head_number: int
    """Newest entry: of the closing, or now while the month is open."""
    head_hash: str
    findings: list[Finding]
    """What is not in order yet; empty once it is closed."""
    accepted: list[str]
    """Codes of findings that were accepted when it was closed."""
    profit_and_loss: Statement
    balance_sheet: Statement
    cash_flow: Statement
    days: list[DayRevenue]
    tax: TaxSummary
    cash: CashView
    counts: list[CountView]
    machines: list[Earning]
    products: list[Earning]
    turnover: Turnover


async def report_of(db_session: AsyncSession, settings: Settings, month: str | None, today: date) -> MonthReport:
    """The report of a month by its name, `2026-10`; of the newest that is over when it is None."""
    last_day = last_day_named(month) if month else last_day_of_month_before(today)
    return await gather(db_session, last_day, business=settings.business_name, timezone=settings.timezone, today=today)


async def gather(db_session: AsyncSession, last_day: date, *, business: str, timezone: str, today: date) -> MonthReport:
    """The report of a month.

    Args:
        db_session: open session; the report is of one state of it.
        last_day: of the month.
        business: whose report it is.
        timezone: of the operator.
        today: the operator's; a month that is not over has no findings yet.
    """
    first = last_day.replace(day=1)
    begun_ms, over_ms = (midnight_ms(day, timezone) for day in (first, last_day + timedelta(days=1)))
    closings = [row for row in await months.listing(db_session) if row.last_day == last_day and row.is_closed]
    number, head_hash = await service.head(db_session)
    if closings:
        number, head_hash = closings[0].head_number, closings[0].head_hash
    is_over = last_day < today
    found = await periods.every_statement(db_session, first, last_day)
    by_machine, by_product = await all_earnings(db_session, first, last_day)
    revenue = await sales.days(db_session, first, last_day)
    days = [first + timedelta(days=at) for at in range(last_day.day)]
    return MonthReport(
        month=f"{last_day:%Y-%m}",
        business=business,
        first_day=first,
        last_day=last_day,
        is_closed=bool(closings),
        head_number=number,
        head_hash=head_hash,
        findings=[] if closings or not is_over else await findings_of(db_session, last_day, timezone),
        accepted=closings[0].despite if closings else [],
        profit_and_loss=found["profit-and-loss"],
        balance_sheet=found["balance-sheet"],
        cash_flow=found["cash-flow"],
        days=[DayRevenue(day=day, revenue=revenue.get(day, 0)) for day in days],
        tax=await _tax(db_session, first, last_day),
        cash=await counting.cash_at(db_session, last_day, over_ms),
        counts=await counting.counts(db_session, limit=MOST_COUNTS, between_ms=(begun_ms, over_ms)),
        machines=by_machine,
        products=by_product,
        turnover=await turnover_of(db_session, first, last_day),
    )


async def _tax(db_session: AsyncSession, first: date, last: date) -> TaxSummary:
    sums = (await periods.period(db_session, first, last)).sums
    rows = await sales.taxed(db_session, first, last)
    return TaxSummary(
        rates=[
            TaxLine(percent=row.percent, units=row.units, gross=row.gross, tax=row.tax, net=row.net) for row in rows
        ],
        output_tax=-sums.get(chart.OUTPUT_TAX, 0),
        input_tax=sums.get(chart.INPUT_TAX, 0),
    )


def last_day_of_month_before(today: date) -> date:
    """The last day of the newest month that is over."""
    return today.replace(day=1) - timedelta(days=1)


def last_day_named(month: str) -> date:
    """The last day of `2026-10`.

    Raises:
        ValueError: it is no month.
    """
    year, _, number = month.partition("-")
    return closing.month_end(int(year), int(number))
