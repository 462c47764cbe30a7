"""What goods cost us, as the guard compares it with prices: with the tax that customers pay on them."""

from collections.abc import Collection
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.inventory import service as inventory


async def taxed_costs(db_session: AsyncSession, products: Collection[str], day: date) -> dict[str, int | None]:
    """Product to the cost of a unit plus the tax in its price, in yen, rounded up.

    Args:
        db_session: open session.
        products: ids.
        day: whose tax rates count.

    Returns:
        One value for each product; None when nobody knows what it cost.
    """
    costs = await inventory.unit_costs(db_session, products)
    goods = await catalogue.load(db_session)
    return {name: _taxed(costs.get(name, 0), goods.percent(name, day)) for name in products}


def _taxed(cost_minor: int, percent: int) -> int | None:
    return -(-cost_minor * (100 + percent) // 100) if cost_minor > 0 else None
