"""The process `vend worker`: interprets stored events. Composition root.

It asks the database for work a few times a second; in one process with the intake it can be woken instead.
"""

import asyncio
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError

from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.machines.interpreter import Interpreter
from cloud.settings import Settings
from protocol.kit.logs import setup_logging
from protocol.kit.process import run_process, run_together

log = structlog.get_logger()

POLL_S: Final = 0.1
BUSY_S: Final = 0.25
"""Wait after the database was busy."""


class Worker:
    """Runs the interpreter whenever there is work."""

    def __init__(self, database: Database, timezone: str) -> None:
        self._interpreter = Interpreter(database, timezone=timezone)
        self.woken = asyncio.Event()
        """Set it to have new events looked at before the next poll."""

    async def work(self) -> None:
        """Interpret, for ever."""
        while True:
            try:
                done = await self._interpreter.run_once()
            except OperationalError as error:
                log.warning("database busy, trying again", reason=str(error.orig))
                await asyncio.sleep(BUSY_S)
                continue
            if done:
                log.debug("interpreted", events=done)
                await asyncio.sleep(0)
                continue
            await self._idle()

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self.woken.wait()
        except TimeoutError:
            return
        self.woken.clear()


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the worker until `stop` is set."""
    database = open_database(settings.database_url)
    try:
        await upgrade_database(database)
        worker = Worker(database, settings.timezone)
        log.info("worker ready")
        await run_together(stop, work=worker.work())
    finally:
        await database.close()


def run(settings: Settings) -> None:
    """The process: logs `worker ready` once, ends cleanly on SIGTERM and SIGINT, loudly when its task dies."""
    setup_logging(settings.secrets(), log_format=settings.log_format, debug=settings.debug)
    run_process("worker", lambda stop: serve(settings, stop))
