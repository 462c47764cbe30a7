"""What agents cost: decisions per second with a fake model over real HTTP, and tokens and yen per day of each agent.

The agents, the guard, the desk and the transcript are the real ones on a SQLite file with the demo's data; only the
model is not. It is curious: it uses each tool that needs no arguments once, then ends. Its words are few, so output
tokens are a lower bound; input tokens are what our own prompts, tools, situations and answers come to.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from cloud.agents.agent import Agent, Occasion
from cloud.agents.house import House, open_house
from cloud.agents.loop.loop import Finished
from cloud.agents.loop.rules import MICRO, tokens_of
from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from cloud.kit.clock import system_clock
from cloud.seed import seed_demo
from cloud.settings import load_settings
from tools.bench.figures import Figure, median
from tools.fake_claude.behaviours import BEHAVIOURS
from tools.fake_claude.server import FakeClaude

MACHINE: Final = "vm-bench-0001"
RUNS_PER_DAY: Final[Mapping[str, int]] = {"vending": 24, "procurement": 1, "analytics": 1, "customer": 100}
"""By the schedules; customers as a lively machine has them."""


def measure(*, quick: bool) -> list[Figure]:
    """Run every agent with the fake model."""
    return asyncio.run(_measure(3 if quick else 10))


async def _measure(runs: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="vend-bench-") as folder:
        async with FakeClaude(BEHAVIOURS["curious"]) as fake:
            settings = load_settings(
                _env_file=None,
                database_url=f"sqlite+aiosqlite:///{Path(folder)}/cloud.db",
                mqtt_password="p" * 20,
                jwt_secret_key="j" * 40,
                encryption_key="e" * 40,
                anthropic_api_key="bench-key",
                anthropic_base_url=fake.url,
                ai_daily_tokens=10**9,
                ai_daily_yen=10**6,
            )
            database = open_database(settings.database_url)
            await upgrade_database(database)
            async with database.write() as db_session:
                await seed_demo(db_session, MACHINE, "s" * 32)
            house = open_house(settings, database)
            try:
                return [figure for agent in house.agents.values() for figure in await _agent(house, agent, runs)]
            finally:
                await house.close()
                await database.close()


async def _agent(house: House, agent: Agent, runs: int) -> list[Figure]:
    speeds, tokens, yen = [], [], []
    for _ in range(runs):
        began = time.perf_counter()
        finished = await _run(house, agent)
        elapsed_s = time.perf_counter() - began
        decisions = len(finished.decisions)
        if decisions:
            speeds.append(decisions / elapsed_s)
        a_day = RUNS_PER_DAY[agent.name]
        tokens.append(float(tokens_of(finished.usage) * a_day))
        yen.append(house.loop.terms.prices.microyen(finished.usage) * a_day / MICRO)
    name = f"{agent.name} ({RUNS_PER_DAY[agent.name]} runs a day)"
    found = [
        median(f"tokens per day, {name}", tokens, "tokens", f"< {house.loop.terms.daily_tokens:,}"),
        median(f"cost per day, {name}", yen, "yen", "—"),
    ]
    return [median(f"decisions per second, {agent.name}", speeds, "/s", "—"), *found] if speeds else found


async def _run(house: House, agent: Agent) -> Finished:
    is_chat = agent.name == "customer"
    occasion = Occasion(
        channel="customer" if is_chat else "schedule",
        now_ms=system_clock(),
        timezone="Asia/Tokyo",
        machine_id=MACHINE if is_chat else "",
    )
    # What is measured is the work, not the patience of a customer on a slow computer.
    house.loop.terms = replace(house.loop.terms, decision_time_s=60.0)
    more: dict[str, Any] = {"words": "冷たいお茶はありますか"} if is_chat else {}
    return await house.loop.run(agent, occasion, **more)
