"""`/dashboard/payables/credit-notes`: a supplier's credit note, and the forms that record and use one."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.dashboard import stock_names
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.forms import beside_fields, typed, words_of
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.payables_forms import RATES, Deed, rates_typed, refusal
from cloud.dashboard.procurement_page import entry_hrefs, owed_href
from cloud.dashboard.procurement_words import REFUSALS
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.inventory.service import SENT_BACK
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep, today_of
from cloud.procurement import credit_notes, payables, receiving, rules
from cloud.procurement.credit_schemas import CreditNoteBody, CreditNoteDetail
from cloud.procurement.ordering import Doing
from cloud.procurement.refusals import refusing
from cloud.procurement.schemas import MOST_YEN

router = APIRouter(prefix="/dashboard/payables", include_in_schema=False)

SeesPayables = Annotated[CurrentUser, Depends(PageLock(Permission.PROCUREMENT_READ))]
Records = Annotated[Writer, Depends(PageWrites(Permission.PAYABLES_WRITE, "credit_note.recorded"))]
SetsOff = Annotated[Writer, Depends(PageWrites(Permission.PAYABLES_WRITE, "credit_note.set_off"))]
Receives = Annotated[Writer, Depends(PageWrites(Permission.PAYABLES_WRITE, "credit_note.paid_back"))]

PROBLEMS: Final = {
    "number": "仕入先が付けた番号をご記入ください。",
    "issued_on": "発行日をお選びください。",
    "reason": "理由をご記入ください。",
    "rates": "税率ごとの金額をご記入ください(税抜と消費税、円の整数)。",
    "goods": "返品の数量を整数でご記入ください。",
    "place_id": "返品する品物のある場所をお選びください。",
}


@router.get("/invoices/{invoice_id}/credit-notes/new")
async def new(invoice_id: RowId, request: Request, user: SeesPayables, today: TodayDep) -> Response:
    """The form of a credit note against an invoice."""
    return await _form(request, user, invoice_id, {"issued_on": today.isoformat()}, {})


@router.post("/invoices/{invoice_id}/credit-notes")
async def record(invoice_id: RowId, request: Request, writer: Records, today: TodayDep) -> Response:
    """Record the credit note of the form."""
    sent = await typed(request)
    try:
        with refusing():
            body = CreditNoteBody.model_validate(_body(sent))
            async with writer.write(invoice=invoice_id, number=body.number) as db_session:
                by = Doing(writer.user.email, writer.now_ms)
                number = await credit_notes.record(db_session, invoice_id, body, by, today)
    except ValidationError as error:
        problems = beside_fields(error, PROBLEMS)
    except ProblemError as error:
        problems = {"": words_of(error, REFUSALS)}
    else:
        return RedirectResponse(f"/dashboard/payables/credit-notes/{number}", status_code=303)
    return with_status(await _form(request, writer.user, invoice_id, sent, problems), 422)


def _body(sent: dict[str, str]) -> dict[str, Any]:
    """The form as a body: rates that were filled in, goods of which some units went back."""
    goods = []
    for name, units in sent.items():
        if name.startswith("units_") and units not in {"", "0"}:
            _, receipt, line = name.split("_", 2)
            goods.append({"receipt": receipt, "line": line, "units": units})
    fields = {name: sent.get(name, "") for name in ("number", "issued_on", "reason")}
    place = {"place_id": sent["place_id"]} if sent.get("place_id") else {}
    return fields | {"rates": rates_typed(sent), "goods": goods} | place


async def _form(
    request: Request, user: CurrentUser, invoice_id: int, sent: dict[str, str], problems: dict[str, str]
) -> Response:
    database: Database = request.app.state.database

    async def build(contexts: Contexts) -> dict[str, Any]:
        with refusing():
            invoice = await payables.detail(contexts.db_session, invoice_id)
        left = await credit_notes.units_left(contexts.db_session, invoice_id)
        names = await stock_names.load(contexts)
        rows = []
        for number in invoice.receipts:
            receipt = await receiving.receipt(contexts.db_session, number)
            rows += [
                {
                    "name": f"units_{number}_{line.line}",
                    "product": names.catalogue.name(line.product_id),
                    "came": f"{receipt.received_on} {receipt.order_number}",
                    "href": f"/dashboard/procurement/receipts/{number}",
                    "left": left[number, line.line],
                }
                for line in receipt.lines
            ]
        return {
            "invoice": invoice,
            "goods": rows,
            "rates": RATES,
            "places": names.storages(),
            "sent": sent,
            "problems": problems,
            "may_write": user.may(Permission.PAYABLES_WRITE) and invoice.status in {"open", "paid"},
        }

    return await show(request, database, user, "credit_note_form", "返品・値引", build)


@router.get("/credit-notes/{note_id}")
async def one(note_id: RowId, request: Request, user: SeesPayables, database: DatabaseDep) -> Response:
    """One credit note."""
    return await _one(request, user, database, note_id)


@router.get("/credit-uses/{use_id}")
async def use(use_id: RowId, user: SeesPayables, database: DatabaseDep) -> Response:  # noqa: ARG001 - the lock
    """Where money that a supplier sent can be read: on the page of its credit note."""
    with refusing():
        async with database.read() as db_session:
            number = await credit_notes.note_of_use(db_session, use_id)
    return RedirectResponse(f"/dashboard/payables/credit-notes/{number}#uses", status_code=303)


Amount = Annotated[int, Form(ge=1, le=MOST_YEN)]


@router.post("/credit-notes/{note_id}/offsets")
async def set_off(
    note_id: RowId,
    request: Request,
    writer: SetsOff,
    today: TodayDep,
    invoice_id: Annotated[int, Form(ge=1, lt=2**63)],
    amount: Amount,
) -> Response:
    """Set it off against an invoice."""

    async def deed(db_session: AsyncSession, by: Doing) -> None:
        await credit_notes.set_off(db_session, note_id, invoice_id, amount, by, today)

    return await _done(request, writer, note_id, deed)


@router.post("/credit-notes/{note_id}/refunds")
async def paid_back(
    note_id: RowId,
    request: Request,
    writer: Receives,
    today: TodayDep,
    amount: Amount,
    paid_on: Annotated[date, Form()],
) -> Response:
    """Record that money came to the bank."""

    async def deed(db_session: AsyncSession, by: Doing) -> None:
        await credit_notes.paid_back(db_session, note_id, amount, rules.day_paid(paid_on, today), by)

    return await _done(request, writer, note_id, deed)


async def _done(request: Request, writer: Writer, note_id: int, deed: Deed) -> Response:
    if why := await refusal(writer, deed, credit_note=note_id):
        database: Database = request.app.state.database
        return with_status(await _one(request, writer.user, database, note_id, why.words), why.status)
    return RedirectResponse(f"/dashboard/payables/credit-notes/{note_id}", status_code=303)


async def _one(request: Request, user: CurrentUser, database: Database, note_id: int, error: str = "") -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        with refusing():
            found = await credit_notes.detail(contexts.db_session, note_id)
        due = await payables.due(contexts.db_session)
        names = await stock_names.load(contexts)
        return {
            "note": found.model_dump()
            | {
                "recorded_at": contexts.moment(found.recorded_at_ms),
                "invoice_href": f"/dashboard/payables/invoices/{found.invoice_id}",
                "place": names.place(found.place_id or None),
                "uses": await _uses(contexts, found, sees_books=user.may(Permission.BOOKS_READ)),
            },
            "names": names.catalogue,
            "entries": await _entries(contexts, note_id) if user.may(Permission.BOOKS_READ) else {},
            "owed_href": owed_href(found.supplier_id),
            "open_invoices": [row for row in due if row.status == "open" and row.supplier_id == found.supplier_id],
            "today": today_of(request),
            "may_write": user.may(Permission.PAYABLES_WRITE),
            "error": error,
        }

    return await show(request, database, user, "credit_note", "返品・値引", build)


async def _entries(contexts: Contexts, note_id: int) -> dict[str, str]:
    found = await entry_hrefs(contexts, [f"{SENT_BACK}{note_id}#{part}" for part in ("purchase", "stock")])
    return {source.rpartition("#")[2]: href for source, href in found.items()}


async def _uses(contexts: Contexts, note: CreditNoteDetail, *, sees_books: bool) -> list[dict[str, Any]]:
    """What became of it; money leads to its entry, what was set off to its invoice."""
    hrefs = await entry_hrefs(contexts, [f"credit_use:{row.id}#transfer" for row in note.uses]) if sees_books else {}
    return [
        row.model_dump()
        | {
            "words": "振込で返金" if row.invoice_id is None else "請求書と相殺",
            "href": hrefs.get(f"credit_use:{row.id}#transfer", "")
            if row.invoice_id is None
            else f"/dashboard/payables/invoices/{row.invoice_id}",
        }
        for row in note.uses
    ]
