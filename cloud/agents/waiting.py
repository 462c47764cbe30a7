"""What an agent has asked people for already: it waits for an answer, or got a no lately. Nobody is asked twice."""

from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.decisions import explain, proposals
from cloud.agents.tools import AgentName

MOST: Final = 50
NO_HOLDS_MS: Final = 3 * 86_400_000
"""A person's no holds for three days; then things may have changed."""


class Asked(BaseModel):
    """A proposal of the agent."""

    tool: str
    arguments: dict[str, Any]
    state: str
    """waiting, or refused."""


async def asked(db_session: AsyncSession, agent: AgentName, now_ms: int) -> list[Asked]:
    """What waits, and what people refused lately."""
    found = []
    for state in ("waiting", "refused"):
        for row in await proposals.listing(db_session, now_ms=now_ms, limit=MOST, state=state):
            is_fresh = state == "waiting" or row.decided_at_ms > now_ms - NO_HOLDS_MS
            if row.agent == agent and is_fresh:
                said = await explain.explained(db_session, row.decision, now_ms)
                found.append(Asked(tool=row.tool, arguments=dict(said.decision.arguments or {}), state=state))
    return found


def is_same(one: Asked, tool: str, arguments: dict[str, Any]) -> bool:
    """Whether it is the same wish, whatever reason was given."""
    return one.tool == tool and _bare(one.arguments) == _bare(arguments)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key != "reason"}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value
