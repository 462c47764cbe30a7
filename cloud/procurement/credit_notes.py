"""Suppliers' credit notes: goods that go back, allowances, and what becomes of the money. Commits nothing.

A note is against an invoice that was accepted. What is left of that invoice is lowered at once; the rest stays the
supplier's debt to us on 買掛金 until it is set off against another invoice or comes to the bank. Not here: rebates that
belong to no invoice; which goods can go back (`goods_back.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory.service import SENT_BACK
from cloud.procurement import (
    credit_repository,
    credit_rules,
    goods_back,
    matching,
    order_repository,
    payables,
    repository,
)
from cloud.procurement.credit_rules import BadCreditNoteError
from cloud.procurement.credit_schemas import BackView, CreditNoteBody, CreditNoteDetail, CreditNoteView, CreditUseView
from cloud.procurement.matching import AtRate
from cloud.procurement.models import CreditNoteTax, CreditUse, SupplierCreditNote, SupplierInvoice
from cloud.procurement.ordering import Doing
from cloud.procurement.payables import WrongInvoiceStateError
from cloud.procurement.schemas import rate_views


class NoSuchCreditNoteError(LookupError):
    """A credit note that nobody recorded."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no credit note {number}")


class CreditUsedError(ValueError):
    """More is to be used of a credit note than is left of it, or of the invoice."""


async def record(db_session: AsyncSession, invoice_id: int, body: CreditNoteBody, by: Doing, today: date) -> int:
    """Record a credit note: goods out of the stock, the books, and off what is left of its invoice.

    Args:
        db_session: a writing session.
        invoice_id: row number of the invoice it is against.
        body: what it says.
        by: who says so.
        today: the operator's.

    Returns:
        Its row number.

    Raises:
        NoSuchInvoiceError: nobody recorded the invoice.
        WrongInvoiceStateError: the invoice differs or was withdrawn.
        BadCreditNoteError: see there.
        NoSuchPlaceError: nobody has named the place.
        GoodsRefusedError: the books have less of the goods there.
    """
    await locks.take(db_session, Lock.BOOKS)
    invoice = await payables.locked(db_session, invoice_id)
    if invoice.status not in {"open", "paid"}:
        raise WrongInvoiceStateError(invoice.number, invoice.status, "accept it first, or record the right one")
    before = matching.by_rate(await credit_repository.taxes_of_invoice(db_session, invoice_id))
    await _check(db_session, invoice, body, before, today)
    back = await goods_back.checked(db_session, invoice_id, body.goods)
    note = _row(invoice, body, by, has_goods=bool(back))
    await order_repository.add(db_session, note)
    note.stock_minor = await goods_back.send(db_session, note, back)
    await _book(db_session, note, await _taxes(db_session, invoice, note, body, before))
    if left := min(invoice.left_minor, note.total_minor):
        await _use(db_session, note, invoice, left, by, body.issued_on)
    return note.id


async def _check(
    db_session: AsyncSession, invoice: SupplierInvoice, body: CreditNoteBody, before: Mapping[int, AtRate], today: date
) -> None:
    if body.issued_on > today:
        raise BadCreditNoteError(f"{body.issued_on} has not come yet; today is {today}")
    if body.issued_on < invoice.issued_on:
        raise BadCreditNoteError(f"{body.issued_on} is before the day of the invoice, {invoice.issued_on}")
    if await credit_repository.is_known(db_session, invoice.supplier_id, body.number):
        raise BadCreditNoteError(f"the supplier has a credit note {body.number!r} already")
    invoiced = matching.by_rate(await order_repository.invoice_taxes(db_session, [invoice.id]))
    note = [AtRate(row.percent, row.net, row.tax) for row in body.rates]
    if why := credit_rules.problem(note, invoiced, before):
        raise BadCreditNoteError(why)


def _row(invoice: SupplierInvoice, body: CreditNoteBody, by: Doing, *, has_goods: bool) -> SupplierCreditNote:
    return SupplierCreditNote(
        supplier_id=invoice.supplier_id,
        invoice_id=invoice.id,
        number=body.number,
        issued_on=body.issued_on,
        reason=body.reason,
        place_id=body.place_id if has_goods else "",
        total_minor=sum(row.net + row.tax for row in body.rates),
        stock_minor=0,
        used_minor=0,
        recorded_by=by.who,
        recorded_at_ms=by.now_ms,
    )


async def _taxes(
    db_session: AsyncSession,
    invoice: SupplierInvoice,
    note: SupplierCreditNote,
    body: CreditNoteBody,
    before: Mapping[int, AtRate],
) -> list[CreditNoteTax]:
    """Keep what it says per rate, and of its tax what had been deducted."""
    share = await payables.deducted_share(db_session, invoice)
    rows = [
        CreditNoteTax(
            credit_note_id=note.id,
            percent=row.percent,
            net_minor=row.net,
            tax_minor=row.tax,
            deductible_minor=credit_rules.deductible(
                row.tax, before[row.percent].tax_minor if row.percent in before else 0, share
            ),
        )
        for row in body.rates
    ]
    await order_repository.add(db_session, *rows)
    return rows


async def _book(db_session: AsyncSession, note: SupplierCreditNote, taxes: Sequence[CreditNoteTax]) -> None:
    seller = (await repository.names(db_session))[note.supplier_id]
    drafts = entries.purchase_credited(
        entries.Event(f"{SENT_BACK}{note.id}", note.issued_on, note.recorded_at_ms),
        f"{seller} {note.number}",
        gross_minor=note.total_minor,
        deductible_minor=sum(row.deductible_minor for row in taxes),
        from_stock_minor=note.stock_minor,
        owed_to=places.payable(note.supplier_id),
    )
    await accounting.post(db_session, drafts)


async def set_off(
    db_session: AsyncSession, number: int, invoice_id: int, amount_minor: int, by: Doing, today: date
) -> int:
    """Set a credit note off against an invoice of the same supplier; 買掛金 stays what it is, so nothing is booked.

    Args:
        db_session: a writing session.
        number: row number of the credit note.
        invoice_id: of an open invoice.
        amount_minor: yen, at least 1.
        by: who says so.
        today: the operator's.

    Returns:
        The row number of the use.

    Raises:
        NoSuchCreditNoteError: nobody recorded it.
        NoSuchInvoiceError: nobody recorded the invoice.
        WrongInvoiceStateError: the invoice is not open, or is another supplier's.
        CreditUsedError: less is left of the note or of the invoice.
    """
    await locks.take(db_session, Lock.BOOKS)
    note = await _locked(db_session, number)
    invoice = await payables.locked(db_session, invoice_id)
    if invoice.supplier_id != note.supplier_id:
        raise WrongInvoiceStateError(invoice.number, invoice.status, "it is another supplier's")
    if invoice.status != "open":
        raise WrongInvoiceStateError(invoice.number, invoice.status, "only an open one can be set off against")
    return await _use(db_session, note, invoice, amount_minor, by, today)


async def _use(
    db_session: AsyncSession,
    note: SupplierCreditNote,
    invoice: SupplierInvoice | None,
    amount_minor: int,
    by: Doing,
    day: date,
) -> int:
    if amount_minor > note.left_minor:
        raise CreditUsedError(f"{note.left_minor} yen are left of credit note {note.number}, not {amount_minor}")
    if invoice is not None and amount_minor > invoice.left_minor:
        raise CreditUsedError(f"{invoice.left_minor} yen are left of invoice {invoice.number}, not {amount_minor}")
    row = CreditUse(
        credit_note_id=note.id,
        invoice_id=invoice.id if invoice else None,
        amount_minor=amount_minor,
        used_on=day,
        used_by=by.who,
        recorded_at_ms=by.now_ms,
    )
    note.used_minor += amount_minor
    await order_repository.add(db_session, row)
    if invoice is not None:
        await payables.settled(db_session, invoice, amount_minor, by)
    return row.id


async def paid_back(db_session: AsyncSession, number: int, amount_minor: int, on: date, by: Doing) -> int:
    """Record that a supplier sent money for a credit note to our bank.

    Args:
        db_session: a writing session.
        number: row number of the credit note.
        amount_minor: yen, at least 1.
        on: day it came.
        by: who says so.

    Returns:
        The row number of the use.

    Raises:
        NoSuchCreditNoteError: nobody recorded it.
        CreditUsedError: less is left of it.
    """
    await locks.take(db_session, Lock.BOOKS)
    note = await _locked(db_session, number)
    use = await _use(db_session, note, None, amount_minor, by, on)
    seller = (await repository.names(db_session))[note.supplier_id]
    event = entries.Event(f"credit_use:{use}", on, by.now_ms)
    words = f"仕入戻し・値引の返金 - {seller} {note.number}"
    owed = places.payable(note.supplier_id)
    entry = entries.transfer(event, words, debit=chart.BANK, credit=owed, amount_minor=amount_minor)
    await accounting.post(db_session, [entry])
    return use


async def _locked(db_session: AsyncSession, number: int) -> SupplierCreditNote:
    row = await credit_repository.note(db_session, number, for_update=True)
    if row is None:
        raise NoSuchCreditNoteError(number)
    return row


async def note_of_use(db_session: AsyncSession, number: int) -> int:
    """The row number of the credit note a use belongs to.

    Raises:
        NoSuchCreditNoteError: there is no such use.
    """
    found = await credit_repository.use(db_session, number)
    if found is None:
        raise NoSuchCreditNoteError(number)
    return found.credit_note_id


async def listing(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    supplier_id: int | None = None,
    invoice_id: int | None = None,
    is_open: bool | None = None,
) -> list[CreditNoteView]:
    """A page of credit notes, newest first."""
    rows = await credit_repository.notes(
        db_session, limit=limit, before=before, supplier_id=supplier_id, invoice_id=invoice_id, is_open=is_open
    )
    names = await repository.names(db_session)
    return [_view(row, names[row.supplier_id]) for row in rows]


async def detail(db_session: AsyncSession, number: int) -> CreditNoteDetail:
    """One credit note.

    Raises:
        NoSuchCreditNoteError: nobody recorded it.
    """
    row = await credit_repository.note(db_session, number)
    if row is None:
        raise NoSuchCreditNoteError(number)
    names = await catalogue.load(db_session)
    view = _view(row, (await repository.names(db_session))[row.supplier_id])
    return CreditNoteDetail(
        **view.model_dump(),
        place_id=row.place_id,
        rates=rate_views(await credit_repository.taxes(db_session, number)),
        goods=[
            BackView(
                receipt_id=came.receipt_id,
                line=ordered.line,
                product_id=came.product_id,
                name=names.name(came.product_id),
                units=one.units,
                cost=one.cost_minor,
            )
            for one, came, ordered in await credit_repository.lines(db_session, number)
        ],
        uses=[_use_view(one) for one in await credit_repository.uses(db_session, note_id=number)],
    )


async def set_off_against(db_session: AsyncSession, invoice_id: int) -> list[CreditUseView]:
    """What was set off against an invoice, the first first."""
    return [_use_view(row) for row in await credit_repository.uses(db_session, invoice_id=invoice_id)]


async def units_left(db_session: AsyncSession, invoice_id: int) -> dict[tuple[int, int], int]:
    """(delivery, line of its order) on an invoice to the units that could still go back."""
    return await goods_back.units_left(db_session, invoice_id)


def _use_view(row: CreditUse) -> CreditUseView:
    return CreditUseView(
        id=row.id,
        credit_note_id=row.credit_note_id,
        invoice_id=row.invoice_id,
        amount=row.amount_minor,
        used_on=row.used_on,
        used_by=row.used_by,
    )


def _view(row: SupplierCreditNote, supplier: str) -> CreditNoteView:
    return CreditNoteView(
        id=row.id,
        supplier_id=row.supplier_id,
        supplier=supplier,
        invoice_id=row.invoice_id,
        number=row.number,
        issued_on=row.issued_on,
        reason=row.reason,
        total=row.total_minor,
        stock=row.stock_minor,
        used=row.used_minor,
        left=row.left_minor,
        recorded_by=row.recorded_by,
        recorded_at_ms=row.recorded_at_ms,
    )
