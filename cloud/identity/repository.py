"""All queries of the operators."""

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.identity.models import LoginThrottle, Operator


async def operator(db_session: AsyncSession, email: str) -> Operator | None:
    """One operator, or None."""
    return await db_session.scalar(select(Operator).where(Operator.email == email))


async def operator_count(db_session: AsyncSession) -> int:
    """How many operators there are."""
    return int(await db_session.scalar(select(func.count()).select_from(Operator)) or 0)


def add_operator(db_session: AsyncSession, row: Operator) -> None:
    """Add an operator."""
    db_session.add(row)


async def throttle(db_session: AsyncSession, email: str) -> LoginThrottle | None:
    """Wrong passwords on record for an address, or None."""
    return await db_session.get(LoginThrottle, email)


def add_throttle(db_session: AsyncSession, row: LoginThrottle) -> None:
    """Begin counting."""
    db_session.add(row)


async def forget_throttles(db_session: AsyncSession, before_ms: int) -> None:
    """Drop what is too old to count."""
    await db_session.execute(delete(LoginThrottle).where(LoginThrottle.last_at_ms < before_ms))


async def forget_throttle(db_session: AsyncSession, email: str) -> None:
    """A right password: start from zero."""
    await db_session.execute(delete(LoginThrottle).where(LoginThrottle.email == email))
