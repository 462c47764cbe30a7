"""What an agent is: a prompt, tools, the facts it starts from, and the rules that do its work without a model."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.guard.facts import Channel
from cloud.agents.mind import Mind, Prompt
from cloud.agents.tools import AgentName


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why an agent runs, and for whom."""

    channel: Channel
    now_ms: int
    timezone: str
    machine_id: str = ""
    customer_id: str = ""
    conversation_id: str = ""
    task_id: str = ""
    """The task that asked for the run; empty when the clock or a customer did."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent. Its rules are the default without a key, the fallback when the model fails, and the shadow."""

    name: AgentName
    prompt: Prompt
    situation: Callable[[AsyncSession, Occasion], Awaitable[dict[str, Any]]]
    """Facts of its first turn, read from the services (JSON types, amounts in yen, cost beside every price)."""
    rules: Mind
    max_replies: int = 12
    """A run that has not ended by then is stopped: what was done stays done."""
