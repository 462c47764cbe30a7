"""`/dashboard/payables`: what is owed to suppliers, what is due, and one invoice beside what was received."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.dashboard.contexts import Contexts
from cloud.dashboard.forms import typed, words_of
from cloud.dashboard.language import listed, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.payables_forms import RATES, Deed, rates_typed, refusal
from cloud.dashboard.procurement_page import entry_hrefs, owed_href
from cloud.dashboard.procurement_words import DIFFERENCES, INVOICES, REFUSALS
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep
from cloud.procurement import ageing, credit_notes, payables, receiving, service
from cloud.procurement.invoice_schemas import InvoiceBody, InvoiceView
from cloud.procurement.ordering import Doing
from cloud.procurement.payables_endpoints import MOST_FEE
from cloud.procurement.receipt_schemas import ReceiptView
from cloud.procurement.refusals import refusing
from cloud.procurement.schemas import MOST_YEN

router = APIRouter(prefix="/dashboard/payables", include_in_schema=False)

CREDITS_SHOWN: Final = 50

SeesPayables = Annotated[CurrentUser, Depends(PageLock(Permission.PROCUREMENT_READ))]
Records = Annotated[Writer, Depends(PageWrites(Permission.PAYABLES_WRITE, "invoice.recorded"))]
Accepts = Annotated[Writer, Depends(PageWrites(Permission.PAYABLES_WRITE, "invoice.accepted"))]
Withdraws = Annotated[Writer, Depends(PageWrites(Permission.PAYABLES_WRITE, "invoice.withdrawn"))]
Pays = Annotated[Writer, Depends(PageWrites(Permission.PAYABLES_WRITE, "invoice.paid"))]


@router.get("")
async def all_payables(request: Request, user: SeesPayables, database: DatabaseDep, today: TodayDep) -> Response:
    """買掛金."""
    return await _list(request, user, database, today)


@router.post("/suppliers/{supplier_id}/invoices")
async def record(supplier_id: RowId, request: Request, writer: Records, today: TodayDep) -> Response:
    """Record the invoice of the form; its number keeps a second click from recording it again."""
    sent = await typed(request)
    database: Database = request.app.state.database
    try:
        with refusing():
            body = InvoiceBody.model_validate(
                {
                    "number": sent.get("number", ""),
                    "issued_on": sent.get("issued_on", ""),
                    "registration_number": sent.get("registration_number", ""),
                    "receipts": (await request.form()).getlist("receipt"),
                    "rates": rates_typed(sent),
                }
            )
            async with writer.write(supplier=supplier_id, number=body.number) as db_session:
                by = Doing(writer.user.email, writer.now_ms)
                number = await payables.record(db_session, supplier_id, body, by)
    except ValidationError as error:
        fields = listed(sorted({FIELDS.get(str(item["loc"][0]), str(item["loc"][0])) for item in error.errors()}))
        words = say("次の欄をご確認ください: {fields}", fields=fields)
        return await _list(request, writer.user, database, today, words, status=422)
    except ProblemError as error:
        return await _list(request, writer.user, database, today, words_of(error, REFUSALS), status=error.status)
    return RedirectResponse(f"/dashboard/payables/invoices/{number}", status_code=303)


FIELDS: Final = {
    "number": "請求書番号",
    "issued_on": "発行日",
    "registration_number": "登録番号",
    "receipts": "対象の入荷(一つ以上選んでください)",
    "rates": "税率ごとの金額",
}


@router.get("/invoices/{invoice_id}")
async def invoice(invoice_id: RowId, request: Request, user: SeesPayables, database: DatabaseDep) -> Response:
    """One invoice beside what was received."""
    return await _one(request, user, database, invoice_id)


async def _done(request: Request, writer: Writer, invoice_id: int, deed: Deed) -> Response:
    if why := await refusal(writer, deed, invoice=invoice_id):
        database: Database = request.app.state.database
        return await _one(request, writer.user, database, invoice_id, why.words, status=why.status)
    return RedirectResponse(f"/dashboard/payables/invoices/{invoice_id}", status_code=303)


@router.post("/invoices/{invoice_id}/accept")
async def accept(
    invoice_id: RowId, request: Request, writer: Accepts, why: Annotated[str, Form(min_length=1, max_length=500)]
) -> Response:
    """Accept what differs; the reason stays on record."""
    return await _done(request, writer, invoice_id, lambda db, by: payables.accept(db, invoice_id, why, by))


@router.post("/invoices/{invoice_id}/withdraw")
async def withdraw(invoice_id: RowId, request: Request, writer: Withdraws) -> Response:
    """Take it back."""
    return await _done(request, writer, invoice_id, lambda db, by: payables.withdraw(db, invoice_id, by))


@router.post("/invoices/{invoice_id}/payments")
async def pay(
    invoice_id: RowId,
    request: Request,
    writer: Pays,
    today: TodayDep,
    amount: Annotated[int, Form(ge=1, le=MOST_YEN)],
    paid_before: Annotated[int, Form(ge=0, le=MOST_YEN)],
    fee: Annotated[int, Form(ge=0, le=MOST_FEE)] = 0,
) -> Response:
    """Record a payment; what was paid before keeps a second click from booking it again."""

    async def deed(db_session: AsyncSession, by: Doing) -> None:
        await payables.pay(db_session, invoice_id, amount, today, by, paid_before=paid_before, fee_minor=fee)

    return await _done(request, writer, invoice_id, deed)


@router.get("/payments/{payment_id}")
async def payment(payment_id: RowId, user: SeesPayables, database: DatabaseDep) -> Response:  # noqa: ARG001 - the lock
    """Where a payment can be read: on the page of its invoice."""
    with refusing():
        async with database.read() as db_session:
            number = await payables.invoice_of_payment(db_session, payment_id)
    return RedirectResponse(f"/dashboard/payables/invoices/{number}", status_code=303)


async def _list(
    request: Request, user: CurrentUser, database: Database, today: Any, error: str = "", *, status: int = 200
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        owed = await ageing.on_day(contexts.db_session, today)
        waiting = await receiving.uninvoiced(contexts.db_session)
        names = await service.names(contexts.db_session)
        return {
            "ageing": owed.model_dump()
            | {
                "rows": [
                    row.model_dump() | {"href": owed_href(row.supplier_id)}
                    for row in owed.rows
                    if row.total or row.credit
                ]
            },
            "due": [_invoice(row) | {"is_late": row.due_on < today} for row in await payables.due(contexts.db_session)],
            "waiting": [
                {"supplier_id": number, "supplier": names[number], "receipts": rows}
                for number, rows in _by_supplier(waiting).items()
            ],
            "credits": await credit_notes.listing(contexts.db_session, limit=CREDITS_SHOWN, is_open=True),
            "rates": RATES,
            "today": today,
            "may_write": user.may(Permission.PAYABLES_WRITE),
            "error": error,
        }

    return with_status(await show(request, database, user, "payables", "買掛金", build), status)


def _by_supplier(rows: list[ReceiptView]) -> dict[int, list[ReceiptView]]:
    found: dict[int, list[ReceiptView]] = {}
    for row in rows:
        found.setdefault(row.supplier_id, []).append(row)
    return found


async def _one(
    request: Request, user: CurrentUser, database: Database, invoice_id: int, error: str = "", *, status: int = 200
) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        with refusing():
            found = await payables.detail(contexts.db_session, invoice_id)
        entries = await entry_hrefs(
            contexts, [f"payment:{row.id}#{part}" for row in found.payments for part in ("transfer", "expense")]
        )
        return {
            "invoice": _invoice(found)
            | {
                "rates": found.rates,
                "received_rates": {row.percent: row for row in found.received_rates},
                "differences": [
                    row.model_dump() | {"words": DIFFERENCES.get(row.kind, row.kind)} for row in found.differences
                ],
                "receipts": found.receipts,
                "payments": [
                    row.model_dump()
                    | {
                        "href": entries.get(f"payment:{row.id}#transfer", ""),
                        "fee_href": entries.get(f"payment:{row.id}#expense", ""),
                    }
                    for row in found.payments
                ],
                "credits": await credit_notes.listing(contexts.db_session, limit=CREDITS_SHOWN, invoice_id=invoice_id),
                "offsets": await credit_notes.set_off_against(contexts.db_session, invoice_id),
                "recorded_at": contexts.moment(found.recorded_at_ms),
            },
            "owed_href": owed_href(found.supplier_id),
            "may_write": user.may(Permission.PAYABLES_WRITE),
            "error": error,
        }

    return with_status(await show(request, database, user, "payables_invoice", "請求書", build), status)


def _invoice(row: InvoiceView) -> dict[str, Any]:
    words, tone = INVOICES[row.status]
    return row.model_dump() | {"words": words, "tone": tone, "href": f"/dashboard/payables/invoices/{row.id}"}
