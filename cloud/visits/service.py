"""The door of the visits: what machines tell of them, and what they were. Commits nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.machines import service as machines
from cloud.machines.ordering import LoggedEvent
from cloud.visits import repository
from cloud.visits.filters import Wanted
from protocol.staff_events import VisitEnded, VisitStarted

EVENTS_SHOWN: Final = 1_000
"""Of one visit: an afternoon of work has some hundred."""

_AT_ITS_START: Final = ("staff_id", "how", "epoch", "first_seq", "started_at_ms")
_AT_ITS_END: Final = (
    "last_seq", "ended_at_ms", "minutes", "slots_filled", "units_added", "units_removed", "cash_collected_minor",
    "open_tasks",
)  # fmt: skip

MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a machine tells of a visit."""

    machine_id: str
    epoch: str
    seq: int
    occurred_at_ms: int
    body: VisitStarted | VisitEnded


class VisitView(BaseModel):
    """One visit."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    machine_id: str
    staff_id: str
    """Id in the machine's staff list: the number of a user."""
    how: str
    """How they proved who they are."""
    started_at_ms: int
    ended_at_ms: int
    """0 until the machine told of its end."""
    minutes: int
    slots_filled: int
    units_added: int
    units_removed: int
    cash_collected_minor: int
    """Yen; what became of it is in the cash counts of the visit."""
    open_tasks: list[str]
    """What stayed undone, as the machine named it."""


async def record(db_session: AsyncSession, told: Sequence[Told]) -> None:
    """Write what machines told of visits, in their order."""
    for row in told:
        if not row.body.visit:
            continue
        values = _started(row, row.body) if isinstance(row.body, VisitStarted) else _ended(row, row.body)
        changed = _AT_ITS_START if isinstance(row.body, VisitStarted) else _AT_ITS_END
        await repository.save(db_session, values, changed=changed)


def _started(told: Told, body: VisitStarted) -> dict[str, Any]:
    return {
        "machine_id": told.machine_id,
        "id": body.visit,
        "staff_id": body.staff,
        "how": body.how[:24],
        "epoch": told.epoch,
        "first_seq": told.seq,
        "last_seq": 0,
        "started_at_ms": told.occurred_at_ms,
        "ended_at_ms": 0,
        "minutes": 0,
        "slots_filled": 0,
        "units_added": 0,
        "units_removed": 0,
        "cash_collected_minor": 0,
        "open_tasks": [],
    }


def _ended(told: Told, body: VisitEnded) -> dict[str, Any]:
    """Of one whose start never came, as well as it is known."""
    return {
        "machine_id": told.machine_id,
        "id": body.visit,
        "staff_id": body.staff,
        "how": "",
        "epoch": told.epoch,
        "first_seq": told.seq,
        "last_seq": told.seq,
        "started_at_ms": max(told.occurred_at_ms - body.minutes * MINUTE_MS, 0),
        "ended_at_ms": told.occurred_at_ms,
        "minutes": body.minutes,
        "slots_filled": body.slots_filled,
        "units_added": body.units_added,
        "units_removed": body.units_removed,
        "cash_collected_minor": body.cash_collected_minor,
        "open_tasks": body.open_tasks,
    }


async def listing(db_session: AsyncSession, wanted: Wanted, *, limit: int) -> list[VisitView]:
    """A page of visits, newest first."""
    return [VisitView.model_validate(row) for row in await repository.listing(db_session, wanted, limit)]


async def one(db_session: AsyncSession, machine_id: str, visit: str) -> VisitView | None:
    """One visit, or None."""
    row = await repository.one(db_session, machine_id, visit)
    return VisitView.model_validate(row) if row else None


async def events_of(db_session: AsyncSession, machine_id: str, visit: str) -> list[LoggedEvent]:
    """Everything the machine told while the visit lasted, oldest first; at most `EVENTS_SHOWN`. Empty for none."""
    row = await repository.one(db_session, machine_id, visit)
    if row is None:
        return []
    last = row.last_seq or row.first_seq + EVENTS_SHOWN
    return await machines.events_between(db_session, (machine_id, row.epoch), (row.first_seq, last), EVENTS_SHOWN)
