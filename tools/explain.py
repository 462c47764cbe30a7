"""`vend explain`: why an agent did something, and whether the log of decisions is whole."""

import asyncio
import sys

from cloud.agents.decisions import explain, service
from cloud.agents.decisions.explain import NoSuchDecisionError
from cloud.db.database import Database, open_database
from cloud.kit.clock import local, system_clock
from cloud.settings import Settings, load_settings

NEWEST = 20
"""Decisions listed when none is named."""


def run(number: int | None, *, is_verifying: bool = False) -> int:
    """Explain a decision, list the newest, or check the chain.

    Returns:
        0, or 1 when there is no such decision or the chain is broken.
    """
    return asyncio.run(_run(load_settings(), number, is_verifying=is_verifying))


async def _run(settings: Settings, number: int | None, *, is_verifying: bool) -> int:
    database = open_database(settings.database_url)
    try:
        if is_verifying:
            return await _verify(database)
        return await (_list(database, settings) if number is None else _explain(database, settings, number))
    finally:
        await database.close()


async def _verify(database: Database) -> int:
    async with database.read() as db_session:
        count, findings = await service.verify(db_session)
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"{count:,} decisions, the chain is {'broken' if findings else 'whole'}")
    return 1 if findings else 0


async def _list(database: Database, settings: Settings) -> int:
    async with database.read() as db_session:
        rows = await explain.listing(db_session, limit=NEWEST)
    for row in rows:
        at = local(row.at_ms, settings.timezone).strftime("%Y-%m-%d %H:%M:%S")
        print(f"{row.number:>6}  {at}  {row.agent:<12}{row.tool:<24}{row.outcome:<10}{row.why[:80]}")
    if not rows:
        print("no agent has decided anything yet")
    return 0


async def _explain(database: Database, settings: Settings, number: int) -> int:
    try:
        async with database.read() as db_session:
            found = await explain.explained(db_session, number, system_clock())
    except NoSuchDecisionError as error:
        print(error, file=sys.stderr)
        return 1
    at = local(found.decision.at_ms, settings.timezone).strftime("%Y-%m-%d %H:%M:%S")
    print("\n".join(explain.lines(found, at)))
    return 0
