"""All queries of payouts, equipment and closed years."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting.models import Equipment, Payout, PayoutLine, YearClosing
from cloud.db.base import Base
from cloud.db.statements import among


async def add(db_session: AsyncSession, row: Base) -> None:
    """Write a row; its number is known afterwards."""
    db_session.add(row)
    await db_session.flush()


async def add_lines(db_session: AsyncSession, lines: Sequence[PayoutLine]) -> None:
    """Write the lines of a payout."""
    db_session.add_all(lines)
    await db_session.flush()


async def payout_named(db_session: AsyncSession, processor: str, reference: str) -> Payout | None:
    """The payout a processor calls so, or None."""
    return await db_session.scalar(select(Payout).where(Payout.processor == processor, Payout.reference == reference))


async def payout(db_session: AsyncSession, payout_id: int) -> Payout | None:
    """One payout, or None."""
    return await db_session.get(Payout, payout_id)


async def payouts(db_session: AsyncSession, *, limit: int, before: int | None = None) -> list[Payout]:
    """Payouts, the newest first."""
    query = select(Payout).order_by(Payout.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Payout.id < before)
    return list((await db_session.scalars(query)).all())


async def lines(db_session: AsyncSession, payout_ids: Sequence[int]) -> list[PayoutLine]:
    """The lines of these payouts, in order."""
    query = select(PayoutLine).where(among(db_session, PayoutLine.payout_id, payout_ids))
    return list((await db_session.scalars(query.order_by(PayoutLine.payout_id, PayoutLine.line))).all())


async def charged(db_session: AsyncSession, payments: Sequence[str]) -> set[str]:
    """Those payments that a payout has charged."""
    query = select(PayoutLine.payment).where(PayoutLine.kind == "charge")
    return set(await db_session.scalars(query.where(among(db_session, PayoutLine.payment, payments))))


def settled_charges() -> Select[str]:
    """Finds every payment that a payout has charged."""
    return select(PayoutLine.payment).where(PayoutLine.kind == "charge")


async def brought_back(db_session: AsyncSession, payments: Sequence[str]) -> dict[str, int]:
    """Payment to what payouts have given back for it."""
    query = select(PayoutLine.payment, func.sum(PayoutLine.gross_minor)).where(PayoutLine.kind == "refund")
    query = query.where(among(db_session, PayoutLine.payment, payments)).group_by(PayoutLine.payment)
    return {payment: int(amount) for payment, amount in await db_session.execute(query)}


async def equipment(db_session: AsyncSession) -> list[Equipment]:
    """All equipment, the oldest first."""
    return list((await db_session.scalars(select(Equipment).order_by(Equipment.id))).all())


async def one_equipment(db_session: AsyncSession, equipment_id: int) -> Equipment | None:
    """One thing, or None."""
    return await db_session.get(Equipment, equipment_id)


async def year_closings(db_session: AsyncSession) -> list[YearClosing]:
    """Every closing of a year, the oldest first."""
    return list((await db_session.scalars(select(YearClosing).order_by(YearClosing.id))).all())


async def closed_year_upto(db_session: AsyncSession) -> date | None:
    """The last day of the newest closed year that stands."""
    return await db_session.scalar(select(func.max(YearClosing.last_day)).where(YearClosing.undone_at_ms == 0))
