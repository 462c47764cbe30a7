"""`/api/v1/vending/visits`: visits of staff, and everything that was told in one."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.machines.ordering import LoggedEvent
from cloud.machines.reading import told
from cloud.visits import service
from cloud.visits.filters import Wanted
from cloud.visits.service import VisitView

router = APIRouter(prefix="/api/v1/vending/visits", tags=["vending"])

_READ: Final = [needs(Permission.FLEET_READ)]


class VisitEvent(BaseModel):
    """One event of a visit."""

    epoch: str
    seq: int
    kind: str
    body: dict[str, Any]


class VisitDetail(VisitView):
    """A visit with everything the machine told while it lasted, oldest first."""

    events: list[VisitEvent]


@router.get("", dependencies=_READ)
async def list_visits(
    database: DatabaseDep,
    asked: AskedDep,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
    staff_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[VisitView]:
    """Visits, newest first; at one machine, of one person."""
    wanted = Wanted(machine_id, staff_id, asked.after(int, str))
    async with database.read() as db_session:
        rows = await service.listing(db_session, wanted, limit=asked.one_more)
    return asked.page(rows, lambda row: (row.started_at_ms, row.id))


@router.get("/{machine_id}/{visit}", dependencies=_READ, responses=refusals(http_404="no_such_visit"))
async def get_visit(
    machine_id: Annotated[str, Path(max_length=40)], visit: Annotated[str, Path(max_length=32)], database: DatabaseDep
) -> VisitDetail:
    """One visit."""
    async with database.read() as db_session:
        found = await service.one(db_session, machine_id, visit)
        events = await service.events_of(db_session, machine_id, visit)
    if found is None:
        raise ProblemError(404, "no_such_visit", f"Machine {machine_id!r} told of no visit {visit!r}.")
    return VisitDetail(**found.model_dump(), events=[_event(row) for row in events])


def _event(row: LoggedEvent) -> VisitEvent:
    said = told(row)
    return VisitEvent(epoch=row.epoch, seq=row.seq, kind=said.kind, body=said.body)
