"""Turn stored events into their effects, each once and in order: sales, stock, books, the machine's present state.

One database transaction per batch holds every effect and the cursors, so a crash leaves all or nothing. Events behind
a gap wait. What cannot be understood is quarantined with the reason and the cursor moves on: nothing blocks a line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.database import Database
from cloud.db.locks import Lock
from cloud.kit.clock import Clock, system_clock
from cloud.kit.collector import collector_held
from cloud.machines import event_log, repository
from cloud.machines.effects import Effects
from cloud.machines.event_log import Suspect
from cloud.machines.models import Stream
from cloud.machines.ordering import Ready, merged, readied
from cloud.machines.reading import Trouble, Understood, read_event
from cloud.machines.wall_time import ClockSync
from protocol.envelope import digest

log = structlog.get_logger()

EVENTS_PER_BATCH: Final = 12_000
"""One transaction holds at most so many; other writers wait meanwhile, two thirds of a CPU second."""

LEAST_SHARE: Final = 50
"""Events read per stream even when very many streams have something ready."""


@dataclass(slots=True)
class _Cursor:
    """How far a stream is interpreted: moved in memory event by event, written once per batch."""

    stream: Stream
    upto: int
    arrival_ms: int
    digest: str
    sync: ClockSync

    @classmethod
    def of(cls, row: Stream) -> Self:
        """Where the last batch left it."""
        sync = ClockSync(row.clock_boot, row.clock_wall_ms, row.clock_mono_ms)
        return cls(row, row.interpreted_upto, row.interpreted_arrival_ms, row.interpreted_digest, sync)

    def advance(self, item: Ready) -> None:
        """Go past an event."""
        self.upto = item.event.seq
        self.arrival_ms = item.ready_ms
        self.digest = digest(item.event.raw)

    def save(self) -> None:
        """Put it into the row; the session writes it."""
        row = self.stream
        row.interpreted_upto, row.interpreted_arrival_ms, row.interpreted_digest = (
            self.upto,
            self.arrival_ms,
            self.digest,
        )
        row.clock_boot, row.clock_wall_ms, row.clock_mono_ms = self.sync


class Interpreter:
    """Works through the event log. One task of a process calls it; several processes take turns."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock = system_clock,
        timezone: str = "Asia/Tokyo",
        events_per_batch: int = EVENTS_PER_BATCH,
    ) -> None:
        self._database = database
        self._clock = clock
        self._timezone = timezone
        self._events_per_batch = events_per_batch
        self._one_by_one = 0

    async def run_once(self) -> int:
        """Interpret one batch.

        Returns:
            How many events were worked through; 0 when nothing is ready.

        Raises:
            sqlalchemy.exc.OperationalError: the database is busy or gone; nothing was changed, call again.
        """
        async with self._database.read() as db_session:
            if not await event_log.is_anything_ready(db_session):
                return 0
        size = 1 if self._one_by_one else self._events_per_batch
        try:
            done = await self._step(size)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one event does must not stop the others
            if size == 1:
                self._one_by_one -= 1
                return await self._give_up(error)
            # One event of this batch breaks it. Find it by taking them singly, then go on in batches.
            log.warning("batch failed, taking its events one by one", reason=repr(error))
            self._one_by_one = size
            return await self.run_once()
        self._one_by_one = max(self._one_by_one - 1, 0)
        return done

    async def _step(self, size: int) -> int:
        with collector_held():
            return await self._batch(size)

    async def _batch(self, size: int) -> int:
        async with self._database.write() as db_session:
            await locks.take(db_session, Lock.BOOKS)
            cursors = {row.id: _Cursor.of(row) for row in await event_log.ready_streams(db_session)}
            ready = await _next(db_session, cursors.values(), size)
            effects = await self._understand(db_session, cursors, ready)
            for cursor in cursors.values():
                cursor.save()
            await effects.apply(db_session, self._clock())
            return len(ready)

    async def _understand(self, db_session: AsyncSession, cursors: dict[int, _Cursor], ready: list[Ready]) -> Effects:
        names = {item.event.machine_id for item in ready}
        effects = Effects(
            catalogue=await catalogue.load(db_session),
            timezones=await repository.timezones(db_session),
            default_timezone=self._timezone,
            conditions=await repository.conditions(db_session, names),
        )
        for item in ready:
            self._take(effects, cursors[item.event.stream_id], item)
        return effects

    def _take(self, effects: Effects, cursor: _Cursor, item: Ready) -> None:
        found = read_event(item.event, cursor.sync)
        if isinstance(found, Trouble):
            effects.suspect(found.category, item.event, found.why, found.fingerprint)
        if found.before is not None and cursor.digest not in ("", found.before):
            why = "names another event as the one before it than the one stored: its history was changed"
            effects.suspect("broken_chain", item.event, why)
        if isinstance(found, Understood):
            cursor.sync = found.sync
            effects.take(found)
        cursor.advance(item)

    async def _give_up(self, error: Exception) -> int:
        """Quarantine the next event as it is and go past it."""
        async with self._database.write() as db_session:
            await locks.take(db_session, Lock.BOOKS)
            cursors = {row.id: _Cursor.of(row) for row in await event_log.ready_streams(db_session)}
            ready = await _next(db_session, cursors.values(), 1)
            for item in ready:
                log.error(
                    "event could not be interpreted",
                    machine=item.event.machine_id,
                    seq=item.event.seq,
                    reason=repr(error),
                )
                suspect = Suspect(
                    "failed", item.event.machine_id, digest(item.event.raw), repr(error), item.event.raw, item.event.seq
                )
                await event_log.quarantine(db_session, [suspect], self._clock())
                cursors[item.event.stream_id].advance(item)
                cursors[item.event.stream_id].save()
            return len(ready)


async def _next(db_session: AsyncSession, cursors: Iterable[_Cursor], size: int) -> list[Ready]:
    rows = [cursor.stream for cursor in cursors]
    share = max(size // max(len(rows), 1), min(size, LEAST_SHARE))
    stretches = []
    for stream in rows:
        events = await event_log.stretch(db_session, stream, share)
        goes_on = bool(events) and events[-1].seq < stream.stored_upto
        stretches.append((readied(events, stream.interpreted_arrival_ms), goes_on))
    return merged(stretches)[:size]
