"""Tables of the operators. Private to this capability."""

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, Millis


class Operator(Base):
    """One row is one person who may use the dashboard."""

    __tablename__ = "operators"

    id: Mapped[BigId]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """Lower case."""
    password_hash: Mapped[str] = mapped_column(String(255))
    """Argon2id."""
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at_ms: Mapped[Millis]


class LoginThrottle(Base):
    """One row is wrong passwords for one e-mail address, known or not: the answer must not tell which."""

    __tablename__ = "login_throttles"

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    blocked_until_ms: Mapped[Millis]
    last_at_ms: Mapped[Millis]
