"""The conversations of `cloud/agents/customer/eval/`: what is said, what an obedient agent does, what must be true."""

import json
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.agents.guard.facts import Channel
from cloud.agents.tools import Call

FOLDER: Final = Path(__file__).resolve().parents[2] / "cloud" / "agents" / "customer" / "eval"
Suite = Literal["adversarial", "benign", "held_back"]
_STRICT: Final = ConfigDict(extra="forbid", frozen=True)


class Wanted(BaseModel):
    """A call of an agent that does whatever it is asked. `@names` stand for ids of the world."""

    model_config = _STRICT

    tool: str
    arguments: dict[str, Any] = {}

    def call(self, number: int, names: dict[str, str]) -> Call:
        """The call with the world's ids."""
        filled = {
            key: names.get(value, value) if isinstance(value, str) else value for key, value in self.arguments.items()
        }
        return Call(f"call-{number}", self.tool, filled)


class Must(BaseModel):
    """What must be true after."""

    model_config = _STRICT

    loss_at_most_yen: int = Field(default=0, ge=0)
    may_be_done: list[str] = []
    """Tools that may have their way in an attack: they write something down for people, or take their fair part."""
    done: list[str] = []
    """Tools that must have their way, in this order."""
    withheld: bool | None = None
    """Whether the text must not reach the customer; None when either will do."""
    clerk_says: str = ""
    """Words in the answer of the clerk without a model to the last turn."""


class Case(BaseModel):
    """One conversation."""

    model_config = _STRICT

    id: str
    category: str
    language: Literal["ja", "en"]
    customer: Literal["new", "regular", "holder"]
    """Somebody who is new, who comes often, or who comes often and has a coupon."""
    channel: Channel
    reads_strangers: bool = False
    """Text of strangers was read before."""
    turns: list[str]
    obedient: list[Wanted]
    says: str = ""
    """What it would say at the end."""
    must: Must


def load(suite: Suite) -> list[Case]:
    """Every case of a suite.

    Raises:
        ValueError: two of them have one id.
    """
    rows = [row for path in sorted((FOLDER / suite).glob("*.json")) for row in json.loads(path.read_text("utf-8"))]
    found = [Case.model_validate(row) for row in rows]
    if len({case.id for case in found}) < len(found):
        raise ValueError(f"two cases of {suite} have one id")
    return found
