"""All queries of the catalogue."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue.models import Product, TaxRate
from cloud.db.statements import upsert


async def products(db_session: AsyncSession) -> list[Product]:
    """Every product, by id."""
    return list((await db_session.scalars(select(Product).order_by(Product.id))).all())


async def product(db_session: AsyncSession, product_id: str) -> Product | None:
    """One product, or None."""
    return await db_session.get(Product, product_id)


async def product_count(db_session: AsyncSession) -> int:
    """How many products are active."""
    query = select(func.count()).select_from(Product).where(Product.is_active)
    return int(await db_session.scalar(query) or 0)


async def rates(db_session: AsyncSession) -> dict[str, list[tuple[date, int]]]:
    """Tax class to its (valid from, per cent), earliest first."""
    found: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for row in await db_session.scalars(select(TaxRate).order_by(TaxRate.tax_class, TaxRate.valid_from)):
        found[row.tax_class].append((row.valid_from, row.percent))
    return dict(found)


async def save_products(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Add products or replace those of the same id."""
    statement = upsert(db_session, Product.__table__)
    fields = ("name_ja", "name_en", "tax_class", "picture", "is_active")
    statement = statement.on_conflict_do_update(
        index_elements=["id"], set_={name: statement.excluded[name] for name in fields}
    )
    await (await db_session.connection()).execute(statement, list(rows))


async def add_rates(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Add tax rates; a known (class, day) stays as it is."""
    statement = upsert(db_session, TaxRate.__table__).on_conflict_do_nothing()
    await (await db_session.connection()).execute(statement, list(rows))
