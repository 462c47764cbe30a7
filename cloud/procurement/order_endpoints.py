"""`/api/v1/procurement/orders`: purchase orders from proposal to payment, and the goods that come."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit import pdf
from cloud.kit.http import DatabaseDep, IfMatch, RowId, TodayDep, refusals, revision_of
from cloud.kit.pages import AskedDep, Page
from cloud.kit.pdf import PdfResponse
from cloud.procurement import documents, ordering, receiving
from cloud.procurement.documents import Buyer, OrderDocument
from cloud.procurement.order_schemas import OrderBody, OrderDetail, OrderView
from cloud.procurement.ordering import Doing, Maker
from cloud.procurement.orders import Status, Step
from cloud.procurement.receipt_schemas import ReceiptBody, ReceiptView
from cloud.procurement.refusals import refusing

router = APIRouter(prefix="/api/v1/procurement", tags=["procurement"])

_READ = [needs(Permission.PROCUREMENT_READ)]


class StepBody(BaseModel):
    """A word on what is done."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "by fax"}]})

    note: Annotated[str, Field(max_length=500)] = ""


def limit_of(request: Request) -> int:
    """Yen above which one's own orders need somebody else's approval."""
    limit: int = request.app.state.settings.approval_limit_yen
    return limit


def buyer_of(request: Request) -> Buyer:
    """Who orders, by the settings."""
    found = request.app.state.settings
    return Buyer(found.business_name, found.company_address, found.company_registration_number)


@router.get("/orders", dependencies=_READ)
async def list_orders(
    database: DatabaseDep,
    asked: AskedDep,
    status: Status | None = None,
    supplier_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Page[OrderView]:
    """Purchase orders, newest first; in one state, of one supplier."""
    async with database.read() as db_session:
        rows = await ordering.listing(
            db_session, limit=asked.one_more, before=asked.after(int), status=status, supplier_id=supplier_id
        )
    return asked.page(rows, lambda row: row.id)


@router.get("/orders/{order_id}", dependencies=_READ, responses=refusals(http_404="no_such_order"))
async def get_order(order_id: RowId, request: Request, database: DatabaseDep, response: Response) -> OrderDetail:
    """One order with its lines and its history; the `ETag` is for the next step."""
    with refusing():
        async with database.read() as db_session:
            found = await ordering.detail(db_session, order_id, limit_of(request))
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.post(
    "/orders",
    status_code=201,
    responses=refusals(
        http_404="no_such_supplier, no_such_offer", http_409="key_reused", http_422="bad_offer, below_minimum_order"
    ),
)
async def make_order(
    body: OrderBody,
    creator: Annotated[Creator, Depends(Creates(Permission.ORDERS_WRITE, "order.made"))],
    today: TodayDep,
) -> OrderDetail:
    """Make a purchase order from offers somebody stands for. It waits for a person's approval."""
    with refusing():
        async with creator.once(body, supplier=body.supplier_id) as work:
            if work.is_new:
                maker = Maker(creator.user.email, "person", creator.now_ms, today)
                work.made = str(await ordering.make(work.db_session, body, maker))
            return await ordering.detail(work.db_session, int(work.made), limit_of(creator.request))


@router.post(
    "/orders/{order_id}/approve",
    responses=refusals(
        http_404="no_such_order", http_409="wrong_step, own_order, supplier_not_allowed", http_412="changed_meanwhile"
    ),
)
async def approve_order(
    order_id: RowId,
    body: StepBody,
    writer: Annotated[Writer, Depends(Writes(Permission.ORDERS_APPROVE, "order.approved"))],
    if_match: IfMatch = None,
) -> OrderDetail:
    """Approve an order. One's own only up to the limit; its supplier must be allowed."""
    limit = limit_of(writer.request)
    with refusing():
        async with writer.write(order=order_id, note=body.note) as db_session:
            by = Doing(writer.user.email, writer.now_ms, body.note, revision_of(if_match))
            await ordering.approve(db_session, order_id, by, limit)
            return await ordering.detail(db_session, order_id, limit)


_STEP: Any = refusals(http_404="no_such_order", http_409="wrong_step", http_412="changed_meanwhile")


async def _step(writer: Writer, order_id: int, step: Step, body: StepBody, if_match: str | None) -> OrderDetail:
    with refusing():
        async with writer.write(order=order_id, note=body.note) as db_session:
            by = Doing(writer.user.email, writer.now_ms, body.note, revision_of(if_match))
            await ordering.take_step(db_session, order_id, step, by)
            return await ordering.detail(db_session, order_id, limit_of(writer.request))


@router.post("/orders/{order_id}/reject", responses=_STEP)
async def reject_order(
    order_id: RowId,
    body: StepBody,
    writer: Annotated[Writer, Depends(Writes(Permission.ORDERS_APPROVE, "order.rejected"))],
    if_match: IfMatch = None,
) -> OrderDetail:
    """Say no to an order."""
    return await _step(writer, order_id, "reject", body, if_match)


@router.post("/orders/{order_id}/send", responses=_STEP)
async def send_order(
    order_id: RowId,
    body: StepBody,
    writer: Annotated[Writer, Depends(Writes(Permission.ORDERS_WRITE, "order.sent"))],
    if_match: IfMatch = None,
) -> OrderDetail:
    """Note that an approved order went to its supplier; the note says how."""
    return await _step(writer, order_id, "send", body, if_match)


@router.post("/orders/{order_id}/cancel", responses=_STEP)
async def cancel_order(
    order_id: RowId,
    body: StepBody,
    writer: Annotated[Writer, Depends(Writes(Permission.ORDERS_WRITE, "order.cancelled"))],
    if_match: IfMatch = None,
) -> OrderDetail:
    """Cancel an order of which nothing has come."""
    return await _step(writer, order_id, "cancel", body, if_match)


@router.post("/orders/{order_id}/close", responses=_STEP)
async def close_order(
    order_id: RowId,
    body: StepBody,
    writer: Annotated[Writer, Depends(Writes(Permission.ORDERS_WRITE, "order.closed"))],
    if_match: IfMatch = None,
) -> OrderDetail:
    """Say that the rest of an order will not come any more."""
    return await _step(writer, order_id, "close_short", body, if_match)


@router.get("/orders/{order_id}/document", dependencies=_READ, responses=refusals(http_404="no_such_order"))
async def get_document(order_id: RowId, request: Request, database: DatabaseDep) -> OrderDocument:
    """The order as a document for the supplier's programs."""
    with refusing():
        async with database.read() as db_session:
            return await documents.order_document(db_session, order_id, buyer_of(request))


@router.get(
    "/orders/{order_id}/pdf",
    dependencies=_READ,
    response_class=PdfResponse,
    responses=refusals(http_404="no_such_order"),
)
async def get_pdf(order_id: RowId, request: Request, database: DatabaseDep) -> PdfResponse:
    """発注書 as PDF."""
    with refusing():
        async with database.read() as db_session:
            buyer = buyer_of(request)
            found = await documents.order_document(db_session, order_id, buyer)
    return await pdf.shown(found.number, partial(documents.order_pdf, found))


@router.get("/orders/{order_id}/receipts", dependencies=_READ, responses=refusals(http_404="no_such_order"))
async def list_receipts(order_id: RowId, database: DatabaseDep) -> list[ReceiptView]:
    """The deliveries of an order, the first first."""
    with refusing():
        async with database.read() as db_session:
            await ordering.detail(db_session, order_id)
            return await receiving.receipts(db_session, order_id)


@router.post(
    "/orders/{order_id}/receipts",
    status_code=201,
    responses=refusals(
        http_404="no_such_order",
        http_409="wrong_step, differences, key_reused",
        http_412="changed_meanwhile",
        http_422="bad_receipt",
    ),
)
async def receive_goods(
    order_id: RowId,
    body: ReceiptBody,
    creator: Annotated[Creator, Depends(Creates(Permission.GOODS_RECEIVE, "goods.received"))],
    today: TodayDep,
    if_match: IfMatch = None,
) -> ReceiptView:
    """Take a delivery in, or a part of it: into the warehouse and into the books.

    More than ordered or another price is refused with what differs, until `accept_differences` is said.
    """
    with refusing():
        async with creator.once(body, order=order_id) as work:
            if work.is_new:
                by = Doing(creator.user.email, creator.now_ms, body.note, revision_of(if_match))
                work.made = str(await receiving.receive(work.db_session, order_id, body, by, today))
            return await receiving.receipt(work.db_session, int(work.made))


@router.get("/receipts", dependencies=_READ)
async def list_uninvoiced(
    database: DatabaseDep, supplier_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None
) -> list[ReceiptView]:
    """Deliveries that are on no invoice yet."""
    async with database.read() as db_session:
        return await receiving.uninvoiced(db_session, supplier_id)


@router.get("/receipts/{receipt_id}", dependencies=_READ, responses=refusals(http_404="no_such_receipt"))
async def get_receipt(receipt_id: RowId, database: DatabaseDep) -> ReceiptView:
    """One delivery."""
    with refusing():
        async with database.read() as db_session:
            return await receiving.receipt(db_session, receipt_id)
