"""All queries of the crew."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.crew.models import Member


async def members(db_session: AsyncSession) -> list[Member]:
    """Everybody, by number of their user."""
    return list((await db_session.scalars(select(Member).order_by(Member.user_id))).all())


async def member(db_session: AsyncSession, user_id: int) -> Member | None:
    """One of them, or None."""
    return await db_session.get(Member, user_id)


def add(db_session: AsyncSession, row: Member) -> None:
    """Add one."""
    db_session.add(row)


async def remove(db_session: AsyncSession, row: Member) -> None:
    """Take one away."""
    await db_session.delete(row)
