"""Tables of what agents did and wanted to do. Private to this folder.

The log is append-only by trigger and chained by hash, as the ledger is: what an agent did can be checked by anybody
later. Proposals and switches are states and change.
"""

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, Millis, Minor


class Decision(Base):
    """One row is what was ruled about one call of an agent, and what became of it."""

    __tablename__ = "agent_decisions"
    __table_args__ = (
        UniqueConstraint("run_id", "call_id"),
        Index("ix_agent_decisions_agent", "agent", "number"),
        Index("ix_agent_decisions_conversation_id", "conversation_id", "number"),
        Index(
            "ix_agent_decisions_day",
            "day",
            postgresql_where=text("loss_minor > 0"),
            sqlite_where=text("loss_minor > 0"),
        ),
    )

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    """1, 2, 3 … without a gap."""
    at_ms: Mapped[Millis]
    day: Mapped[date] = mapped_column(Date)
    """In the operator's time zone: whose loss budget it is."""
    run_id: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str] = mapped_column(String(160))
    call_sha256: Mapped[str] = mapped_column(String(64))
    """Of the tool and the true arguments: another call under the same id is told from a repeated one."""
    agent: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    machine_id: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(String(64))
    """Of the conversation, else of the run: what belongs together."""
    model: Mapped[str] = mapped_column(String(80))
    prompt_sha256: Mapped[str] = mapped_column(String(64))
    tool: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    """Empty for a tool nobody knows."""
    arguments: Mapped[Any] = mapped_column(JSON)
    """Without secrets, addresses and account numbers."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the guard judged by; empty when it did not come so far."""
    verdicts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    ruling: Mapped[str] = mapped_column(String(8))
    """allow, propose or deny."""
    outcome: Mapped[str] = mapped_column(String(12))
    """done, proposed, denied, refused (by a service), failed, shadow."""
    why: Mapped[str] = mapped_column(Text)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the mind was told; for a call that only reads, no more than that it was answered."""
    loss_minor: Mapped[Minor]
    """Yen taken from the day's loss budget; 0 for what did not happen."""
    posted: Mapped[list[int]] = mapped_column(JSON)
    """Journal entries that were posted by it."""
    proposal_id: Mapped[int] = mapped_column(BigInteger)
    """The proposal it made or carried out; 0 for none."""
    approver: Mapped[str] = mapped_column(String(254))
    """Who approved it; empty when the agent acted alone."""
    is_suspicious: Mapped[bool] = mapped_column(Boolean)
    is_outside: Mapped[bool] = mapped_column(Boolean)
    """It brought text of strangers into the run."""
    took_us: Mapped[int] = mapped_column(Integer)
    """Microseconds the guard took."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Proposal(Base):
    """One row is something an agent wants to do and a person decides about."""

    __tablename__ = "agent_proposals"
    __table_args__ = (Index("ix_agent_proposals_state", "state", "id"),)

    id: Mapped[BigId]
    decision_number: Mapped[int] = mapped_column(ForeignKey("agent_decisions.number"))
    state: Mapped[str] = mapped_column(String(12))
    """waiting, approved, refused, expired."""
    run_id: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str] = mapped_column(String(128))
    agent: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    machine_id: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(80))
    prompt_sha256: Mapped[str] = mapped_column(String(64))
    tool: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[Any] = mapped_column(JSON)
    """As they are needed to do it; emptied when nobody can approve it any more."""
    why: Mapped[str] = mapped_column(Text)
    """The rules that asked for a person."""
    loss_minor: Mapped[Minor]
    made_at_ms: Mapped[Millis]
    expires_at_ms: Mapped[Millis]
    decided_at_ms: Mapped[Millis] = mapped_column(default=0)
    decided_by: Mapped[str] = mapped_column(String(254), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    """How often somebody approved it: the last time it happened, before that a rule or a service refused."""
    result_number: Mapped[int] = mapped_column(BigInteger, default=0)
    """The decision that carried it out; 0 while there is none."""


class Switch(Base):
    """One row is the stop switch of one agent, or of all of them (`all`)."""

    __tablename__ = "agent_switches"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    is_stopped: Mapped[bool] = mapped_column(Boolean)
    since_ms: Mapped[Millis]
    by: Mapped[str] = mapped_column(String(254))
    why: Mapped[str] = mapped_column(String(500))
