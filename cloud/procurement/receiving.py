"""Goods that come: in parts, into stock and into the books in one transaction. Commits nothing; the boundary does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import Catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import service as inventory
from cloud.inventory.lot_book import LotDateError
from cloud.inventory.lots import LotShare
from cloud.inventory.service import WAREHOUSE, Movement
from cloud.procurement import order_repository, ordering, orders, repository, rules
from cloud.procurement.finder import SHIPPING_PERCENT
from cloud.procurement.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine, ReceiptTax
from cloud.procurement.ordering import Doing, name_of
from cloud.procurement.orders import Arrived, Difference
from cloud.procurement.receipt_schemas import ReceiptBody, ReceiptLineBody, ReceiptLineView, ReceiptView
from cloud.procurement.rules import Part, RateSum
from cloud.procurement.schemas import rate_views
from cloud.procurement.service import is_registered_on

WORDS: Final = {"over_delivery": "注文より多い", "wrong_price": "単価が違う"}
"""Accepted differences on the history of an order."""


class BadReceiptError(ValueError):
    """A receipt that cannot be: a line the order does not have, a day that has not come."""


class NoSuchReceiptError(LookupError):
    """A receipt that nobody recorded."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no goods receipt {number}")


class DifferencesError(ValueError):
    """A delivery or an invoice is not as it should be, and nobody has accepted that."""

    def __init__(self, found: Sequence[Difference]) -> None:
        self.found = list(found)
        words = "; ".join(
            f"{row.kind.replace('_', ' ')} ({row.where}): {row.expected} expected, {row.found} found" for row in found
        )
        super().__init__(f"{words}. Accept the differences, or correct what was typed")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line that came, with everything its booking needs."""

    order_line: PurchaseOrderLine
    body: ReceiptLineBody
    price_minor: int
    amount_minor: int
    percent: int

    @property
    def lot(self) -> str:
        """Its lot's code; empty for none."""
        return self.body.lot or (self.body.expires_on.isoformat() if self.body.expires_on else "")

    @property
    def part(self) -> Part:
        return Part(self.amount_minor, self.order_line.is_tax_included, self.percent)

    @property
    def weight(self) -> int:
        """For sharing costs: in proportion to what is paid for it, tax included."""
        return self.amount_minor * (100 if self.order_line.is_tax_included else 100 + self.percent)


async def receive(db_session: AsyncSession, order_id: int, body: ReceiptBody, by: Doing, today: date) -> int:
    """Take a delivery in: into the warehouse, into the books, and on with the order.

    Args:
        db_session: a writing session.
        order_id: of the order it belongs to.
        body: what came.
        by: who says so.
        today: the operator's.

    Returns:
        The row number of the receipt.

    Raises:
        NoSuchOrderError: nobody made the order.
        WrongStepError: nothing is awaited for it.
        BadReceiptError: a line the order does not have, or a day in the future.
        DifferencesError: more than ordered or another price, and `accept_differences` is not said.
    """
    await locks.take(db_session, Lock.BOOKS)
    order = await ordering.locked(db_session, order_id, by.revision)
    orders.after(name_of(order), order.status, "receive_part")
    day = body.received_on or today
    if day > today:
        raise BadReceiptError(f"{day} has not come yet; today is {today}")
    if day < order.ordered_on:
        raise BadReceiptError(f"{day} is before the day of the order, {order.ordered_on}")
    order_lines = {row.line: row for row in await order_repository.lines(db_session, [order_id])}
    came = await order_repository.received_units(db_session, [order_id])
    goods = await catalogue.load(db_session)
    lines = [_line(row, order_lines, came, goods, day) for row in body.lines]
    found = orders.differences([_arrived(row, came) for row in lines])
    if found and not body.accept_differences:
        raise DifferencesError(found)
    receipt = await _record(db_session, order, lines, body, by, day)
    await _step_on(db_session, order, by, found)
    return receipt.id


def _line(
    row: ReceiptLineBody,
    order_lines: Mapping[int, PurchaseOrderLine],
    came: Mapping[int, int],
    goods: Catalogue,
    day: date,
) -> _Line:
    line = order_lines.get(row.line)
    if line is None:
        raise BadReceiptError(f"the order has no line {row.line}; it has {', '.join(map(str, sorted(order_lines)))}")
    price = line.price_minor if row.price is None else row.price
    amount = rules.amount_of(price, line.pack_size, came.get(line.id, 0), row.units)
    return _Line(line, row, price, amount, goods.percent(line.product_id, day))


def _arrived(row: _Line, came: Mapping[int, int]) -> Arrived:
    line = row.order_line
    ordered = line.packs * line.pack_size
    before = came.get(line.id, 0)
    return Arrived(line.line, line.product_id, ordered, before, row.body.units, line.price_minor, row.price_minor)


def costs(weights: Sequence[tuple[int, int]], rates: Sequence[RateSum], shipping_weight: int) -> list[int]:
    """What each line costs us, so that the lines together are what the document costs us.

    Args:
        weights: (tax rate, weight) of each line.
        rates: the document added up, shipping included.
        shipping_weight: of the shipping, at `SHIPPING_PERCENT`; it is shared by the lines' cost.
    """
    found = [0] * len(weights)
    freight = 0
    for rate in rates:
        mine = [at for at, (percent, _) in enumerate(weights) if percent == rate.percent]
        shares = [weights[at][1] for at in mine]
        is_freight = bool(shipping_weight) and rate.percent == SHIPPING_PERCENT
        parts = rules.split(rate.cost_minor, [*shares, shipping_weight] if is_freight else shares)
        freight += parts[len(mine)] if is_freight else 0
        for at, part in zip(mine, parts, strict=False):
            found[at] = part
    return [cost + part for cost, part in zip(found, rules.split(freight, found), strict=True)]


async def _record(
    db_session: AsyncSession,
    order: PurchaseOrder,
    lines: Sequence[_Line],
    body: ReceiptBody,
    by: Doing,
    day: date,
) -> GoodsReceipt:
    seller = await repository.supplier(db_session, order.supplier_id)
    is_registered = seller is not None and is_registered_on(seller, day)
    share = rules.share_on(await repository.shares(db_session), day, is_registered=is_registered)
    is_first = not await order_repository.receipts(db_session, [order.id])
    shipping = order.shipping_minor if is_first else 0
    freight = [Part(shipping, is_tax_included=False, percent=SHIPPING_PERCENT)] if shipping else []
    rates = rules.sums([*(row.part for row in lines), *freight], share)
    each = costs([(row.percent, row.weight) for row in lines], rates, shipping * (100 + SHIPPING_PERCENT))
    receipt = GoodsReceipt(
        order_id=order.id,
        supplier_id=order.supplier_id,
        received_on=day,
        received_at_ms=by.now_ms,
        received_by=by.who,
        delivery_note=body.delivery_note,
        share_percent=share,
        shipping_minor=shipping,
        gross_minor=sum(row.gross_minor for row in rates),
        invoice_id=None,
        note=body.note,
    )
    costed = list(zip(lines, each, strict=True))
    await order_repository.add(db_session, receipt)
    await order_repository.add(
        db_session,
        *(_receipt_line(receipt.id, row, cost) for row, cost in costed),
        *(_receipt_tax(receipt.id, row) for row in rates),
    )
    await _book(db_session, receipt, costed, sum(row.deductible_minor for row in rates))
    return receipt


async def _book(
    db_session: AsyncSession, receipt: GoodsReceipt, lines: Sequence[tuple[_Line, int]], deductible_minor: int
) -> None:
    """Into the warehouse and into the books, at what each line costs us."""
    movements = [
        Movement(
            f"receipt:{receipt.id}/{row.order_line.line}",
            row.order_line.product_id,
            row.body.units,
            receipt.received_at_ms,
            to_place=WAREHOUSE,
            cost_minor=cost,
            lots=(LotShare(row.lot, row.body.units, row.body.expires_on),) if row.lot else None,
        )
        for row, cost in lines
    ]
    try:
        moved = await inventory.move(db_session, movements)
    except LotDateError as error:
        raise BadReceiptError(str(error)) from error
    order = await ordering.locked(db_session, receipt.order_id)
    names = await repository.names(db_session)
    event = entries.Event(f"receipt:{receipt.id}", receipt.received_on, receipt.received_at_ms)
    drafts = entries.purchase(
        event,
        f"{name_of(order)} {names[order.supplier_id]}",
        net_minor=sum(cost for _, cost in lines),
        tax_minor=deductible_minor,
        settled_minor=sum(cost.uncovered_minor for cost in moved),
        owed_to=places.payable(order.supplier_id),
    )
    await accounting.post(db_session, drafts)


def _receipt_line(receipt_id: int, row: _Line, cost_minor: int) -> GoodsReceiptLine:
    return GoodsReceiptLine(
        receipt_id=receipt_id,
        order_line_id=row.order_line.id,
        product_id=row.order_line.product_id,
        units=row.body.units,
        price_minor=row.price_minor,
        amount_minor=row.amount_minor,
        percent=row.percent,
        cost_minor=cost_minor,
        lot=row.lot,
        expires_on=row.body.expires_on,
    )


def _receipt_tax(receipt_id: int, row: RateSum) -> ReceiptTax:
    return ReceiptTax(
        receipt_id=receipt_id,
        percent=row.percent,
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        deductible_minor=row.deductible_minor,
    )


async def _step_on(db_session: AsyncSession, order: PurchaseOrder, by: Doing, found: Sequence[Difference]) -> None:
    came = await order_repository.received_units(db_session, [order.id])
    ordered = await order_repository.lines(db_session, [order.id])
    is_all = all(came.get(row.id, 0) >= row.packs * row.pack_size for row in ordered)
    words = "; ".join(f"{WORDS[row.kind]} {row.where}: {row.expected} → {row.found}" for row in found)
    note = " ".join(part for part in (by.note, words) if part)[:500]
    await ordering.advance(
        db_session, order, "receive_all" if is_all else "receive_part", Doing(by.who, by.now_ms, note)
    )


async def receipts(db_session: AsyncSession, order_id: int) -> list[ReceiptView]:
    """The deliveries of an order, the first first."""
    rows = await order_repository.receipts(db_session, [order_id])
    return await _views(db_session, rows)


async def receipt(db_session: AsyncSession, number: int) -> ReceiptView:
    """One delivery.

    Raises:
        NoSuchReceiptError: nobody recorded it.
    """
    found = await _views(db_session, await order_repository.receipts_by_id(db_session, [number]))
    if not found:
        raise NoSuchReceiptError(number)
    return found[0]


async def uninvoiced(db_session: AsyncSession, supplier_id: int | None = None) -> list[ReceiptView]:
    """Deliveries that are on no invoice yet, the first first."""
    return await _views(db_session, await order_repository.uninvoiced(db_session, supplier_id))


async def _views(db_session: AsyncSession, rows: Sequence[GoodsReceipt]) -> list[ReceiptView]:
    numbers = [row.id for row in rows]
    order_ids = sorted({row.order_id for row in rows})
    ordered = {row.id: row for row in await order_repository.lines(db_session, order_ids)}
    lines = await order_repository.receipt_lines(db_session, numbers)
    taxes = await order_repository.receipt_taxes(db_session, numbers)
    names = {row.id: name_of(row) for row in await order_repository.orders_by_id(db_session, order_ids)}
    return [
        ReceiptView(
            id=row.id,
            order_id=row.order_id,
            order_number=names[row.order_id],
            supplier_id=row.supplier_id,
            received_on=row.received_on,
            received_at_ms=row.received_at_ms,
            received_by=row.received_by,
            delivery_note=row.delivery_note,
            share_percent=row.share_percent,
            shipping=row.shipping_minor,
            gross=row.gross_minor,
            invoice_id=row.invoice_id,
            note=row.note,
            lines=[_line_view(line, ordered[line.order_line_id]) for line in lines if line.receipt_id == row.id],
            rates=rate_views(one for one in taxes if one.receipt_id == row.id),
        )
        for row in rows
    ]


def _line_view(row: GoodsReceiptLine, ordered: PurchaseOrderLine) -> ReceiptLineView:
    return ReceiptLineView(
        line=ordered.line,
        product_id=row.product_id,
        name=ordered.name,
        units=row.units,
        price=row.price_minor,
        ordered_price=ordered.price_minor,
        amount=row.amount_minor,
        percent=row.percent,
        cost=row.cost_minor,
        lot=row.lot,
        expires_on=row.expires_on,
    )
