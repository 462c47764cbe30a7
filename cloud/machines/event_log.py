"""Queries of the event log: streams, stored events, quarantine. Private to this capability, like `repository.py`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db import locks
from cloud.db.locks import Lock
from cloud.db.statements import insert_many, only, slices, storable, upsert
from cloud.machines.models import QuarantinedMessage, StoredEvent, Stream
from cloud.machines.ordering import LoggedEvent
from cloud.machines.stream import Position

StreamKey = tuple[str, str]
"""Machine id and epoch."""

_EVENTS: Any = StoredEvent.__table__
_STREAMS: Any = Stream.__table__
_STRETCH: Final = (
    select(_EVENTS.c.seq, _EVENTS.c.raw, _EVENTS.c.received_at_ms)
    .where(
        _EVENTS.c.stream_id == bindparam("stream"),
        _EVENTS.c.seq > bindparam("after"),
        _EVENTS.c.seq <= bindparam("upto"),
    )
    .order_by(_EVENTS.c.seq)
    .limit(bindparam("most"))
)
"""Of tables, not of classes: what the ORM does per row would be a fifth of reading an event."""


@dataclass(slots=True)
class KnownStream:
    """A stream and what of it is stored."""

    id: int
    position: Position


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something for the quarantine. `known_digest` only for a fork."""

    category: str
    source: str
    fingerprint: str
    why: str
    raw: bytes
    seq: int | None = None
    known_digest: str = ""


async def open_streams(
    db_session: AsyncSession, keys: Sequence[StreamKey], now_ms: int
) -> dict[StreamKey, KnownStream]:
    """Create the streams that do not exist and read what is stored of each."""
    rows = [{"machine_id": machine, "epoch": epoch, "received_at_ms": now_ms} for machine, epoch in keys]
    connection = await db_session.connection()
    await connection.execute(upsert(db_session, _STREAMS).on_conflict_do_nothing(), rows)
    found = {}
    wanted = set(keys)
    for part in slices(sorted({machine for machine, _ in keys})):
        for row in await db_session.scalars(select(Stream).where(Stream.machine_id.in_(part))):
            if (row.machine_id, row.epoch) in wanted:
                ahead = await _beyond(db_session, row) if row.stored_max > row.stored_upto else []
                found[row.machine_id, row.epoch] = KnownStream(row.id, Position(row.stored_upto, ahead))
    return found


async def _beyond(db_session: AsyncSession, row: Stream) -> list[int]:
    query = select(StoredEvent.seq).where(StoredEvent.stream_id == row.id, StoredEvent.seq > row.stored_upto)
    return list(await db_session.scalars(query))


async def digests(db_session: AsyncSession, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Digests of stored events by (stream id, seq)."""
    by_stream: defaultdict[int, list[int]] = defaultdict(list)
    for stream_id, seq in keys:
        by_stream[stream_id].append(seq)
    found = {}
    for stream_id, seqs in by_stream.items():
        for part in slices(seqs):
            query = select(StoredEvent.seq, StoredEvent.digest)
            query = query.where(StoredEvent.stream_id == stream_id, StoredEvent.seq.in_(part))
            found.update({(stream_id, seq): stored for seq, stored in await db_session.execute(query)})
    return found


EVENT_COLUMNS: Final = ("stream_id", "seq", "kind", "digest", "raw", "received_at_ms")


async def add_events(db_session: AsyncSession, rows: Sequence[tuple[int, int, str, bytes, bytes, int]]) -> None:
    """Store new events; a row has the values of `EVENT_COLUMNS`."""
    if rows:
        await insert_many(db_session, _EVENTS, EVENT_COLUMNS, rows)


def _at_least(column: ColumnElement[int], name: str) -> ColumnElement[int]:
    """Never back: another intake may have stored more than the one that writes this remembers."""
    wanted: BindParameter[int] = bindparam(name, type_=column.type)
    return case((column > wanted, column), else_=wanted)


_ADVANCE: Final = (
    update(_STREAMS)
    .where(_STREAMS.c.id == bindparam("stream"))
    .values(
        stored_upto=_at_least(_STREAMS.c.stored_upto, "upto"),
        stored_max=_at_least(_STREAMS.c.stored_max, "top"),
        received_at_ms=bindparam("at"),
        duplicates=_STREAMS.c.duplicates + bindparam("twice"),
        forks=_STREAMS.c.forks + bindparam("forked"),
    )
)


async def advance_streams(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note what is stored now: stream, upto, top, at, twice, forked."""
    if rows:
        # In one order, as the interpreter locks them: two writers then never wait for each other.
        in_order = sorted(rows, key=lambda row: int(row["stream"]))
        await (await db_session.connection()).execute(_ADVANCE, in_order)


async def next_arrival(db_session: AsyncSession, now_ms: int) -> int:
    """When a batch that is stored now arrives: now, but later than all that is stored, whoever stored it."""
    await locks.take(db_session, Lock.ARRIVALS)
    newest = await db_session.scalar(select(func.max(StoredEvent.received_at_ms)))
    return max(now_ms, int(newest or 0) + 1)


async def quarantine(db_session: AsyncSession, suspects: Iterable[Suspect], now_ms: int) -> None:
    """Keep suspects; one that was seen before is counted and its last time is moved."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for suspect in suspects:
        key = (suspect.category, suspect.source, suspect.fingerprint)
        if key in rows:
            rows[key]["times"] += 1
            continue
        rows[key] = {name: getattr(suspect, name) for name in Suspect.__slots__}
        rows[key] |= {"source": storable(suspect.source), "fingerprint": storable(suspect.fingerprint)}
        rows[key] |= {"why": storable(suspect.why), "times": 1, "first_at_ms": now_ms, "last_at_ms": now_ms}
    if not rows:
        return
    statement = upsert(db_session, QuarantinedMessage.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["category", "source", "fingerprint"],
        set_={
            "times": QuarantinedMessage.times + statement.excluded.times,
            "last_at_ms": statement.excluded.last_at_ms,
        },
    )
    await (await db_session.connection()).execute(statement, [rows[key] for key in sorted(rows)])


async def quarantined(
    db_session: AsyncSession, limit: int, *, before: tuple[int, int] | None = None, category: str | None = None
) -> list[QuarantinedMessage]:
    """The quarantine, last seen first; `before` is (last_at_ms, id) of the last row of the page before."""
    query = select(QuarantinedMessage).order_by(QuarantinedMessage.last_at_ms.desc(), QuarantinedMessage.id.desc())
    if before is not None:
        query = query.where(tuple_(QuarantinedMessage.last_at_ms, QuarantinedMessage.id) < before)
    query = only(query, (QuarantinedMessage.category, category))
    return list((await db_session.scalars(query.limit(limit))).all())


async def quarantine_total(db_session: AsyncSession) -> int:
    """How many messages were quarantined, repeats included."""
    return int(await db_session.scalar(select(func.coalesce(func.sum(QuarantinedMessage.times), 0))) or 0)


async def streams(db_session: AsyncSession, machine_id: str | None = None) -> list[Stream]:
    """Every stream, or those of one machine, newest activity first."""
    query = select(Stream).order_by(Stream.received_at_ms.desc(), Stream.id)
    if machine_id:
        query = query.where(Stream.machine_id == machine_id)
    return list((await db_session.scalars(query)).all())


async def is_anything_ready(db_session: AsyncSession) -> bool:
    """Whether any stream has events that are stored without a gap and not interpreted."""
    query = select(Stream.id).where(Stream.interpreted_upto < Stream.stored_upto).limit(1)
    return await db_session.scalar(query) is not None


async def ready_streams(db_session: AsyncSession) -> list[Stream]:
    """Streams with something to interpret."""
    query = select(Stream).where(Stream.interpreted_upto < Stream.stored_upto).order_by(Stream.id)
    return list((await db_session.scalars(query)).all())


async def stretch(db_session: AsyncSession, stream: Stream, limit: int) -> list[LoggedEvent]:
    """The next events of a stream after its cursor, without gaps, at most `limit`."""
    stretch_of = {"stream": stream.id, "after": stream.interpreted_upto, "upto": stream.stored_upto, "most": limit}
    rows = (await db_session.execute(_STRETCH, stretch_of)).all()
    here = (stream.id, stream.machine_id, stream.epoch)
    return [LoggedEvent(*here, seq, raw, at_ms) for seq, raw, at_ms in rows]


async def recent_events(
    db_session: AsyncSession,
    limit: int,
    machine_id: str | None = None,
    *,
    before: tuple[int, int, int] | None = None,
    kind: str | None = None,
) -> list[LoggedEvent]:
    """The newest events, by arrival; `before` is (received_at_ms, seq, stream) of the last row of the page before."""
    order = (StoredEvent.received_at_ms, StoredEvent.seq, StoredEvent.stream_id)
    newest_first = [column.desc() for column in order]
    # Sorted without their bytes: a machine has many events, and only the page's are read.
    keys = select(StoredEvent.stream_id, StoredEvent.seq).order_by(*newest_first).limit(limit)
    if before is not None:
        keys = keys.where(tuple_(*order) < before)
    if kind is not None:
        keys = keys.where(StoredEvent.kind == kind)
    if machine_id:
        keys = keys.join(Stream, Stream.id == StoredEvent.stream_id).where(Stream.machine_id == machine_id)
    chosen = keys.subquery()
    query = (
        select(Stream.id, Stream.machine_id, Stream.epoch, StoredEvent.seq, StoredEvent.raw, StoredEvent.received_at_ms)
        .join(chosen, and_(chosen.c.stream_id == StoredEvent.stream_id, chosen.c.seq == StoredEvent.seq))
        .join(Stream, Stream.id == StoredEvent.stream_id)
        .order_by(*newest_first)
    )
    return [LoggedEvent(*row) for row in await db_session.execute(query)]


async def one_event(db_session: AsyncSession, machine_id: str, epoch: str, seq: int) -> LoggedEvent | None:
    """One stored event by its key, or None."""
    query = (
        select(Stream.id, Stream.machine_id, Stream.epoch, StoredEvent.seq, StoredEvent.raw, StoredEvent.received_at_ms)
        .join(Stream, Stream.id == StoredEvent.stream_id)
        .where(Stream.machine_id == machine_id, Stream.epoch == epoch, StoredEvent.seq == seq)
    )
    row = (await db_session.execute(query)).first()
    return LoggedEvent(*row) if row else None


async def events_between(
    db_session: AsyncSession, key: StreamKey, first: int, last: int, limit: int
) -> list[LoggedEvent]:
    """Stored events of a stream from one number to another, oldest first."""
    query = (
        select(Stream.id, Stream.machine_id, Stream.epoch, StoredEvent.seq, StoredEvent.raw, StoredEvent.received_at_ms)
        .join(Stream, Stream.id == StoredEvent.stream_id)
        .where(Stream.machine_id == key[0], Stream.epoch == key[1], StoredEvent.seq.between(first, last))
        .order_by(StoredEvent.seq)
        .limit(limit)
    )
    return [LoggedEvent(*row) for row in await db_session.execute(query)]
