"""Tools that do what the tests say, and a desk for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from cloud.agents.decisions.desk import Desk, Run
from cloud.agents.guard import facts
from cloud.agents.guard.facts import Facts
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import Action, AnyTool, Arguments, Deps, Tool
from cloud.db.database import Database


class Wish(Arguments):
    amount: int = 0
    text: str = ""


@dataclass
class Bench:
    """Tools whose facts and acts a test sets; it remembers what was done."""

    found: Facts = field(default_factory=lambda: facts.StoreCredit("c1", 100, has_evidence=True))
    act: Callable[[Deps, Wish], Any] = lambda _, __: {"ok": True}
    done: list[Wish] = field(default_factory=list)

    def tool(self, name: str = "give_credit", action: Action = Action.GIVE_CREDIT, **more: Any) -> AnyTool:
        async def facts_of(_: Deps, wish: Wish) -> Facts:
            if isinstance(self.found, facts.StoreCredit) and wish.amount:
                return facts.StoreCredit("c1", wish.amount, has_evidence=True)
            return self.found

        async def act(deps: Deps, wish: Wish) -> dict[str, Any]:
            found = self.act(deps, wish)
            result = await found if hasattr(found, "__await__") else found
            self.done.append(wish)
            return dict(result)

        return Tool(name, action, "for tests", Wish, facts_of, act, **more)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def run() -> Run:
    return Run("run-1", "customer", "customer", customer_id="c1", model="rules")


@pytest.fixture
def desk(database: Database, clock: Any) -> Desk:
    return Desk(database, Limits(loss_budget_minor=300, decision_time_s=60), "Asia/Tokyo", clock)
