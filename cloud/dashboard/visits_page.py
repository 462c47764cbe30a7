"""`/dashboard/visits`: who was at which machine, how long, and everything that was done in one visit."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from cloud.accounting import counting
from cloud.crew import service as crew
from cloud.dashboard.cash_page import counted
from cloud.dashboard.cash_words import PARTS
from cloud.dashboard.contexts import Contexts, event_href
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock
from cloud.dashboard.pages import show
from cloud.dashboard.wording import event_line
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError
from cloud.machines.ordering import LoggedEvent
from cloud.machines.reading import told
from cloud.visits import service as visits
from cloud.visits.filters import Wanted
from cloud.visits.service import VisitView
from protocol.staff_events import SlotCounted

router = APIRouter(prefix="/dashboard/visits", include_in_schema=False)

VISITS_SHOWN: Final = 50
COUNTS_SHOWN: Final = 20

SeesVisits = Annotated[CurrentUser, Depends(PageLock(Permission.FLEET_READ))]

_OPEN: Final = {"door_open": "扉が開いたまま"}


@router.get("")
async def all_visits(
    request: Request,
    user: SeesVisits,
    database: DatabaseDep,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
    before: Annotated[str | None, Query(pattern=r"^[0-9]{1,15}-[0-9a-f]{32}$")] = None,
) -> Response:
    """訪問."""
    at_ms, _, visit = (before or "").partition("-")
    wanted = Wanted(machine_id or None, before=(int(at_ms), visit) if before else None)

    async def build(contexts: Contexts) -> dict[str, Any]:
        staff = await crew.names(contexts.db_session)
        rows = await visits.listing(contexts.db_session, wanted, limit=VISITS_SHOWN + 1)
        shown = rows[:VISITS_SHOWN]
        last = shown[-1] if len(rows) > VISITS_SHOWN else None
        return {
            "rows": [_row(contexts, row, staff) for row in shown],
            "machine": machine_id or "",
            "older": f"{last.started_at_ms}-{last.id}" if last else None,
        }

    return await show(request, database, user, "visits", "訪問", build)


@router.get("/{machine_id}/{visit}")
async def one_visit(
    machine_id: Annotated[str, Path(max_length=40)],
    visit: Annotated[str, Path(max_length=32)],
    request: Request,
    user: SeesVisits,
    database: DatabaseDep,
) -> Response:
    """One visit: who and when, what was moved and counted, every event."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        session = contexts.db_session
        found = await visits.one(session, machine_id, visit)
        if found is None:
            raise ProblemError(404, "no_such_visit", f"Machine {machine_id!r} told of no visit {visit!r}.")
        staff = await crew.names(session)
        events = await visits.events_of(session, machine_id, visit)
        counts = await counting.counts(session, limit=COUNTS_SHOWN, visit=visit, machine_id=machine_id)
        return {
            "visit": _row(contexts, found, staff),
            "undone": [_open_task(code) for code in found.open_tasks],
            "differences": [line for event in events if (line := _difference(event))],
            "events": [_event(contexts, event) for event in events],
            "counts": counted(contexts, counts, staff),
            "parts": PARTS,
            "is_blind": not user.may(Permission.BOOKS_READ),
        }

    return await show(request, database, user, "visit", say("訪問 {machine}", machine=machine_id), build)


def _row(contexts: Contexts, row: VisitView, staff: dict[str, str]) -> dict[str, Any]:
    return {
        "href": f"/dashboard/visits/{row.machine_id}/{row.id}",
        "machine": row.machine_id,
        "who": staff.get(row.staff_id, row.staff_id) or "不明",
        "at": contexts.moment(row.started_at_ms),
        "until": contexts.moment(row.ended_at_ms),
        "is_open": not row.ended_at_ms,
        "minutes": row.minutes,
        "slots_filled": row.slots_filled,
        "units_added": row.units_added,
        "units_removed": row.units_removed,
        "cash": row.cash_collected_minor,
        "left": len(row.open_tasks),
    }


def _open_task(code: str) -> str:
    kind, _, where = code.partition(":")
    return say("棚 {slot}", slot=where) if kind == "slot" and where else _OPEN.get(code, code)


def _event(contexts: Contexts, event: LoggedEvent) -> dict[str, Any]:
    kind, text, tone = event_line(event)
    href = event_href(event.machine_id, event.epoch, event.seq)
    return {"time": contexts.moment(_told_at(event)), "kind": kind, "text": text, "tone": tone, "href": href}


def _told_at(event: LoggedEvent) -> int:
    """When it happened by the machine's clock; it may have arrived a day later."""
    at_ms = told(event).at_ms
    return event.received_at_ms if at_ms is None else at_ms


def _difference(event: LoggedEvent) -> dict[str, Any] | None:
    """A slot that had other units than the machine believed."""
    said = told(event)
    if said.kind != SlotCounted.KIND:
        return None
    try:
        row = {"slot": said.body["slot"]} | {name: int(said.body[name]) for name in ("believed", "counted")}
    except (KeyError, TypeError, ValueError):
        return None
    href = f"/dashboard/stock/movements?place_id={event.machine_id}/{row['slot']}"
    return row | {"off": row["counted"] - row["believed"], "href": href}
