"""The door of the inventory: move goods, say what is where. Money is `cloud/accounting`'s business."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import repository, rules
from cloud.inventory.rules import Cost, PoolState

WAREHOUSE: Final = "warehouse"

NO_COST: Final = Cost()


@dataclass(frozen=True, slots=True)
class Movement:
    """Units that go from one place to another. No `from_place`: they come in. No `to_place`: they go out."""

    source: str
    """What caused it; the same cause moves once. At most 120 characters."""
    product_id: str
    quantity: int
    occurred_at_ms: int
    from_place: str | None = None
    to_place: str | None = None
    cost_minor: int = 0
    """For goods coming in: what they cost together, without tax."""


class ProductStock(BaseModel):
    """Where the units of one product are."""

    product_id: str
    vending_machine_stock: int
    storage_stock: int
    total_stock: int
    is_negative: bool = False
    """Some place has less than nothing: a count is due."""


def slot_place(machine_id: str, slot: str) -> str:
    """The place id of one slot."""
    return f"{machine_id}/{slot}"


async def move(db_session: AsyncSession, movements: Sequence[Movement]) -> list[Cost]:
    """Make movements in the order given; a source that has moved is not moved again.

    Args:
        db_session: a writing session.
        movements: receipts, transfers and issues, mixed.

    Returns:
        For each movement what it did to the value of the stock: `NO_COST` for a transfer.

    Raises:
        BadQuantityError: a quantity below 1 or a negative cost.
    """
    if not movements:
        return []
    await locks.take(db_session, Lock.BOOKS)
    known = await repository.moved(db_session, [row.source for row in movements])
    fresh = [row for row in movements if row.source not in known]
    pools = await repository.pools(db_session, {row.product_id for row in fresh})
    touched: dict[str, PoolState] = {}
    changes: defaultdict[tuple[str, str], int] = defaultdict(int)
    rows = []
    for row in fresh:
        if row.source in known:
            continue
        pool, cost = _apply(pools.get(row.product_id, PoolState()), row)
        pools[row.product_id] = touched[row.product_id] = pool
        known[row.source] = cost
        if row.from_place:
            changes[row.from_place, row.product_id] -= row.quantity
        if row.to_place:
            changes[row.to_place, row.product_id] += row.quantity
        rows.append(_row(row, cost))
    await repository.add_places(db_session, [_place(place) for place in sorted({place for place, _ in changes})])
    await repository.add_movements(db_session, rows)
    await repository.add_on_hand(db_session, changes)
    await repository.save_pools(db_session, touched)
    return [known[row.source] for row in movements]


def _apply(pool: PoolState, row: Movement) -> tuple[PoolState, Cost]:
    if row.from_place is None:
        return rules.receive(pool, row.quantity, row.cost_minor)
    if row.to_place is None:
        return rules.issue(pool, row.quantity)
    if row.quantity < 1:
        raise rules.BadQuantityError("a moved quantity", row.quantity)
    return pool, NO_COST


def _row(row: Movement, cost: Cost) -> dict[str, Any]:
    return {
        "source": row.source,
        "product_id": row.product_id,
        "quantity": row.quantity,
        "from_place": row.from_place,
        "to_place": row.to_place,
        "value_minor": cost.stock_minor,
        "uncovered_minor": cost.uncovered_minor,
        "occurred_at_ms": row.occurred_at_ms,
    }


def _place(place: str) -> dict[str, Any]:
    if place == WAREHOUSE:
        return {"id": place, "kind": "warehouse", "machine_id": None, "slot": None}
    machine_id, slot = place.split("/", 1)
    return {"id": place, "kind": "slot", "machine_id": machine_id, "slot": slot}


async def stock_of_products(db_session: AsyncSession, products: Sequence[str]) -> list[ProductStock]:
    """Machine, storage and total stock of each of `products`, in their order."""
    by_kind = await repository.stock_by_kind(db_session)
    negative = {product for _, product, _ in await repository.negative_places(db_session)}
    stocks = []
    for product in products:
        machine, storage = by_kind.get((product, "slot"), 0), by_kind.get((product, "warehouse"), 0)
        stocks.append(
            ProductStock(
                product_id=product,
                vending_machine_stock=machine,
                storage_stock=storage,
                total_stock=machine + storage,
                is_negative=product in negative,
            ),
        )
    return stocks


async def negative_products(db_session: AsyncSession) -> list[str]:
    """Products of which some place has less than nothing: a count is due."""
    return sorted({product for _, product, _ in await repository.negative_places(db_session)})


async def stock_of_machine(db_session: AsyncSession, machine_id: str) -> dict[tuple[str, str], int]:
    """(slot, product) to units believed there."""
    return await repository.on_hand_of_machine(db_session, machine_id)


async def stock_in_slots(db_session: AsyncSession) -> dict[tuple[str, str, str], int]:
    """(machine, slot, product) to units believed there, for all machines."""
    return await repository.on_hand_in_slots(db_session)


async def total_value(db_session: AsyncSession) -> int:
    """What all stock cost, in yen; equals account 1101."""
    return await repository.total_value(db_session)
