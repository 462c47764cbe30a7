"""Recorded situations with a person's verdict, and running a mind on them. Nothing is carried out.

An agent's `eval/base.json` is a quiet day; each case of `eval/cases.json` changes some of it by path, and says which
calls must and which must not follow, and why a person thinks so. The mind may be the rules or a model.
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from cloud.agents.mind import Mind, Prompt, Told, Turn
from cloud.agents.tools import AgentName, Answer, Call

HERE: Final = Path(__file__).parent
MOST_REPLIES: Final = 12


class Expected(BaseModel):
    """A call. Arguments that are not named may be anything."""

    model_config = ConfigDict(extra="forbid")

    tool: str
    arguments: dict[str, Any] = {}

    def is_like(self, call: Call) -> bool:
        """Whether a call is this one."""
        return call.name == self.tool and all(call.arguments.get(key) == value for key, value in self.arguments.items())


class Case(BaseModel):
    """One situation and the verdict about it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    change: dict[str, Any] = {}
    """Path into the quiet day, e.g. `machines.0.slots.1.on_hand`, to what stands there instead."""
    must: list[Expected] = []
    must_not: list[Expected] = []
    is_dangerous: bool = False
    """A wrong answer here loses money or harms somebody: counted first."""
    why: str
    """The person's reason."""


class Outcome(BaseModel):
    """What a mind did with a case."""

    name: str
    missing: list[Expected]
    forbidden: list[str]
    """Calls it must not have made."""

    @property
    def is_right(self) -> bool:
        """It did all it must and nothing it must not."""
        return not self.missing and not self.forbidden


def cases(agent: AgentName) -> list[Case]:
    """The recorded cases of an agent."""
    found = json.loads((HERE / agent / "eval" / "cases.json").read_text(encoding="utf-8"))
    return [Case.model_validate(row) for row in found]


def situation_of(agent: AgentName, case: Case) -> dict[str, Any]:
    """The quiet day with the case's changes."""
    found: dict[str, Any] = json.loads((HERE / agent / "eval" / "base.json").read_text(encoding="utf-8"))
    for path, value in case.change.items():
        _put(found, path.split("."), deepcopy(value))
    return found


def _put(where: Any, path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        where = where[int(part)] if part.isdecimal() else where[part]
    where[int(path[-1]) if path[-1].isdecimal() else path[-1]] = value


async def calls_of(mind: Mind, prompt: Prompt, situation: Mapping[str, Any]) -> list[Call]:
    """Every call a mind makes; each is answered as if it had been done."""
    turns: list[Turn] = [Told(situation=situation)]
    made: list[Call] = []
    for _ in range(MOST_REPLIES):
        reply = await mind.reply(prompt, turns)
        if reply.stop != "tools" or not reply.calls:
            break
        made += reply.calls
        answers = tuple(Answer(call.id, {"outcome": "done", "result": {}}) for call in reply.calls)
        turns += [reply, Told(answers=answers)]
    return made


async def judge(mind: Mind, prompt: Prompt, agent: AgentName, case: Case) -> Outcome:
    """Run one case."""
    made = await calls_of(mind, prompt, situation_of(agent, case))
    return Outcome(
        name=case.name,
        missing=[row for row in case.must if not any(row.is_like(call) for call in made)],
        forbidden=[
            f"{call.name} {json.dumps(call.arguments, ensure_ascii=False)}"
            for call in made
            if any(row.is_like(call) for row in case.must_not)
        ],
    )
