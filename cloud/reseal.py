"""`vend reseal`: after a change of `ENCRYPTION_KEY`, seal anew with the present key what the one before sealed.

May run beside the other processes, and again when it was interrupted; each part is committed by itself.
"""

import asyncio
from collections.abc import Mapping

from cloud.agents.loop import service as agent_runs
from cloud.conversations.opening import open_conversations
from cloud.customers import service as customers
from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.kit.secrecy import Secrecy
from cloud.settings import Settings


async def reseal(settings: Settings, database: Database) -> Mapping[str, int]:
    """Seal anew whatever is not sealed with the present key.

    Returns:
        What was sealed to how much of it.

    Raises:
        CannotOpenError: neither key opens something; what came before it is sealed anew.
    """
    secrecy = Secrecy(*settings.sealing_keys())
    async with database.write() as db_session:
        done = {"customers": await customers.reseal(db_session, secrecy)}
    conversations = open_conversations(settings, database)
    try:
        done["conversations"] = await conversations.reseal()
    finally:
        await conversations.close()
    return done | {"turns of agents": await _turns(database, secrecy)}


async def _turns(database: Database, secrecy: Secrecy) -> int:
    done, after = 0, ("", 0)
    while True:
        async with database.write() as db_session:
            batch = await agent_runs.reseal(db_session, secrecy, after)
        if batch is None:
            return done
        done, after = done + batch.sealed, batch.last


def run(settings: Settings) -> None:
    """The command: says what it did."""

    async def work() -> Mapping[str, int]:
        database = open_database(settings.database_url)
        try:
            await upgrade_database(database)
            return await reseal(settings, database)
        finally:
            await database.close()

    for what, count in asyncio.run(work()).items():
        print(f"{count:>8,} {what}")  # noqa: T201 - a command tells what it did
