"""The process `vend worker`: interprets stored events, publishes planograms whose day has come, runs the agents.

Composition root.

It asks the database for work a few times a second; in one process with the intake it can be woken instead.
"""

import asyncio
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError

from cloud.agents.house import House, open_house
from cloud.assortment import service as assortment
from cloud.conversations.opening import open_conversations
from cloud.conversations.service import Conversations
from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.integrations.web_search.opening import searches_of
from cloud.jobs.kinds import ANOMALIES, agent_kinds, anomalies_kind, retention_kind
from cloud.jobs.rules import SCHEDULES
from cloud.jobs.runner import Runner
from cloud.kit.clock import Clock, system_clock
from cloud.machines.interpreter import Interpreter
from cloud.settings import Settings
from protocol.kit.logs import setup_logging
from protocol.kit.process import run_process, run_together

log = structlog.get_logger()

POLL_S: Final = 0.1
BUSY_S: Final = 0.25
"""Wait after the database was busy."""
DUE_S: Final = 20.0
"""How late a price may be that holds from midnight on."""


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


async def publish_due(database: Database, clock: Clock) -> int:
    """Publish the planograms and prices whose day has come; most of the time there are none, and nothing is locked.

    Returns:
        How many revisions were published.

    Raises:
        sqlalchemy.exc.OperationalError: the database is busy or gone; call again.
    """
    async with database.read() as db_session:
        if not await assortment.is_anything_due(db_session, clock()):
            return 0
    async with database.write() as db_session:
        made = await assortment.publish_due(db_session, clock())
    for row in made:
        log.info("planogram published, its day has come", machine=row.machine_id, rev=row.rev)
    return len(made)


async def keep_publishing(database: Database, clock: Clock = system_clock) -> None:
    """Publish what is due, for ever."""
    while True:
        try:
            await publish_due(database, clock)
        except OperationalError as error:
            log.warning("database busy, publishing later", reason=str(error.orig))
        await asyncio.sleep(DUE_S)


def runner_of(
    settings: Settings, database: Database, house: House, conversations: Conversations, clock: Clock = system_clock
) -> Runner:
    """Who carries tasks out, and makes those that are due."""
    kinds = agent_kinds(house.loop, house.agents, timezone=settings.timezone, clock=clock)
    kinds["retention"] = retention_kind(
        database,
        conversations,
        clock,
        timezone=settings.timezone,
        refused_debt_days=settings.refused_debt_days,
    )
    kinds[ANOMALIES] = anomalies_kind(
        database, timezone=settings.timezone, loss_budget=settings.agent_loss_budget_yen, clock=clock
    )
    schedules = [one for one in SCHEDULES if settings.ai_schedules or one.kind not in house.agents]
    return Runner(database, kinds, timezone=settings.timezone, clock=clock, schedules=schedules)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the worker until `stop` is set."""
    database = open_database(settings.database_url)
    house = open_house(settings, database, searches=searches_of(settings))
    conversations = open_conversations(settings, database)
    try:
        await upgrade_database(database)
        worker = Worker(database, settings.timezone)
        jobs = runner_of(settings, database, house, conversations)
        log.info("worker ready", mind=house.loop.mind.name if house.loop.mind else "rules")
        await run_together(stop, work=worker.work(), planograms=keep_publishing(database), jobs=jobs.work())
    finally:
        await house.close()
        await conversations.close()
        await database.close()


def run(settings: Settings) -> None:
    """The process: logs `worker ready` once, ends cleanly on SIGTERM and SIGINT, loudly when its task dies."""
    setup_logging(settings.secrets(), log_format=settings.log_format, debug=settings.debug)
    run_process("worker", lambda stop: serve(settings, stop))
