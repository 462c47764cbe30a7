"""Table of the visits. Private to this capability."""

from sqlalchemy import JSON, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, EpochRef, MachineRef, Millis, Minor, SeqRef


class Visit(Base):
    """One row is one visit, as the machine told of it. Made anew by a replay of the events."""

    __tablename__ = "machine_visits"
    __table_args__ = (
        Index("ix_machine_visits_started", "started_at_ms", "id"),
        Index("ix_machine_visits_machine", "machine_id", "started_at_ms"),
    )

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """128 random bits in hex, drawn by the machine."""
    staff_id: Mapped[str] = mapped_column(String(64))
    """Id in the staff list: the number of a user."""
    how: Mapped[str] = mapped_column(String(24))
    """How they proved who they are: pin."""
    epoch: Mapped[EpochRef]
    """Of the machine's store, and where in its events the visit stands."""
    first_seq: Mapped[SeqRef]
    last_seq: Mapped[SeqRef]
    """0 until the machine told of its end."""
    started_at_ms: Mapped[Millis]
    ended_at_ms: Mapped[Millis]
    """0 until the machine told of its end."""
    minutes: Mapped[int] = mapped_column(Integer)
    """On the machine's own clock."""
    slots_filled: Mapped[int] = mapped_column(Integer)
    units_added: Mapped[int] = mapped_column(Integer)
    units_removed: Mapped[int] = mapped_column(Integer)
    cash_collected_minor: Mapped[Minor]
    open_tasks: Mapped[list[str]] = mapped_column(JSON)
    """What stayed undone, as the machine named it."""
