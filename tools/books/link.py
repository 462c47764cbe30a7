"""The way from a machine to its books, with everything that can happen on it; the books must not notice."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.database import Database
from cloud.machines.interpreter import EVENTS_PER_BATCH, Interpreter
from cloud.machines.receiver import Inbound, Receiver
from protocol.topics import Channel, Topic
from tools.books.machine import Teller


class PowerCut(BaseException):
    """The process is gone; no error of the program, and nothing in it may catch this."""


class CutBeforeCommit(Database):
    """Power goes when everything of a transaction is written and nothing is committed."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner.engine)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """As the real one, up to the commit."""
        async with super().write() as db_session:
            yield db_session
            raise PowerCut


def _sent(teller: Teller, events: Sequence[bytes], way: str, per_frame: int) -> list[bytes]:
    """The frames as they arrive."""
    frames = teller.frames(events, per_frame)
    match way:
        case "backwards":
            return frames[::-1]
        case "twice":
            return [*frames, *teller.frames(teller.events[: teller.events.index(events[-1]) + 1], 7)]
        case "forked":
            return [*frames, *teller.frames([events[0].replace(b'"mono":', b'"mono": ')], 1)]
    return frames


class Link:
    """Hears machines and books what they said."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._receiver = Receiver(database, clock)

    async def deliver(self, teller: Teller, first: int, upto: int, way: str, per_frame: int) -> None:
        """Bring the events from `first` to `upto` (both by index, the last excluded), then book them."""
        events = teller.events[first:upto]
        if not events:
            return
        if way == "gap":
            await self._hear(teller, teller.frames(events[1:], per_frame))
            await self.book()
        for frame in _sent(teller, events, way, per_frame):
            if way == "restart":
                self._receiver = Receiver(self._database, self._clock)
            elif way == "crash":
                await self._cut(self._hear_with(Receiver(CutBeforeCommit(self._database), self._clock), teller, frame))
            await self._hear(teller, [frame])
        if way == "crash":
            await self._cut(self.book(CutBeforeCommit(self._database)))
        await self.book(batch=1 if way == "singly" else EVENTS_PER_BATCH)

    async def book(self, database: Database | None = None, batch: int = EVENTS_PER_BATCH) -> None:
        """Interpret until nothing is left."""
        interpreter = Interpreter(database or self._database, clock=self._clock, events_per_batch=batch)
        while await interpreter.run_once():
            pass

    async def _hear(self, teller: Teller, frames: list[bytes]) -> None:
        for frame in frames:
            await self._hear_with(self._receiver, teller, frame)

    async def _hear_with(self, receiver: Receiver, teller: Teller, frame: bytes) -> None:
        await receiver.handle([Inbound(str(Topic(teller.machine, Channel.EVENTS)), frame)])

    async def _cut(self, work: Awaitable[None]) -> None:
        with suppress(PowerCut):
            await work
