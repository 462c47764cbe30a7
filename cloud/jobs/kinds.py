"""What each kind of task does. A kind is given its task and tells its steps; it never touches the queue."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cloud.agents.agent import Agent, Occasion
from cloud.agents.guard.facts import Channel
from cloud.agents.loop import service as agent_runs
from cloud.agents.loop.loop import Finished, Loop, Steps
from cloud.agents.tools import AgentName
from cloud.analytics import jobs as detecting
from cloud.conversations.service import Conversations
from cloud.customers import credit
from cloud.db.database import Database
from cloud.kit.clock import Clock, local_day
from cloud.staff_tasks import service as staff_tasks

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Work:
    """One task to be carried out."""

    task_id: str
    kind: str
    configuration: dict[str, Any]
    asked_by: str

    @property
    def channel(self) -> Channel:
        """Whose words they are."""
        return "schedule" if self.asked_by == "schedule" else "operator"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    status: str
    """done, failed or cancelled."""
    result: dict[str, Any] = field(default_factory=dict)
    """JSON types, for who asked."""
    run_id: str = ""
    error: str = ""


Kind = Callable[[Work, Steps], Awaitable[Outcome]]
"""Carries a task out.

Raises:
    StoppedByPersonError: a step must not begin.
"""


def agent_kinds(loop: Loop, agents: Mapping[AgentName, Agent], *, timezone: str, clock: Clock) -> dict[str, Kind]:
    """One kind per agent that works by itself; customers talk to theirs, nobody schedules it."""
    return {
        str(name): _agent_kind(loop, agent, timezone, clock) for name, agent in agents.items() if name != "customer"
    }


ANOMALIES: Final = "anomalies"


def anomalies_kind(database: Database, *, timezone: str, loss_budget: int, clock: Clock) -> Kind:
    """Look with every detector for what is odd, and record it; no agent is asked."""

    async def carry_out(_work: Work, _steps: Steps) -> Outcome:
        async with database.write() as db_session:
            fresh = await detecting.look(db_session, clock(), timezone, loss_budget)
        return Outcome("done", {"new": len(fresh)})

    return carry_out


def _agent_kind(loop: Loop, agent: Agent, timezone: str, clock: Clock) -> Kind:
    async def carry_out(work: Work, steps: Steps) -> Outcome:
        occasion = Occasion(
            channel=work.channel,
            now_ms=clock(),
            timezone=timezone,
            machine_id=str(work.configuration.get("machine_id", "")),
            task_id=work.task_id,
        )
        words = str(work.configuration.get("instructions", ""))
        return _outcome(await loop.run(agent, occasion, words, steps=steps))

    return carry_out


def retention_kind(
    database: Database, conversations: Conversations, clock: Clock, *, timezone: str, refused_debt_days: int = 1827
) -> Kind:
    """Deletes what is kept no longer, ends runs whose process is gone, asks again about refused debts that lapsed.

    What was left of a deleted customer's credit when a unit was on its way to them is given up as well.
    """

    async def carry_out(_: Work, steps: Steps) -> Outcome:
        await steps.step("conversations", 0, 4)
        deleted = await conversations.expire(clock())
        await steps.step("runs", 1, 4)
        async with database.write() as db_session:
            closed = await agent_runs.close_lost(db_session, clock())
        await steps.step("debts", 2, 4)
        async with database.write() as db_session:
            await staff_tasks.lapsed(db_session, clock() - refused_debt_days * _DAY_MS, clock())
        await steps.step("credits", 3, 4)
        async with database.write() as db_session:
            await credit.give_up_left(db_session, clock(), local_day(clock(), timezone))
        return Outcome("done", {"text": f"期限を過ぎた会話 {deleted} 件を消去、終わりのない実行 {closed} 件を整理"})

    return carry_out


def _outcome(finished: Finished) -> Outcome:
    result = {
        "text": finished.text,
        "mind": finished.mind,
        "fell_back": finished.fell_back,
        "why": finished.why,
        "decisions": list(finished.decisions),
        "cost_yen": finished.cost_yen,
    }
    error = f"the agent did not end its work: {finished.why}" if finished.outcome == "failed" else ""
    return Outcome(finished.outcome, result, finished.run_id, error)
