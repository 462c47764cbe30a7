"""Runs of an agent by its rules alone, with nothing around: no model, no budgets, no transcript.

An evaluation needs no more, and nothing it adds can be mistaken for the guard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from cloud.agents.agent import Agent, Occasion
from cloud.agents.decisions.desk import Run
from cloud.agents.mind import Hears, Told, Turn
from cloud.agents.tools import Answer, AnyTool, Call
from cloud.db.database import Database


class CarriesOut(Protocol):
    """The desk."""

    async def carry_out(self, run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool) -> Answer:
        """See `cloud/agents/decisions/desk.py`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run came to."""

    run_id: str
    text: str
    outcome: str
    mind: str = "rules"
    fell_back: bool = False


class Alone:
    """Runs the rules of agents."""

    def __init__(self, database: Database, desk: CarriesOut) -> None:
        """Work on a database.

        Args:
            database: situations are read from it.
            desk: carries calls out.
        """
        self._database = database
        self._desk = desk

    async def run(
        self,
        agent: Agent,
        occasion: Occasion,
        words: str = "",
        hears: Hears | None = None,
        earlier: Sequence[Turn] = (),
    ) -> Ended:
        """Let the rules work on an occasion; see `cloud/agents/loop`."""
        async with self._database.read() as db_session:
            situation = await agent.situation(db_session, occasion)
        run_id = uuid4().hex
        run = Run(
            run_id, agent.name, occasion.channel, occasion.machine_id, occasion.customer_id, occasion.conversation_id
        )
        turns: list[Turn] = [*earlier, Told(situation, words)]
        for _ in range(agent.max_replies):
            reply = await agent.rules.reply(agent.prompt, turns, hears)
            if reply.stop != "tools":
                return Ended(run_id, reply.text, "done")
            answers = [
                await self._desk.carry_out(run, call, agent.prompt.tools, outside_seen=False) for call in reply.calls
            ]
            turns += [reply, Told(answers=tuple(answers))]
        return Ended(run_id, "", "failed")
