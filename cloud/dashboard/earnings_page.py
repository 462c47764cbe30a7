"""`/dashboard/earnings`: what machines and products earned, how fast goods turn; `/{by}`: the sales behind a line."""

from datetime import date, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.accounting.earnings import Earning, earning
from cloud.accounting.earnings_endpoints import By, PeriodDep, all_earnings, earnings_of, turnover_of
from cloud.catalogue.service import Catalogue
from cloud.dashboard.contexts import Contexts, event_href
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock
from cloud.dashboard.pages import show
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, TodayDep
from cloud.sales import refunds
from cloud.sales import service as sales
from cloud.sales.refunds import RefundView
from cloud.sales.service import SaleView

router = APIRouter(prefix="/dashboard/earnings", include_in_schema=False)

TONES: Final = {"A": "ok", "B": "ok", "C": "low", "D": "danger"}

SeesEarnings = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
SALES_PER_PAGE: Final = 50
MOST_REFUNDS: Final = 500
"""Shown below the sales, the newest."""

Days = Annotated[int, Query(ge=1, le=366)]


@router.get("")
async def earnings(
    request: Request, user: SeesEarnings, database: DatabaseDep, today: TodayDep, days: Days = 30
) -> Response:
    """採算."""
    first = today - timedelta(days=days - 1)

    async def build(contexts: Contexts) -> dict[str, Any]:
        by_machine, by_product = await all_earnings(contexts.db_session, first, today)
        names = await contexts.catalogue()
        return {
            "days": days,
            "asked": f"start={first.isoformat()}&end={today.isoformat()}",
            "machines": by_machine,
            "products": [row.model_copy(update={"name": names.name(row.key)}) for row in by_product],
            "turnover": await turnover_of(contexts.db_session, first, today),
            "tones": TONES,
        }

    return await show(request, database, user, "earnings", "採算", build)


@router.get("/{by}")
async def earned_sales(
    request: Request,
    user: SeesEarnings,
    database: DatabaseDep,
    between: PeriodDep,
    by: By,
    name: Annotated[str, Query(max_length=64)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """The sales of one machine or product: what its line of 採算 adds up."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        found = await earnings_of(contexts.db_session, by, *between, only=name)
        sums = next((row for row in found if row.key == name), earning(name, name, 0, 0, 0))
        return await _sales(contexts, by, sums, between, page)

    return await show(request, database, user, "earned_sales", "採算", build)


async def _sales(contexts: Contexts, by: By, sums: Earning, between: tuple[date, date], page: int) -> dict[str, Any]:
    db_session = contexts.db_session
    offset = (page - 1) * SALES_PER_PAGE
    rows = await sales.sold(db_session, by, sums.key, between, limit=SALES_PER_PAGE, offset=offset)
    sources = [f"{source_of(row)}#{part}" for row in rows for part in ("sale", "cost")]
    numbers = await accounting.numbers_of(db_session, sources)
    names = await contexts.catalogue()
    asked = {"name": sums.key, "start": between[0].isoformat(), "end": between[1].isoformat()}
    return {
        "by": by,
        "name": names.name(sums.key) if by == "product" else sums.name,
        "days_text": say("{start} から {end} まで", start=between[0], end=between[1]),
        "sums": sums,
        "sales": [_sale(contexts, names, row, numbers) for row in rows],
        "refunds": [_given_back(contexts, names, row) for row in await _refunds(db_session, by, sums.key, between)],
        "page": page,
        "pages": max(-(-sums.units // SALES_PER_PAGE), 1),
        "here": urlencode(asked),
    }


def source_of(row: SaleView) -> str:
    """The event that sold it, as the books name it."""
    return f"{row.machine_id}/{row.epoch}/{row.seq}"


async def _refunds(db_session: AsyncSession, by: By, name: str, between: tuple[date, date]) -> list[RefundView]:
    """What was given back on these days, whenever it was sold: the sums are less it."""
    machine_id, product_id = (name, None) if by == "machine" else (None, name)
    return await refunds.listing(
        db_session, limit=MOST_REFUNDS, days=between, machine_id=machine_id, product_id=product_id
    )


def _given_back(contexts: Contexts, names: Catalogue, row: RefundView) -> dict[str, Any]:
    amounts = (-row.tax, -row.net, -row.cost, row.cost - row.net)
    return {
        "at": contexts.moment(row.refunded_at_ms),
        "machine_id": row.machine_id,
        "product": names.name(row.product_id),
        "words": "返金",
        "sale_id": row.sale_id,
        "gross": -row.gross,
        "amounts": amounts,
        "entry_number": row.entry_number,
    }


def _sale(contexts: Contexts, names: Catalogue, row: SaleView, numbers: dict[str, int]) -> dict[str, Any]:
    sold, cost = (numbers.get(f"{source_of(row)}#{part}") for part in ("sale", "cost"))
    event = event_href(row.machine_id, row.epoch, row.seq)
    hrefs = [f"/api/v1/accounting/journal/{number}" if number else event for number in (sold, sold, cost)]
    amounts = (row.tax_minor, row.net_minor, row.cost_minor, row.net_minor - row.cost_minor)
    return {
        "at": contexts.moment(row.occurred_at_ms),
        "id": row.id,
        "machine_id": row.machine_id,
        "product": names.name(row.product_id),
        "gross": row.gross_minor,
        "figures": list(zip(amounts, [*hrefs, event], strict=True)),
        "entries": [number for number in (sold, cost) if number],
        "event_href": event,
    }
