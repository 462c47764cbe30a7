"""`/dashboard/procurement`: what to order, the orders, and one order from proposal to payment."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.accounting import places
from cloud.accounting import service as accounting
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.forms import typed, words_of
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.procurement_words import ALERTS, ORIGINS, REFUSALS, STATUSES, STEPS, proposed, terms
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep
from cloud.procurement import generator, ordering, receiving, service
from cloud.procurement.generator import Proposal
from cloud.procurement.order_endpoints import limit_of
from cloud.procurement.order_schemas import OrderDetail, OrderView
from cloud.procurement.ordering import Doing, Maker
from cloud.procurement.orders import Step
from cloud.procurement.receipt_schemas import ReceiptBody
from cloud.procurement.refusals import refusing
from cloud.procurement.supplier_endpoints import weights_of

router = APIRouter(prefix="/dashboard/procurement", include_in_schema=False)

ORDERS_SHOWN: Final = 50

SeesProcurement = Annotated[CurrentUser, Depends(PageLock(Permission.PROCUREMENT_READ))]
Proposes = Annotated[Writer, Depends(PageWrites(Permission.ORDERS_WRITE, "orders.proposed"))]
Approves = Annotated[Writer, Depends(PageWrites(Permission.ORDERS_APPROVE, "order.approved"))]
Rejects = Annotated[Writer, Depends(PageWrites(Permission.ORDERS_APPROVE, "order.rejected"))]
Sends = Annotated[Writer, Depends(PageWrites(Permission.ORDERS_WRITE, "order.sent"))]
Cancels = Annotated[Writer, Depends(PageWrites(Permission.ORDERS_WRITE, "order.cancelled"))]
Closes = Annotated[Writer, Depends(PageWrites(Permission.ORDERS_WRITE, "order.closed"))]
Receives = Annotated[Writer, Depends(PageWrites(Permission.GOODS_RECEIVE, "goods.received"))]
Note = Annotated[str, Form(max_length=500)]
Revision = Annotated[int, Form(ge=1, lt=2**31)]


@router.get("")
async def procurement(request: Request, user: SeesProcurement, database: DatabaseDep, today: TodayDep) -> Response:
    """仕入."""
    return await _overview(request, user, database, today)


@router.post("/proposals")
async def propose(request: Request, writer: Proposes, database: DatabaseDep, today: TodayDep) -> Response:
    """Propose orders for what runs low, and show what came of it."""
    with refusing():
        async with writer.write() as db_session:
            await ordering.one_at_a_time(db_session)
            maker = Maker(writer.user.email, "generator", writer.now_ms, today)
            made = await generator.propose(db_session, maker, weights_of(request))
    return await _overview(request, writer.user, database, today, made)


async def _overview(
    request: Request, user: CurrentUser, database: Database, today: Any, made: list[Proposal] | None = None
) -> Response:
    rise = request.app.state.settings.price_rise_alert_percent

    async def build(contexts: Contexts) -> dict[str, Any]:
        db_session = contexts.db_session
        suppliers, names = await service.names(db_session), await contexts.catalogue()
        alerts = await service.price_alerts(db_session, today, rise)
        orders = await ordering.listing(db_session, limit=ORDERS_SHOWN)
        return {
            "made": made and [row.model_dump() | {"words": proposed(row, names.name(row.product))} for row in made],
            "names": names,
            "needs": await generator.low(db_session, today),
            "alerts": [
                {
                    "words": ALERTS[row.kind],
                    "product": row.product_id,
                    "supplier": suppliers[row.supplier_id],
                    "percent": row.percent,
                    "tone": "warn" if row.kind != "cheaper_elsewhere" else "ok",
                }
                for row in alerts
            ],
            "orders": [_order_row(contexts, row) for row in orders],
            "waiting": sum(row.status == "pending_human_approval" for row in orders),
            "may_order": user.may(Permission.ORDERS_WRITE),
        }

    return await show(request, database, user, "procurement", "仕入", build)


@router.get("/orders/{order_id}")
async def order_page(order_id: RowId, request: Request, user: SeesProcurement, database: DatabaseDep) -> Response:
    """One order: what was ordered, what came, what happened, what can be done now."""
    return await _page(request, user, database, order_id)


@router.get("/receipts/{receipt_id}")
async def receipt(receipt_id: RowId, user: SeesProcurement, database: DatabaseDep) -> Response:  # noqa: ARG001 - the lock
    """Where a receipt can be read: on the page of its order."""
    with refusing():
        async with database.read() as db_session:
            found = await receiving.receipt(db_session, receipt_id)
    return RedirectResponse(f"/dashboard/procurement/orders/{found.order_id}#receipt-{receipt_id}", status_code=303)


async def _took(request: Request, writer: Writer, order_id: int, step: Step, note: str, revision: int) -> Response:
    try:
        with refusing():
            async with writer.write(order=order_id, note=note) as db_session:
                by = Doing(writer.user.email, writer.now_ms, note, revision)
                if step == "approve":
                    await ordering.approve(db_session, order_id, by, limit_of(request))
                else:
                    await ordering.take_step(db_session, order_id, step, by)
    except ProblemError as error:
        return await _refused(request, writer, order_id, error)
    return RedirectResponse(f"/dashboard/procurement/orders/{order_id}", status_code=303)


@router.post("/orders/{order_id}/approve")
async def approve(order_id: RowId, request: Request, writer: Approves, revision: Revision, note: Note = "") -> Response:
    """Approve it as it was shown."""
    return await _took(request, writer, order_id, "approve", note, revision)


@router.post("/orders/{order_id}/reject")
async def reject(order_id: RowId, request: Request, writer: Rejects, revision: Revision, note: Note = "") -> Response:
    """Say no."""
    return await _took(request, writer, order_id, "reject", note, revision)


@router.post("/orders/{order_id}/send")
async def send(order_id: RowId, request: Request, writer: Sends, revision: Revision, note: Note = "") -> Response:
    """It went to the supplier."""
    return await _took(request, writer, order_id, "send", note, revision)


@router.post("/orders/{order_id}/cancel")
async def cancel(order_id: RowId, request: Request, writer: Cancels, revision: Revision, note: Note = "") -> Response:
    """It is not wanted any more."""
    return await _took(request, writer, order_id, "cancel", note, revision)


@router.post("/orders/{order_id}/close")
async def close(order_id: RowId, request: Request, writer: Closes, revision: Revision, note: Note = "") -> Response:
    """The rest will not come."""
    return await _took(request, writer, order_id, "close_short", note, revision)


@router.post("/orders/{order_id}/receipts")
async def receive(order_id: RowId, request: Request, writer: Receives, today: TodayDep, revision: Revision) -> Response:
    """Take in what the form says; the revision keeps a second click from booking it again."""
    sent = await typed(request)
    lines = [
        {
            "line": name.removeprefix("units_"),
            "units": value,
            "price": sent.get(name.replace("units_", "price_")) or None,
            "lot": sent.get(name.replace("units_", "lot_"), ""),
            "expires_on": sent.get(name.replace("units_", "expires_")) or None,
        }
        for name, value in sent.items()
        if name.startswith("units_") and value not in {"", "0"}
    ]
    try:
        with refusing():
            body = ReceiptBody.model_validate(
                {
                    "lines": lines,
                    "received_on": sent.get("received_on") or None,
                    "delivery_note": sent.get("delivery_note", ""),
                    "accept_differences": "accept_differences" in sent,
                }
            )
            async with writer.write(order=order_id) as db_session:
                by = Doing(writer.user.email, writer.now_ms, revision=revision)
                await receiving.receive(db_session, order_id, body, by, today)
    except ValidationError:
        return await _refused(request, writer, order_id, ProblemError(422, "invalid", ""), sent)
    except ProblemError as error:
        return await _refused(request, writer, order_id, error, sent)
    return RedirectResponse(f"/dashboard/procurement/orders/{order_id}", status_code=303)


async def _refused(
    request: Request, writer: Writer, order_id: int, error: ProblemError, sent: dict[str, str] | None = None
) -> Response:
    words = words_of(error, REFUSALS)
    database: Database = request.app.state.database
    return with_status(await _page(request, writer.user, database, order_id, words, sent), error.status)


async def _page(
    request: Request,
    user: CurrentUser,
    database: Database,
    order_id: int,
    error: str = "",
    sent: dict[str, str] | None = None,
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        with refusing():
            order = await ordering.detail(contexts.db_session, order_id, limit_of(request))
        supplier = await service.supplier(contexts.db_session, order.supplier_id)
        return {
            "order": _order(contexts, order),
            "names": await contexts.catalogue(),
            "supplier": supplier,
            "terms": terms(supplier),
            "receipts": await _receipts(contexts, order_id, sees_books=user.may(Permission.BOOKS_READ)),
            "owed_href": owed_href(order.supplier_id),
            "limit": limit_of(request),
            "is_own_above": order.created_by == user.email and order.is_above_limit,
            "may_approve": user.may(Permission.ORDERS_APPROVE),
            "may_order": user.may(Permission.ORDERS_WRITE),
            "may_receive": user.may(Permission.GOODS_RECEIVE),
            "error": error,
            "sent": sent or {},
        }

    return await show(request, database, user, "procurement_order", "発注", build)


def _order(contexts: Contexts, order: OrderDetail) -> dict[str, Any]:
    return _order_row(contexts, order) | {
        "lines": [row.model_dump() | {"left": max(row.units - row.received, 0)} for row in order.lines],
        "rates": order.rates,
        "steps": [
            row.model_dump() | {"at": contexts.moment(row.at_ms), "words": STEPS.get(row.what, row.what)}
            for row in order.steps
        ],
    }


async def _receipts(contexts: Contexts, order_id: int, *, sees_books: bool) -> list[dict[str, Any]]:
    """The deliveries of an order; each leads to its entry for who sees the books."""
    rows = await receiving.receipts(contexts.db_session, order_id)
    entries = await entry_hrefs(contexts, [f"receipt:{row.id}#stock" for row in rows]) if sees_books else {}
    return [
        row.model_dump()
        | {"at": contexts.moment(row.received_at_ms), "entry_href": entries.get(f"receipt:{row.id}#stock", "")}
        for row in rows
    ]


async def entry_hrefs(contexts: Contexts, sources: list[str]) -> dict[str, str]:
    """Source to where its entry can be read, of those that were posted."""
    numbers = await accounting.numbers_of(contexts.db_session, sources)
    return {source: f"/api/v1/accounting/journal/{number}" for source, number in numbers.items()}


def owed_href(supplier_id: int) -> str:
    """The entries of what is owed to a supplier."""
    place = places.payable(supplier_id)
    return f"/dashboard/journal/{place.account}?place={place.sub_account}"


def _order_row(contexts: Contexts, row: OrderView) -> dict[str, Any]:
    words, tone = STATUSES[row.status]
    return row.model_dump() | {
        "words": words,
        "tone": tone,
        "created_at": contexts.moment(row.created_at_ms),
        "origin_words": ORIGINS.get(row.origin, row.origin),
        "href": f"/dashboard/procurement/orders/{row.id}",
    }
