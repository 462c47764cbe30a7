"""Tables of the runs and their turns. Private to this room."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, MachineRef, Millis, Tally


class AgentRun(Base):
    """One row is one run: one mind on one occasion."""

    __tablename__ = "agent_runs"
    __table_args__ = (
        Index("ix_agent_runs_agent_started", "agent", "started_at_ms", "id"),
        Index("ix_agent_runs_started", "started_at_ms", "id"),
        Index("ix_agent_runs_task_id", "task_id"),
        Index("ix_agent_runs_customer_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    agent: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    machine_id: Mapped[MachineRef] = mapped_column(default="")
    customer_id: Mapped[str] = mapped_column(String(64), default="")
    conversation_id: Mapped[str] = mapped_column(String(64), default="")
    task_id: Mapped[str] = mapped_column(String(32), default="")
    mind: Mapped[str] = mapped_column(String(64))
    """The model's id, or `rules`."""
    prompt_hash: Mapped[str] = mapped_column(String(64))
    is_dry: Mapped[bool] = mapped_column(default=False)
    """A shadow: judged, never carried out."""
    follows: Mapped[str] = mapped_column(String(32), default="")
    """The run this one took over from, or whose shadow it is."""
    started_at_ms: Mapped[Millis]
    ended_at_ms: Mapped[Millis] = mapped_column(default=0)
    """0 while it runs."""
    outcome: Mapped[str] = mapped_column(String(16), default="running")
    """running, done, fell_back, failed, cancelled, abandoned."""
    why: Mapped[str] = mapped_column(String(32), default="")
    """One word: why it did not end by itself."""
    detail: Mapped[str] = mapped_column(String(300), default="")
    step: Mapped[str] = mapped_column(String(80), default="")
    """What it does at this moment."""
    replies: Mapped[int] = mapped_column(default=0)
    calls: Mapped[int] = mapped_column(default=0)
    effects: Mapped[int] = mapped_column(default=0)
    """Calls that may have changed something; counted before they are carried out."""
    input_tokens: Mapped[Tally] = mapped_column(default=0)
    output_tokens: Mapped[Tally] = mapped_column(default=0)
    cache_write_tokens: Mapped[Tally] = mapped_column(default=0)
    cache_read_tokens: Mapped[Tally] = mapped_column(default=0)
    microyen: Mapped[Tally] = mapped_column(default=0)
    """What its tokens cost, in millionths of a yen."""
    difference: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """What its shadow would have done otherwise."""


class AgentTurn(Base):
    """One row is one turn, as it was told or replied. Never changed."""

    __tablename__ = "agent_turns"

    run_id: Mapped[str] = mapped_column(String(32), ForeignKey("agent_runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """1, 2, … within the run."""
    kind: Mapped[str] = mapped_column(String(8))
    """told or replied."""
    at_ms: Mapped[Millis]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """`transcript.py` says what is in it."""
