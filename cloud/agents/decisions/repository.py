"""All queries of decisions, proposals and switches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, cast, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.decisions.chain import GENESIS
from cloud.agents.decisions.models import Decision, Proposal, Switch
from cloud.agents.decisions.wanted import Wanted
from cloud.db.statements import only, upsert

ALL: Final = "all"
"""The switch of all agents."""


async def head(db_session: AsyncSession) -> tuple[int, str]:
    """Number and hash of the newest decision; (0, `GENESIS`) for an empty log."""
    query = select(Decision.number, Decision.hash).order_by(Decision.number.desc()).limit(1)
    row = (await db_session.execute(query)).first()
    return (row.number, row.hash) if row else (0, GENESIS)


async def add_decision(db_session: AsyncSession, values: dict[str, Any]) -> None:
    """Append a decision; the database checks the chain again."""
    await db_session.execute(insert(Decision).values(values))


async def decision(db_session: AsyncSession, number: int) -> Decision | None:
    """One decision."""
    return await db_session.get(Decision, number)


async def decision_of(db_session: AsyncSession, run_id: str, call_id: str) -> Decision | None:
    """What was decided about a call."""
    query = select(Decision).where(Decision.run_id == run_id, Decision.call_id == call_id)
    found: Decision | None = await db_session.scalar(query)
    return found


def _matching(wanted: Wanted) -> list[ColumnElement[bool]]:
    columns = {
        Decision.agent: wanted.agent,
        Decision.outcome: wanted.outcome,
        Decision.run_id: wanted.run_id,
        Decision.conversation_id: wanted.conversation_id,
        Decision.day: wanted.day,
    }
    found = [column == value for column, value in columns.items() if value is not None]
    return [*found, Decision.loss_minor > 0] if wanted.is_costly else found


async def decisions(
    db_session: AsyncSession, *, limit: int, before: int | None = None, wanted: Wanted | None = None
) -> Sequence[Decision]:
    """A page of the log, newest first."""
    query = select(Decision).where(*_matching(wanted or Wanted()))
    if before is not None:
        query = query.where(Decision.number < before)
    return (await db_session.scalars(query.order_by(Decision.number.desc()).limit(limit))).all()


async def decisions_after(db_session: AsyncSession, number: int, limit: int) -> Sequence[Decision]:
    """The following decisions, in their order."""
    query = select(Decision).where(Decision.number > number).order_by(Decision.number).limit(limit)
    return (await db_session.scalars(query.execution_options(populate_existing=True))).all()


async def lost_on(db_session: AsyncSession, day: date) -> int:
    """Yen taken from a day's loss budget."""
    query = select(func.coalesce(func.sum(Decision.loss_minor), 0)).where(Decision.day == day, Decision.loss_minor > 0)
    return int(await db_session.scalar(query) or 0)


async def lost_by_agent(db_session: AsyncSession, day: date) -> list[tuple[str, str, int]]:
    """Yen taken from a day's loss budget, by agent and action."""
    total = func.sum(Decision.loss_minor)
    query = (
        select(Decision.agent, Decision.action, total)
        .where(Decision.day == day, Decision.loss_minor > 0)
        .group_by(Decision.agent, Decision.action)
        .order_by(total.desc())
    )
    return [(agent, action, int(lost)) for agent, action, lost in await db_session.execute(query)]


@dataclass(frozen=True, slots=True)
class Before:
    """What a conversation and its run have seen."""

    calls: int
    suspicious: int
    is_outside: bool


async def before(db_session: AsyncSession, conversation_id: str, run_id: str) -> Before:
    """What happened in a conversation so far, and whether its run has read strangers' text."""
    query = select(
        func.count(),
        func.coalesce(func.sum(cast(Decision.is_suspicious, Integer)), 0),
        func.coalesce(func.sum(cast(Decision.is_outside & (Decision.run_id == run_id), Integer)), 0),
    ).where(Decision.conversation_id == conversation_id)
    calls, suspicious, outside = (await db_session.execute(query)).one()
    return Before(int(calls), int(suspicious), bool(outside))


# --- proposals -------------------------------------------------------------------------------------------


async def add_proposal(db_session: AsyncSession, row: Proposal) -> int:
    """Keep a new proposal; its number."""
    db_session.add(row)
    await db_session.flush()
    return row.id


async def proposal(db_session: AsyncSession, proposal_id: int, *, for_update: bool = False) -> Proposal | None:
    """One proposal."""
    return await db_session.get(Proposal, proposal_id, with_for_update=for_update, populate_existing=for_update)


async def next_proposal_id(db_session: AsyncSession) -> int:
    """The number the next proposal gets; under the lock of the agents nobody else takes it."""
    return int(await db_session.scalar(select(func.coalesce(func.max(Proposal.id), 0))) or 0) + 1


async def proposals(
    db_session: AsyncSession, *, now_ms: int, limit: int, before: int | None = None, state: str | None = None
) -> Sequence[Proposal]:
    """A page of proposals, newest first; one whose time is over has expired, whatever was written down."""
    query = select(Proposal).order_by(Proposal.id.desc()).limit(limit)
    waits = (Proposal.state == "waiting") & (Proposal.expires_at_ms > now_ms)
    is_over = (Proposal.state == "waiting") & (Proposal.expires_at_ms <= now_ms)
    if state == "waiting":
        query = query.where(waits)
    elif state == "expired":
        query = query.where(or_(Proposal.state == state, is_over))
    elif state is not None:
        query = query.where(Proposal.state == state)
    if before is not None:
        query = query.where(Proposal.id < before)
    return (await db_session.scalars(query)).all()


async def waiting_for(db_session: AsyncSession, customer_id: str, now_ms: int) -> int:
    """How many proposals wait that came from talking to one customer; 0 for nobody."""
    if not customer_id:
        return 0
    waits = (Proposal.state == "waiting", Proposal.expires_at_ms > now_ms, Proposal.customer_id == customer_id)
    return int(await db_session.scalar(select(func.count()).where(*waits)) or 0)


async def waiting(db_session: AsyncSession, agent: str | None, now_ms: int) -> int:
    """How many proposals wait that have not expired."""
    query = select(func.count()).where(Proposal.state == "waiting", Proposal.expires_at_ms > now_ms)
    query = only(query, (Proposal.agent, agent))
    return int(await db_session.scalar(query) or 0)


async def expire(db_session: AsyncSession, now_ms: int) -> int:
    """End proposals whose time is over; how many."""
    query = (
        update(Proposal)
        .where(Proposal.state == "waiting", Proposal.expires_at_ms <= now_ms)
        .values(state="expired", arguments={}, decided_at_ms=Proposal.expires_at_ms)
        .returning(Proposal.id)
    )
    return len((await db_session.execute(query)).all())


# --- switches --------------------------------------------------------------------------------------------


async def switches(db_session: AsyncSession) -> list[Switch]:
    """Every switch that was ever used."""
    return list(await db_session.scalars(select(Switch).order_by(Switch.name)))


async def stopped(db_session: AsyncSession, agent: str) -> Switch | None:
    """The switch that stops an agent; None when it may run."""
    query = select(Switch).where(Switch.is_stopped, or_(Switch.name == agent, Switch.name == ALL))
    found: Switch | None = await db_session.scalar(query.order_by(Switch.name).limit(1))
    return found


async def set_switch(db_session: AsyncSession, values: dict[str, Any]) -> None:
    """Set a switch."""
    statement = upsert(db_session, Switch.__table__).values(values)
    changed = {name: value for name, value in values.items() if name != "name"}
    await db_session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))


async def outcomes(db_session: AsyncSession, first: date, last: date) -> list[tuple[date, str, str, int]]:
    """(day, agent, outcome, calls) of the days from `first` to `last`."""
    key = (Decision.day, Decision.agent, Decision.outcome)
    query = select(*key, func.count()).where(Decision.day.between(first, last)).group_by(*key).order_by(*key)
    return [(day, agent, outcome, int(calls)) for day, agent, outcome, calls in await db_session.execute(query)]


async def lost_by_day(db_session: AsyncSession, first: date, last: date) -> dict[date, int]:
    """Day to the yen that were taken from its loss budget; days without any are left out."""
    query = select(Decision.day, func.sum(Decision.loss_minor))
    query = query.where(Decision.day.between(first, last), Decision.loss_minor > 0).group_by(Decision.day)
    return {day: int(lost) for day, lost in await db_session.execute(query)}
