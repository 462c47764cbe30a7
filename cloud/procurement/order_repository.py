"""All queries about purchase orders, receipts, invoices and payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.base import Base
from cloud.db.statements import only
from cloud.procurement.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    InvoiceTax,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderStep,
    ReceiptTax,
    SupplierInvoice,
    SupplierPayment,
)

FINISHED = ("received", "invoiced", "paid")
"""Nothing more is expected to come."""

ON_THE_WAY = ("pending_human_approval", "approved", "sent", "partly_received")
"""Goods that will come, or may."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one finished order went."""

    supplier_id: int
    expected_on: date
    last_on: date
    ordered: int
    received: int
    """Units."""


async def add(db_session: AsyncSession, *rows: Base) -> None:
    """Insert rows; those the database numbers have their number afterwards."""
    db_session.add_all(rows)
    await db_session.flush()


async def order(db_session: AsyncSession, number: int, *, for_update: bool = False) -> PurchaseOrder | None:
    """One order, or None."""
    query = select(PurchaseOrder).where(PurchaseOrder.id == number)
    return await db_session.scalar(query.with_for_update() if for_update else query)


async def orders(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    status: str | None = None,
    supplier_id: int | None = None,
) -> list[PurchaseOrder]:
    """A page of orders, newest first."""
    query = select(PurchaseOrder).order_by(PurchaseOrder.id.desc()).limit(limit)
    if before is not None:
        query = query.where(PurchaseOrder.id < before)
    query = only(query, (PurchaseOrder.status, status), (PurchaseOrder.supplier_id, supplier_id))
    return list(await db_session.scalars(query))


async def orders_by_id(db_session: AsyncSession, numbers: Sequence[int]) -> list[PurchaseOrder]:
    """These orders, by number."""
    return list(
        await db_session.scalars(select(PurchaseOrder).where(PurchaseOrder.id.in_(numbers)).order_by(PurchaseOrder.id))
    )


async def lines(db_session: AsyncSession, order_ids: Sequence[int]) -> list[PurchaseOrderLine]:
    """The lines of these orders, in order."""
    query = select(PurchaseOrderLine).where(PurchaseOrderLine.order_id.in_(order_ids))
    return list(await db_session.scalars(query.order_by(PurchaseOrderLine.order_id, PurchaseOrderLine.line)))


async def steps(db_session: AsyncSession, order_id: int) -> list[PurchaseOrderStep]:
    """What happened to an order, the first first."""
    query = select(PurchaseOrderStep).where(PurchaseOrderStep.order_id == order_id)
    return list(await db_session.scalars(query.order_by(PurchaseOrderStep.id)))


async def receipts(db_session: AsyncSession, order_ids: Sequence[int]) -> list[GoodsReceipt]:
    """The receipts of these orders, the first first."""
    query = select(GoodsReceipt).where(GoodsReceipt.order_id.in_(order_ids))
    return list(await db_session.scalars(query.order_by(GoodsReceipt.id)))


async def receipts_by_id(
    db_session: AsyncSession, numbers: Sequence[int], *, for_update: bool = False
) -> list[GoodsReceipt]:
    """These receipts, by number."""
    query = select(GoodsReceipt).where(GoodsReceipt.id.in_(numbers)).order_by(GoodsReceipt.id)
    return list(await db_session.scalars(query.with_for_update() if for_update else query))


async def receipt_lines(db_session: AsyncSession, receipt_ids: Sequence[int]) -> list[GoodsReceiptLine]:
    """The lines of these receipts."""
    query = select(GoodsReceiptLine).where(GoodsReceiptLine.receipt_id.in_(receipt_ids))
    return list(await db_session.scalars(query.order_by(GoodsReceiptLine.id)))


async def receipt_taxes(db_session: AsyncSession, receipt_ids: Sequence[int]) -> list[ReceiptTax]:
    """The tax rates of these receipts."""
    query = select(ReceiptTax).where(ReceiptTax.receipt_id.in_(receipt_ids))
    return list(await db_session.scalars(query.order_by(ReceiptTax.receipt_id, ReceiptTax.percent)))


async def received_units(db_session: AsyncSession, order_ids: Sequence[int]) -> dict[int, int]:
    """Order line to the units that came."""
    query = (
        select(GoodsReceiptLine.order_line_id, func.sum(GoodsReceiptLine.units))
        .join(GoodsReceipt, GoodsReceipt.id == GoodsReceiptLine.receipt_id)
        .where(GoodsReceipt.order_id.in_(order_ids))
        .group_by(GoodsReceiptLine.order_line_id)
    )
    return {line: int(units) for line, units in await db_session.execute(query)}


async def on_order(db_session: AsyncSession) -> dict[str, int]:
    """Product to the units that are ordered, or waiting for approval, and have not come."""
    ordered = (
        select(PurchaseOrderLine.id, PurchaseOrderLine.product_id, PurchaseOrderLine.packs, PurchaseOrderLine.pack_size)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.order_id)
        .where(PurchaseOrder.status.in_(ON_THE_WAY))
    )
    open_orders = select(PurchaseOrder.id).where(PurchaseOrder.status.in_(ON_THE_WAY))
    came = await received_units(db_session, list(await db_session.scalars(open_orders)))
    found: dict[str, int] = {}
    for line, product, packs, pack_size in await db_session.execute(ordered):
        found[product] = found.get(product, 0) + max(packs * pack_size - came.get(line, 0), 0)
    return found


async def spent(db_session: AsyncSession, origin: str, first: date) -> dict[date, int]:
    """Day to the total of what was ordered on it from `first` on, rejected and cancelled orders left out."""
    query = (
        select(PurchaseOrder.ordered_on, func.sum(PurchaseOrder.total_minor))
        .where(
            PurchaseOrder.origin == origin,
            PurchaseOrder.ordered_on >= first,
            PurchaseOrder.status.not_in(("rejected", "cancelled")),
        )
        .group_by(PurchaseOrder.ordered_on)
    )
    return {day: int(total) for day, total in await db_session.execute(query)}


async def usual_suppliers(db_session: AsyncSession) -> dict[str, int]:
    """Product to the supplier it was last ordered from."""
    newest = (
        select(func.max(PurchaseOrderLine.order_id))
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.order_id)
        .where(PurchaseOrder.status.not_in(("rejected", "cancelled")))
        .group_by(PurchaseOrderLine.product_id)
    )
    query = (
        select(PurchaseOrderLine.product_id, PurchaseOrder.supplier_id)
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.order_id)
        .where(PurchaseOrder.id.in_(newest))
        .order_by(PurchaseOrder.id)
    )
    return {row.product_id: row.supplier_id for row in await db_session.execute(query)}


async def deliveries(db_session: AsyncSession) -> list[Delivery]:
    """How every finished order went."""
    finished = select(PurchaseOrder).where(PurchaseOrder.status.in_(FINISHED)).order_by(PurchaseOrder.id)
    orders_by_id = {row.id: row for row in await db_session.scalars(finished)}
    came = await received_units(db_session, list(orders_by_id))
    newest = select(GoodsReceipt.order_id, func.max(GoodsReceipt.received_on).label("day"))
    last = {row.order_id: row.day for row in await db_session.execute(newest.group_by(GoodsReceipt.order_id))}
    units: dict[int, tuple[int, int]] = {}
    for line in await lines(db_session, list(orders_by_id)):
        wanted, got = units.get(line.order_id, (0, 0))
        ordered = line.packs * line.pack_size
        units[line.order_id] = (wanted + ordered, got + min(came.get(line.id, 0), ordered))
    return [
        Delivery(row.supplier_id, row.expected_on, last.get(number, date.max), *units[number])
        for number, row in orders_by_id.items()
        if number in units
    ]


async def invoices(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    status: str | None = None,
    supplier_id: int | None = None,
) -> list[SupplierInvoice]:
    """A page of invoices, newest first."""
    query = select(SupplierInvoice).order_by(SupplierInvoice.id.desc()).limit(limit)
    if before is not None:
        query = query.where(SupplierInvoice.id < before)
    query = only(query, (SupplierInvoice.status, status), (SupplierInvoice.supplier_id, supplier_id))
    return list(await db_session.scalars(query))


async def unpaid(db_session: AsyncSession) -> list[SupplierInvoice]:
    """Every invoice that is still to be paid or accepted, by due day."""
    query = select(SupplierInvoice).where(SupplierInvoice.status.in_(("differs", "open")))
    return list(await db_session.scalars(query.order_by(SupplierInvoice.due_on, SupplierInvoice.id)))


async def invoice(db_session: AsyncSession, number: int, *, for_update: bool = False) -> SupplierInvoice | None:
    """One invoice, or None."""
    query = select(SupplierInvoice).where(SupplierInvoice.id == number)
    return await db_session.scalar(query.with_for_update() if for_update else query)


async def invoices_named(db_session: AsyncSession, supplier_id: int, number: str) -> list[SupplierInvoice]:
    """The invoices a supplier numbered so; more than one when some were withdrawn."""
    query = select(SupplierInvoice).where(SupplierInvoice.supplier_id == supplier_id, SupplierInvoice.number == number)
    return list(await db_session.scalars(query))


async def invoice_taxes(db_session: AsyncSession, invoice_ids: Sequence[int]) -> list[InvoiceTax]:
    """The tax rates of these invoices."""
    query = select(InvoiceTax).where(InvoiceTax.invoice_id.in_(invoice_ids))
    return list(await db_session.scalars(query.order_by(InvoiceTax.invoice_id, InvoiceTax.percent)))


async def receipts_of_invoice(db_session: AsyncSession, number: int) -> list[GoodsReceipt]:
    """The receipts on an invoice."""
    query = select(GoodsReceipt).where(GoodsReceipt.invoice_id == number).order_by(GoodsReceipt.id)
    return list(await db_session.scalars(query))


async def uninvoiced(db_session: AsyncSession, supplier_id: int | None = None) -> list[GoodsReceipt]:
    """Receipts that are on no invoice yet, the first first."""
    query = select(GoodsReceipt).where(GoodsReceipt.invoice_id.is_(None)).order_by(GoodsReceipt.id)
    query = only(query, (GoodsReceipt.supplier_id, supplier_id))
    return list(await db_session.scalars(query))


async def payments(db_session: AsyncSession, invoice_ids: Sequence[int]) -> list[SupplierPayment]:
    """The payments of these invoices, the first first."""
    query = select(SupplierPayment).where(SupplierPayment.invoice_id.in_(invoice_ids))
    return list(await db_session.scalars(query.order_by(SupplierPayment.id)))


async def payment(db_session: AsyncSession, number: int) -> SupplierPayment | None:
    """One payment, or None."""
    return await db_session.get(SupplierPayment, number)
