"""The door of the machines: register them, publish planograms, say how they are. Commits nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db import locks
from cloud.db.locks import Lock
from cloud.integrations.mqtt.credentials import Credential, hashed
from cloud.machines import event_log, repository
from cloud.machines.models import Machine, MachineDocument, PlanogramRevision
from cloud.machines.ordering import LoggedEvent
from protocol.desired import DOCUMENTS, Planogram
from protocol.ids import check_machine_id


class NoSuchMachineError(LookupError):
    """A machine id nobody registered."""

    def __init__(self, machine_id: str) -> None:
        self.machine_id = machine_id
        super().__init__(f"there is no machine {machine_id!r}")


class MachineExistsError(ValueError):
    """A machine id that is taken."""

    def __init__(self, machine_id: str) -> None:
        self.machine_id = machine_id
        super().__init__(f"machine {machine_id!r} exists already")


class StaleRevisionError(ValueError):
    """A planogram whose revision does not follow the newest one: somebody else published in between."""

    def __init__(self, machine_id: str, rev: int, newest: int) -> None:
        self.newest = newest
        super().__init__(
            f"{machine_id}: revision {rev} does not follow {newest}; read it again and publish {newest + 1}"
        )


class MachineView(BaseModel):
    """A machine and how it is now."""

    id: str
    name: str
    place: str
    timezone: str
    is_online: bool
    is_door_open: bool
    boot: int
    """Which start it is in; 0 before the first birth."""
    last_seq: int
    """Newest event known of: stored, or claimed at birth."""
    last_seen_ms: int
    """When anything last arrived from it; 0 for never."""
    software: str
    planogram_rev: int
    """Newest published revision; 0 for none."""
    applied_planogram_rev: int
    refused_planogram_rev: int
    """Revision the machine refused, and has applied none after; 0 for none. It is not sent again."""
    refused_planogram_why: str
    faults: int
    """Open faults."""


class FaultView(BaseModel):
    """A fault that is open."""

    model_config = ConfigDict(from_attributes=True)

    machine_id: str
    code: str
    where: str
    detail: str
    since_ms: int


class StreamView(BaseModel):
    """How far one store of one machine is stored and understood."""

    model_config = ConfigDict(from_attributes=True)

    machine_id: str
    epoch: str
    stored_upto: int
    stored_max: int
    interpreted_upto: int
    duplicates: int
    forks: int
    received_at_ms: int

    @property
    def is_waiting(self) -> bool:
        """Whether events are held back by a gap."""
        return self.stored_max > self.stored_upto


@dataclass(frozen=True, slots=True)
class Connection:
    """The present connection of a machine that is online."""

    conn: str
    """Its nonce."""
    since_ms: int
    """When its birth was last heard."""
    epoch: str
    """Of its store."""


class QuarantineView(BaseModel):
    """Something that could not be taken at face value."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    category: str
    source: str
    seq: int | None
    why: str
    raw: bytes
    known_digest: str
    times: int
    first_at_ms: int
    last_at_ms: int


async def register(
    db_session: AsyncSession,
    machine_id: str,
    *,
    secret: str,
    now_ms: int,
    name: str = "",
    place: str = "",
    timezone: str = "Asia/Tokyo",
) -> None:
    """Add a machine.

    Args:
        db_session: a writing session.
        machine_id: 4 to 40 lower-case letters, digits and inner dashes.
        secret: its broker password, 256 random bits as text; only hashes of it are kept.
        now_ms: ms since 1970 UTC.
        name: what operators call it; empty for the id.
        place: where it stands.
        timezone: IANA name.

    Raises:
        BadMachineIdError: the id could not stand in a topic.
        MachineExistsError: it is taken.
    """
    check_machine_id(machine_id)
    await locks.take(db_session, Lock.FLEET)
    if await repository.machine(db_session, machine_id):
        raise MachineExistsError(machine_id)
    credential = hashed(secret)
    row = Machine(
        id=machine_id,
        name=name or machine_id,
        place=place,
        timezone=timezone,
        secret_sha256=credential.sha256,
        secret_mosquitto=credential.mosquitto,
        created_at_ms=now_ms,
    )
    repository.add_machine(db_session, row)
    await db_session.flush()


async def change_secret(db_session: AsyncSession, machine_id: str, secret: str) -> None:
    """Give a machine another broker password.

    Raises:
        NoSuchMachineError: nobody registered it.
    """
    row = await repository.machine(db_session, machine_id)
    if row is None:
        raise NoSuchMachineError(machine_id)
    credential = hashed(secret)
    row.secret_sha256, row.secret_mosquitto = credential.sha256, credential.mosquitto
    await db_session.flush()


async def is_registered(db_session: AsyncSession, machine_id: str) -> bool:
    """Whether the machine is known."""
    return await repository.machine(db_session, machine_id) is not None


async def broker_credentials(db_session: AsyncSession) -> dict[str, Credential]:
    """Machine id to the hashes of its secret, for the broker's file."""
    rows = await repository.machines(db_session)
    return {row.id: Credential(row.secret_sha256, row.secret_mosquitto) for row in rows}


async def machines(db_session: AsyncSession) -> list[MachineView]:
    """Every machine and how it is now, by id."""
    links = await repository.links(db_session)
    conditions = await repository.conditions(db_session)
    newest = await repository.newest_revisions(db_session)
    streams: dict[str, Any] = {}
    for stream in await event_log.streams(db_session):
        streams.setdefault(stream.machine_id, stream)
    faults: dict[str, int] = {}
    for fault in await repository.faults(db_session):
        faults[fault.machine_id] = faults.get(fault.machine_id, 0) + 1
    views = []
    for row in await repository.machines(db_session):
        parts = (links.get(row.id), conditions.get(row.id), streams.get(row.id))
        views.append(_machine_view(row, parts, newest.get(row.id, 0), faults.get(row.id, 0)))
    return views


async def names(db_session: AsyncSession) -> dict[str, str]:
    """Machine id to its name, by id, of every machine; a read of one small table."""
    return {row.id: row.name for row in await repository.machines(db_session)}


async def machine(db_session: AsyncSession, machine_id: str) -> MachineView:
    """One machine and how it is now.

    Raises:
        NoSuchMachineError: nobody registered it.
    """
    for view in await machines(db_session):
        if view.id == machine_id:
            return view
    raise NoSuchMachineError(machine_id)


def _machine_view(row: Machine, parts: tuple[Any, Any, Any], newest: int, faults: int) -> MachineView:
    link, condition, stream = parts
    seen = [part for part in (link and link.changed_at_ms, stream and stream.received_at_ms) if part]
    return MachineView(
        id=row.id,
        name=row.name,
        place=row.place,
        timezone=row.timezone,
        is_online=bool(link and link.is_online),
        is_door_open=bool(condition and condition.is_door_open),
        boot=link.boot if link else 0,
        last_seq=max(link.last_seq if link else 0, stream.stored_max if stream else 0),
        last_seen_ms=max(seen, default=0),
        software=link.software if link else "",
        planogram_rev=newest,
        applied_planogram_rev=condition.applied_planogram if condition else 0,
        refused_planogram_rev=condition.refused_planogram if condition else 0,
        refused_planogram_why=condition.refused_why if condition else "",
        faults=faults,
    )


async def connections(db_session: AsyncSession) -> dict[str, Connection]:
    """Machine id to its present connection, for those that are online."""
    rows = await repository.links(db_session)
    return {name: Connection(row.conn, row.changed_at_ms, row.epoch) for name, row in rows.items() if row.is_online}


async def last_event_times(db_session: AsyncSession) -> dict[str, int]:
    """Machine id to the corrected time of its newest understood event, ms since 1970 UTC."""
    return {name: row.last_event_at_ms for name, row in (await repository.conditions(db_session)).items()}


async def faults(db_session: AsyncSession, machine_id: str | None = None) -> list[FaultView]:
    """Open faults, oldest first; of one machine or of all."""
    return [FaultView.model_validate(row) for row in await repository.faults(db_session, machine_id)]


async def planogram(db_session: AsyncSession, machine_id: str) -> Planogram | None:
    """The newest published planogram, or None."""
    found = await repository.newest_planograms(db_session, [machine_id])
    return Planogram.model_validate(found[machine_id].doc) if machine_id in found else None


async def applied_planogram(db_session: AsyncSession, machine_id: str) -> Planogram | None:
    """The planogram a machine said it applied, by event or at its birth, whichever is newer; or None."""
    link = (await repository.links(db_session, [machine_id])).get(machine_id)
    condition = (await repository.conditions(db_session, [machine_id])).get(machine_id)
    rev = max(link.applied.get("planogram", 0) if link else 0, condition.applied_planogram if condition else 0)
    row = await repository.planogram(db_session, machine_id, rev)
    return Planogram.model_validate(row.doc) if row else None


async def planograms(db_session: AsyncSession) -> dict[str, Planogram]:
    """Machine id to its newest published planogram."""
    found = await repository.newest_planograms(db_session)
    return {name: Planogram.model_validate(row.doc) for name, row in found.items()}


async def published_at(db_session: AsyncSession) -> dict[str, int]:
    """Machine id to when its newest planogram was published, ms since 1970 UTC."""
    return {name: row.published_at_ms for name, row in (await repository.newest_planograms(db_session)).items()}


async def publish_planogram(
    db_session: AsyncSession, machine_id: str, document: Planogram, *, by: str, now_ms: int
) -> None:
    """Publish the next revision; the intake sends it to the machine.

    Raises:
        NoSuchMachineError: nobody registered the machine.
        StaleRevisionError: `document.rev` is not the newest revision + 1.
    """
    await locks.take(db_session, Lock.FLEET)
    if not await is_registered(db_session, machine_id):
        raise NoSuchMachineError(machine_id)
    newest = (await repository.newest_revisions(db_session)).get(machine_id, 0)
    if document.rev != newest + 1:
        raise StaleRevisionError(machine_id, document.rev, newest)
    row = PlanogramRevision(
        machine_id=machine_id, rev=document.rev, doc=document.to_dict(), published_at_ms=now_ms, published_by=by
    )
    repository.add_planogram(db_session, row)
    await db_session.flush()


class DocumentView(BaseModel):
    """A settings document of a machine, and what the machine made of it."""

    model_config = ConfigDict(from_attributes=True)

    machine_id: str
    name: str
    rev: int
    doc: dict[str, Any]
    published_at_ms: int
    published_by: str
    answered_rev: int
    """Newest revision the machine applied or refused; 0 for none."""
    is_applied: bool
    why: str
    """Why it refused that one."""
    answered_at_ms: int


async def documents(db_session: AsyncSession, machine_ids: Collection[str]) -> dict[tuple[str, str], DocumentView]:
    """(machine, name) to the newest document; planograms have a history of their own."""
    rows = await repository.documents(db_session, machine_ids)
    return {(row.machine_id, row.name): DocumentView.model_validate(row) for row in rows}


async def publish_document(
    db_session: AsyncSession, machine_id: str, name: str, content: Mapping[str, Any], *, by: str, now_ms: int
) -> int:
    """Publish the next revision of a settings document other than the planogram; the intake sends it.

    Args:
        db_session: a writing session.
        machine_id: for this machine.
        name: one of `protocol.desired.DOCUMENTS`.
        content: the document without its revision.
        by: who wanted it.
        now_ms: ms since 1970 UTC.

    Returns:
        The revision in force: the one before when nothing changes.

    Raises:
        NoSuchMachineError: nobody registered the machine.
        pydantic.ValidationError: a bug: the content is no such document.
    """
    await locks.take(db_session, Lock.FLEET)
    if not await is_registered(db_session, machine_id):
        raise NoSuchMachineError(machine_id)
    row = await repository.document(db_session, machine_id, name)
    rev = row.rev + 1 if row else 1
    document = DOCUMENTS[name].model_validate({"rev": rev, **content}).to_dict()
    if row is None:
        fresh = {"machine_id": machine_id, "name": name, "answered_rev": 0, "is_applied": False, "why": ""}
        row = MachineDocument(**fresh, answered_at_ms=0)
        repository.add_document(db_session, row)
    elif row.doc | {"rev": rev} == document:
        return row.rev
    row.rev, row.doc, row.published_at_ms, row.published_by = rev, document, now_ms, by
    await db_session.flush()
    return rev


async def streams(db_session: AsyncSession, machine_id: str | None = None) -> list[StreamView]:
    """How far each stream is stored and understood."""
    return [StreamView.model_validate(row) for row in await event_log.streams(db_session, machine_id)]


async def quarantined(
    db_session: AsyncSession, limit: int, *, before: tuple[int, int] | None = None, category: str | None = None
) -> list[QuarantineView]:
    """Quarantined messages, last seen first; `before` is (last_at_ms, id) of the last row of the page before."""
    rows = await event_log.quarantined(db_session, limit, before=before, category=category)
    return [QuarantineView.model_validate(row) for row in rows]


async def quarantine_total(db_session: AsyncSession) -> int:
    """How many messages were quarantined, repeats included."""
    return await event_log.quarantine_total(db_session)


async def recent_events(
    db_session: AsyncSession,
    limit: int,
    machine_id: str | None = None,
    *,
    before: tuple[int, int, int] | None = None,
    kind: str | None = None,
) -> list[LoggedEvent]:
    """The newest stored events, as they came.

    Args:
        db_session: open session.
        limit: at most so many.
        machine_id: of one machine only.
        before: (received_at_ms, seq, stream_id) of the last row of the page before.
        kind: of one kind only.
    """
    return await event_log.recent_events(db_session, limit, machine_id, before=before, kind=kind)


async def one_event(db_session: AsyncSession, machine_id: str, epoch: str, seq: int) -> LoggedEvent | None:
    """One stored event by its key, or None."""
    return await event_log.one_event(db_session, machine_id, epoch, seq)


async def events_between(
    db_session: AsyncSession, stream: tuple[str, str], seqs: tuple[int, int], limit: int
) -> list[LoggedEvent]:
    """Stored events of a (machine, epoch) from one number to another, both included, oldest first."""
    return await event_log.events_between(db_session, stream, *seqs, limit)


async def change_token(db_session: AsyncSession) -> tuple[int, ...]:
    """Differs whenever anything the dashboard shows has changed. Cheap enough to ask four times a second."""
    return await repository.change_token(db_session)


def online_count(views: list[MachineView]) -> int:
    """How many are online."""
    return sum(view.is_online for view in views)
