"""Table of the staff's tasks. Private to this capability."""

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, MachineRef, Millis, Minor, ProductRef


class StaffTask(Base):
    """One row is one thing a person has to find out or to do. Never deleted; resolved once."""

    __tablename__ = "staff_tasks"
    __table_args__ = (
        UniqueConstraint("source"),
        Index("ix_staff_tasks_state_opened", "state", "opened_at_ms", "id"),
    )

    id: Mapped[BigId]
    kind: Mapped[str] = mapped_column(String(32))
    """A key of `rules.RESOLUTIONS`."""
    machine_id: Mapped[MachineRef]
    slot: Mapped[str] = mapped_column(String(4), default="")
    product_id: Mapped[ProductRef] = mapped_column(default="")
    amount_minor: Mapped[Minor] = mapped_column(default=0)
    """The money it is about, in yen; 0 when it is about none."""
    claim: Mapped[str] = mapped_column(String(32), default="")
    """The code the customer was shown, if any."""
    reference: Mapped[str] = mapped_column(String(128), default="")
    """Payment or vend it belongs to."""
    detail: Mapped[str] = mapped_column(Text, default="")
    """What the machine or the cloud said about it."""
    source: Mapped[str] = mapped_column(String(120))
    """What it follows from: an event's key and part, a command, another task. The same source opens one task."""
    opened_at_ms: Mapped[Millis]
    """When it happened, not when it was noticed."""
    state: Mapped[str] = mapped_column(String(16), default="open")
    """open or resolved."""
    resolved_at_ms: Mapped[Millis] = mapped_column(default=0)
    resolved_by: Mapped[str] = mapped_column(String(254), default="")
    resolution: Mapped[str] = mapped_column(String(32), default="")
    note: Mapped[str] = mapped_column(Text, default="")
