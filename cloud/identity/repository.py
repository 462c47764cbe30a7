"""All queries of the users, their sessions and what they did."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import only, upsert
from cloud.identity.models import Activity, LoginSession, LoginThrottle, RefreshToken, User


async def user(db_session: AsyncSession, email: str) -> User | None:
    """One user by address, or None."""
    return await db_session.scalar(select(User).where(User.email == email))


async def user_of_id(db_session: AsyncSession, user_id: int, *, for_update: bool = False) -> User | None:
    """One user by number, or None."""
    return await db_session.get(User, user_id, with_for_update=for_update or None)


async def users(
    db_session: AsyncSession, *, limit: int, after: int = 0, role: str | None = None, is_active: bool | None = None
) -> list[User]:
    """Users by number; `after` is the number of the last row of the page before."""
    query = select(User).where(User.id > after).order_by(User.id).limit(limit)
    query = only(query, (User.role, role), (User.is_active, is_active))
    return list((await db_session.scalars(query)).all())


async def lock_active(db_session: AsyncSession, role: str) -> int:
    """How many users of a role may log in. Nobody else changes one of them until commit."""
    query = select(User.id).where(User.role == role, User.is_active).order_by(User.id).with_for_update()
    return len((await db_session.scalars(query)).all())


async def user_count(db_session: AsyncSession) -> int:
    """How many users there are."""
    return int(await db_session.scalar(select(func.count()).select_from(User)) or 0)


def add_user(db_session: AsyncSession, row: User) -> None:
    """Add a user."""
    db_session.add(row)


# --- sessions ------------------------------------------------------------------------------------


def add_session(db_session: AsyncSession, row: LoginSession) -> None:
    """Add a session."""
    db_session.add(row)


async def session_and_user(
    db_session: AsyncSession, session_id: str, *, for_update: bool = False
) -> tuple[LoginSession, User] | None:
    """A session with its user, or None."""
    query = select(LoginSession, User).join(User, User.id == LoginSession.user_id).where(LoginSession.id == session_id)
    row = (await db_session.execute(query.with_for_update() if for_update else query)).first()
    return (row[0], row[1]) if row else None


async def sessions(
    db_session: AsyncSession, user_id: int, now_ms: int, *, limit: int, before: tuple[int, str] | None = None
) -> list[LoginSession]:
    """A user's sessions that are not over, newest first; `before` is (created_at_ms, id) of the last row seen."""
    query = select(LoginSession).where(
        LoginSession.user_id == user_id, LoginSession.ended_at_ms == 0, LoginSession.expires_at_ms > now_ms
    )
    if before is not None:
        at_ms, session_id = before
        query = query.where(
            (LoginSession.created_at_ms < at_ms)
            | ((LoginSession.created_at_ms == at_ms) & (LoginSession.id < session_id))
        )
    query = query.order_by(LoginSession.created_at_ms.desc(), LoginSession.id.desc()).limit(limit)
    return list((await db_session.scalars(query)).all())


async def session_counts(db_session: AsyncSession, now_ms: int) -> dict[int, int]:
    """User number to how many sessions are not over, for those that have any."""
    query = select(LoginSession.user_id, func.count()).where(
        LoginSession.ended_at_ms == 0, LoginSession.expires_at_ms > now_ms
    )
    rows = await db_session.execute(query.group_by(LoginSession.user_id))
    return {row[0]: row[1] for row in rows}


async def end_sessions(
    db_session: AsyncSession, *, why: str, now_ms: int, user_id: int | None = None, session_id: str | None = None
) -> int:
    """End the sessions of a user, or one, that were not ended before; how many there were."""
    statement = update(LoginSession).where(LoginSession.ended_at_ms == 0)
    if user_id is not None:
        statement = statement.where(LoginSession.user_id == user_id)
    if session_id is not None:
        statement = statement.where(LoginSession.id == session_id)
    statement = statement.values(ended_at_ms=now_ms, ended_why=why).returning(LoginSession.id)
    return len((await db_session.scalars(statement)).all())


async def forget_sessions(db_session: AsyncSession, before_ms: int) -> None:
    """Drop sessions that expired long ago, with their tokens."""
    old = select(LoginSession.id).where(LoginSession.expires_at_ms < before_ms)
    await db_session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(old)))
    await db_session.execute(delete(LoginSession).where(LoginSession.expires_at_ms < before_ms))


async def refresh_token(db_session: AsyncSession, token_sha256: str) -> RefreshToken | None:
    """A refresh token that was given out, or None. Nobody else uses it until commit."""
    query = select(RefreshToken).where(RefreshToken.token_sha256 == token_sha256).with_for_update()
    return await db_session.scalar(query)


def add_refresh_token(db_session: AsyncSession, row: RefreshToken) -> None:
    """Remember one that is given out."""
    db_session.add(row)


# --- wrong passwords -----------------------------------------------------------------------------


async def throttle(db_session: AsyncSession, subject: str, now_ms: int) -> LoginThrottle:
    """Wrong passwords on record for a subject; a new row counts none. Nobody else counts for it until commit."""
    values = {"subject": subject, "failures": 0, "blocked_until_ms": 0, "last_at_ms": now_ms}
    statement = upsert(db_session, LoginThrottle.__table__).values(values).on_conflict_do_nothing()
    await db_session.execute(statement)
    return await db_session.get_one(LoginThrottle, subject, with_for_update=True, populate_existing=True)


async def longest_block(db_session: AsyncSession, subjects: Sequence[str]) -> int:
    """Until when the first of these subjects to wait longest is closed; 0 for not."""
    query = select(func.max(LoginThrottle.blocked_until_ms)).where(LoginThrottle.subject.in_(subjects))
    return int(await db_session.scalar(query) or 0)


async def forget_throttles(db_session: AsyncSession, before_ms: int) -> None:
    """Drop what is too old to count."""
    await db_session.execute(delete(LoginThrottle).where(LoginThrottle.last_at_ms < before_ms))


async def forget_throttle(db_session: AsyncSession, subject: str) -> None:
    """A right password: start from zero."""
    await db_session.execute(delete(LoginThrottle).where(LoginThrottle.subject == subject))


# --- who did what --------------------------------------------------------------------------------


def add_activity(db_session: AsyncSession, row: Activity) -> None:
    """Write down what somebody did."""
    db_session.add(row)


async def activities(
    db_session: AsyncSession, wanted: dict[str, Any], *, limit: int, before: int | None
) -> list[Activity]:
    """What was done, newest first; `wanted` as the fields of `activity.Filter`."""
    query = select(Activity).order_by(Activity.id.desc()).limit(limit)
    for name in ("who", "action", "target", "outcome"):
        if wanted[name] is not None:
            query = query.where(getattr(Activity, name) == wanted[name])
    if wanted["since_ms"] is not None:
        query = query.where(Activity.at_ms >= wanted["since_ms"])
    if wanted["until_ms"] is not None:
        query = query.where(Activity.at_ms < wanted["until_ms"])
    if before is not None:
        query = query.where(Activity.id < before)
    return list((await db_session.scalars(query)).all())
