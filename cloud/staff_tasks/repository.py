"""All queries of the staff's tasks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, cast, func, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from cloud.db.statements import upsert
from cloud.staff_tasks.models import StaffTask


async def add(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Insert tasks; one whose source has a task already is left as it is."""
    if rows:
        statement = upsert(db_session, StaffTask.__table__).on_conflict_do_nothing(index_elements=["source"])
        await (await db_session.connection()).execute(statement, list(rows))


async def get(db_session: AsyncSession, task_id: int, *, for_update: bool = False) -> StaffTask | None:
    """One task, or None; `for_update` keeps others from resolving it until the end of the transaction."""
    query = select(StaffTask).where(StaffTask.id == task_id)
    return await db_session.scalar(query.with_for_update() if for_update else query)


async def by_source(db_session: AsyncSession, source: str) -> StaffTask | None:
    """The task of a source, or None."""
    return await db_session.scalar(select(StaffTask).where(StaffTask.source == source).with_for_update())


async def opened_since(db_session: AsyncSession, kind: str, reference: str, since_ms: int) -> int:
    """How many tasks of a kind with this reference were opened since then."""
    query = select(func.count()).where(StaffTask.kind == kind, StaffTask.reference == reference)
    return int(await db_session.scalar(query.where(StaffTask.opened_at_ms >= since_ms)) or 0)


async def refused_debts(
    db_session: AsyncSession, *, before_ms: int | None = None, limit: int | None = None
) -> list[StaffTask]:
    """Debts to customers that somebody refused to pay and that no other task follows from, the last refused first.

    Args:
        db_session: open session.
        before_ms: only those refused before this instant.
        limit: at most so many; None for all.
    """
    again = aliased(StaffTask)
    follows = select(again.id).where(again.source == literal("task:") + cast(StaffTask.id, String))
    query = select(StaffTask).where(StaffTask.kind == "debt", StaffTask.resolution == "refused", ~follows.exists())
    if before_ms is not None:
        query = query.where(StaffTask.resolved_at_ms < before_ms)
    query = query.order_by(StaffTask.resolved_at_ms.desc(), StaffTask.id.desc()).limit(limit)
    return list((await db_session.scalars(query)).all())


async def by_claim(db_session: AsyncSession, claim: str) -> list[StaffTask]:
    """Tasks about a code that a customer was shown, the oldest first."""
    query = select(StaffTask).where(StaffTask.claim == claim).order_by(StaffTask.opened_at_ms, StaffTask.id)
    return list((await db_session.scalars(query)).all())


async def by_reference(db_session: AsyncSession, machine_id: str, reference: str) -> list[StaffTask]:
    """Tasks about a payment or a vend of a machine, the oldest first."""
    query = select(StaffTask).where(StaffTask.machine_id == machine_id, StaffTask.reference == reference)
    return list((await db_session.scalars(query.order_by(StaffTask.opened_at_ms, StaffTask.id))).all())


async def blank(db_session: AsyncSession, kind: str, reference: str) -> None:
    """Take words and reference out of the tasks of a kind with this reference; the tasks stay."""
    theirs = update(StaffTask).where(StaffTask.kind == kind, StaffTask.reference == reference)
    await db_session.execute(theirs.values(detail="", reference=""))


async def page(
    db_session: AsyncSession,
    *,
    limit: int,
    after: tuple[int, int] | None = None,
    state: str | None = None,
    kind: str | None = None,
    machine_id: str | None = None,
) -> list[StaffTask]:
    """Tasks, oldest first.

    Args:
        db_session: open session.
        limit: at most so many.
        after: (opened_at_ms, id) of the last row of the page before.
        state: only with this state.
        kind: only of this kind.
        machine_id: only of this machine.
    """
    query = select(StaffTask).order_by(StaffTask.opened_at_ms, StaffTask.id).limit(limit)
    if after:
        query = query.where(tuple_(StaffTask.opened_at_ms, StaffTask.id) > after)
    if state:
        query = query.where(StaffTask.state == state)
    if kind:
        query = query.where(StaffTask.kind == kind)
    if machine_id:
        query = query.where(StaffTask.machine_id == machine_id)
    return list((await db_session.scalars(query)).all())


async def recently_resolved(db_session: AsyncSession, limit: int) -> list[StaffTask]:
    """Resolved tasks, the last resolved first."""
    query = select(StaffTask).where(StaffTask.state == "resolved")
    query = query.order_by(StaffTask.resolved_at_ms.desc(), StaffTask.id.desc()).limit(limit)
    return list((await db_session.scalars(query)).all())


async def counts(db_session: AsyncSession) -> dict[str, int]:
    """State to how many tasks have it."""
    query = select(StaffTask.state, func.count()).group_by(StaffTask.state)
    return {state: int(number) for state, number in await db_session.execute(query)}
