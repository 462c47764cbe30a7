"""`/api/v1/customers`: customers for the operator, without what they told of themselves."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from cloud.conversations.endpoints import ConversationsDep, NowDep
from cloud.customers import coupons, requests, service
from cloud.customers.coupons import CouponError, CouponView, Grant, NoSuchCouponError
from cloud.customers.endpoints import MachineName, SecrecyDep, TasteView, TimezoneDep, taste_view
from cloud.customers.forgetting import forget_here
from cloud.customers.requests import Wanted
from cloud.customers.rules import MOST_REASON_CHARS
from cloud.customers.service import CustomerView
from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, Refusals, TodayDep, refusals, refusing
from cloud.kit.pages import AskedDep, Page
from cloud.sales.service import SaleView

router = APIRouter(prefix="/api/v1/customers", tags=["customers"])

CustomerName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_READ: Final = [needs(Permission.CUSTOMERS_READ)]
GrantDep = Annotated[Creator, Depends(Creates(Permission.CUSTOMERS_MANAGE, "coupon.granted"))]
WithdrawDep = Annotated[Writer, Depends(Writes(Permission.CUSTOMERS_MANAGE, "coupon.withdrawn"))]
NoteDep = Annotated[Writer, Depends(Writes(Permission.CUSTOMERS_MANAGE, "request.noted"))]
ForgetDep = Annotated[Writer, Depends(Writes(Permission.CUSTOMERS_MANAGE, "customer.deleted"))]
REFUSED: Final[Refusals] = {
    NoSuchCouponError: (404, "no_such_coupon"),
    CouponError: (409, ""),
}


class Detail(BaseModel):
    """One customer with what their purchases say."""

    customer: CustomerView
    loyalty: Annotated[int, Field(ge=0, le=100)]
    tastes: TasteView
    purchases: list[SaleView]
    """The newest 20."""


class GrantBody(BaseModel):
    """A coupon a person gives. Yen, tax included."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "product_id": "green-tea",
                    "list_price": 160,
                    "price": 130,
                    "valid_until_ms": 1_795_748_400_000,
                    "reason": "お詫び",
                }
            ]
        },
    )

    product_id: str = Field(min_length=1, max_length=64)
    list_price: int = Field(ge=1, le=1_000_000)
    price: int = Field(ge=0, le=1_000_000)
    valid_until_ms: int = Field(ge=0, lt=2**53)
    machine_id: MachineName = ""
    reason: str = Field(default="", max_length=MOST_REASON_CHARS)


class NoteBody(BaseModel):
    """Wishes that somebody has read and decided about."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ids": [1, 2]}]})

    ids: Annotated[list[Annotated[int, Field(ge=1, lt=2**63)]], Field(min_length=1, max_length=500)]


class Noted(BaseModel):
    """How many wishes were open before."""

    noted: int


@router.get("", dependencies=_READ)
async def list_customers(database: DatabaseDep, asked: AskedDep) -> Page[CustomerView]:
    """Customers, last seen first."""
    before = asked.after(int, str)
    async with database.read() as db_session:
        rows = await service.listing(db_session, limit=asked.one_more, before=before)
    return asked.page(rows, lambda row: (row.last_seen_ms, row.customer_id))


@router.get("/coupons", dependencies=_READ)
async def list_coupons(database: DatabaseDep, asked: AskedDep, now_ms: NowDep) -> Page[CouponView]:
    """Everybody's coupons, the newest first."""
    before = asked.after(int)
    async with database.read() as db_session:
        rows = await coupons.listing(db_session, now_ms, limit=asked.one_more, before=before)
    return asked.page(rows, lambda row: row.id)


@router.post(
    "/coupons/{code}/withdraw",
    responses=refusals(http_404="no_such_coupon", http_409="coupon_used, coupon_expired, coupon_withdrawn"),
)
async def withdraw_coupon(code: Annotated[str, Path(max_length=16)], writer: WithdrawDep) -> CouponView:
    """Take a coupon back. A machine that shows its price at this moment may still sell at it."""
    with refusing(REFUSED):
        async with writer.write(coupon=code) as db_session:
            return await coupons.withdraw(db_session, code, writer.user.email, writer.now_ms)


@router.get("/requests", dependencies=_READ)
async def list_requests(database: DatabaseDep, secrecy: SecrecyDep) -> list[Wanted]:
    """Open wishes, counted by likeness: what most people want first. Words of strangers."""
    async with database.read() as db_session:
        return await requests.wanted(db_session, secrecy)


@router.post("/requests/notes")
async def note_requests(body: NoteBody, writer: NoteDep) -> Noted:
    """Mark wishes as noted."""
    async with writer.write(requests=len(body.ids)) as db_session:
        return Noted(noted=await requests.note(db_session, body.ids, writer.user.email, writer.now_ms))


@router.get("/{customer_id}", dependencies=_READ, responses=refusals(http_404="no_such_customer"))
async def get_customer(
    customer_id: CustomerName,
    database: DatabaseDep,
    conversations: ConversationsDep,
    today: TodayDep,
    timezone: TimezoneDep,
) -> Detail:
    """One customer: purchases, tastes, loyalty."""
    talks = await conversations.count(customer_id)
    async with database.read() as db_session:
        found = await service.customer(db_session, customer_id)
        if found is None:
            raise ProblemError(404, "no_such_customer", f"There is no customer {customer_id}.")
        loyalty = await service.loyalty(db_session, customer_id, today, timezone, talks)
        return Detail(
            customer=found,
            loyalty=loyalty.score,
            tastes=await taste_view(db_session, customer_id, timezone),
            purchases=await service.history(db_session, customer_id, limit=20),
        )


@router.post(
    "/{customer_id}/coupons",
    status_code=201,
    responses=refusals(http_404="no_such_customer", http_409="price, validity, key_reused"),
)
async def grant_coupon(customer_id: CustomerName, body: GrantBody, creator: GrantDep) -> CouponView:
    """Give a customer a coupon."""
    with refusing(REFUSED):
        async with creator.once(body, customer=customer_id, product=body.product_id) as work:
            if await service.customer(work.db_session, customer_id) is None:
                raise ProblemError(404, "no_such_customer", f"There is no customer {customer_id}.")
            if not work.is_new:
                return await coupons.get(work.db_session, work.made, creator.now_ms)
            given = await coupons.grant(work.db_session, grant_of(customer_id, body, creator), creator.now_ms)
            work.made = given.code
            return given


def grant_of(customer_id: str, body: GrantBody, writer: Writer) -> Grant:
    """What the body of a request asks for."""
    return Grant(
        customer_id=customer_id,
        product_id=body.product_id,
        list_minor=body.list_price,
        price_minor=body.price,
        valid_until_ms=body.valid_until_ms,
        by=writer.user.email,
        machine_id=body.machine_id,
        reason=body.reason,
    )


@router.delete("/{customer_id}", status_code=204)
async def delete_customer(
    customer_id: CustomerName, writer: ForgetDep, conversations: ConversationsDep, today: TodayDep
) -> None:
    """Delete a person's data: profile, wishes, conversations, whose their sales were. Books keep the sales.

    What is left of their credit becomes our income: nobody could spend it any more.
    """
    await conversations.forget(customer_id)
    async with writer.write() as db_session:
        await forget_here(db_session, customer_id, writer.now_ms, today)
