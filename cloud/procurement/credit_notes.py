"""Suppliers' credit notes: goods that go back, allowances, and what becomes of the money. Commits nothing.

A note is against an invoice that was accepted. What is left of that invoice is lowered at once; the rest stays the
supplier's debt to us on 買掛金 until it is set off against another invoice or comes to the bank. Not here: rebates that
belong to no invoice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import goods
from cloud.inventory import service as inventory
from cloud.inventory.goods import Line
from cloud.inventory.lots import LotShare
from cloud.inventory.rules import BadQuantityError
from cloud.inventory.service import SENT_BACK, WAREHOUSE, Movement
from cloud.procurement import credit_repository, credit_rules, order_repository, payables, repository, rules
from cloud.procurement.matching import AtRate
from cloud.procurement.models import (
    CreditNoteLine,
    CreditNoteTax,
    CreditUse,
    GoodsReceipt,
    GoodsReceiptLine,
    SupplierCreditNote,
    SupplierInvoice,
)
from cloud.procurement.ordering import Doing, RateView
from cloud.procurement.payables import RateBody, WrongInvoiceStateError
from cloud.procurement.receiving import Units

MOST_LINES = 200


class NoSuchCreditNoteError(LookupError):
    """A credit note that nobody recorded."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no credit note {number}")


class BadCreditNoteError(ValueError):
    """A credit note that cannot be: more than was invoiced, goods that did not come, a number that is taken."""


class CreditUsedError(ValueError):
    """More is to be used of a credit note than is left of it, or of the invoice."""


class BackBody(BaseModel):
    """Units of one line of a delivery that went back."""

    model_config = ConfigDict(extra="forbid")

    receipt: Annotated[int, Field(ge=1, lt=2**63)]
    """Row number of the delivery; it is on the invoice."""
    line: Annotated[int, Field(ge=1, le=1000)]
    """Number of the line on its order."""
    units: Units


class CreditNoteBody(BaseModel):
    """A credit note as the supplier wrote it, and the goods that went back for it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "CN-2026-7",
                    "issued_on": "2026-11-20",
                    "reason": "6 bottles leaked",
                    "rates": [{"percent": 8, "net": 495, "tax": 39}],
                    "goods": [{"receipt": 1, "line": 1, "units": 6}],
                }
            ]
        },
    )

    number: Annotated[str, Field(min_length=1, max_length=64)]
    issued_on: date
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    rates: Annotated[list[RateBody], Field(min_length=1, max_length=8)]
    """What it takes off, per tax rate."""
    goods: Annotated[list[BackBody], Field(max_length=MOST_LINES)] = Field(default_factory=list)
    """Empty for an allowance on goods that are kept."""
    place_id: Annotated[str, Field(min_length=1, max_length=48, pattern=r"^[A-Za-z0-9/-]+$")] = WAREHOUSE
    """Where the goods were that went back."""

    @field_validator("rates")
    @classmethod
    def _one_row(cls, value: list[RateBody]) -> list[RateBody]:
        if len({row.percent for row in value}) != len(value):
            raise ValueError("a rate stands there twice; a credit note has one sum per rate")
        if not sum(row.net + row.tax for row in value):
            raise ValueError("a credit note over nothing")
        return value

    @field_validator("goods")
    @classmethod
    def _each_once(cls, value: list[BackBody]) -> list[BackBody]:
        if len({(row.receipt, row.line) for row in value}) != len(value):
            raise ValueError("a line of a delivery stands there twice; add the units up")
        return value


class CreditNoteView(BaseModel):
    """A supplier's credit note. Money in yen."""

    id: int
    supplier_id: int
    supplier: str
    invoice_id: int
    number: str
    issued_on: date
    reason: str
    total: int
    stock: int
    """What the goods that went back took out of the stock."""
    used: int
    left: int
    """Still owed to us: to be set off, or to come to the bank."""
    recorded_by: str
    recorded_at_ms: int


class BackView(BaseModel):
    """Units that went back."""

    receipt_id: int
    line: int
    product_id: str
    name: str
    units: int
    cost: int
    """What they had cost us, in yen."""


class CreditUseView(BaseModel):
    """What was done with a part of a credit note."""

    id: int
    credit_note_id: int
    invoice_id: int | None
    """Null for money that came to the bank."""
    amount: int
    used_on: date
    used_by: str


class CreditNoteDetail(CreditNoteView):
    """A credit note with its rates, its goods, and what became of it."""

    place_id: str
    rates: list[RateView]
    goods: list[BackView]
    uses: list[CreditUseView]


@dataclass(frozen=True, slots=True)
class _Back:
    """Units that go back, with the line they came by."""

    came: GoodsReceiptLine
    units: int
    cost_minor: int


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
    await _check(db_session, invoice, body, today)
    receipts = await order_repository.receipts_of_invoice(db_session, invoice_id)
    back = await _went_back(db_session, receipts, body)
    note = SupplierCreditNote(
        supplier_id=invoice.supplier_id,
        invoice_id=invoice_id,
        number=body.number,
        issued_on=body.issued_on,
        reason=body.reason,
        place_id=body.place_id if back else "",
        total_minor=sum(row.net + row.tax for row in body.rates),
        stock_minor=0,
        used_minor=0,
        recorded_by=by.who,
        recorded_at_ms=by.now_ms,
    )
    db_session.add(note)
    await db_session.flush()
    note.stock_minor = await _send(db_session, note, back)
    await _book(db_session, note, await _taxes(db_session, invoice, receipts, note, body))
    if left := min(invoice.total_minor - invoice.paid_minor, note.total_minor):
        await _use(db_session, note, invoice, left, by, body.issued_on)
    return note.id


async def _check(db_session: AsyncSession, invoice: SupplierInvoice, body: CreditNoteBody, today: date) -> None:
    if body.issued_on > today:
        raise BadCreditNoteError(f"{body.issued_on} has not come yet; today is {today}")
    if body.issued_on < invoice.issued_on:
        raise BadCreditNoteError(f"{body.issued_on} is before the day of the invoice, {invoice.issued_on}")
    if await credit_repository.is_known(db_session, invoice.supplier_id, body.number):
        raise BadCreditNoteError(f"the supplier has a credit note {body.number!r} already")
    said = await order_repository.invoice_taxes(db_session, [invoice.id])
    invoiced = {row.percent: AtRate(row.percent, row.net_minor, row.tax_minor) for row in said}
    before = await _credited(db_session, invoice.id)
    note = [AtRate(row.percent, row.net, row.tax) for row in body.rates]
    if why := credit_rules.problem(note, invoiced, before):
        raise BadCreditNoteError(why)


async def _credited(db_session: AsyncSession, invoice_id: int) -> dict[int, AtRate]:
    """Rate to what credit notes took off an invoice."""
    found: dict[int, AtRate] = {}
    for row in await credit_repository.taxes_of_invoice(db_session, invoice_id):
        before = found.get(row.percent, AtRate(row.percent, 0, 0))
        found[row.percent] = AtRate(row.percent, before.net_minor + row.net_minor, before.tax_minor + row.tax_minor)
    return found


async def _went_back(db_session: AsyncSession, receipts: Sequence[GoodsReceipt], body: CreditNoteBody) -> list[_Back]:
    came = await order_repository.receipt_lines(db_session, [row.id for row in receipts])
    orders = await order_repository.lines(db_session, sorted({row.order_id for row in receipts}))
    numbers = {row.id: row.line for row in orders}
    by_name = {(row.receipt_id, numbers[row.order_line_id]): row for row in came}
    before = await credit_repository.units_back(db_session, [row.id for row in came])
    found = []
    for asked in body.goods:
        row = by_name.get((asked.receipt, asked.line))
        if row is None:
            raise BadCreditNoteError(f"delivery {asked.receipt} has no line {asked.line} on this invoice")
        gone = before.get(row.id, 0)
        if gone + asked.units > row.units:
            why = f"of line {asked.line} of delivery {asked.receipt} {row.units - gone} units are left to go back"
            raise BadCreditNoteError(f"{why}, not {asked.units}")
        cost = credit_rules.cost_of(row.cost_minor, row.units, gone, asked.units)
        found.append(_Back(row, asked.units, cost))
    return found


async def _send(db_session: AsyncSession, note: SupplierCreditNote, back: Sequence[_Back]) -> int:
    """Take the goods out of the stock; the value that left it."""
    if not back:
        return 0
    lines = [await _line(db_session, note.place_id, row) for row in back]
    await goods.check_there(db_session, note.place_id, lines)
    named = await goods.lots_named(db_session, note.place_id, lines)
    movements = [
        Movement(
            f"{SENT_BACK}{note.id}/{at}",
            line.product_id,
            line.quantity,
            note.recorded_at_ms,
            from_place=note.place_id,
            cost_minor=line.cost_minor,
            lots=line.lots,
        )
        for at, line in enumerate(named, start=1)
    ]
    try:
        moved = await inventory.move(db_session, movements)
    except BadQuantityError as error:
        raise BadCreditNoteError("the books have less of it in all places together; count it first") from error
    db_session.add_all(
        CreditNoteLine(credit_note_id=note.id, receipt_line_id=row.came.id, units=row.units, cost_minor=row.cost_minor)
        for row in back
    )
    return sum(cost.stock_minor for cost in moved)


async def _line(db_session: AsyncSession, place_id: str, row: _Back) -> Line:
    """What leaves the place: units of the lot they came with while it has so many, else of what is first out there."""
    line = Line(row.came.product_id, row.units, cost_minor=row.cost_minor)
    if not row.came.lot:
        return line
    lots = (await inventory.lots_at(db_session, [place_id])).get((place_id, row.came.product_id), [])
    is_there = any(lot.code == row.came.lot and lot.quantity >= row.units for lot in lots)
    return replace(line, lots=(LotShare(row.came.lot, row.units, row.came.expires_on),)) if is_there else line


async def _taxes(
    db_session: AsyncSession,
    invoice: SupplierInvoice,
    receipts: Sequence[GoodsReceipt],
    note: SupplierCreditNote,
    body: CreditNoteBody,
) -> list[CreditNoteTax]:
    """Keep what it says per rate; deducted was of the invoice's tax what its number and the day of delivery allowed."""
    shares = await repository.shares(db_session)
    share = rules.share_on(shares, receipts[0].received_on, is_registered=bool(invoice.registration_number))
    before = await _credited(db_session, invoice.id)
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
    db_session.add_all(rows)
    await db_session.flush()
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
    left = note.total_minor - note.used_minor
    if amount_minor > left:
        raise CreditUsedError(f"{left} yen are left of credit note {note.number}, not {amount_minor}")
    if invoice is not None and amount_minor > invoice.total_minor - invoice.paid_minor:
        due = invoice.total_minor - invoice.paid_minor
        raise CreditUsedError(f"{due} yen are left of invoice {invoice.number}, not {amount_minor}")
    row = CreditUse(
        credit_note_id=note.id,
        invoice_id=invoice.id if invoice else None,
        amount_minor=amount_minor,
        used_on=day,
        used_by=by.who,
        recorded_at_ms=by.now_ms,
    )
    db_session.add(row)
    note.used_minor += amount_minor
    await db_session.flush()
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
        rates=[
            RateView(percent=one.percent, net=one.net_minor, tax=one.tax_minor)
            for one in await credit_repository.taxes(db_session, [number])
        ],
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
    receipts = await order_repository.receipts_of_invoice(db_session, invoice_id)
    came = await order_repository.receipt_lines(db_session, [row.id for row in receipts])
    orders = await order_repository.lines(db_session, sorted({row.order_id for row in receipts}))
    numbers = {row.id: row.line for row in orders}
    gone = await credit_repository.units_back(db_session, [row.id for row in came])
    return {(row.receipt_id, numbers[row.order_line_id]): row.units - gone.get(row.id, 0) for row in came}


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
        left=row.total_minor - row.used_minor,
        recorded_by=row.recorded_by,
        recorded_at_ms=row.recorded_at_ms,
    )
