"""`/api/v1/transactions`: the list of sales (the name was asked for; elsewhere a sale is a sale)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.sales import service
from cloud.sales.service import SaleView

router = APIRouter(prefix="/api/v1/transactions", tags=["transactions"], dependencies=[needs(Permission.SALES_READ)])


@router.get("")
async def list_sales(
    database: DatabaseDep,
    asked: AskedDep,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
    status: Literal["completed", "failed"] | None = None,
) -> Page[SaleView]:
    """Sales and failed vends, newest first."""
    async with database.read() as db_session:
        rows = await service.listing(
            db_session,
            limit=asked.one_more,
            before=asked.after(int, int),
            machine_id=machine_id,
            status=status,
        )
    return asked.page(rows, lambda row: (row.occurred_at_ms, row.id))


@router.get("/{sale_id}", responses=refusals(http_404="no_such_sale"))
async def get_sale(sale_id: RowId, database: DatabaseDep) -> SaleView:
    """One sale."""
    async with database.read() as db_session:
        found = await service.get(db_session, sale_id)
    if found is None:
        raise ProblemError(404, "no_such_sale", f"There is no sale {sale_id}.")
    return found
