"""Tables of tasks and schedules. Private to this capability."""

from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, Millis


class JobTask(Base):
    """One row is one piece of work, from the queue to its end."""

    __tablename__ = "job_tasks"
    __table_args__ = (
        UniqueConstraint("source"),
        Index("ix_job_tasks_queue", "status", "rank", "created_at_ms", "id"),
        Index("ix_job_tasks_created", "created_at_ms", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    """What is done: the name of a `kinds.Kind`."""
    priority: Mapped[str] = mapped_column(String(8))
    rank: Mapped[int]
    """0 is taken first; follows from the priority."""
    configuration: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_by: Mapped[str] = mapped_column(String(254))
    """A user, or `schedule`."""
    source: Mapped[str | None] = mapped_column(String(80), default=None)
    """The schedule's due time that made it; makes one task of it."""
    status: Mapped[str] = mapped_column(String(16), default="queued")
    progress: Mapped[int] = mapped_column(default=0)
    """0 … 100."""
    current_step: Mapped[str] = mapped_column(String(80), default="")
    created_at_ms: Mapped[Millis]
    started_at_ms: Mapped[Millis] = mapped_column(default=0)
    ended_at_ms: Mapped[Millis] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(64), default="")
    lease_until_ms: Mapped[Millis] = mapped_column(default=0)
    """Until then the worker is believed to live."""
    attempts: Mapped[int] = mapped_column(default=0)
    is_stop_asked: Mapped[bool] = mapped_column(default=False)
    run_id: Mapped[str] = mapped_column(String(32), default="")
    """The agent's run that ended it."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    error: Mapped[str] = mapped_column(String(300), default="")


class JobSchedule(Base):
    """One row is one schedule's next due time; its rule stands in the code."""

    __tablename__ = "job_schedules"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    due_at_ms: Mapped[Millis]
    last_task_id: Mapped[str] = mapped_column(String(32), default="")
