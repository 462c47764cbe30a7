"""All queries about suppliers' credit notes."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import only
from cloud.procurement.models import (
    CreditNoteLine,
    CreditNoteTax,
    CreditUse,
    GoodsReceiptLine,
    PurchaseOrderLine,
    SupplierCreditNote,
)


async def note(db_session: AsyncSession, number: int, *, for_update: bool = False) -> SupplierCreditNote | None:
    """One credit note, or None."""
    query = select(SupplierCreditNote).where(SupplierCreditNote.id == number)
    return await db_session.scalar(query.with_for_update() if for_update else query)


async def notes(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    supplier_id: int | None = None,
    invoice_id: int | None = None,
    is_open: bool | None = None,
) -> list[SupplierCreditNote]:
    """A page of credit notes, newest first."""
    query = select(SupplierCreditNote).order_by(SupplierCreditNote.id.desc()).limit(limit)
    if before is not None:
        query = query.where(SupplierCreditNote.id < before)
    query = only(query, (SupplierCreditNote.supplier_id, supplier_id), (SupplierCreditNote.invoice_id, invoice_id))
    if is_open is not None:
        left = SupplierCreditNote.used_minor < SupplierCreditNote.total_minor
        query = query.where(left if is_open else ~left)
    return list(await db_session.scalars(query))


async def is_known(db_session: AsyncSession, supplier_id: int, number: str) -> bool:
    """Whether a supplier's credit note of that number is there."""
    query = select(SupplierCreditNote.id).where(
        SupplierCreditNote.supplier_id == supplier_id, SupplierCreditNote.number == number
    )
    return await db_session.scalar(query) is not None


async def taxes(db_session: AsyncSession, number: int) -> list[CreditNoteTax]:
    """The tax rates of a credit note, the lowest first."""
    query = select(CreditNoteTax).where(CreditNoteTax.credit_note_id == number)
    return list(await db_session.scalars(query.order_by(CreditNoteTax.percent)))


async def taxes_of_invoice(db_session: AsyncSession, invoice_id: int) -> list[CreditNoteTax]:
    """The tax rates of all credit notes against an invoice."""
    query = (
        select(CreditNoteTax)
        .join(SupplierCreditNote, SupplierCreditNote.id == CreditNoteTax.credit_note_id)
        .where(SupplierCreditNote.invoice_id == invoice_id)
    )
    return list(await db_session.scalars(query))


async def lines(
    db_session: AsyncSession, number: int
) -> list[tuple[CreditNoteLine, GoodsReceiptLine, PurchaseOrderLine]]:
    """What went back, each with the line of the delivery and of the order it had come by."""
    query = (
        select(CreditNoteLine, GoodsReceiptLine, PurchaseOrderLine)
        .join(GoodsReceiptLine, GoodsReceiptLine.id == CreditNoteLine.receipt_line_id)
        .join(PurchaseOrderLine, PurchaseOrderLine.id == GoodsReceiptLine.order_line_id)
        .where(CreditNoteLine.credit_note_id == number)
        .order_by(CreditNoteLine.id)
    )
    return [(row[0], row[1], row[2]) for row in await db_session.execute(query)]


async def units_back(db_session: AsyncSession, receipt_line_ids: Sequence[int]) -> dict[int, int]:
    """Line of a delivery to the units of it that went back."""
    query = (
        select(CreditNoteLine.receipt_line_id, func.sum(CreditNoteLine.units))
        .where(CreditNoteLine.receipt_line_id.in_(receipt_line_ids))
        .group_by(CreditNoteLine.receipt_line_id)
    )
    return {line: int(units) for line, units in await db_session.execute(query)}


async def uses(
    db_session: AsyncSession, *, note_id: int | None = None, invoice_id: int | None = None
) -> list[CreditUse]:
    """What a credit note was used for, or what was set off against an invoice; the first first."""
    query = select(CreditUse).order_by(CreditUse.id)
    query = only(query, (CreditUse.credit_note_id, note_id), (CreditUse.invoice_id, invoice_id))
    return list(await db_session.scalars(query))


async def use(db_session: AsyncSession, number: int) -> CreditUse | None:
    """One use, or None."""
    return await db_session.get(CreditUse, number)


async def left_by_supplier(db_session: AsyncSession) -> dict[int, int]:
    """Supplier to the yen on their credit notes that nothing was done with yet."""
    left = func.sum(SupplierCreditNote.total_minor - SupplierCreditNote.used_minor)
    query = select(SupplierCreditNote.supplier_id, left).group_by(SupplierCreditNote.supplier_id)
    return {supplier: int(yen) for supplier, yen in await db_session.execute(query)}
