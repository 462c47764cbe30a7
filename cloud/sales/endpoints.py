"""`/api/v1/transactions`: the list of sales (the name was asked for; elsewhere a sale is a sale)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity.access import Creates, Creator, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.sales import refunds, service
from cloud.sales.refunds import (
    CUSTOMER_LENGTH,
    TEXT_LENGTH,
    How,
    NoSuchRefundError,
    NoSuchSaleError,
    RefundView,
    Wanted,
)
from cloud.sales.service import SaleView

router = APIRouter(prefix="/api/v1/transactions", tags=["transactions"])

_READ = [needs(Permission.SALES_READ)]
REFUSALS = {"too_much": 409, "goods_back_before": 409, "not_sold": 409, "key_reused": 409}
"""Why a refund is refused to the status of the answer; 422 for the others."""


class RefundBody(BaseModel):
    """Money to give back for a sale."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"amount": 160, "reason": "Nothing came out; the bottle is in the slot."}]},
    )

    amount: int = Field(ge=1, lt=2**53)
    """Yen, tax included: at most what was paid less what was given back before."""
    reason: str = Field(min_length=1, max_length=TEXT_LENGTH)
    method: Wanted = "original"
    """`original`: as it was paid, cash against a claim code. `claim`: in cash. `store_credit`: to buy for."""
    customer: str = Field(default="", max_length=CUSTOMER_LENGTH)
    """Whose store credit it becomes; only for that method."""
    goods_back: bool = False
    """The unit is in its slot again."""


@router.get("", dependencies=_READ)
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


@router.get("/refunds", dependencies=_READ)
async def list_refunds(
    database: DatabaseDep,
    asked: AskedDep,
    sale_id: Annotated[RowId | None, Query()] = None,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
    tender: Annotated[str | None, Query(max_length=24)] = None,
) -> Page[RefundView]:
    """Refunds, newest first."""
    async with database.read() as db_session:
        rows = await refunds.listing(
            db_session,
            limit=asked.one_more,
            before=asked.after(int),
            sale_id=sale_id,
            machine_id=machine_id,
            tender=tender,
        )
    return asked.page(rows, lambda row: row.id)


@router.get("/refunds/{refund_id}", dependencies=_READ, responses=refusals(http_404="no_such_refund"))
async def get_refund(refund_id: RowId, database: DatabaseDep) -> RefundView:
    """One refund."""
    try:
        async with database.read() as db_session:
            return await refunds.get(db_session, refund_id)
    except NoSuchRefundError as error:
        raise ProblemError(404, "no_such_refund", str(error)) from error


@router.get("/{sale_id}", dependencies=_READ, responses=refusals(http_404="no_such_sale"))
async def get_sale(sale_id: RowId, database: DatabaseDep) -> SaleView:
    """One sale."""
    async with database.read() as db_session:
        found = await service.get(db_session, sale_id)
    if found is None:
        raise ProblemError(404, "no_such_sale", f"There is no sale {sale_id}.")
    return found


@router.post(
    "/{sale_id}/refund",
    status_code=201,
    responses=refusals(
        http_404="no_such_sale",
        http_409="too_much, not_sold, goods_back_before, key_reused",
        http_422="wrong_method, no_reason",
    ),
)
async def refund_sale(
    sale_id: RowId,
    body: RefundBody,
    creator: Annotated[Creator, Depends(Creates(Permission.SALES_REFUND, "sale.refunded"))],
) -> RefundView:
    """Give a sale back, whole or in part: sales, tax and, if they came back, the goods are reversed.

    What was paid in cash is owed to whoever shows the claim code, and is a task of the staff until it is handed over;
    what was paid otherwise is the processor's to give back, and is held against its payouts.
    """
    try:
        async with creator.once(body, sale=sale_id, amount=body.amount) as work:
            if work.is_new:
                timezone = creator.request.app.state.settings.timezone
                how = How(body.method, body.customer, body.goods_back, timezone=timezone)
                by, now_ms = creator.user.email, creator.now_ms
                made = await refunds.refund(work.db_session, sale_id, body.amount, body.reason, by, now_ms, how)
                work.made = str(made.id)
                return made
            return await refunds.get(work.db_session, int(work.made))
    except NoSuchSaleError as error:
        raise ProblemError(404, "no_such_sale", f"{error}.".capitalize()) from error
    except refunds.RefundRefusedError as error:
        raise ProblemError(REFUSALS.get(error.code, 422), error.code, f"{error}.".capitalize()) from error
