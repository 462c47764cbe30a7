"""Figures as charts: labels and datasets for whoever draws them. Reads services, owns no table."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.accounting.earnings import Earning
from cloud.accounting.earnings_endpoints import earnings_of
from cloud.accounting.months_endpoints import midnight_ms
from cloud.accounting.periods import statement
from cloud.accounting.reports import IncomeStatement, percent
from cloud.accounting.statements import Statement
from cloud.agents.decisions import service as decisions
from cloud.analytics import signals
from cloud.catalogue import service as catalogue
from cloud.inventory import service as inventory
from cloud.sales import service as sales

SHOWN: Final = ("done", "proposed", "denied", "refused", "failed")


class Dataset(BaseModel):
    """One line or one row of bars; as many values as the chart has labels."""

    label: str
    data: list[int]


class Chart(BaseModel):
    """A chart."""

    type: str
    title: str
    labels: list[str]
    datasets: list[Dataset]


class Kpis(BaseModel):
    """Per cent with two decimals; null where there is nothing to divide by."""

    gross_margin: str | None
    operating_margin: str | None
    revenue_growth: str | None
    """Against as many days before."""


class PeriodView(BaseModel):
    """Both days included."""

    start: date
    end: date
    days: int


class Financial(BaseModel):
    """A period's money."""

    period: PeriodView
    income_statement: IncomeStatement
    product_profitability: list[Earning]
    cash_flow: Statement
    kpi_summary: Kpis


Days = tuple[date, ...]


async def financial(db_session: AsyncSession, today: date, days: int) -> Financial:
    """The last days with today."""
    first = today - timedelta(days=days - 1)
    income = await accounting.income_statement(db_session, first, today)
    before = await accounting.income_statement(db_session, first - timedelta(days=days), first - timedelta(days=1))
    return Financial(
        period=PeriodView(start=first, end=today, days=days),
        income_statement=income,
        product_profitability=await earnings_of(db_session, "product", first, today),
        cash_flow=await statement(db_session, "cash-flow", first, today),
        kpi_summary=Kpis(
            gross_margin=income.gross_profit_margin,
            operating_margin=income.operating_profit_margin,
            revenue_growth=percent(income.sales_revenue - before.sales_revenue, before.sales_revenue),
        ),
    )


async def _sales(db_session: AsyncSession, days: Days, _timezone: str) -> Chart:
    revenue = await sales.days(db_session, days[0], days[-1])
    return _chart("sales_trend", "売上トレンド", days, {"売上(税込、円)": [revenue.get(day, 0) for day in days]})


async def _inventory(db_session: AsyncSession, _days: Days, _timezone: str) -> Chart:
    goods = [row for row in await catalogue.products(db_session) if row.is_active]
    rows = await inventory.stock_of_products(db_session, [row.id for row in goods])
    return Chart(
        type="inventory_levels",
        title="在庫レベル",
        labels=[row.name_ja for row in goods],
        datasets=[
            Dataset(label="自販機(個)", data=[row.vending_machine_stock for row in rows]),
            Dataset(label="倉庫と車(個)", data=[row.storage_stock for row in rows]),
        ],
    )


async def _customers(db_session: AsyncSession, days: Days, timezone: str) -> Chart:
    """What customers did at the machines; what they said there is in the conversations."""
    vends = await sales.vends_by_day(db_session, days[0], days[-1])
    since_ms = midnight_ms(days[0], timezone)
    claims = await signals.complaints(db_session, (days[0], days[-1]), since_ms, timezone)
    return _chart(
        "customer_engagement",
        "顧客エンゲージメント",
        days,
        {
            "買えた回数": [
                sum(row.vends for row in vends if (row.day, row.status) == (day, "completed")) for day in days
            ],
            "買えなかった回数": [
                sum(row.vends for row in vends if (row.day, row.status) == (day, "failed")) for day in days
            ],
            "返金・請求": [sum(at == day for _, at, _ in claims) for day in days],
        },
    )


async def _agents(db_session: AsyncSession, days: Days, _timezone: str) -> Chart:
    rows = await decisions.outcomes(db_session, days[0], days[-1])
    names = {"done": "実行", "proposed": "承認待ち", "denied": "禁止", "refused": "断られた", "failed": "失敗"}
    return _chart(
        "ai_performance",
        "AI性能指標",
        days,
        {
            names[outcome]: [sum(calls for at, _, what, calls in rows if (at, what) == (day, outcome)) for day in days]
            for outcome in SHOWN
        },
    )


def _chart(kind: str, title: str, days: Days, rows: Mapping[str, list[int]]) -> Chart:
    datasets = [Dataset(label=label, data=data) for label, data in rows.items()]
    return Chart(type=kind, title=title, labels=[day.isoformat() for day in days], datasets=datasets)


CHARTS: Final[Mapping[str, Callable[[AsyncSession, Days, str], Awaitable[Chart]]]] = {
    "sales_trend": _sales,
    "inventory_levels": _inventory,
    "customer_engagement": _customers,
    "ai_performance": _agents,
}
"""Type of a chart to who makes it."""
