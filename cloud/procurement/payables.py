"""Invoices of suppliers: matched against receipts, accepted, paid. Commits nothing; the caller's boundary does.

What is owed by age: `ageing.py`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, expense_rules, places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.accounting.expense_rules import Expense
from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.procurement import matching, order_repository, ordering, repository, rules
from cloud.procurement.invoice_schemas import (
    DifferenceView,
    InvoiceBody,
    InvoiceDetail,
    InvoiceView,
    PaymentView,
)
from cloud.procurement.matching import AtRate
from cloud.procurement.models import GoodsReceipt, InvoiceTax, Supplier, SupplierInvoice, SupplierPayment
from cloud.procurement.ordering import Doing
from cloud.procurement.orders import Difference, NotAllowedSupplierError
from cloud.procurement.schemas import rate_views
from cloud.procurement.service import NoSuchSupplierError


class NoSuchInvoiceError(LookupError):
    """An invoice that nobody recorded."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no supplier invoice {number}")


class BadInvoiceError(ValueError):
    """An invoice that cannot be: a receipt of somebody else, on another invoice, a number that is taken."""


class WrongInvoiceStateError(ValueError):
    """Something that cannot happen to an invoice in its state."""

    def __init__(self, number: str, status: str, why: str) -> None:
        super().__init__(f"invoice {number} is {status}: {why}")


async def record(db_session: AsyncSession, supplier_id: int, body: InvoiceBody, by: Doing) -> int:
    """Record an invoice and match it. One that agrees is open to be paid; one that differs waits for a person.

    Returns:
        Its row number.

    Raises:
        NoSuchSupplierError: nobody recorded the supplier.
        BadInvoiceError: see there.
    """
    await locks.take(db_session, Lock.BOOKS)
    seller = await repository.supplier(db_session, supplier_id)
    if seller is None:
        raise NoSuchSupplierError(supplier_id)
    known = await order_repository.invoices_named(db_session, supplier_id, body.number)
    if any(row.status != "withdrawn" for row in known):
        raise BadInvoiceError(f"{seller.name} has an invoice {body.number!r} already")
    receipts = await _receipts(db_session, supplier_id, body)
    mine = [AtRate(row.percent, row.net, row.tax) for row in body.rates]
    theirs = await _received(db_session, receipts)
    found = matching.compare(theirs, mine, len(receipts)) + _registration(seller, body.registration_number)
    row = _row(seller, body, by)
    row.status = "differs" if matching.needs_person(found) else "open"
    row.received_minor = sum(one.gross_minor for one in theirs)
    await order_repository.add(db_session, row)
    taxes = [
        InvoiceTax(invoice_id=row.id, percent=one.percent, net_minor=one.net_minor, tax_minor=one.tax_minor)
        for one in mine
    ]
    for receipt in receipts:
        receipt.invoice_id = row.id
    await order_repository.add(db_session, *taxes)
    if row.status == "open":
        await _agreed(db_session, row, by)
    return row.id


def _row(seller: Supplier, body: InvoiceBody, by: Doing) -> SupplierInvoice:
    return SupplierInvoice(
        supplier_id=seller.id,
        number=body.number,
        registration_number=body.registration_number,
        issued_on=body.issued_on,
        due_on=body.due_on or rules.due_on(body.issued_on, seller.closing_day, seller.pay_months, seller.pay_day),
        total_minor=sum(one.net + one.tax for one in body.rates),
        paid_minor=0,
        recorded_by=by.who,
        recorded_at_ms=by.now_ms,
        accepted_by="",
        accepted_why="",
    )


async def _receipts(db_session: AsyncSession, supplier_id: int, body: InvoiceBody) -> list[GoodsReceipt]:
    rows = await order_repository.receipts_by_id(db_session, body.receipts, for_update=True)
    missing = sorted(set(body.receipts) - {row.id for row in rows})
    if missing:
        raise BadInvoiceError(f"there is no goods receipt {missing[0]}")
    for row in rows:
        if row.supplier_id != supplier_id:
            raise BadInvoiceError(f"goods receipt {row.id} is of another supplier")
        if row.invoice_id is not None:
            raise BadInvoiceError(f"goods receipt {row.id} is on another invoice")
    return rows


def _registration(seller: Supplier, printed: str) -> list[Difference]:
    """That the invoice prints another registration number than the supplier has, or none; empty when it does not."""
    if seller.registration_number == printed:
        return []
    return [Difference("registration", "registration number", seller.registration_number or "none", printed or "none")]


async def _received(db_session: AsyncSession, receipts: Sequence[GoodsReceipt]) -> list[AtRate]:
    """What the receipts had booked, per rate."""
    rows = await order_repository.receipt_taxes(db_session, [one.id for one in receipts])
    return list(matching.by_rate(rows).values())


async def accept(db_session: AsyncSession, number: int, why: str, by: Doing) -> None:
    """A person accepts what an invoice has otherwise than the receipts; the books follow the invoice.

    Raises:
        NoSuchInvoiceError: nobody recorded it.
        WrongInvoiceStateError: there is nothing to accept.
    """
    await locks.take(db_session, Lock.BOOKS)
    row = await locked(db_session, number)
    if row.status != "differs":
        raise WrongInvoiceStateError(row.number, row.status, "there is nothing to accept")
    row.status, row.accepted_by, row.accepted_why = "open", by.who, why
    await db_session.flush()
    await _agreed(db_session, row, by)


async def withdraw(db_session: AsyncSession, number: int, by: Doing) -> None:
    """Take an invoice back that differs: it was mistyped, or the supplier writes another one. It stays on record.

    Raises:
        NoSuchInvoiceError: nobody recorded it.
        WrongInvoiceStateError: it was accepted, and is booked.
    """
    await locks.take(db_session, Lock.BOOKS)
    row = await locked(db_session, number)
    if row.status != "differs":
        raise WrongInvoiceStateError(row.number, row.status, "only one that differs can be taken back")
    row.status, row.accepted_by = "withdrawn", by.who
    for receipt in await order_repository.receipts_of_invoice(db_session, number):
        receipt.invoice_id = None
    await db_session.flush()


async def _agreed(db_session: AsyncSession, row: SupplierInvoice, by: Doing) -> None:
    """Book what the invoice has otherwise than the receipts, and go on with their orders."""
    receipts = await order_repository.receipts_of_invoice(db_session, row.id)
    taxes = await order_repository.invoice_taxes(db_session, [row.id])
    booked = await order_repository.receipt_taxes(db_session, [one.id for one in receipts])
    share = await deducted_share(db_session, row)
    deductible = sum(one.tax_minor * share // 100 for one in taxes) - sum(one.deductible_minor for one in booked)
    cost = row.total_minor - row.received_minor - deductible
    event = entries.Event(f"invoice:{row.id}", row.issued_on, by.now_ms)
    owed = places.payable(row.supplier_id)
    bought = entries.legs((chart.PURCHASES, cost), (chart.INPUT_TAX, deductible), (owed, -cost - deductible))
    # The goods may be sold already: a price that turns out other than received goes straight to the cost of sales.
    passed = entries.legs((chart.COST_OF_SALES, cost), (chart.PURCHASES, -cost))
    await accounting.post(
        db_session,
        [
            event.draft("purchase", f"仕入差額 - 請求書 {row.number}", bought),
            event.draft("cost", f"仕入差額の原価 - 請求書 {row.number}", passed),
        ],
    )
    await _settle(db_session, receipts, by)


async def deducted_share(db_session: AsyncSession, invoice: SupplierInvoice) -> int:
    """Of an invoice's tax the per cent that may be deducted: by the number it prints, and the day its goods came.

    What we know of the supplier does not count: without a number on the invoice it is only a share.
    """
    receipts = await order_repository.receipts_of_invoice(db_session, invoice.id)
    shares = await repository.shares(db_session)
    return rules.share_on(shares, receipts[0].received_on, is_registered=bool(invoice.registration_number))


async def _settle(db_session: AsyncSession, receipts: Sequence[GoodsReceipt], by: Doing) -> None:
    for order_id in sorted({one.order_id for one in receipts}):
        await ordering.settle(db_session, await ordering.locked(db_session, order_id), Doing(by.who, by.now_ms))


async def pay(
    db_session: AsyncSession,
    number: int,
    amount_minor: int,
    paid_on: date,
    by: Doing,
    *,
    paid_before: int | None = None,
    fee_minor: int = 0,
) -> int:
    """Record that an invoice was paid from the bank, whole or in part.

    Args:
        db_session: a writing session.
        number: row number of the invoice.
        amount_minor: yen, at least 1.
        paid_on: day of the transfer.
        by: who says so.
        paid_before: what had been paid when the person looked; None for whatever it was.
        fee_minor: what the bank took for the transfer besides, tax included.

    Returns:
        The row number of the payment.

    Raises:
        NoSuchInvoiceError: nobody recorded it.
        WrongInvoiceStateError: it differs, is paid, or less is left.
        NotAllowedSupplierError: money may not go to the supplier.
    """
    await locks.take(db_session, Lock.BOOKS)
    row = await locked(db_session, number)
    seller = await _payee(db_session, row, amount_minor, paid_before)
    payment = SupplierPayment(
        invoice_id=number,
        supplier_id=row.supplier_id,
        amount_minor=amount_minor,
        paid_on=paid_on,
        paid_by=by.who,
        recorded_at_ms=by.now_ms,
    )
    await order_repository.add(db_session, payment)
    event = entries.Event(f"payment:{payment.id}", paid_on, by.now_ms)
    words = f"買掛金支払 - {seller.name} 請求書 {row.number}"
    owed = places.payable(row.supplier_id)
    paid = entries.transfer(event, words, debit=owed, credit=chart.BANK, amount_minor=amount_minor)
    await accounting.post(db_session, [paid, await _fee(db_session, event, fee_minor, row.number)])
    await settled(db_session, row, amount_minor, by)
    return payment.id


async def _payee(
    db_session: AsyncSession, row: SupplierInvoice, amount_minor: int, paid_before: int | None
) -> Supplier:
    """Whom so much may be sent to for an invoice."""
    if row.status != "open":
        raise WrongInvoiceStateError(row.number, row.status, "only an open one is paid")
    if paid_before is not None and row.paid_minor != paid_before:
        raise WrongInvoiceStateError(row.number, row.status, "somebody recorded a payment meanwhile")
    if amount_minor > row.left_minor:
        raise WrongInvoiceStateError(row.number, row.status, f"{row.left_minor} yen are left")
    seller = await repository.supplier(db_session, row.supplier_id)
    if seller is None or not seller.is_allowed:
        raise NotAllowedSupplierError(seller.name if seller else "?")
    return seller


async def settled(db_session: AsyncSession, row: SupplierInvoice, amount_minor: int, by: Doing) -> None:
    """Note that so much less is left of an open invoice, and go on with its orders; books nothing."""
    row.paid_minor += amount_minor
    row.status = "paid" if row.paid_minor == row.total_minor else "open"
    await db_session.flush()
    await _settle(db_session, await order_repository.receipts_of_invoice(db_session, row.id), by)


async def _fee(db_session: AsyncSession, event: entries.Event, fee_minor: int, number: str) -> entries.Draft | None:
    """振込手数料: taxed at the standard rate of its day, by a bank that is registered."""
    percent = (await catalogue.load(db_session)).standard_percent(event.entry_date)
    fee = Expense(
        account=chart.FEES,
        gross_minor=fee_minor,
        tax_percent=percent,
        is_registered=True,
        paid_by="bank",
        payee="銀行",
        day=event.entry_date,
        text=f"振込手数料 請求書 {number}",
    )
    return expense_rules.expense(event, fee)


async def locked(db_session: AsyncSession, number: int) -> SupplierInvoice:
    """The invoice, for this transaction alone.

    Raises:
        NoSuchInvoiceError: nobody recorded it.
    """
    row = await order_repository.invoice(db_session, number, for_update=True)
    if row is None:
        raise NoSuchInvoiceError(number)
    return row


async def invoice_of_payment(db_session: AsyncSession, number: int) -> int:
    """The row number of the invoice a payment was for.

    Raises:
        NoSuchInvoiceError: there is no such payment.
    """
    found = await order_repository.payment(db_session, number)
    if found is None:
        raise NoSuchInvoiceError(number)
    return found.invoice_id


async def listing(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    status: str | None = None,
    supplier_id: int | None = None,
) -> list[InvoiceView]:
    """A page of invoices, newest first."""
    rows = await order_repository.invoices(
        db_session, limit=limit, before=before, status=status, supplier_id=supplier_id
    )
    names = await repository.names(db_session)
    return [InvoiceView(**_fields(row, names[row.supplier_id])) for row in rows]


async def due(db_session: AsyncSession) -> list[InvoiceView]:
    """Invoices that are not paid, the one due first first; those that differ too."""
    names = await repository.names(db_session)
    return [InvoiceView(**_fields(row, names[row.supplier_id])) for row in await order_repository.unpaid(db_session)]


async def detail(db_session: AsyncSession, number: int) -> InvoiceDetail:
    """One invoice beside what was received.

    Raises:
        NoSuchInvoiceError: nobody recorded it.
    """
    row = await order_repository.invoice(db_session, number)
    if row is None:
        raise NoSuchInvoiceError(number)
    seller = await repository.supplier(db_session, row.supplier_id)
    receipts = await order_repository.receipts_of_invoice(db_session, number)
    taxes = await order_repository.invoice_taxes(db_session, [number])
    mine = list(matching.by_rate(taxes).values())
    theirs = await _received(db_session, receipts)
    found = matching.compare(theirs, mine, len(receipts)) if receipts else []
    found += _registration(seller, row.registration_number) if seller else []
    return InvoiceDetail(
        **_fields(row, seller.name if seller else ""),
        receipts=[one.id for one in receipts],
        rates=rate_views(mine),
        received_rates=rate_views(theirs),
        differences=[
            DifferenceView(kind=one.kind, where=one.where, expected=one.expected, found=one.found) for one in found
        ],
        payments=[
            PaymentView(id=one.id, amount=one.amount_minor, paid_on=one.paid_on, paid_by=one.paid_by)
            for one in await order_repository.payments(db_session, [number])
        ],
    )


def _fields(row: SupplierInvoice, supplier: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "supplier_id": row.supplier_id,
        "supplier": supplier,
        "number": row.number,
        "registration_number": row.registration_number,
        "issued_on": row.issued_on,
        "due_on": row.due_on,
        "status": row.status,
        "total": row.total_minor,
        "received": row.received_minor,
        "paid": row.paid_minor,
        "left": row.left_minor if row.status == "open" else 0,
        "recorded_by": row.recorded_by,
        "recorded_at_ms": row.recorded_at_ms,
        "accepted_by": row.accepted_by,
        "accepted_why": row.accepted_why,
    }
