"""Push the live figures to open pages when something changed, and at least every 30 s.

Changes are noticed by asking the database for a small token, and only while somebody listens. A listener that is
slower than the changes gets the newest figures, not all of them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError

from cloud.dashboard.metrics import Metrics
from cloud.db.database import Database
from cloud.machines import service as machines
from cloud.staff_tasks import service as staff_tasks

log = structlog.get_logger()

LOOK_S: Final = 0.25
AT_LEAST_S: Final = 30.0


class Live:
    """One per application. `watch` is its background task; each open page holds one queue."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._listeners: set[asyncio.Queue[str]] = set()
        self._somebody = asyncio.Event()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Queue[str]]:
        """A queue that always holds the newest figures (JSON), first those of now."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=1)
        queue.put_nowait(await self._figures())
        self._listeners.add(queue)
        self._somebody.set()
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
            if not self._listeners:
                self._somebody.clear()

    async def watch(self) -> None:
        """Look for changes while somebody listens, for ever."""
        loop = asyncio.get_running_loop()
        known: tuple[int, ...] | None = None
        sent_at = loop.time()
        while True:
            await self._somebody.wait()
            try:
                token = await self._token()
                if token != known or loop.time() - sent_at >= AT_LEAST_S:
                    self._send(await self._figures())
                    known, sent_at = token, loop.time()
            except OperationalError as error:
                log.warning("database busy, live figures late", reason=str(error.orig))
            await asyncio.sleep(LOOK_S)

    def _send(self, figures: str) -> None:
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(figures)

    async def _token(self) -> tuple[int, ...]:
        async with self._database.read() as db_session:
            return await machines.change_token(db_session) + await staff_tasks.change_token(db_session)

    async def _figures(self) -> str:
        async with self._database.read() as db_session:
            return (await self._metrics.now(db_session)).model_dump_json()
