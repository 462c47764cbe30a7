"""All queries of the inventory."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import among, insert_rows, slices, upsert
from cloud.inventory.models import Lot, LotLevel, MovementLot, OnHand, Place, Pool, StockMovement, Trip, TripStop
from cloud.inventory.rules import Cost, PoolState

PlaceProduct = tuple[str, str]
"""Place id and product id."""


async def moved(db_session: AsyncSession, sources: Sequence[str]) -> dict[str, Cost]:
    """Movements already made for these sources, with their cost."""
    found: dict[str, Cost] = {}
    query = select(StockMovement.source, StockMovement.value_minor, StockMovement.uncovered_minor)
    for row in await db_session.execute(query.where(among(db_session, StockMovement.source, sources))):
        found[row.source] = Cost(row.value_minor, row.uncovered_minor)
    return found


async def pools(db_session: AsyncSession, products: Collection[str]) -> dict[str, PoolState]:
    """The pools of these products; a product never received has none."""
    found = {}
    for part in slices(sorted(products)):
        for row in await db_session.scalars(select(Pool).where(Pool.product_id.in_(part))):
            found[row.product_id] = PoolState(row.quantity, row.value_minor, row.last_unit_cost_minor)
    return found


async def add_places(db_session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make sure these places exist."""
    if rows:
        statement = upsert(db_session, Place.__table__).on_conflict_do_nothing()
        await (await db_session.connection()).execute(statement, list(rows))


async def add_movements(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Record movements."""
    await insert_rows(db_session, StockMovement.__table__, rows)


async def add_on_hand(db_session: AsyncSession, changes: Mapping[PlaceProduct, int]) -> None:
    """Add these changes to what is on hand. A change of 0 leaves a row too: the same however a batch was cut."""
    rows = [
        {"place_id": place, "product_id": product, "quantity": change} for (place, product), change in changes.items()
    ]
    if rows:
        statement = upsert(db_session, OnHand.__table__)
        statement = statement.on_conflict_do_update(
            index_elements=["place_id", "product_id"],
            set_={"quantity": OnHand.quantity + statement.excluded.quantity},
        )
        await (await db_session.connection()).execute(statement, rows)


async def save_pools(db_session: AsyncSession, states: Mapping[str, PoolState]) -> None:
    """Write these pools."""
    rows = [
        {
            "product_id": product,
            "quantity": state.quantity,
            "value_minor": state.value_minor,
            "last_unit_cost_minor": state.last_unit_cost_minor,
        }
        for product, state in states.items()
    ]
    if rows:
        statement = upsert(db_session, Pool.__table__)
        fields = ("quantity", "value_minor", "last_unit_cost_minor")
        statement = statement.on_conflict_do_update(
            index_elements=["product_id"], set_={name: statement.excluded[name] for name in fields}
        )
        await (await db_session.connection()).execute(statement, rows)


async def on_hand_at(db_session: AsyncSession, keys: Collection[PlaceProduct]) -> dict[PlaceProduct, int]:
    """Units at these places; absent means 0."""
    found: dict[PlaceProduct, int] = {}
    for part in slices(sorted(keys)):
        query = select(OnHand).where(tuple_(OnHand.place_id, OnHand.product_id).in_(part))
        found.update({(row.place_id, row.product_id): row.quantity for row in await db_session.scalars(query)})
    return found


async def on_hand_of_machine(db_session: AsyncSession, machine_id: str) -> dict[tuple[str, str], int]:
    """(slot, product) to units, for one machine."""
    query = (
        select(Place.slot, OnHand.product_id, OnHand.quantity)
        .join(OnHand, OnHand.place_id == Place.id)
        .where(Place.machine_id == machine_id)
    )
    return {(slot or "", product): quantity for slot, product, quantity in await db_session.execute(query)}


async def on_hand_in_slots(db_session: AsyncSession) -> dict[tuple[str, str, str], int]:
    """(machine, slot, product) to units, for every machine."""
    query = (
        select(Place.machine_id, Place.slot, OnHand.product_id, OnHand.quantity)
        .join(OnHand, OnHand.place_id == Place.id)
        .where(Place.kind == "slot")
    )
    return {(m or "", slot or "", product): units for m, slot, product, units in await db_session.execute(query)}


async def stock_by_kind(db_session: AsyncSession) -> dict[tuple[str, str], int]:
    """(product, kind of place) to units."""
    query = (
        select(OnHand.product_id, Place.kind, func.sum(OnHand.quantity))
        .join(Place, Place.id == OnHand.place_id)
        .group_by(OnHand.product_id, Place.kind)
    )
    return {(product, kind): int(units) for product, kind, units in await db_session.execute(query)}


async def total_value(db_session: AsyncSession) -> int:
    """What all stock cost, in yen."""
    return int(await db_session.scalar(select(func.coalesce(func.sum(Pool.value_minor), 0))) or 0)


async def negative_places(db_session: AsyncSession) -> list[tuple[str, str, int]]:
    """(place, product, units) where the books have less than nothing."""
    query = select(OnHand.place_id, OnHand.product_id, OnHand.quantity).where(OnHand.quantity < 0)
    return [(place, product, units) for place, product, units in await db_session.execute(query)]


async def add_lots(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Record lots that come in for the first time."""
    await insert_rows(db_session, Lot.__table__, rows)


async def add_movement_lots(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Record which lots movements carried."""
    await insert_rows(db_session, MovementLot.__table__, rows)


async def lot_levels_at(db_session: AsyncSession, keys: Collection[PlaceProduct]) -> dict[PlaceProduct, dict[str, int]]:
    """Lot code to units at these places, as last settled; places without lots are absent."""
    found: defaultdict[PlaceProduct, dict[str, int]] = defaultdict(dict)
    for part in slices(sorted(keys)):
        query = select(LotLevel).where(tuple_(LotLevel.place_id, LotLevel.product_id).in_(part))
        for row in await db_session.scalars(query):
            found[row.place_id, row.product_id][row.lot_code] = row.quantity
    return dict(found)


async def lot_levels(
    db_session: AsyncSession, places: Collection[str] | None = None
) -> dict[PlaceProduct, dict[str, int]]:
    """Lot code to units at every place that has lots, or at some, as last settled."""
    found: defaultdict[PlaceProduct, dict[str, int]] = defaultdict(dict)
    query = select(LotLevel) if places is None else select(LotLevel).where(LotLevel.place_id.in_(places))
    for row in await db_session.scalars(query):
        found[row.place_id, row.product_id][row.lot_code] = row.quantity
    return dict(found)


async def lot_dates(db_session: AsyncSession, products: Collection[str]) -> dict[str, dict[str, date | None]]:
    """Product to lot code to the last good day."""
    found: defaultdict[str, dict[str, date | None]] = defaultdict(dict)
    for part in slices(sorted(products)):
        for row in await db_session.scalars(select(Lot).where(Lot.product_id.in_(part))):
            found[row.product_id][row.code] = row.best_before
    return dict(found)


async def save_lot_levels(db_session: AsyncSession, levels: Mapping[PlaceProduct, Mapping[str, int]]) -> None:
    """Replace the lots of these places."""
    for part in slices(list(levels)):
        await db_session.execute(
            delete(LotLevel).where(tuple_(LotLevel.place_id, LotLevel.product_id).in_(part)),
        )
    rows = [
        {"place_id": place, "product_id": product, "lot_code": code, "quantity": units}
        for (place, product), lots in levels.items()
        for code, units in sorted(lots.items())
    ]
    await insert_rows(db_session, LotLevel.__table__, rows)


class Stop(NamedTuple):
    """A machine on a trip."""

    machine_id: str
    since_ms: int
    until_ms: int
    """0 while the trip is under way."""
    van_id: str


async def stops_between(
    db_session: AsyncSession, machine_ids: Collection[str], first_ms: int, last_ms: int
) -> list[Stop]:
    """Stops at these machines that were under way at some time from `first_ms` to `last_ms`."""
    found: list[Stop] = []
    for part in slices(sorted(machine_ids)):
        query = (
            select(TripStop.machine_id, TripStop.since_ms, TripStop.until_ms, Trip.van_id)
            .join(Trip, Trip.id == TripStop.trip_id)
            .where(
                TripStop.machine_id.in_(part),
                TripStop.since_ms <= last_ms,
                or_(TripStop.until_ms == 0, TripStop.until_ms >= first_ms),
            )
        )
        found += [Stop(*row) for row in await db_session.execute(query)]
    return found
