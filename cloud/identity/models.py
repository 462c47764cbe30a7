"""Tables of the users, their sessions, and of who did what. Private to this capability."""

from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, Millis


class User(Base):
    """One row is one person who may log in. Never deleted: the activity log names them."""

    __tablename__ = "users"

    id: Mapped[BigId]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """Lower case."""
    role: Mapped[str] = mapped_column(String(16))
    """One of `permissions.Role`."""
    password_hash: Mapped[str] = mapped_column(String(255))
    """Argon2id."""
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    """Counts changes of role and of being active; two people who edit at once notice each other by it."""
    created_at_ms: Mapped[Millis]


class LoginSession(Base):
    """One row is one login: of a browser, or of a program and all the tokens that followed from it."""

    __tablename__ = "login_sessions"
    __table_args__ = (Index("ix_login_sessions_user_id", "user_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """128 random bits in hex."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(8))
    """browser or api."""
    address: Mapped[str] = mapped_column(String(64))
    """Network address it was begun from."""
    agent: Mapped[str] = mapped_column(String(200))
    """What the program called itself."""
    created_at_ms: Mapped[Millis]
    used_at_ms: Mapped[Millis]
    """Begun, or last refreshed."""
    expires_at_ms: Mapped[Millis]
    ended_at_ms: Mapped[Millis] = mapped_column(default=0)
    """When it was ended before its time; 0 for not."""
    ended_why: Mapped[str] = mapped_column(String(32), default="")


class RefreshToken(Base):
    """One row is one refresh token that was given out. A second use of one ends its session."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_session_id", "session_id"),)

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The token has 256 random bits, so a plain digest is enough."""
    session_id: Mapped[str] = mapped_column(ForeignKey("login_sessions.id"))
    issued_at_ms: Mapped[Millis]
    used_at_ms: Mapped[Millis] = mapped_column(default=0)
    """When it was exchanged; 0 for not yet."""


class LoginThrottle(Base):
    """One row is wrong passwords for one e-mail address, known or not, or from one network address."""

    __tablename__ = "login_throttles"

    subject: Mapped[str] = mapped_column(String(260), primary_key=True)
    """`email:…` or `from:…`."""
    failures: Mapped[int] = mapped_column(Integer)
    blocked_until_ms: Mapped[Millis]
    last_at_ms: Mapped[Millis]


class Activity(Base):
    """One row is one thing somebody did or was refused. The database lets nobody change or delete one."""

    __tablename__ = "activities"
    __table_args__ = (
        Index("ix_activities_who", "who", "id"),
        Index("ix_activities_action", "action", "id"),
    )

    id: Mapped[BigId]
    at_ms: Mapped[Millis]
    who: Mapped[str] = mapped_column(String(254))
    """E-mail address of the user at that time, or the name of a tool; empty for nobody we know."""
    role: Mapped[str] = mapped_column(String(16))
    """The role they had; empty for none."""
    action: Mapped[str] = mapped_column(String(48))
    """What was done, e.g. `planogram.published`."""
    target: Mapped[str] = mapped_column(String(200))
    """What it was done to: a path, or a user."""
    outcome: Mapped[str] = mapped_column(String(16))
    """done or refused."""
    via: Mapped[str] = mapped_column(String(8))
    """api, page or tool."""
    address: Mapped[str] = mapped_column(String(64))
    """Network address it came from; empty for a tool."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What matters of the request; never a secret."""
