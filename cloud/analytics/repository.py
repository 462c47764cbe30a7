"""All queries of the analytics."""

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.analytics.models import Anomaly, Report


async def add(db_session: AsyncSession, *rows: Anomaly | Report) -> None:
    """Insert; afterwards each row knows its number."""
    db_session.add_all(rows)
    await db_session.flush()


async def live(db_session: AsyncSession) -> list[Anomaly]:
    """What is not over, by number."""
    return list((await db_session.scalars(select(Anomaly).where(Anomaly.state != "over").order_by(Anomaly.id))).all())


async def anomaly(db_session: AsyncSession, number: int, *, for_update: bool = False) -> Anomaly | None:
    """One anomaly, or None."""
    return await db_session.get(Anomaly, number, with_for_update=for_update or None)


async def anomalies(
    db_session: AsyncSession,
    *,
    limit: int,
    before: tuple[int, int] | None = None,
    state: str | None = None,
    machine_id: str | None = None,
) -> list[Anomaly]:
    """A page, the last seen first; `before` is (last_at_ms, id) of the last row of the page before."""
    query = select(Anomaly).order_by(Anomaly.last_at_ms.desc(), Anomaly.id.desc()).limit(limit)
    if before:
        query = query.where(tuple_(Anomaly.last_at_ms, Anomaly.id) < before)
    if state:
        query = query.where(Anomaly.state == state)
    if machine_id:
        query = query.where(Anomaly.machine_id == machine_id)
    return list((await db_session.scalars(query)).all())


async def report(db_session: AsyncSession, number: int) -> Report | None:
    """One report, or None."""
    return await db_session.get(Report, number)


async def reports(
    db_session: AsyncSession, *, limit: int, before: int | None = None, kinds: Sequence[str] = ()
) -> list[Report]:
    """A page of reports, the newest first; `before` is the number of the last row of the page before."""
    query = select(Report).order_by(Report.id.desc()).limit(limit)
    if before:
        query = query.where(Report.id < before)
    if kinds:
        query = query.where(Report.kind.in_(kinds))
    return list((await db_session.scalars(query)).all())
