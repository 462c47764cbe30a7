"""Table of the crew. Private to this capability."""

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, Millis


class Member(Base):
    """One row is one user who may begin visits. Gone when they may not any more; the activity log remembers."""

    __tablename__ = "machine_crew"

    user_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    name: Mapped[str] = mapped_column(String(80))
    """As the machine greets them."""
    name_kana: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(8))
    """ja or en: what the maintenance screens begin with."""
    pin_hash: Mapped[str] = mapped_column(String(255))
    """As machines get it; see `protocol.desired.PinHash`."""
    rights: Mapped[list[str]] = mapped_column(JSON)
    machines: Mapped[list[str]] = mapped_column(JSON)
    """Machine ids; empty for all."""
    revision: Mapped[int] = mapped_column(Integer, default=1)
    """Counts changes; two people who edit at once notice each other by it."""
    changed_at_ms: Mapped[Millis]
