"""All queries of the visits."""

from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import upsert
from cloud.visits.filters import Wanted
from cloud.visits.models import Visit


async def save(db_session: AsyncSession, row: dict[str, Any], *, changed: tuple[str, ...]) -> None:
    """Write a visit; of one that is known only `changed` is written."""
    statement = upsert(db_session, Visit.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["machine_id", "id"], set_={name: statement.excluded[name] for name in changed}
    )
    await db_session.execute(statement, row)


async def one(db_session: AsyncSession, machine_id: str, visit: str) -> Visit | None:
    """One visit, or None."""
    return await db_session.get(Visit, (machine_id, visit))


async def listing(db_session: AsyncSession, wanted: Wanted, limit: int) -> list[Visit]:
    """Visits, newest first."""
    query = select(Visit).order_by(Visit.started_at_ms.desc(), Visit.id.desc()).limit(limit)
    if wanted.machine_id:
        query = query.where(Visit.machine_id == wanted.machine_id)
    if wanted.staff_id:
        query = query.where(Visit.staff_id == wanted.staff_id)
    if wanted.before:
        query = query.where(tuple_(Visit.started_at_ms, Visit.id) < wanted.before)
    return list((await db_session.scalars(query)).all())
