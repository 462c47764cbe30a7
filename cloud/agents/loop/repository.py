"""All queries on runs and turns."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.loop.models import AgentRun, AgentTurn


async def add_run(db_session: AsyncSession, **values: Any) -> None:
    """A new run."""
    db_session.add(AgentRun(**values))
    await db_session.flush()


async def add_turn(db_session: AsyncSession, **values: Any) -> None:
    """A new turn."""
    db_session.add(AgentTurn(**values))
    await db_session.flush()


async def change_run(db_session: AsyncSession, run_id: str, **values: Any) -> None:
    """Write the state of a run."""
    await db_session.execute(update(AgentRun).where(AgentRun.id == run_id).values(**values))


async def run(db_session: AsyncSession, run_id: str) -> AgentRun | None:
    """One run, if there is one."""
    return await db_session.get(AgentRun, run_id, populate_existing=True)


async def runs(
    db_session: AsyncSession, *, limit: int, agent: str = "", before: tuple[int, str] | None = None, task_id: str = ""
) -> Sequence[AgentRun]:
    """Runs, newest first."""
    query = select(AgentRun).order_by(AgentRun.started_at_ms.desc(), AgentRun.id.desc()).limit(limit)
    if agent:
        query = query.where(AgentRun.agent == agent)
    if task_id:
        query = query.where(AgentRun.task_id == task_id)
    if before is not None:
        at_ms, run_id = before
        older = (AgentRun.started_at_ms < at_ms) | ((AgentRun.started_at_ms == at_ms) & (AgentRun.id < run_id))
        query = query.where(older)
    return (await db_session.scalars(query)).all()


async def followers(db_session: AsyncSession, run_id: str) -> Sequence[AgentRun]:
    """Runs that took over from one, and its shadow."""
    query = select(AgentRun).where(AgentRun.follows == run_id).order_by(AgentRun.started_at_ms, AgentRun.id)
    return (await db_session.scalars(query)).all()


async def turns(db_session: AsyncSession, run_id: str) -> Sequence[AgentTurn]:
    """All turns of a run, in their order."""
    query = select(AgentTurn).where(AgentTurn.run_id == run_id).order_by(AgentTurn.number)
    return (await db_session.scalars(query)).all()


_TOKENS = AgentRun.input_tokens + AgentRun.output_tokens + AgentRun.cache_write_tokens + AgentRun.cache_read_tokens


async def spent(db_session: AsyncSession, agent: str, since_ms: int) -> tuple[int, int]:
    """Tokens and microyen of an agent's runs that began since an instant."""
    query = select(func.coalesce(func.sum(_TOKENS), 0), func.coalesce(func.sum(AgentRun.microyen), 0))
    row = (await db_session.execute(query.where(AgentRun.agent == agent, AgentRun.started_at_ms >= since_ms))).one()
    return int(row[0]), int(row[1])


async def day(db_session: AsyncSession, since_ms: int) -> Sequence[Any]:
    """Per agent and outcome: runs, replies, calls, tokens, microyen since an instant; shadows count for cost alone."""
    query = (
        select(
            AgentRun.agent,
            AgentRun.outcome,
            AgentRun.is_dry,
            func.count().label("runs"),
            func.sum(AgentRun.replies).label("replies"),
            func.sum(AgentRun.calls).label("calls"),
            func.sum(_TOKENS).label("tokens"),
            func.sum(AgentRun.microyen).label("microyen"),
        )
        .where(AgentRun.started_at_ms >= since_ms)
        .group_by(AgentRun.agent, AgentRun.outcome, AgentRun.is_dry)
    )
    return (await db_session.execute(query)).all()


async def reply_time(db_session: AsyncSession, since_ms: int) -> tuple[int, int]:
    """Milliseconds and replies of all runs that began since an instant and have ended."""
    query = select(
        func.coalesce(func.sum(AgentRun.ended_at_ms - AgentRun.started_at_ms), 0),
        func.coalesce(func.sum(AgentRun.replies), 0),
    )
    ended = (AgentRun.started_at_ms >= since_ms, AgentRun.ended_at_ms > 0, AgentRun.is_dry.is_(False))
    row = (await db_session.execute(query.where(*ended))).one()
    return int(row[0]), int(row[1])


async def newest_of(db_session: AsyncSession, agent: str, outcomes: Sequence[str] = ()) -> AgentRun | None:
    """The newest run of an agent, of some outcomes when they are named."""
    query = select(AgentRun).where(AgentRun.agent == agent, AgentRun.is_dry.is_(False))
    if outcomes:
        query = query.where(AgentRun.outcome.in_(outcomes))
    query = query.order_by(AgentRun.started_at_ms.desc(), AgentRun.id.desc()).limit(1)
    found: AgentRun | None = (await db_session.scalars(query)).first()
    return found


async def close_runs(db_session: AsyncSession, where: Any, **values: Any) -> int:
    """Write the end of all running runs that `where` is true of; how many."""
    query = update(AgentRun).where(AgentRun.outcome == "running", where).values(**values)
    return int((await db_session.execute(query)).rowcount)  # type: ignore[attr-defined]


async def effects_of_task(db_session: AsyncSession, task_id: str) -> int:
    """Calls of a task's runs that may have changed something."""
    query = select(func.coalesce(func.sum(AgentRun.effects), 0)).where(AgentRun.task_id == task_id)
    return int(await db_session.scalar(query) or 0)


async def erase_turns(db_session: AsyncSession, customer_id: str) -> int:
    """Delete every turn of a customer's runs; how many."""
    theirs = select(AgentRun.id).where(AgentRun.customer_id == customer_id)
    done = await db_session.execute(delete(AgentTurn).where(AgentTurn.run_id.in_(theirs)))
    return int(done.rowcount)  # type: ignore[attr-defined]


async def sealed_turns(db_session: AsyncSession, after: tuple[str, int], limit: int) -> Sequence[AgentTurn]:
    """Turns in the order of their keys, for sealing them anew."""
    run_id, number = after
    later = (AgentTurn.run_id > run_id) | ((AgentTurn.run_id == run_id) & (AgentTurn.number > number))
    query = select(AgentTurn).where(later).order_by(AgentTurn.run_id, AgentTurn.number).limit(limit)
    return (await db_session.scalars(query)).all()
