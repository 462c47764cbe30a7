"""The door of the inventory: move goods, say what is where. Money is `cloud/accounting`'s business."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import lot_book, lots, repository, rules
from cloud.inventory.lots import LotShare
from cloud.inventory.rules import Cost, PoolState

WAREHOUSE: Final = "warehouse"
WAREHOUSE_NAME: Final = "倉庫"

SENT_BACK: Final = "credit_note:"
"""How the source of goods begins that go back to a supplier, on the credit note of which they stand."""

STORAGE: Final = ("warehouse", "van")
"""Kinds of places that are not in a machine."""

NO_COST: Final = Cost()


class Movement(NamedTuple):
    """Units that go from one place to another. No `from_place`: they come in. No `to_place`: they go out."""

    source: str
    """What caused it; the same cause moves once. At most 120 characters."""
    product_id: str
    quantity: int
    occurred_at_ms: int
    from_place: str | None = None
    to_place: str | None = None
    cost_minor: int = 0
    """For goods coming in, and for goods that go back to who sold them: what they cost together, without tax."""
    lots: tuple[LotShare, ...] | None = None
    """Which lots they are, adding up to at most `quantity`; None for whatever is first out (`lots.py`)."""


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
        BadQuantityError: a quantity below 1 or a negative cost; more goes back to a supplier than there is anywhere.
        LotDateError: goods come in with a lot that is known with another best-before date.
    """
    if not movements:
        return []
    await locks.take(db_session, Lock.BOOKS)
    known = await repository.moved(db_session, [row.source for row in movements])
    fresh = [row for row in movements if row.source not in known]
    pools = await repository.pools(db_session, {row.product_id for row in fresh})
    book = await lot_book.load(db_session, fresh)
    touched: dict[str, PoolState] = {}
    changes: defaultdict[tuple[str, str], int] = defaultdict(int)
    rows = []
    for row in fresh:
        if row.source in known:
            continue
        pool, cost = _apply(pools.get(row.product_id, PoolState()), row)
        pools[row.product_id] = touched[row.product_id] = pool
        known[row.source] = cost
        if book and (row.to_place or row.lots is not None):
            book.follow(row, changes)
        if row.from_place:
            changes[row.from_place, row.product_id] -= row.quantity
        if row.to_place:
            changes[row.to_place, row.product_id] += row.quantity
        rows.append(
            (
                row.source,
                row.product_id,
                row.quantity,
                row.from_place,
                row.to_place,
                cost.stock_minor,
                cost.uncovered_minor,
                row.occurred_at_ms,
            ),
        )
    await repository.add_places(db_session, _new_places({place for place, _ in changes}))
    await repository.add_movements(db_session, rows)
    await repository.add_on_hand(db_session, changes)
    await repository.save_pools(db_session, touched)
    if book:
        await book.save(db_session)
    return [known[row.source] for row in movements]


def _apply(pool: PoolState, row: Movement) -> tuple[PoolState, Cost]:
    if row.from_place is None:
        return rules.receive(pool, row.quantity, row.cost_minor)
    if row.to_place is None and row.source.startswith(SENT_BACK):
        return rules.send_back(pool, row.quantity, row.cost_minor)
    if row.to_place is None:
        return rules.issue(pool, row.quantity)
    if row.quantity < 1:
        raise rules.BadQuantityError("a moved quantity", row.quantity)
    return pool, NO_COST


def _new_places(ids: set[str]) -> list[dict[str, Any]]:
    """Rows for places that may not be there yet: the first warehouse, and slots. Others are made by people."""
    rows: list[dict[str, Any]] = []
    for place in sorted(ids):
        machine_id, is_slot, slot = place.partition("/")
        if is_slot:
            rows.append({"id": place, "kind": "slot", "machine_id": machine_id, "slot": slot, "name": ""})
        elif place == WAREHOUSE:
            rows.append({"id": place, "kind": "warehouse", "machine_id": None, "slot": None, "name": WAREHOUSE_NAME})
    return rows


async def stock_of_products(db_session: AsyncSession, products: Sequence[str]) -> list[ProductStock]:
    """Machine, storage and total stock of each of `products`, in their order."""
    by_kind = await repository.stock_by_kind(db_session)
    negative = {product for _, product, _ in await repository.negative_places(db_session)}
    stocks = []
    for product in products:
        machine = by_kind.get((product, "slot"), 0)
        storage = sum(by_kind.get((product, kind), 0) for kind in STORAGE)
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


@dataclass(frozen=True, slots=True)
class StockAt:
    """All stock at an instant."""

    value_minor: int
    """What it cost together, yen."""
    negative_products: Sequence[str]
    """Products of which some place had less than nothing."""


async def stock_before(db_session: AsyncSession, at_ms: int) -> StockAt:
    """What was where before an instant: what is now without what moved since, or all that moved before.

    The two are the same; whichever is shorter is added up.
    """
    first, last = await repository.moved_times(db_session)
    if at_ms - first < last - at_ms:
        held, value, sign = defaultdict[tuple[str, str], int](int), 0, 1
        rows = await repository.moved_sums(db_session, before_ms=at_ms)
    else:
        held, value = defaultdict(int, await repository.on_hand(db_session)), await repository.total_value(db_session)
        rows, sign = await repository.moved_sums(db_session, since_ms=at_ms), -1
    for here, there, product, units, cost in rows:
        if here is None:
            value += sign * cost
        else:
            held[here, product] -= sign * units
        if there is None:
            value -= sign * cost
        else:
            held[there, product] += sign * units
    return StockAt(value, sorted({product for (_, product), units in held.items() if units < 0}))


async def stock_of_machine(db_session: AsyncSession, machine_id: str) -> dict[tuple[str, str], int]:
    """(slot, product) to units believed there."""
    return await repository.on_hand_of_machine(db_session, machine_id)


async def stock_in_slots(db_session: AsyncSession) -> dict[tuple[str, str, str], int]:
    """(machine, slot, product) to units believed there, for all machines."""
    return await repository.on_hand_in_slots(db_session)


async def unit_costs(db_session: AsyncSession, products: Collection[str]) -> dict[str, int]:
    """Product to what a unit costs, in yen without tax, rounded up: the average of what is there, else the last price.

    A product that was never bought is left out.
    """
    pools = await repository.pools(db_session, products)
    return {
        name: -(-pool.value_minor // pool.quantity) if pool.quantity > 0 else pool.last_unit_cost_minor
        for name, pool in pools.items()
    }


async def newest_movement(db_session: AsyncSession) -> int:
    """The number of the movement that was recorded last; 0 when nothing ever moved."""
    return await repository.newest_movement(db_session)


async def earliest_after(db_session: AsyncSession, number: int) -> int | None:
    """When the earliest of what was recorded after a movement happened, ms since 1970 UTC; None when nothing was."""
    return await repository.earliest_after(db_session, number)


async def total_value(db_session: AsyncSession) -> int:
    """What all stock cost, in yen; equals account 1101."""
    return await repository.total_value(db_session)


async def restock_sources(db_session: AsyncSession, restocks: Sequence[tuple[str, int]]) -> list[str]:
    """Where staff took what they put into a machine: the van of the trip that was under way there, else the warehouse.

    Args:
        db_session: open session.
        restocks: machine and time (ms since 1970 UTC) of each.
    """
    if not restocks:
        return []
    times = [at_ms for _, at_ms in restocks]
    stops = await repository.stops_between(db_session, {name for name, _ in restocks}, min(times), max(times))
    return [
        next(
            (
                stop.van_id
                for stop in stops
                if stop.machine_id == machine_id
                and stop.since_ms <= at_ms
                and (not stop.until_ms or at_ms <= stop.until_ms)
            ),
            WAREHOUSE,
        )
        for machine_id, at_ms in restocks
    ]


async def lots_at(
    db_session: AsyncSession, places: Sequence[str] | None = None
) -> dict[tuple[str, str], list[LotShare]]:
    """Which lots are left where, the first to expire first.

    Args:
        db_session: open session.
        places: ids; None for all.

    Returns:
        (place, product) to its lots; what is on hand beyond them carries no lot. Absent where there is none.
    """
    levels = await repository.lot_levels(db_session, places)
    have = await repository.on_hand_at(db_session, list(levels))
    dates = await repository.lot_dates(db_session, {product for _, product in levels})
    found = {}
    for key in sorted(levels):
        known = dates.get(key[1], {})
        left = lots.settled(levels[key], have.get(key, 0), known)
        if left:
            found[key] = [LotShare(code, left[code], known.get(code)) for code in lots.in_order([*left], known)]
    return found


async def values(db_session: AsyncSession) -> dict[str, int]:
    """Product to what all its units cost, in yen, for every product that was ever in stock."""
    return {product: pool.value_minor for product, pool in (await repository.all_pools(db_session)).items()}
