"""All queries about suppliers and offers. Orders and what follows them: `order_repository.py`."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import only
from cloud.procurement.models import InputTaxShare, Offer, Supplier


async def suppliers(
    db_session: AsyncSession, *, limit: int, after: tuple[str, int] | None = None, is_active: bool | None = None
) -> list[Supplier]:
    """Suppliers by kana and id."""
    query = select(Supplier).order_by(Supplier.kana, Supplier.id).limit(limit)
    if after is not None:
        kana, number = after
        query = query.where((Supplier.kana > kana) | ((Supplier.kana == kana) & (Supplier.id > number)))
    query = only(query, (Supplier.is_active, is_active))
    return list(await db_session.scalars(query))


async def supplier(db_session: AsyncSession, number: int, *, for_update: bool = False) -> Supplier | None:
    """One supplier, or None."""
    query = select(Supplier).where(Supplier.id == number)
    return await db_session.scalar(query.with_for_update() if for_update else query)


async def supplier_named(db_session: AsyncSession, name: str) -> Supplier | None:
    """The supplier of this very name, or None."""
    return await db_session.scalar(select(Supplier).where(Supplier.name == name))


async def names(db_session: AsyncSession) -> dict[int, str]:
    """Supplier id to name."""
    return {row.id: row.name for row in await db_session.execute(select(Supplier.id, Supplier.name))}


async def add(db_session: AsyncSession, row: Supplier | Offer) -> int:
    """Insert a row; its number."""
    db_session.add(row)
    await db_session.flush()
    return row.id


async def offer(db_session: AsyncSession, number: int) -> Offer | None:
    """One offer, or None."""
    return await db_session.get(Offer, number)


async def offers(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    supplier_id: int | None = None,
    product_id: str | None = None,
    is_confirmed: bool | None = None,
) -> list[Offer]:
    """A page of offers, the newest recorded first."""
    query = select(Offer).order_by(Offer.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Offer.id < before)
    query = only(query, (Offer.supplier_id, supplier_id), (Offer.product_id, product_id))
    if is_confirmed is not None:
        query = query.where(Offer.confirmed_by != "" if is_confirmed else Offer.confirmed_by == "")
    return list(await db_session.scalars(query))


async def history(db_session: AsyncSession, product_id: str | None = None) -> list[Offer]:
    """Every confirmed offer, of one product or of all, the oldest recorded first."""
    query = select(Offer).where(Offer.confirmed_by != "").order_by(Offer.valid_from, Offer.id)
    query = only(query, (Offer.product_id, product_id))
    return list(await db_session.scalars(query))


async def current(db_session: AsyncSession, products: Sequence[str], day: date) -> list[tuple[Offer, Supplier]]:
    """The newest valid, confirmed offer of each active supplier for each of these products."""
    newest = (
        select(func.max(Offer.id))
        .where(Offer.product_id.in_(products), Offer.confirmed_by != "")
        .where(Offer.valid_from <= day, Offer.valid_to.is_(None) | (Offer.valid_to >= day))
        .group_by(Offer.product_id, Offer.supplier_id)
    )
    query = (
        select(Offer, Supplier)
        .join(Supplier, Supplier.id == Offer.supplier_id)
        .where(Offer.id.in_(newest), Supplier.is_active)
        .order_by(Offer.product_id, Offer.id)
    )
    return [(offer, supplier) for offer, supplier in await db_session.execute(query)]


async def shares(db_session: AsyncSession) -> list[tuple[date, int]]:
    """(valid from, per cent) of the input tax that may be deducted without a registration number, earliest first."""
    query = select(InputTaxShare.valid_from, InputTaxShare.percent).order_by(InputTaxShare.valid_from)
    return [(day, percent) for day, percent in await db_session.execute(query)]
