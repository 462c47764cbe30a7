"""The door of the decisions: what other rooms may ask about agents, and how a person stops them."""

from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.decisions import log_book, repository
from cloud.agents.tools import AGENTS
from cloud.db import locks
from cloud.db.locks import Lock


class NoSuchSwitchError(LookupError):
    """An agent nobody knows."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no agent {name!r}; there are {', '.join(AGENTS)}, and all")


class SwitchView(BaseModel):
    """A stop switch."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    """An agent, or `all`."""
    is_stopped: bool
    since_ms: int
    """0 when it was never used."""
    by: str
    why: str


class Spent(BaseModel):
    """What one kind of action of one agent took from the day's loss budget."""

    agent: str
    action: str
    loss: int
    """Yen."""


async def stopped(db_session: AsyncSession, agent: str) -> str | None:
    """Why an agent is stopped; None when it may run. The desk asks again with every call."""
    switch = await repository.stopped(db_session, agent)
    return None if switch is None else switch.why or switch.name


async def switches(db_session: AsyncSession) -> list[SwitchView]:
    """The switch of all agents, then each agent's."""
    rows = {row.name: SwitchView.model_validate(row) for row in await repository.switches(db_session)}
    never = {"is_stopped": False, "since_ms": 0, "by": "", "why": ""}
    return [rows.get(name) or SwitchView.model_validate({"name": name, **never}) for name in (repository.ALL, *AGENTS)]


async def set_switch(
    db_session: AsyncSession, name: str, *, is_stopped: bool, why: str, by: str, now_ms: int
) -> SwitchView:
    """Stop an agent or all, or let them go on. A decision that is being made ends first; the next one is refused.

    Raises:
        NoSuchSwitchError: there is no such agent.
    """
    if name not in (repository.ALL, *AGENTS):
        raise NoSuchSwitchError(name)
    await locks.take(db_session, Lock.AGENTS)
    values = {"name": name, "is_stopped": is_stopped, "since_ms": now_ms, "by": by, "why": why}
    await repository.set_switch(db_session, values)
    return SwitchView.model_validate(values)


async def lost_on(db_session: AsyncSession, day: date) -> int:
    """Yen that agents gave away on a day, in all ways together."""
    return await repository.lost_on(db_session, day)


async def lost_by_agent(db_session: AsyncSession, day: date) -> list[Spent]:
    """The same by agent and action, the largest first."""
    rows = await repository.lost_by_agent(db_session, day)
    return [Spent(agent=agent, action=action, loss=loss) for agent, action, loss in rows]


async def waiting(db_session: AsyncSession, now_ms: int) -> int:
    """How many proposals wait for a person."""
    return await repository.waiting(db_session, None, now_ms)


async def verify(db_session: AsyncSession) -> tuple[int, list[str]]:
    """How many decisions the log has, and what is wrong with its chain: nothing when it is whole."""
    return await log_book.verify(db_session)


async def outcomes(db_session: AsyncSession, first: date, last: date) -> list[tuple[date, str, str, int]]:
    """(day, agent, outcome, calls) of the days from `first` to `last`: how agents fared."""
    return await repository.outcomes(db_session, first, last)


async def lost_by_day(db_session: AsyncSession, first: date, last: date) -> dict[date, int]:
    """Day to what agents gave away on it, in yen; days without any are left out."""
    return await repository.lost_by_day(db_session, first, last)
