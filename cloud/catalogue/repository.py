"""All queries of the catalogue."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue.models import Product, ProductRevision, TaxRate
from cloud.db.statements import only, slices, upsert


async def products(db_session: AsyncSession) -> list[Product]:
    """Every product, by id."""
    return list((await db_session.scalars(select(Product).order_by(Product.id))).all())


async def product(db_session: AsyncSession, product_id: str) -> Product | None:
    """One product, or None."""
    return await db_session.get(Product, product_id, populate_existing=True)


async def products_of(db_session: AsyncSession, ids: Collection[str]) -> dict[str, Product]:
    """Those of these ids that are there."""
    found: dict[str, Product] = {}
    for part in slices(sorted(ids)):
        query = select(Product).where(Product.id.in_(part)).execution_options(populate_existing=True)
        found.update({row.id: row for row in await db_session.scalars(query)})
    return found


async def owners_of_jans(db_session: AsyncSession, jans: Collection[str]) -> dict[str, str]:
    """JAN code to the product that has it."""
    found: dict[str, str] = {}
    for part in slices(sorted(jans)):
        rows = await db_session.execute(select(Product.jan, Product.id).where(Product.jan.in_(part)))
        found.update({jan: owner for jan, owner in rows if jan})
    return found


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
    """Add products or replace those of the same id; all rows have the same fields."""
    statement = upsert(db_session, Product.__table__)
    fields = [name for name in rows[0] if name != "id"]
    statement = statement.on_conflict_do_update(
        index_elements=["id"], set_={name: statement.excluded[name] for name in fields}
    )
    await (await db_session.connection()).execute(statement, list(rows))


async def revisions(db_session: AsyncSession, product_id: str | None = None) -> list[ProductRevision]:
    """Revisions in the order in which they were made; of one product or of all."""
    query = select(ProductRevision).order_by(ProductRevision.id)
    query = only(query, (ProductRevision.product_id, product_id))
    return list((await db_session.scalars(query)).all())


async def newest_numbers(db_session: AsyncSession, ids: Collection[str]) -> dict[str, int]:
    """Product to the number of its newest revision."""
    found: dict[str, int] = {}
    for part in slices(sorted(ids)):
        query = select(ProductRevision.product_id, func.max(ProductRevision.number))
        query = query.where(ProductRevision.product_id.in_(part)).group_by(ProductRevision.product_id)
        found.update({product_id: int(number) for product_id, number in await db_session.execute(query)})
    return found


async def add_revisions(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write down revisions, in this order."""
    db_session.add_all([ProductRevision(**row) for row in rows])
    await db_session.flush()


async def set_rate(db_session: AsyncSession, row: dict[str, Any]) -> None:
    """Add a tax rate, or change it."""
    statement = upsert(db_session, TaxRate.__table__)
    changed = {"percent": statement.excluded.percent}
    statement = statement.on_conflict_do_update(index_elements=["tax_class", "valid_from"], set_=changed)
    await (await db_session.connection()).execute(statement, [row])


async def add_rates(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Add tax rates; a known (class, day) stays as it is."""
    statement = upsert(db_session, TaxRate.__table__).on_conflict_do_nothing()
    await (await db_session.connection()).execute(statement, list(rows))
