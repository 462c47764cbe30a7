"""All queries of refunds."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import among, only
from cloud.sales.models import Refund, Sale
from cloud.sales.repository import EventKey


async def add(db_session: AsyncSession, row: Refund) -> None:
    """Insert a refund; it has its number afterwards."""
    db_session.add(row)
    await db_session.flush()


async def by_key(db_session: AsyncSession, key: str) -> Refund | None:
    """What a caller's key made, or None."""
    return await db_session.scalar(select(Refund).where(Refund.key == key))


async def of_sale(db_session: AsyncSession, key: EventKey) -> Sequence[Refund]:
    """The refunds of the sale that an event made, the oldest first."""
    machine_id, epoch, seq = key
    query = select(Refund).where(Refund.machine_id == machine_id, Refund.epoch == epoch, Refund.seq == seq)
    return (await db_session.scalars(query.order_by(Refund.id))).all()


_ITS = and_(Sale.machine_id == Refund.machine_id, Sale.epoch == Refund.epoch, Sale.seq == Refund.seq)
_WITH_SALES = select(Refund, Sale.id).join(Sale, _ITS)


async def one(db_session: AsyncSession, refund_id: int) -> list[tuple[Refund, int]]:
    """One refund with the row number of its sale; an empty list when there is none."""
    found = await db_session.execute(_WITH_SALES.where(Refund.id == refund_id))
    return [(row, int(number)) for row, number in found]


async def page(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    sale_id: int | None = None,
    days: tuple[date, date] | None = None,
    names: Mapping[str, str | None] | None = None,
) -> list[tuple[Refund, int]]:
    """Refunds with the row number of their sale, the newest first; None asks for everything."""
    query = _WITH_SALES.order_by(Refund.id.desc()).limit(limit)
    query = only(query, (Sale.id, sale_id))
    for column, value in (names or {}).items():
        if value is not None:
            query = query.where(getattr(Refund, column) == value)
    if before is not None:
        query = query.where(Refund.id < before)
    if days is not None:
        query = query.where(Refund.refunded_on.between(*days))
    return [(row, int(number)) for row, number in await db_session.execute(query)]


async def through_processor(db_session: AsyncSession, payments: Sequence[str]) -> dict[str, int]:
    """Payment to what its processor is to give back."""
    query = select(Refund.payment, func.sum(Refund.gross_minor)).where(Refund.method == "processor")
    query = query.where(among(db_session, Refund.payment, payments)).group_by(Refund.payment)
    return {payment: int(amount) for payment, amount in await db_session.execute(query)}


async def owed_by_processor(db_session: AsyncSession, tender: str, first: date, last: date) -> dict[str, int]:
    """Payment to what the processor of a tender is to give back, refunded from `first` to `last`."""
    query = select(Refund.payment, func.sum(Refund.gross_minor)).where(
        Refund.method == "processor", Refund.tender == tender, Refund.refunded_on.between(first, last)
    )
    return {payment: int(amount) for payment, amount in await db_session.execute(query.group_by(Refund.payment))}


async def earned(
    db_session: AsyncSession,
    columns: Sequence[Literal["machine_id", "product_id"]],
    days: tuple[date, date],
    only: str | None = None,
) -> list[tuple[tuple[str, ...], int, int, int]]:
    """(machine, product or both, units, net, cost) that refunds of these days took back."""
    keys = [getattr(Refund, column) for column in columns]
    query = (
        select(*keys, func.sum(Refund.units_back), func.sum(Refund.net_minor), func.sum(Refund.cost_minor))
        .where(Refund.refunded_on.between(*days))
        .group_by(*keys)
    )
    if only is not None:
        query = query.where(keys[0] == only)
    rows = await db_session.execute(query)
    return [(tuple(names), int(units), int(net), int(cost)) for *names, units, net, cost in rows]


async def days(db_session: AsyncSession, first: date, last: date) -> dict[date, int]:
    """Day to what was given back, tax included."""
    query = select(Refund.refunded_on, func.sum(Refund.gross_minor)).where(Refund.refunded_on.between(first, last))
    return {day: int(gross) for day, gross in await db_session.execute(query.group_by(Refund.refunded_on))}


async def taxed(db_session: AsyncSession, first: date, last: date) -> list[tuple[int, int, int, int, int]]:
    """(rate, units that came back, gross, tax, net) of the refunds of the days from `first` to `last`, by rate."""
    query = (
        select(
            Refund.tax_percent,
            func.sum(Refund.units_back),
            func.sum(Refund.gross_minor),
            func.sum(Refund.tax_minor),
            func.sum(Refund.net_minor),
        )
        .where(Refund.refunded_on.between(first, last))
        .group_by(Refund.tax_percent)
        .order_by(Refund.tax_percent)
    )
    return [
        (int(rate), int(units), int(gross), int(tax), int(net))
        for rate, units, gross, tax, net in await db_session.execute(query)
    ]
