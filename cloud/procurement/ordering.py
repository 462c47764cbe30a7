"""Purchase orders: make, approve, send, cancel. Commits nothing; the caller's boundary does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.procurement import order_repository, orders, repository, rules
from cloud.procurement.models import Offer, PurchaseOrder, PurchaseOrderLine, PurchaseOrderStep, Supplier
from cloud.procurement.order_schemas import OrderBody, OrderDetail, OrderLineBody, OrderLineView, OrderView, StepView
from cloud.procurement.orders import NotAllowedSupplierError, Status, Step, Wanted
from cloud.procurement.schemas import rate_views
from cloud.procurement.service import ChangedMeanwhileError, NoSuchOfferError, NoSuchSupplierError


class NoSuchOrderError(LookupError):
    """An order that nobody made."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no purchase order {number}")


class BadOfferError(ValueError):
    """An offer that cannot be ordered by."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"offer {number} {why}")


class BelowMinimumError(ValueError):
    """Less than the supplier's least order."""

    def __init__(self, name: str, net_minor: int, least_minor: int) -> None:
        super().__init__(
            f"{name} takes orders from {least_minor} yen without tax; this one is {net_minor}",
        )


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes an order."""

    who: str
    origin: Literal["person", "generator", "agent"]
    now_ms: int
    today: date


async def one_at_a_time(db_session: AsyncSession) -> None:
    """Wait until nobody else makes proposals: two at once would order the same goods twice."""
    await locks.take(db_session, Lock.BOOKS)


async def make(db_session: AsyncSession, body: OrderBody, maker: Maker) -> int:
    """Make an order; it waits for a person's approval.

    Returns:
        Its row number.

    Raises:
        NoSuchSupplierError: nobody recorded the supplier.
        NoSuchOfferError: nobody recorded one of the offers.
        BadOfferError: an offer of somebody else, one nobody stands for, not valid today, or below its smallest lot.
        BelowMinimumError: less than the supplier's least order.
    """
    order, lines = await _prepared(db_session, body, maker)
    await order_repository.add(db_session, order)
    for line in lines:
        line.order_id = order.id
    await order_repository.add(db_session, *lines, _step(order, maker.who, "make", maker.now_ms, body.note))
    return order.id


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order would come to. Yen, tax and shipping included."""

    supplier: str
    is_allowed: bool
    """Money may go to the supplier."""
    total_minor: int
    products: tuple[str, ...]


async def estimate(db_session: AsyncSession, body: OrderBody, maker: Maker) -> Estimate:
    """What an order would come to, without making it.

    Raises:
        NoSuchSupplierError: as `make`; so for the other errors.
        NoSuchOfferError: as `make`.
        BadOfferError: as `make`.
        BelowMinimumError: as `make`.
    """
    order, lines = await _prepared(db_session, body, maker)
    seller = await repository.supplier(db_session, body.supplier_id)
    name, is_allowed = (seller.name, seller.is_allowed) if seller else ("", False)
    return Estimate(name, is_allowed, order.total_minor, tuple(line.product_id for line in lines))


async def on_order(db_session: AsyncSession) -> dict[str, int]:
    """Product to the units that are ordered, or waiting for approval, and have not come."""
    return await order_repository.on_order(db_session)


async def spent(db_session: AsyncSession, origin: str, first: date) -> dict[date, int]:
    """Day to what was ordered on it, in yen, by one kind of maker; rejected and cancelled orders do not count."""
    return await order_repository.spent(db_session, origin, first)


async def _prepared(
    db_session: AsyncSession, body: OrderBody, maker: Maker
) -> tuple[PurchaseOrder, list[PurchaseOrderLine]]:
    seller = await repository.supplier(db_session, body.supplier_id)
    if seller is None:
        raise NoSuchSupplierError(body.supplier_id)
    goods = await catalogue.load(db_session)
    lines: list[PurchaseOrderLine] = []
    for at, row in enumerate(body.lines, start=1):
        offer = await repository.offer(db_session, row.offer_id)
        if offer is None:
            raise NoSuchOfferError(row.offer_id)
        _check(offer, row.packs, seller, maker.today)
        lines.append(
            PurchaseOrderLine(
                line=at,
                product_id=offer.product_id,
                name=goods.name(offer.product_id),
                pack_size=offer.pack_size,
                packs=row.packs,
                price_minor=offer.price_minor,
                is_tax_included=offer.is_tax_included,
                percent=goods.percent(offer.product_id, maker.today),
                reason=row.reason,
            ),
        )
    _each_once(body.lines, lines)
    return _order(seller, lines, maker, body.note), lines


def _each_once(sent: Sequence[OrderLineBody], lines: Sequence[PurchaseOrderLine]) -> None:
    seen: set[str] = set()
    for row, line in zip(sent, lines, strict=True):
        if line.product_id in seen:
            raise BadOfferError(row.offer_id, f"is for {line.product_id}, which is on the order already")
        seen.add(line.product_id)


def _check(offer: Offer, packs: int, seller: Supplier, today: date) -> None:
    if offer.supplier_id != seller.id:
        raise BadOfferError(offer.id, f"is not one of {seller.name}")
    if not offer.confirmed_by:
        raise BadOfferError(offer.id, "was found, but nobody stands for it; confirm it first")
    if offer.valid_from > today or (offer.valid_to is not None and offer.valid_to < today):
        raise BadOfferError(offer.id, f"is not valid on {today}")
    if packs < offer.minimum_packs:
        raise BadOfferError(offer.id, f"starts at {offer.minimum_packs} packs")


def _order(seller: Supplier, lines: Sequence[PurchaseOrderLine], maker: Maker, note: str) -> PurchaseOrder:
    wanted = [_wanted(line) for line in lines]
    net = orders.goods_net(wanted)
    if net < seller.minimum_order_minor:
        raise BelowMinimumError(seller.name, net, seller.minimum_order_minor)
    shipping = rules.shipping_for(net, seller.shipping_minor, seller.free_shipping_minor)
    rates = orders.totals(wanted, shipping)
    return PurchaseOrder(
        supplier_id=seller.id,
        status="pending_human_approval",
        ordered_on=maker.today,
        expected_on=maker.today + timedelta(days=seller.lead_days),
        origin=maker.origin,
        created_by=maker.who,
        created_at_ms=maker.now_ms,
        shipping_minor=shipping,
        net_minor=sum(row.net_minor for row in rates),
        tax_minor=sum(row.tax_minor for row in rates),
        total_minor=sum(row.gross_minor for row in rates),
        note=note,
        revision=1,
    )


def _wanted(line: PurchaseOrderLine) -> Wanted:
    return Wanted(line.packs, line.price_minor, line.is_tax_included, line.percent)


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something to an order, and when."""

    who: str
    now_ms: int
    note: str = ""
    revision: int | None = None
    """Of the order as it was read; None takes it as it is."""


async def approve(db_session: AsyncSession, number: int, by: Doing, limit_minor: int) -> None:
    """A person approves an order.

    Raises:
        NoSuchOrderError: nobody made it.
        WrongStepError: it does not wait for approval.
        OwnOrderError: it is above the limit, and this person made it.
        NotAllowedSupplierError: money may not go to its supplier.
        ChangedMeanwhileError: something happened to it since it was read.
    """
    order = await locked(db_session, number, by.revision)
    status = orders.after(name_of(order), order.status, "approve")
    is_own = order.created_by == by.who
    orders.may_approve(name_of(order), total_minor=order.total_minor, limit_minor=limit_minor, is_own=is_own)
    seller = await repository.supplier(db_session, order.supplier_id)
    if seller is None or not seller.is_allowed:
        raise NotAllowedSupplierError(seller.name if seller else "?")
    await _took(db_session, order, "approve", status, by)


async def take_step(db_session: AsyncSession, number: int, step: Step, by: Doing) -> None:
    """Reject, send, cancel, or close short: what needs no more than the right state. Approving: `approve`.

    Raises:
        NoSuchOrderError: nobody made it.
        WrongStepError: it cannot happen now.
        ChangedMeanwhileError: something happened to it since it was read.
    """
    order = await locked(db_session, number, by.revision)
    await _took(db_session, order, step, orders.after(name_of(order), order.status, step), by)
    if step == "close_short":
        await settle(db_session, order, by)


async def advance(db_session: AsyncSession, order: PurchaseOrder, step: Step, by: Doing) -> None:
    """Take a step with an order that is locked.

    Raises:
        WrongStepError: it cannot happen now.
    """
    await _took(db_session, order, step, orders.after(name_of(order), order.status, step), by)


async def settle(db_session: AsyncSession, order: PurchaseOrder, by: Doing) -> None:
    """Go on to invoiced and paid when all that came is on accepted invoices, and when these are paid."""
    receipts = await order_repository.receipts(db_session, [order.id])
    states = []
    for row in receipts:
        invoice = None if row.invoice_id is None else await order_repository.invoice(db_session, row.invoice_id)
        states.append(invoice.status if invoice else "")
    if order.status == "received" and states and set(states) <= {"open", "paid"}:
        await advance(db_session, order, "invoice", by)
    if order.status == "invoiced" and set(states) == {"paid"}:
        await advance(db_session, order, "pay", by)


async def locked(db_session: AsyncSession, number: int, revision: int | None = None) -> PurchaseOrder:
    """An order that nobody else changes until the transaction ends.

    Raises:
        NoSuchOrderError: nobody made it.
        ChangedMeanwhileError: it has another revision by now.
    """
    order = await order_repository.order(db_session, number, for_update=True)
    if order is None:
        raise NoSuchOrderError(number)
    if revision is not None and order.revision != revision:
        raise ChangedMeanwhileError(f"order {name_of(order)}")
    return order


async def _took(db_session: AsyncSession, order: PurchaseOrder, step: str, status: Status, by: Doing) -> None:
    order.status = status
    order.revision += 1
    await order_repository.add(db_session, _step(order, by.who, step, by.now_ms, by.note))


def _step(order: PurchaseOrder, who: str, what: str, now_ms: int, note: str) -> PurchaseOrderStep:
    return PurchaseOrderStep(order_id=order.id, at_ms=now_ms, who=who, what=what, status=order.status, note=note)


def name_of(order: PurchaseOrder) -> str:
    """発注番号 of an order."""
    return orders.order_number(order.id, order.ordered_on.year)


async def listing(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    status: str | None = None,
    supplier_id: int | None = None,
) -> list[OrderView]:
    """A page of orders, newest first; in one state, of one supplier."""
    rows = await order_repository.orders(db_session, limit=limit, before=before, status=status, supplier_id=supplier_id)
    names = await repository.names(db_session)
    return [OrderView(**_fields(row, names[row.supplier_id])) for row in rows]


async def detail(db_session: AsyncSession, number: int, limit_minor: int = 0) -> OrderDetail:
    """One order with its lines and what happened to it.

    Args:
        db_session: open session.
        number: its row number.
        limit_minor: above it only others may approve; for `is_above_limit`.

    Raises:
        NoSuchOrderError: nobody made it.
    """
    order = await order_repository.order(db_session, number)
    if order is None:
        raise NoSuchOrderError(number)
    seller = await repository.supplier(db_session, order.supplier_id)
    lines = await order_repository.lines(db_session, [number])
    came = await order_repository.received_units(db_session, [number])
    steps = await order_repository.steps(db_session, number)
    rates = orders.totals([_wanted(line) for line in lines], order.shipping_minor)
    return OrderDetail(
        **_fields(order, seller.name if seller else ""),
        lines=[_line_view(line, came.get(line.id, 0)) for line in lines],
        rates=rate_views(rates),
        steps=[
            StepView(at_ms=row.at_ms, who=row.who, what=row.what, status=row.status, note=row.note) for row in steps
        ],
        is_above_limit=order.total_minor > limit_minor,
    )


def _line_view(line: PurchaseOrderLine, received: int) -> OrderLineView:
    return OrderLineView(
        line=line.line,
        product_id=line.product_id,
        name=line.name,
        pack_size=line.pack_size,
        packs=line.packs,
        units=line.packs * line.pack_size,
        received=received,
        price=line.price_minor,
        is_tax_included=line.is_tax_included,
        percent=line.percent,
        amount=line.packs * line.price_minor,
        reason=line.reason,
    )


def _fields(row: PurchaseOrder, supplier: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": name_of(row),
        "supplier_id": row.supplier_id,
        "supplier": supplier,
        "status": row.status,
        "ordered_on": row.ordered_on,
        "expected_on": row.expected_on,
        "origin": row.origin,
        "created_by": row.created_by,
        "created_at_ms": row.created_at_ms,
        "shipping": row.shipping_minor,
        "net": row.net_minor,
        "tax": row.tax_minor,
        "total": row.total_minor,
        "note": row.note,
        "revision": row.revision,
    }
