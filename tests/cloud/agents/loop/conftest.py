"""A small agent, rules that can be told what to do, and a desk that writes down what it is asked."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import Field

from cloud.agents.agent import Agent, Occasion
from cloud.agents.decisions.desk import Run
from cloud.agents.loop.loop import Loop
from cloud.agents.loop.rules import Prices, Terms
from cloud.agents.mind import Hears, MindError, Prompt, Reply, Told, Turn
from cloud.agents.tools import Action, Answer, AnyTool, Arguments, Call, Tool
from cloud.db.database import Database
from cloud.integrations.claude.mind import ClaudeMind, ClaudeOptions
from cloud.kit.secrecy import Secrecy
from tools.fake_claude.server import FakeClaude
from tools.fake_claude.steps import Script


class PriceArguments(Arguments):
    product_id: str
    price: int = Field(ge=1)


async def nothing(*_: Any) -> Any:
    raise AssertionError("only a desk carries tools out")


TOOLS: tuple[AnyTool, ...] = (
    Tool("look", Action.CHECK_INVENTORY, "Shows the stock.", Arguments, nothing, nothing),
    Tool("set_price", Action.CHANGE_PRICE, "Sets a price.", PriceArguments, nothing, nothing),
    Tool("search", Action.COMPARE_OFFERS, "Asks the web.", Arguments, nothing, nothing, reads_strangers=True),
)


@dataclass
class NotingDesk:
    """Answers every call as it is told; the outcome of a tool nobody named is `done`."""

    outcomes: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str, bool]] = field(default_factory=list)
    """Tool, call id, whether strangers' text was read before."""
    dry: list[str] = field(default_factory=list)
    runs: set[str] = field(default_factory=set)

    async def carry_out(self, run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool) -> Answer:
        if run.is_dry:
            self.dry.append(call.name)
            return Answer(call.id, {"outcome": "done", "is_dry": True}, decision_id=f"dry-{call.id}")
        self.seen.append((call.name, call.id, outside_seen))
        self.runs.add(run.run_id)
        is_known = call.name in {tool.name for tool in tools}
        outcome = self.outcomes.get(call.name, "done" if is_known else "refused")
        is_error = outcome in {"denied", "refused", "failed"}
        return Answer(call.id, {"outcome": outcome}, is_error=is_error, decision_id=f"d{len(self.seen)}")


@dataclass
class SimpleRules:
    """Makes its calls in the first reply, then ends; or fails."""

    calls: tuple[Call, ...] = ()
    error: Exception | None = None
    asked: int = 0

    @property
    def name(self) -> str:
        return "rules"

    async def reply(self, prompt: Prompt, turns: Sequence[Turn], hears: Hears | None = None) -> Reply:
        self.asked += 1
        if self.error is not None:
            raise self.error
        last = turns[-1]
        if isinstance(last, Told) and last.answers:
            return Reply("規則どおりに済ませました。")
        if not self.calls:
            return Reply("規則では何もしません。")
        return Reply("", self.calls, "tools")


@dataclass
class Bench:
    """Everything a test of the loop looks at."""

    database: Database
    clock: Any
    desk: NotingDesk
    rules: SimpleRules
    secrecy: Secrecy = field(default_factory=lambda: Secrecy("k" * 40))
    terms: Terms = field(default_factory=lambda: Terms(prices=Prices(16, 78, 20, 2), patience_s=5.0))

    @property
    def agent(self) -> Agent:
        async def situation(_: Any, occasion: Occasion) -> dict[str, Any]:
            return {"now_ms": occasion.now_ms, "done": [name for name, _, _ in self.desk.seen]}

        return Agent("vending", Prompt("You set prices.", TOOLS), situation, self.rules, max_replies=6)

    def occasion(self, **changes: Any) -> Occasion:
        given: dict[str, Any] = {"channel": "schedule", "now_ms": self.clock(), "timezone": "Asia/Tokyo"}
        return Occasion(**given | changes)

    def loop(self, mind: Any = None) -> Loop:
        return Loop(
            self.database,
            self.desk,
            self.secrecy,
            self.terms,
            timezone="Asia/Tokyo",
            mind=mind,
            clock=self.clock,
        )

    @asynccontextmanager
    async def model(self, script: Script, **changes: Any) -> AsyncIterator[tuple[Loop, FakeClaude]]:
        """A loop whose mind is the real adapter, before a fake model on loopback."""
        async with FakeClaude(script) as fake:
            given: dict[str, Any] = {"api_key": "test", "model": "claude-test", "base_url": fake.url, "max_retries": 0}
            mind = ClaudeMind(ClaudeOptions(**given | changes))
            try:
                yield self.loop(mind), fake
            finally:
                await mind.close()


@pytest.fixture
def bench(database: Database, clock: Any) -> Bench:
    return Bench(database, clock, NotingDesk(), SimpleRules())


@pytest.fixture
def rules_error() -> Callable[[str], Exception]:
    return lambda why: MindError(why, "as the test says")
