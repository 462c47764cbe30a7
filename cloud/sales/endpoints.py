"""`/api/v1/transactions`: the list of sales (the name was asked for; elsewhere a sale is a sale)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from cloud.kit.http import DatabaseDep, ProblemError
from cloud.sales import service
from cloud.sales.service import SaleView

router = APIRouter(prefix="/api/v1/transactions", tags=["transactions"])


class Page(BaseModel):
    """A page of sales, newest first."""

    items: list[SaleView]
    next: str | None
    """Pass it as `before` for the following page; null on the last one."""


@router.get("")
async def list_sales(
    database: DatabaseDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(pattern=r"^\d{1,18}-\d{1,18}$")] = None,
    machine_id: str | None = None,
    status: Literal["completed", "failed"] | None = None,
) -> Page:
    """Sales and failed vends, newest first."""
    cursor = None
    if before:
        at_ms, sale_id = before.split("-")
        cursor = (int(at_ms), int(sale_id))
    async with database.read() as db_session:
        rows = await service.listing(db_session, limit=limit + 1, before=cursor, machine_id=machine_id, status=status)
    items, more = rows[:limit], len(rows) > limit
    return Page(items=items, next=f"{items[-1].occurred_at_ms}-{items[-1].id}" if more else None)


@router.get("/{sale_id}")
async def get_sale(sale_id: int, database: DatabaseDep) -> SaleView:
    """One sale."""
    async with database.read() as db_session:
        found = await service.get(db_session, sale_id)
    if found is None:
        raise ProblemError(404, "no_such_sale", f"There is no sale {sale_id}.")
    return found
