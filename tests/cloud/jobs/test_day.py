"""A whole day by the clock with a model that does nothing of use: the rules do every hour's work."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.agent import Agent, Occasion
from cloud.agents.decisions.desk import Run
from cloud.agents.loop import service as agent_runs
from cloud.agents.loop.loop import Loop
from cloud.agents.loop.rules import Terms
from cloud.agents.mind import Hears, Prompt, Reply, Told, Turn
from cloud.agents.tools import Action, Answer, AnyTool, Arguments, Call, Tool
from cloud.db.database import Database
from cloud.integrations.claude.mind import ClaudeMind, ClaudeOptions
from cloud.jobs import service
from cloud.jobs.kinds import agent_kinds
from cloud.jobs.runner import Runner
from cloud.kit.secrecy import Secrecy
from tools.fake_claude.behaviours import BEHAVIOURS
from tools.fake_claude.server import FakeClaude

HOUR_MS = 3_600_000

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def nothing(*_: Any) -> Any:
    raise AssertionError


TOOLS: tuple[AnyTool, ...] = (
    Tool("check_stock", Action.CHECK_INVENTORY, "Shows the stock.", Arguments, nothing, nothing),
    Tool("request_restock", Action.REQUEST_RESTOCK, "Asks for goods.", Arguments, nothing, nothing),
)


class Shop:
    """A shelf that loses one unit an hour, a desk that fills it, and rules that ask for it."""

    name = "rules"

    def __init__(self) -> None:
        self.units = 10
        self.filled = 0

    async def situation(self, _: AsyncSession, __: Occasion) -> dict[str, Any]:
        return {"units": self.units}

    async def carry_out(self, run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool) -> Answer:
        if call.name == "request_restock":
            self.units, self.filled = 10, self.filled + 1
        return Answer(call.id, {"outcome": "done"})

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        last = turns[-1]
        assert isinstance(last, Told)
        is_low = last.situation.get("units", 10) < 7
        return Reply("", (Call("r", "request_restock", {}),), "tools") if is_low else Reply("足りています。")


@pytest.mark.parametrize("behaviour", ["down", "refusing", "rambling", "silent", "overloaded"])
async def test_day_when_the_model_is_of_no_use_then_every_hours_work_is_done_by_the_rules(
    database: Database, clock: Any, behaviour: str
) -> None:
    shop = Shop()
    agent = Agent("vending", Prompt("…", TOOLS), shop.situation, shop)
    async with FakeClaude(BEHAVIOURS[behaviour]) as fake:
        mind = ClaudeMind(ClaudeOptions("test", "claude-test", fake.url, max_retries=0, total_s=0.05))
        terms = Terms(patience_s=2.0)
        loop = Loop(database, shop, Secrecy("k" * 40), terms, timezone="Asia/Tokyo", mind=mind, clock=clock)
        kinds = agent_kinds(loop, {"vending": agent}, timezone="Asia/Tokyo", clock=clock)
        runner = Runner(database, kinds, timezone="Asia/Tokyo", clock=clock)
        await runner.plan()
        for _ in range(24):
            clock.now_ms += HOUR_MS
            shop.units -= 1
            await runner.plan()
            assert await runner.run_next()
        await mind.close()
    async with database.read() as db_session:
        tasks = await service.tasks(db_session, limit=99)
        runs = await agent_runs.runs(db_session, limit=99)
    assert [task.status for task in tasks] == ["done"] * 24
    assert all(task.result and task.result["mind"] == "rules" and task.result["fell_back"] for task in tasks)
    assert shop.filled == 6
    assert [row.outcome for row in runs].count("fell_back") == 24
