"""All queries on tasks and schedules."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import upsert
from cloud.jobs.models import JobSchedule, JobTask


async def add_task(db_session: AsyncSession, **values: Any) -> bool:
    """A new task; False when one of the same source is there already."""
    statement = upsert(db_session, JobTask.__table__).values(values).on_conflict_do_nothing()
    return await db_session.scalar(statement.returning(JobTask.id)) is not None


async def task(db_session: AsyncSession, task_id: str) -> JobTask | None:
    """One task, if there is one."""
    return await db_session.get(JobTask, task_id, populate_existing=True)


async def tasks(
    db_session: AsyncSession, *, limit: int, kind: str = "", status: str = "", before: tuple[int, str] | None = None
) -> Sequence[JobTask]:
    """Tasks, newest first."""
    query = select(JobTask).order_by(JobTask.created_at_ms.desc(), JobTask.id.desc()).limit(limit)
    if kind:
        query = query.where(JobTask.kind == kind)
    if status:
        query = query.where(JobTask.status == status)
    if before is not None:
        at_ms, task_id = before
        older = (JobTask.created_at_ms < at_ms) | ((JobTask.created_at_ms == at_ms) & (JobTask.id < task_id))
        query = query.where(older)
    return (await db_session.scalars(query)).all()


async def next_queued(db_session: AsyncSession, kinds: Collection[str]) -> JobTask | None:
    """The task to take next, locked so that no other worker takes it."""
    query = (
        select(JobTask)
        .where(JobTask.status == "queued", JobTask.kind.in_(kinds))
        .order_by(JobTask.rank, JobTask.created_at_ms, JobTask.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    found: JobTask | None = (await db_session.scalars(query)).first()
    return found


async def lost(db_session: AsyncSession, now_ms: int) -> Sequence[JobTask]:
    """Running tasks whose worker has not been heard; locked."""
    query = (
        select(JobTask)
        .where(JobTask.status == "running", JobTask.lease_until_ms < now_ms)
        .order_by(JobTask.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return (await db_session.scalars(query)).all()


async def is_any_lost(db_session: AsyncSession, now_ms: int) -> bool:
    """Whether there is one; nothing is locked."""
    query = select(JobTask.id).where(JobTask.status == "running", JobTask.lease_until_ms < now_ms).limit(1)
    return await db_session.scalar(query) is not None


async def change_mine(db_session: AsyncSession, task_id: str, worker: str, **values: Any) -> bool:
    """Write the state of a task a worker carries out; False when it is no longer that worker's."""
    mine = (JobTask.id == task_id) & (JobTask.worker == worker) & (JobTask.status == "running")
    query = update(JobTask).where(mine).values(**values).returning(JobTask.id)
    return await db_session.scalar(query) is not None


async def unfinished(db_session: AsyncSession, rank: int) -> int:
    """How many tasks run, or are taken before a new one of this rank."""
    is_ahead = (JobTask.status == "running") | ((JobTask.status == "queued") & (JobTask.rank <= rank))
    return int(await db_session.scalar(select(func.count()).select_from(JobTask).where(is_ahead)) or 0)


async def durations(db_session: AsyncSession, kind: str, limit: int = 20) -> list[int]:
    """How long the newest tasks of a kind took, ms."""
    query = (
        select(JobTask.ended_at_ms - JobTask.started_at_ms)
        .where(JobTask.kind == kind, JobTask.status == "done")
        .order_by(JobTask.created_at_ms.desc())
        .limit(limit)
    )
    return [int(value) for value in (await db_session.scalars(query)).all()]


async def ensure_schedule(db_session: AsyncSession, name: str, due_at_ms: int) -> None:
    """Make a schedule known; one that is known keeps its due time."""
    values = {"name": name, "due_at_ms": due_at_ms, "last_task_id": ""}
    await db_session.execute(upsert(db_session, JobSchedule.__table__).values(values).on_conflict_do_nothing())


async def schedules(db_session: AsyncSession) -> Sequence[JobSchedule]:
    """All schedules."""
    return (await db_session.scalars(select(JobSchedule).order_by(JobSchedule.name))).all()


async def due(db_session: AsyncSession, now_ms: int) -> Sequence[JobSchedule]:
    """Schedules whose time has come, locked: a second worker waits, and then finds them done."""
    query = (
        select(JobSchedule)
        .where(JobSchedule.due_at_ms <= now_ms)
        .order_by(JobSchedule.name)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db_session.scalars(query)).all()
