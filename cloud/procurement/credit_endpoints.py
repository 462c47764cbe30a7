"""`/api/v1/procurement/credit-notes`: what suppliers take back or off, and what becomes of it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity.access import Creates, Creator, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, RowId, TodayDep, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.procurement import credit_notes, rules
from cloud.procurement.credit_schemas import CreditNoteBody, CreditNoteDetail, CreditNoteView
from cloud.procurement.ordering import Doing
from cloud.procurement.refusals import refusing
from cloud.procurement.schemas import MOST_YEN

router = APIRouter(prefix="/api/v1/procurement", tags=["procurement"])

_READ = [needs(Permission.PROCUREMENT_READ)]
Number = Annotated[int | None, Query(ge=1, lt=2**63)]


class SetOffBody(BaseModel):
    """An invoice of the same supplier that a credit note pays a part of."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"invoice_id": 2, "amount": 500}]})

    invoice_id: Annotated[int, Field(ge=1, lt=2**63)]
    amount: Annotated[int, Field(ge=1, le=MOST_YEN)]
    """Yen."""


class PaidBackBody(BaseModel):
    """Money that a supplier sent to the bank for a credit note."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 500}]})

    amount: Annotated[int, Field(ge=1, le=MOST_YEN)]
    """Yen."""
    paid_on: date | None = None
    """Today when it is left out."""


@router.get("/credit-notes", dependencies=_READ)
async def list_credit_notes(
    database: DatabaseDep,
    asked: AskedDep,
    supplier_id: Number = None,
    invoice_id: Number = None,
    is_open: Annotated[bool | None, Query(description="whether something is left of it")] = None,
) -> Page[CreditNoteView]:
    """Credit notes of suppliers, newest first."""
    async with database.read() as db_session:
        rows = await credit_notes.listing(
            db_session,
            limit=asked.one_more,
            before=asked.after(int),
            supplier_id=supplier_id,
            invoice_id=invoice_id,
            is_open=is_open,
        )
    return asked.page(rows, lambda row: row.id)


@router.get("/credit-notes/{note_id}", dependencies=_READ, responses=refusals(http_404="no_such_credit_note"))
async def get_credit_note(note_id: RowId, database: DatabaseDep) -> CreditNoteDetail:
    """One credit note: its rates, the goods that went back, what became of the money."""
    with refusing():
        async with database.read() as db_session:
            return await credit_notes.detail(db_session, note_id)


@router.post(
    "/invoices/{invoice_id}/credit-notes",
    status_code=201,
    responses=refusals(
        http_404="no_such_invoice, no_such_place",
        http_409="wrong_state, not_enough, key_reused",
        http_422="bad_credit_note",
    ),
)
async def record_credit_note(
    invoice_id: RowId,
    body: CreditNoteBody,
    creator: Annotated[Creator, Depends(Creates(Permission.PAYABLES_WRITE, "credit_note.recorded"))],
    today: TodayDep,
) -> CreditNoteDetail:
    """Record a credit note against an accepted invoice: goods leave the stock, less is owed, less tax is deducted."""
    with refusing():
        async with creator.once(body, invoice=invoice_id, number=body.number) as work:
            if work.is_new:
                by = Doing(creator.user.email, creator.now_ms)
                work.made = str(await credit_notes.record(work.db_session, invoice_id, body, by, today))
            return await credit_notes.detail(work.db_session, int(work.made))


@router.post(
    "/credit-notes/{note_id}/offsets",
    status_code=201,
    responses=refusals(
        http_404="no_such_credit_note, no_such_invoice", http_409="wrong_state, credit_used, key_reused"
    ),
)
async def set_credit_note_off(
    note_id: RowId,
    body: SetOffBody,
    creator: Annotated[Creator, Depends(Creates(Permission.PAYABLES_WRITE, "credit_note.set_off"))],
    today: TodayDep,
) -> CreditNoteDetail:
    """Set what is left of a credit note off against an open invoice of the same supplier."""
    with refusing():
        async with creator.once(body, credit_note=note_id, invoice=body.invoice_id, amount=body.amount) as work:
            if work.is_new:
                by = Doing(creator.user.email, creator.now_ms)
                await credit_notes.set_off(work.db_session, note_id, body.invoice_id, body.amount, by, today)
                work.made = str(note_id)
            return await credit_notes.detail(work.db_session, int(work.made))


@router.post(
    "/credit-notes/{note_id}/refunds",
    status_code=201,
    responses=refusals(
        http_404="no_such_credit_note", http_409="credit_used, key_reused", http_422="paid_in_the_future"
    ),
)
async def record_supplier_refund(
    note_id: RowId,
    body: PaidBackBody,
    creator: Annotated[Creator, Depends(Creates(Permission.PAYABLES_WRITE, "credit_note.paid_back"))],
    today: TodayDep,
) -> CreditNoteDetail:
    """Record that the supplier sent money for a credit note: 普通預金 / 買掛金."""
    with refusing():
        day = rules.day_paid(body.paid_on, today)
        async with creator.once(body, credit_note=note_id, amount=body.amount) as work:
            if work.is_new:
                by = Doing(creator.user.email, creator.now_ms)
                await credit_notes.paid_back(work.db_session, note_id, body.amount, day, by)
                work.made = str(note_id)
            return await credit_notes.detail(work.db_session, int(work.made))
