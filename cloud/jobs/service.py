"""The door to tasks: ask for one, look at them, stop one."""

from typing import Any, Final
from uuid import uuid4

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.jobs import repository, rules
from cloud.jobs.models import JobTask
from cloud.jobs.rules import SCHEDULES
from cloud.kit.saying import Say, in_japanese

LANES: Final = 2
"""Tasks a worker carries out at a time."""


class NoSuchTaskError(LookupError):
    """There is no task of this id."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"there is no task {task_id!r}")


class TaskEndedError(ValueError):
    """A task that has ended cannot be stopped."""

    def __init__(self, task_id: str, status: str) -> None:
        super().__init__(f"task {task_id} has ended already: {status}")


class TaskView(BaseModel):
    """One task, as others see it."""

    task_id: str
    agent_type: str = Field(examples=["vending"])
    priority: str = Field(examples=["normal"])
    configuration: dict[str, Any]
    asked_by: str
    status: str = Field(examples=["queued"])
    """queued, running, done, failed, cancelled or interrupted (its worker died after it may have changed something)."""
    progress: int
    """Percent."""
    current_step: str
    created_at_ms: int
    started_at_ms: int
    ended_at_ms: int
    attempts: int
    is_stop_asked: bool
    run_id: str
    result: dict[str, Any] | None
    error: str
    estimated_time: int = 0
    """Seconds until it has ended, as far as one can tell; 0 when it has."""


class ScheduleView(BaseModel):
    """One schedule."""

    name: str
    kind: str
    when: str
    due_at_ms: int
    last_task_id: str


async def ask(
    db_session: AsyncSession,
    kind: str,
    *,
    asked_by: str,
    now_ms: int,
    priority: str = "normal",
    configuration: dict[str, Any] | None = None,
    source: str | None = None,
) -> str:
    """Put a task into the queue.

    Args:
        db_session: writes.
        kind: what is to be done.
        asked_by: a user, or `schedule`.
        now_ms: now.
        priority: low, normal or high.
        configuration: what the kind needs to know (JSON types).
        source: makes one task of it, however often it is asked for.

    Returns:
        The task's id; empty when one of this source is there already.
    """
    task_id = uuid4().hex
    is_new = await repository.add_task(
        db_session,
        id=task_id,
        kind=kind,
        priority=priority,
        rank=rules.RANKS[priority],
        configuration=configuration or {},
        asked_by=asked_by,
        source=source,
        status="queued",
        progress=0,
        current_step="",
        created_at_ms=now_ms,
        started_at_ms=0,
        ended_at_ms=0,
        worker="",
        lease_until_ms=0,
        attempts=0,
        is_stop_asked=False,
        run_id="",
        result=None,
        error="",
    )
    return task_id if is_new else ""


async def task(db_session: AsyncSession, task_id: str) -> TaskView:
    """One task, with an estimate.

    Raises:
        NoSuchTaskError: see there.
    """
    row = await _row(db_session, task_id)
    ahead = await repository.unfinished(db_session, row.rank) - 1
    seconds = rules.estimated_s(max(ahead, 0), LANES, await repository.durations(db_session, row.kind))
    return view(row, 0 if row.status in rules.ENDED else seconds)


async def tasks(
    db_session: AsyncSession, *, limit: int, kind: str = "", status: str = "", before: tuple[int, str] | None = None
) -> list[TaskView]:
    """Tasks, newest first; without estimates.

    Args:
        db_session: reads.
        limit: at most so many.
        kind: of one kind only.
        status: in one state only.
        before: creation and id of the last task of the page before.
    """
    rows = await repository.tasks(db_session, limit=limit, kind=kind, status=status, before=before)
    return [view(row) for row in rows]


async def stop(db_session: AsyncSession, task_id: str, now_ms: int) -> TaskView:
    """End a task: a queued one at once, a running one before its next step.

    Raises:
        NoSuchTaskError: there is none.
        TaskEndedError: it has ended.
    """
    row = await _row(db_session, task_id)
    if row.status in rules.ENDED:
        raise TaskEndedError(task_id, row.status)
    row.is_stop_asked = True
    if row.status == "queued":
        row.status, row.ended_at_ms = "cancelled", now_ms
    await db_session.flush()
    return view(row)


async def schedules(db_session: AsyncSession, say: Say = in_japanese) -> list[ScheduleView]:
    """All schedules with their next time; `say` puts the hours into words."""
    known = {row.name: row for row in await repository.schedules(db_session)}
    return [
        ScheduleView(
            name=one.name,
            kind=one.kind,
            when=one.text(say),
            due_at_ms=known[one.name].due_at_ms if one.name in known else 0,
            last_task_id=known[one.name].last_task_id if one.name in known else "",
        )
        for one in SCHEDULES
    ]


async def _row(db_session: AsyncSession, task_id: str) -> JobTask:
    row = await repository.task(db_session, task_id)
    if row is None:
        raise NoSuchTaskError(task_id)
    return row


def view(row: JobTask, estimated_s: int = 0) -> TaskView:
    """A row as others see it."""
    same = TaskView.model_fields.keys() - {"task_id", "agent_type", "estimated_time"}
    shown = {name: getattr(row, name) for name in same}
    return TaskView(task_id=row.id, agent_type=row.kind, estimated_time=estimated_s, **shown)
