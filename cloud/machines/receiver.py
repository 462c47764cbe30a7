"""Take what machines publish: store it, then say so. The heart of `vend intake`, without MQTT.

Order is everything here: raw bytes are committed first and acknowledged afterwards. What an event means is not
this module's business; only its key is read. Source: docs/decisions/0003.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.database import Database
from cloud.db.statements import storable
from cloud.kit.clock import Clock, system_clock
from cloud.machines import event_log, repository
from cloud.machines.event_log import KnownStream, StreamKey, Suspect
from cloud.machines.keys import BadKeyError, EventKey, read_key
from cloud.machines.limits import MAX_BOOT
from cloud.machines.models import MachineDocument
from protocol.desired import DOCUMENTS, Planogram
from protocol.envelope import unpack_frame
from protocol.link import Ack, Hello, State, Want
from protocol.messages import BadMessageError
from protocol.topics import BadTopicError, Channel, Topic, parse_topic

RESEND_WANT_MS: Final = 30_000
"""A document the machine has not reported as applied is sent again after this long."""

PLANOGRAM: Final = "planogram"

topic_of = lru_cache(maxsize=65_536)(parse_topic)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message as the broker delivered it."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message to publish."""

    topic: str
    payload: bytes
    qos: int = 0


class _Arrived(NamedTuple):
    """One event of the batch."""

    key: EventKey
    raw: bytes
    digest: bytes


@dataclass(slots=True)
class _Tally:
    """What the batch did to one stream."""

    duplicates: int = 0
    forks: int = 0


@dataclass(slots=True)
class _Batch:
    """Everything read from the messages of one call."""

    events: list[_Arrived] = field(default_factory=list)
    states: list[tuple[str, State]] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)


class Receiver:
    """Stores batches of messages and answers them. One owner calls it, one batch at a time.

    It remembers what is stored of each stream. Whenever a batch fails that memory is dropped and read again from
    the database, so a failed batch can simply be handed in again.
    """

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock
        self._streams: dict[StreamKey, KnownStream] = {}
        self._told: dict[tuple[str, str], tuple[int, int]] = {}
        """Machine and name of a document to the revision it was told of, and when (0: said at its birth)."""

    async def handle(self, messages: Sequence[Inbound]) -> list[Outbound]:
        """Store a batch in one transaction.

        Args:
            messages: in the order of their arrival.

        Returns:
            What to publish now that everything is committed: acknowledgements, hellos, settings documents.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing of the batch is stored; hand it in again.
        """
        batch = _read(messages)
        try:
            async with self._database.write() as db_session:
                touched = await self._store(db_session, batch)
                wants = await self._store_states(db_session, batch.states)
                await event_log.quarantine(db_session, batch.suspects, self._clock())
        except BaseException:
            self._streams.clear()
            raise
        return self._hellos(batch.states) + wants + self._acks(touched)

    async def connected(self) -> None:
        """The broker was (re)connected: births that are still true will be heard again, others are not known."""
        self._told.clear()
        async with self._database.write() as db_session:
            await repository.all_offline(db_session, self._clock())

    async def new_wants(self) -> list[Outbound]:
        """Settings documents for online machines that do not have them yet."""
        now_ms = self._clock()
        async with self._database.read() as db_session:
            newest = await repository.newest_revisions(db_session)
            online = [name for name, row in (await repository.links(db_session)).items() if row.is_online]
            answered = await _answered(db_session, online)
            due = [
                name
                for name in online
                if newest.get(name, 0) > answered.get(name, 0) and self._is_due((name, PLANOGRAM), newest[name], now_ms)
            ]
            wants = await self._wants(db_session, due) if due else []
            others = [
                row
                for row in await repository.unanswered_documents(db_session)
                if row.machine_id in online and self._is_due((row.machine_id, row.name), row.rev, now_ms)
            ]
            return wants + self._documents(others)

    def _is_due(self, key: tuple[str, str], newest: int, now_ms: int) -> bool:
        rev, at_ms = self._told.get(key, (0, 0))
        is_lost = at_ms > 0 and now_ms - at_ms >= RESEND_WANT_MS
        return newest > rev or is_lost

    # --- events --------------------------------------------------------------------------------

    async def _store(self, db_session: AsyncSession, batch: _Batch) -> dict[StreamKey, _Tally]:
        now_ms = await event_log.next_arrival(db_session, self._clock())
        streams = dict.fromkeys([event.key.stream for event in batch.events])
        wanted = set(streams)
        wanted |= {(machine, state.ep) for machine, state in batch.states if state.online}
        missing = sorted(wanted - self._streams.keys())
        if missing:
            self._streams |= await event_log.open_streams(db_session, missing, now_ms)
        touched = {key: _Tally() for key in streams}
        rows: list[tuple[int, int, str, bytes, bytes, int]] = []
        known: list[_Arrived] = []
        for event in batch.events:
            (name, seq, kind), raw, digest = event
            stream = self._streams[name]
            if stream.position.add(seq):
                rows.append((stream.id, seq, storable(kind), digest, raw, now_ms))
            else:
                known.append(event)
        await event_log.add_events(db_session, rows)
        if known:
            batch.suspects += await self._compare(db_session, known, touched)
        await event_log.advance_streams(db_session, self._advances(touched, now_ms))
        return touched

    async def _compare(
        self, db_session: AsyncSession, events: list[_Arrived], touched: dict[StreamKey, _Tally]
    ) -> list[Suspect]:
        """Tell duplicates from forks: same key, other bytes."""
        keys = {(self._streams[event.key.stream].id, event.key.seq) for event in events}
        stored = await event_log.digests(db_session, keys)
        forks = []
        for event in events:
            known = stored[self._streams[event.key.stream].id, event.key.seq]
            if known == event.digest:
                touched[event.key.stream].duplicates += 1
                continue
            touched[event.key.stream].forks += 1
            why = f"event {event.key.seq} of epoch {event.key.stream[1]} is stored with other content: a copied store?"
            forks.append(
                Suspect("fork", event.key.stream[0], event.digest.hex(), why, event.raw, event.key.seq, known.hex())
            )
        return forks

    def _advances(self, touched: dict[StreamKey, _Tally], now_ms: int) -> list[dict[str, Any]]:
        rows = []
        for key, tally in touched.items():
            stream = self._streams[key]
            position = stream.position
            rows.append(
                {
                    "stream": stream.id,
                    "upto": position.upto,
                    "top": position.top,
                    "at": now_ms,
                    "twice": tally.duplicates,
                    "forked": tally.forks,
                }
            )
        return rows

    def _acks(self, touched: dict[StreamKey, _Tally]) -> list[Outbound]:
        replies = []
        for machine, epoch in touched:
            position = self._streams[machine, epoch].position
            ack = Ack(ep=epoch, upto=position.upto, want=position.holes())
            replies.append(Outbound(str(Topic(machine, Channel.ACK)), ack.to_bytes()))
        return replies

    # --- births, wills, documents ----------------------------------------------------------------

    async def _store_states(self, db_session: AsyncSession, states: list[tuple[str, State]]) -> list[Outbound]:
        born = []
        for machine, state in states:
            if not state.online:
                await repository.save_will(db_session, machine, state.conn, self._clock())
                continue
            await repository.save_birth(db_session, _birth_row(machine, state, self._clock()))
            for name in DOCUMENTS:
                self._told[machine, name] = (state.applied.get(name, 0), 0)
            born.append(machine)
        if not born:
            return []
        newest = await repository.newest_revisions(db_session)
        refused = {name: row.refused_planogram for name, row in (await repository.conditions(db_session, born)).items()}
        has = {name: max(self._told[name, PLANOGRAM][0], refused.get(name, 0)) for name in born}
        wants = await self._wants(db_session, [name for name in born if newest.get(name, 0) > has[name]])
        others = await repository.documents(db_session, born)
        return wants + self._documents([row for row in others if row.rev > self._told[row.machine_id, row.name][0]])

    def _hellos(self, states: list[tuple[str, State]]) -> list[Outbound]:
        replies = []
        for machine, state in states:
            if state.online:
                upto = self._streams[machine, state.ep].position.upto
                hello = Hello(conn=state.conn, ep=state.ep, upto=upto, time_ms=self._clock())
                replies.append(Outbound(str(Topic(machine, Channel.HELLO)), hello.to_bytes()))
        return replies

    async def _wants(self, db_session: AsyncSession, machines: list[str]) -> list[Outbound]:
        replies = []
        for machine, row in (await repository.newest_planograms(db_session, machines)).items():
            document = Planogram.model_validate(row.doc)
            replies.append(self._want(machine, Want(name=PLANOGRAM, rev=row.rev, doc=document.to_dict())))
        return replies

    def _documents(self, rows: Sequence[MachineDocument]) -> list[Outbound]:
        return [self._want(row.machine_id, Want(name=row.name, rev=row.rev, doc=row.doc)) for row in rows]

    def _want(self, machine: str, want: Want) -> Outbound:
        self._told[machine, want.name] = (want.rev, self._clock())
        return Outbound(str(Topic(machine, Channel.WANT)), want.to_bytes(), qos=1)


async def _answered(db_session: AsyncSession, machines: Sequence[str]) -> dict[str, int]:
    """Machine to the newest planogram that it applied or refused."""
    found = await repository.conditions(db_session, machines)
    return {name: max(row.applied_planogram, row.refused_planogram) for name, row in found.items()}


def _read(messages: Sequence[Inbound]) -> _Batch:
    batch = _Batch()
    for message in messages:
        try:
            topic = topic_of(message.topic)
            if topic.channel is Channel.EVENTS:
                _read_frame(batch, topic.machine, message.payload)
            elif topic.channel is Channel.STATE:
                batch.states.append((topic.machine, _state(message.payload)))
            else:
                batch.suspects.append(_malformed(topic.machine, message.payload, f"nothing is expected on {topic}"))
        except BadTopicError as error:
            batch.suspects.append(_malformed(message.topic[:255], message.payload, str(error)))
        except BadMessageError as error:
            batch.suspects.append(_malformed(topic_of(message.topic).machine, message.payload, str(error)))
    return batch


def _state(payload: bytes) -> State:
    state = State.from_bytes(payload)
    if state.boot > MAX_BOOT:
        raise BadMessageError("State", f"boot {state.boot} is more than {MAX_BOOT}", payload)
    return state


def _read_frame(batch: _Batch, machine: str, frame: bytes) -> None:
    for raw in unpack_frame(frame):
        try:
            batch.events.append(_Arrived(read_key(raw, machine), raw, sha256(raw).digest()))
        except BadKeyError as error:
            batch.suspects.append(_malformed(machine, raw, str(error)))


def _malformed(source: str, raw: bytes, why: str) -> Suspect:
    return Suspect("malformed", source, sha256(raw).hexdigest(), why, raw)


def _birth_row(machine: str, state: State, now_ms: int) -> dict[str, Any]:
    return {
        "machine_id": machine,
        "is_online": True,
        "conn": state.conn,
        "epoch": state.ep,
        "boot": state.boot,
        "last_seq": state.last_seq,
        "software": storable(state.software[:120]),
        "applied": state.applied,
        "changed_at_ms": now_ms,
    }
