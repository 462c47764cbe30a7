"""What agents cost: decisions per second of one core (fake model, real HTTP), tokens and yen per day of each agent.

The agents, the guard, the desk and the transcript are the real ones on a SQLite file with the demo's data; only the
model is not. It is curious: it uses each tool that needs no arguments once, then ends. Its words are few, so output
tokens are a lower bound; input tokens are what our own prompts, tools, situations and answers come to, at four
characters each (Japanese has more tokens than that).
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from cloud.agents.agent import Agent, Occasion
from cloud.agents.house import House, open_house
from cloud.agents.loop.loop import Finished
from cloud.agents.loop.rules import MICRO, tokens_of
from cloud.conversations.opening import open_conversations
from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from cloud.kit.clock import system_clock
from cloud.machines import stock
from cloud.seed import seed_demo
from cloud.settings import load_settings
from tools.bench.figures import Figure, median
from tools.fake_claude.behaviours import BEHAVIOURS
from tools.fake_claude.server import FakeClaude
from tools.fake_claude.steps import Say, Use

MACHINE: Final = "vm-bench-0001"
RUNS_PER_DAY: Final[Mapping[str, int]] = {"vending": 24, "procurement": 1, "analytics": 1, "customer": 100}
"""By the schedules; customers as a lively machine has them."""
REPLIES: Final = 8
CALLS: Final = 8
"""In one reply."""


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
                log_ai_decisions=False,
                anthropic_base_url=fake.url,
                ai_daily_tokens=10**9,
                ai_daily_yen=10**6,
            )
            database = open_database(settings.database_url)
            await upgrade_database(database)
            async with database.write() as db_session:
                await seed_demo(db_session, MACHINE, "s" * 32)
            conversations = open_conversations(settings, database)
            house = open_house(settings, database, conversations=conversations)
            try:
                async with database.read() as db_session:
                    levels = await stock.slot_levels(db_session)
                prices = [(row.slot.product_id, row.slot.price_minor) for row in levels]
                busy = await _busy(house, fake, prices, runs)
                fake.play(BEHAVIOURS["curious"])
                return [busy] + [
                    figure for agent in house.agents.values() for figure in await _agent(house, agent, runs)
                ]
            finally:
                await house.close()
                await conversations.close()
                await database.close()


async def _busy(house: House, fake: FakeClaude, prices: list[tuple[str, int]], runs: int) -> Figure:
    """A run of prices that are each judged with their facts, changed or refused, booked and chained."""
    speeds = []
    for run in range(runs):
        steps = [Say(calls=tuple(_prices(prices, run, reply))) for reply in range(REPLIES)]
        fake.play([*steps, Say("終わりました。")])
        began = time.process_time()
        finished = await _run(house, house.agents["vending"])
        speeds.append(len(finished.decisions) / (time.process_time() - began))
    return median("decisions per second of one core, prices one after the other", speeds, "/s", "—")


def _prices(prices: list[tuple[str, int]], run: int, reply: int) -> Iterator[Use]:
    for index in range(CALLS):
        product, price = prices[(reply * CALLS + index) % len(prices)]
        arguments = {
            "machine_id": MACHINE,
            "product_id": product,
            "price": price + 10 * (1 + (reply + run) % 2),
            "reason": f"計測 {run}/{reply}/{index}",
        }
        yield Use("set_price", arguments)


async def _agent(house: House, agent: Agent, runs: int) -> list[Figure]:
    speeds, tokens, yen = [], [], []
    for _ in range(runs):
        began = time.process_time()
        finished = await _run(house, agent)
        elapsed_s = time.process_time() - began
        decisions = len(finished.decisions)
        if decisions:
            speeds.append(decisions / elapsed_s)
        a_day = RUNS_PER_DAY[agent.name]
        tokens.append(float(tokens_of(finished.usage) * a_day))
        yen.append(house.loop.terms.prices.microyen(finished.usage) * a_day / MICRO)
    name = f"{agent.name} ({RUNS_PER_DAY[agent.name]} runs a day)"
    found = [
        median(f"tokens per day, {name}", tokens, "tokens", "< 10,000,000"),
        median(f"cost per day, {name}", yen, "yen", "—"),
    ]
    return [median(f"decisions per second of one core, {agent.name}", speeds, "/s", "—"), *found] if speeds else found


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
