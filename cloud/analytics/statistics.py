"""A period added up: sales, how well the stock works, how well customers fare, what it all costs. Reads only."""

from datetime import date, timedelta
from functools import partial
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart
from cloud.accounting import service as accounting
from cloud.accounting.earnings import Earning, Turnover
from cloud.accounting.earnings_endpoints import named_earnings, turnover_of
from cloud.accounting.months_endpoints import midnight_ms
from cloud.accounting.reports import IncomeStatement, percent
from cloud.analytics import signals
from cloud.analytics.past import Today, of_days_over
from cloud.inventory import levels
from cloud.inventory import service as inventory
from cloud.kit.clock import local_day
from cloud.machines import stock
from cloud.sales import service as sales
from cloud.sales.service import Earned

AVAILABLE_DAYS: Final = 7
BEST: Final = 10
"""Products and machines that are named."""


class DayFigure(BaseModel):
    """One day's sales. Yen with tax."""

    day: date
    revenue: int


class SalesFigures(BaseModel):
    """What was sold. Yen."""

    units: int
    revenue: int
    """With tax."""
    net: int
    gross_profit: int
    gross_margin: str | None
    """Per cent of net revenue."""
    revenue_before: int
    """Of as many days before."""
    revenue_growth: str | None
    """Per cent against them; null when nothing was sold then."""
    days: list[DayFigure]
    products: list[Earning]
    machines: list[Earning]


class InventoryFigures(BaseModel):
    """How well the stock works. Yen, slots, per cent."""

    value: int
    turnover: Turnover
    slots: int
    slots_out: int
    """With nothing in them now."""
    slots_low: int
    availability: str | None
    """Share of the seven days before today on which a slot had something to sell, per cent."""
    spoilage: int
    """Thrown away in the period."""
    shrinkage: int
    """Missing at counts."""


class CustomerFigures(BaseModel):
    """How customers fared."""

    vends: int
    failed: int
    complaints: int
    """Refunds and claims."""
    complaints_yen: int
    satisfaction: str | None
    """Per cent of vends after which nobody had to ask for money back: neither failed nor claimed. Null without vends.

    It is measured at the machine; nobody was asked.
    """


class CostFigures(BaseModel):
    """What it cost. Yen."""

    cost_of_goods: int
    operating_expenses: int
    operating_profit: int
    operating_margin: str | None


class Statistics(BaseModel):
    """One period."""

    first_day: date
    last_day: date
    sales: SalesFigures
    inventory: InventoryFigures
    customers: CustomerFigures
    costs: CostFigures


async def gather(db_session: AsyncSession, first: date, last: date, *, timezone: str, now_ms: int) -> Statistics:
    """Add up the days from `first` to `last`, both included."""
    today = Today(local_day(now_ms, timezone), timezone, now_ms)
    income = await accounting.income_statement(db_session, first, last)
    return Statistics(
        first_day=first,
        last_day=last,
        sales=await _sales(db_session, first, last, today),
        inventory=await _inventory(db_session, first, last, income, today),
        customers=await _customers(db_session, first, last, today),
        costs=CostFigures(
            cost_of_goods=income.cost_of_goods_sold,
            operating_expenses=income.operating_expenses,
            operating_profit=income.operating_profit,
            operating_margin=income.operating_profit_margin,
        ),
    )


async def _sales(db_session: AsyncSession, first: date, last: date, today: Today) -> SalesFigures:
    length = (last - first).days + 1
    ask = partial(_added_up, db_session, first, last)
    days, earned = await (of_days_over(db_session, today, ("sold", first, last), ask) if last < today.day else ask())
    machines, products = await named_earnings(db_session, *earned)
    revenue = sum(gross for day, gross in days.items() if day >= first)
    earlier = sum(days.values()) - revenue
    net, profit = sum(row.revenue for row in products), sum(row.gross_profit for row in products)
    return SalesFigures(
        units=sum(row.units for row in products),
        revenue=revenue,
        net=net,
        gross_profit=profit,
        gross_margin=percent(profit, net),
        revenue_before=earlier,
        revenue_growth=percent(revenue - earlier, earlier),
        days=[DayFigure(day=day, revenue=days.get(day, 0)) for day in (first + timedelta(at) for at in range(length))],
        products=products[:BEST],
        machines=machines[:BEST],
    )


async def _added_up(
    db_session: AsyncSession, first: date, last: date
) -> tuple[dict[date, int], tuple[list[Earned], list[Earned]]]:
    """Revenue of each day, of the period and of as many days before it; what each machine and product earned in it."""
    before = first - timedelta(days=(last - first).days + 1)
    return await sales.days(db_session, before, last), await sales.earned_by_both(db_session, first, last)


async def _inventory(
    db_session: AsyncSession, first: date, last: date, income: IncomeStatement, today: Today
) -> InventoryFigures:
    slots = await stock.slot_levels(db_session)
    midnight = midnight_ms(today.day, today.timezone)
    since = midnight_ms(today.day - timedelta(days=AVAILABLE_DAYS), today.timezone)
    ask = partial(levels.minutes_out, db_session, since, midnight, slots)
    out = await of_days_over(db_session, today, ("out", AVAILABLE_DAYS), ask)
    whole = (midnight - since) // levels.MINUTE_MS * len(out)
    lost = {line.code: line.amount for line in income.lines}
    return InventoryFigures(
        value=await inventory.total_value(db_session),
        turnover=await turnover_of(db_session, first, last),
        slots=len(slots),
        slots_out=sum(row.tone == "out" for row in slots),
        slots_low=sum(row.tone == "low" for row in slots),
        availability=percent(whole - sum(out.values()), whole),
        spoilage=lost.get(chart.SPOILAGE, 0),
        shrinkage=lost.get(chart.SHRINKAGE, 0),
    )


async def _customers(db_session: AsyncSession, first: date, last: date, today: Today) -> CustomerFigures:
    ask = partial(sales.vends, db_session, first, last)
    vends, failed = await (of_days_over(db_session, today, ("vends", first, last), ask) if last < today.day else ask())
    claims = await signals.complaints(db_session, (first, last), midnight_ms(first, today.timezone), today.timezone)
    return CustomerFigures(
        vends=vends,
        failed=failed,
        complaints=len(claims),
        complaints_yen=sum(yen for _, _, yen in claims),
        satisfaction=percent(max(vends - failed - len(claims), 0), vends),
    )
