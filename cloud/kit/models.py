"""Table of the requests that must not be carried out twice."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, Millis


class IdempotencyKey(Base):
    """One row is one request that made something, under the name its caller gave it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_at_ms", "at_ms"),)

    caller: Mapped[str] = mapped_column(String(254), primary_key=True)
    """Whose name it is; another caller may use the same."""
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    """Digest of method, path and body; tells a repeated request from another one under the same key."""
    made: Mapped[str] = mapped_column(String(64))
    """Id of what it made."""
    at_ms: Mapped[Millis]
