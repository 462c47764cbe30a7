"""`/api/v1/procurement`: invoices of suppliers, paying them, what is owed to whom."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, RowId, TodayDep, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.procurement import ageing, payables, rules
from cloud.procurement.invoice_schemas import Ageing, InvoiceBody, InvoiceDetail, InvoiceStatus, InvoiceView
from cloud.procurement.ordering import Doing
from cloud.procurement.refusals import refusing
from cloud.procurement.schemas import MOST_YEN

router = APIRouter(prefix="/api/v1/procurement", tags=["procurement"])

_READ = [needs(Permission.PROCUREMENT_READ)]


class AcceptBody(BaseModel):
    """Why an invoice that differs is paid as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "price rose on the 15th"}]})

    why: Annotated[str, Field(min_length=1, max_length=500)]


MOST_FEE = 100_000


class PaymentBody(BaseModel):
    """Money sent from the bank."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 5156}]})

    amount: Annotated[int, Field(ge=1, le=MOST_YEN)]
    """Yen."""
    paid_on: date | None = None
    """Today when it is left out."""
    fee: Annotated[int, Field(ge=0, le=MOST_FEE)] = 0
    """What the bank took for the transfer besides, tax included."""


@router.get("/invoices", dependencies=_READ)
async def list_invoices(
    database: DatabaseDep,
    asked: AskedDep,
    status: InvoiceStatus | None = None,
    supplier_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Page[InvoiceView]:
    """Invoices of suppliers, newest first."""
    async with database.read() as db_session:
        rows = await payables.listing(
            db_session, limit=asked.one_more, before=asked.after(int), status=status, supplier_id=supplier_id
        )
    return asked.page(rows, lambda row: row.id)


@router.get("/invoices/{invoice_id}", dependencies=_READ, responses=refusals(http_404="no_such_invoice"))
async def get_invoice(invoice_id: RowId, database: DatabaseDep) -> InvoiceDetail:
    """One invoice beside what was received, and what differs."""
    with refusing():
        async with database.read() as db_session:
            return await payables.detail(db_session, invoice_id)


@router.post(
    "/suppliers/{supplier_id}/invoices",
    status_code=201,
    responses=refusals(http_404="no_such_supplier", http_409="key_reused", http_422="bad_invoice"),
)
async def record_invoice(
    supplier_id: RowId,
    body: InvoiceBody,
    creator: Annotated[Creator, Depends(Creates(Permission.PAYABLES_WRITE, "invoice.recorded"))],
) -> InvoiceDetail:
    """Record an invoice and match it against the receipts it is for. One that differs waits to be accepted."""
    with refusing():
        async with creator.once(body, supplier=supplier_id, number=body.number) as work:
            if work.is_new:
                by = Doing(creator.user.email, creator.now_ms)
                work.made = str(await payables.record(work.db_session, supplier_id, body, by))
            return await payables.detail(work.db_session, int(work.made))


@router.post("/invoices/{invoice_id}/accept", responses=refusals(http_404="no_such_invoice", http_409="wrong_state"))
async def accept_invoice(
    invoice_id: RowId,
    body: AcceptBody,
    writer: Annotated[Writer, Depends(Writes(Permission.PAYABLES_WRITE, "invoice.accepted"))],
) -> InvoiceDetail:
    """Accept what an invoice has otherwise than the receipts; the books follow the invoice."""
    with refusing():
        async with writer.write(invoice=invoice_id, why=body.why) as db_session:
            await payables.accept(db_session, invoice_id, body.why, Doing(writer.user.email, writer.now_ms))
            return await payables.detail(db_session, invoice_id)


@router.post("/invoices/{invoice_id}/withdraw", responses=refusals(http_404="no_such_invoice", http_409="wrong_state"))
async def withdraw_invoice(
    invoice_id: RowId, writer: Annotated[Writer, Depends(Writes(Permission.PAYABLES_WRITE, "invoice.withdrawn"))]
) -> InvoiceDetail:
    """Take an invoice back that differs; its receipts can be put on another one. It stays on record."""
    with refusing():
        async with writer.write(invoice=invoice_id) as db_session:
            await payables.withdraw(db_session, invoice_id, Doing(writer.user.email, writer.now_ms))
            return await payables.detail(db_session, invoice_id)


@router.post(
    "/invoices/{invoice_id}/payments",
    status_code=201,
    responses=refusals(
        http_404="no_such_invoice",
        http_409="wrong_state, supplier_not_allowed, key_reused",
        http_422="paid_in_the_future",
    ),
)
async def pay_invoice(
    invoice_id: RowId,
    body: PaymentBody,
    creator: Annotated[Creator, Depends(Creates(Permission.PAYABLES_WRITE, "invoice.paid"))],
    today: TodayDep,
) -> InvoiceDetail:
    """Record that an invoice was paid from the bank, whole or in part: 買掛金 / 普通預金."""
    with refusing():
        day = rules.day_paid(body.paid_on, today)
        async with creator.once(body, invoice=invoice_id, amount=body.amount) as work:
            if work.is_new:
                by = Doing(creator.user.email, creator.now_ms)
                await payables.pay(work.db_session, invoice_id, body.amount, day, by, fee_minor=body.fee)
                work.made = str(invoice_id)
            return await payables.detail(work.db_session, int(work.made))


@router.get("/payables", dependencies=_READ)
async def get_ageing(database: DatabaseDep, today: TodayDep) -> Ageing:
    """What is owed to each supplier, by how long it is overdue, beside 買掛金 in the ledger."""
    async with database.read() as db_session:
        return await ageing.on_day(db_session, today)


@router.get("/payables/due", dependencies=_READ)
async def list_due(database: DatabaseDep) -> list[InvoiceView]:
    """Invoices to be paid, the one due first first; those that still differ too."""
    async with database.read() as db_session:
        return await payables.due(db_session)
