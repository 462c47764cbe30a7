"""Table of the commands. Private to this capability."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, EpochRef, MachineRef, Millis, SeqRef


class MachineCommand(Base):
    """One row is one command: it lives here, the broker holds nothing. Never deleted."""

    __tablename__ = "machine_commands"
    __table_args__ = (
        UniqueConstraint("machine_id", "n"),
        UniqueConstraint("payment"),
        Index("ix_machine_commands_state", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """128 random bits in hex."""
    machine_id: Mapped[MachineRef]
    n: Mapped[SeqRef]
    """1, 2, 3 … per machine without a gap; the machine takes only a higher one than it ever took."""
    kind: Mapped[str] = mapped_column(String(32))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The arguments as in `protocol.commands`."""
    state: Mapped[str] = mapped_column(String(16))
    """One of `rules.State`."""
    issued_at_ms: Mapped[Millis]
    ttl_ms: Mapped[int] = mapped_column(BigInteger)
    """Not begun later than this after it was issued."""
    issued_by: Mapped[str] = mapped_column(String(254))
    payment: Mapped[str | None] = mapped_column(String(128))
    """The payment it spends; one payment buys one unit, once."""
    conn: Mapped[str] = mapped_column(String(16), default="")
    """Connection it was last sent with; empty before."""
    epoch: Mapped[EpochRef] = mapped_column(default="")
    """The machine's store it was first sent to; empty before."""
    sent_at_ms: Mapped[Millis] = mapped_column(default=0)
    """When it was last sent; 0 for never."""
    taken_at_ms: Mapped[Millis] = mapped_column(default=0)
    """Corrected time of `command.taken`; 0 for none."""
    done_at_ms: Mapped[Millis] = mapped_column(default=0)
    """Corrected time of `command.done`, or when the cloud let it expire; 0 for neither."""
    outcome: Mapped[str] = mapped_column(String(16), default="")
    """As the machine told it; empty when it told none."""
    why: Mapped[str] = mapped_column(Text, default="")
    vend_id: Mapped[str] = mapped_column(String(64), default="")
