"""`/dashboard/cash`: what should be in the cash box now, the form for what was counted, and what was missing before."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.accounting import counting, places
from cloud.accounting.cash_endpoints import MOST_YEN, NOTE_LENGTH, CountBody, visit_of
from cloud.accounting.counting import CollectedTooMuchError, CountView, MachineCashView
from cloud.crew import service as crew
from cloud.dashboard.cash_words import PARTS
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError
from cloud.machines import service as machines

router = APIRouter(prefix="/dashboard/cash", include_in_schema=False)

COUNTS_SHOWN: Final = 50

REFUSALS: Final = {
    "collected_too_much": "数えた金額より多くは回収できません。金額をご確認ください。",
    "invalid": "数えた金額を、少なくとも一か所ご記入ください。",
}

SeesCash = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
MayCount = Annotated[CurrentUser, Depends(PageLock(Permission.CASH_COUNT))]
Counts = Annotated[Writer, Depends(PageWrites(Permission.CASH_COUNT, "cash.counted"))]
MachineName = Annotated[str, Path(max_length=40)]
Amount = Annotated[int | str, Form()]


@router.get("")
async def cash(request: Request, user: SeesCash, database: DatabaseDep) -> Response:
    """現金."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        known = [row.id for row in await machines.machines(contexts.db_session)]
        found = await counting.cash_now(contexts.db_session, known)
        recent = await counting.counts(contexts.db_session, limit=COUNTS_SHOWN)
        return {
            "safe": found.safe,
            "safe_href": place_href(places.SAFE),
            "unplaced": found.unplaced,
            "total": found.total,
            "parts": PARTS,
            "machines": [_machine(contexts, row) for row in found.machines],
            "counts": counted(contexts, recent, await crew.names(contexts.db_session)),
        }

    return await show(request, database, user, "cash", "現金", build)


@router.get("/{machine_id}")
async def machine_cash(machine_id: MachineName, request: Request, user: MayCount, database: DatabaseDep) -> Response:
    """現金実査 of one machine. Who may not read the books counts blind."""
    return await _page(request, user, database, machine_id)


@router.post("/{machine_id}")
async def count(machine_id: MachineName, request: Request, writer: Counts, database: DatabaseDep) -> Response:
    """Record the form."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")).strip() for name in (*PARTS, *(f"{part}_taken" for part in PARTS))}
    parts = [
        {"part": part, "counted": values[part], "collected": values[f"{part}_taken"] or "0"}
        for part in PARTS
        if values[part]
    ]
    try:
        body = CountBody.model_validate({"parts": parts, "note": str(sent.get("note", "")).strip()})
        visit = await visit_of(database, machine_id, body, writer.user.email)
        async with writer.write(machine=machine_id) as db_session:
            timezone = request.app.state.settings.timezone
            await counting.record(db_session, visit, now_ms=writer.now_ms, timezone=timezone)
    except ValidationError:
        return await _refused(request, writer, machine_id, "invalid")
    except CollectedTooMuchError:
        return await _refused(request, writer, machine_id, "collected_too_much")
    return RedirectResponse(f"/dashboard/cash/{machine_id}", status_code=303)


async def _refused(request: Request, writer: Writer, machine_id: str, code: str) -> Response:
    database: Database = request.app.state.database
    return with_status(await _page(request, writer.user, database, machine_id, REFUSALS[code]), 422)


async def _page(request: Request, user: CurrentUser, database: Database, machine_id: str, error: str = "") -> Response:
    is_blind = not user.may(Permission.BOOKS_READ)

    async def build(contexts: Contexts) -> dict[str, Any]:
        try:
            await machines.machine(contexts.db_session, machine_id)
        except machines.NoSuchMachineError as problem:
            raise ProblemError(404, "no_such_machine", str(problem)) from problem
        found = await counting.cash_now(contexts.db_session, [machine_id])
        (here,) = (row for row in found.machines if row.machine_id == machine_id)
        who = user.email if is_blind else None
        rows = await counting.counts(contexts.db_session, limit=COUNTS_SHOWN, machine_id=machine_id, counted_by=who)
        return {
            "machine": _machine(contexts, here),
            "parts": PARTS,
            "is_blind": is_blind,
            "counts": counted(contexts, rows, await crew.names(contexts.db_session)),
            "error": error,
            "most": MOST_YEN,
            "note_length": NOTE_LENGTH,
        }

    return await show(request, database, user, "cash_machine", say("現金実査 {machine}", machine=machine_id), build)


def place_href(place: places.Place) -> str:
    """The entries of one place."""
    return f"/dashboard/journal/{place.account}?place={place.sub_account}"


def _machine(contexts: Contexts, row: MachineCashView) -> dict[str, Any]:
    name = row.machine_id
    return row.model_dump() | {
        "counted_at": contexts.moment(row.counted_at_ms),
        "hrefs": {part: place_href(places.cash(name, part)) for part in PARTS},
        "credit_href": place_href(places.credit(name)),
        "claims_href": place_href(places.claims(name)),
        "unexplained_href": place_href(places.difference(name)),
    }


def counted(contexts: Contexts, rows: Sequence[CountView], staff: Mapping[str, str]) -> list[dict[str, Any]]:
    """Counts for their table; who counted at the machine is told by name."""
    found = []
    for row in rows:
        kind, _, number = row.counted_by.partition(":")
        by = staff.get(number, number) if kind == "staff" else row.counted_by
        href = f"/dashboard/visits/{row.machine_id}/{row.visit}" if row.visit else ""
        found.append(row.model_dump() | {"at": contexts.moment(row.counted_at_ms), "counted_by": by, "href": href})
    return found
