"""All queries of the inventory."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import ByKeys, insert_many, insert_rows, only, slices, upsert
from cloud.inventory.lots import LotShare
from cloud.inventory.models import (
    GoodsDocument,
    Lot,
    LotLevel,
    MovementLot,
    OnHand,
    Place,
    Pool,
    StockCount,
    StockCountLine,
    StockMovement,
    Trip,
    TripLine,
    TripStop,
)
from cloud.inventory.rules import Cost, PoolState

_MOVEMENTS: Any = StockMovement.__table__

PlaceProduct = tuple[str, str]
"""Place id and product id."""


_MOVED: Final = ByKeys(
    select(_MOVEMENTS.c.source, _MOVEMENTS.c.value_minor, _MOVEMENTS.c.uncovered_minor), _MOVEMENTS.c.source
)


async def moved(db_session: AsyncSession, sources: Sequence[str]) -> dict[str, Cost]:
    """Movements already made for these sources, with their cost."""
    return {source: Cost(value, uncovered) for source, value, uncovered in await _MOVED.rows(db_session, sources)}


async def pools(db_session: AsyncSession, products: Collection[str]) -> dict[str, PoolState]:
    """The pools of these products; a product never received has none."""
    found = {}
    for part in slices(sorted(products)):
        # Columns, not rows of a session: within one transaction others have been written since it last looked.
        query = select(Pool.product_id, Pool.quantity, Pool.value_minor, Pool.last_unit_cost_minor)
        for product_id, *state in await db_session.execute(query.where(Pool.product_id.in_(part))):
            found[product_id] = PoolState(*state)
    return found


async def add_places(db_session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make sure these places exist."""
    if rows:
        statement = upsert(db_session, Place.__table__).on_conflict_do_nothing()
        await (await db_session.connection()).execute(statement, list(rows))


MOVEMENT_COLUMNS: Final = (
    "source",
    "product_id",
    "quantity",
    "from_place",
    "to_place",
    "value_minor",
    "uncovered_minor",
    "occurred_at_ms",
)


async def add_movements(db_session: AsyncSession, rows: Sequence[tuple[Any, ...]]) -> None:
    """Record movements; a row has the values of `MOVEMENT_COLUMNS`."""
    await insert_many(db_session, _MOVEMENTS, MOVEMENT_COLUMNS, rows)


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
        query = select(OnHand.place_id, OnHand.product_id, OnHand.quantity)
        query = query.where(tuple_(OnHand.place_id, OnHand.product_id).in_(part))
        found.update({(place_id, product_id): units for place_id, product_id, units in await db_session.execute(query)})
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


async def moved_times(db_session: AsyncSession) -> tuple[int, int]:
    """When the first and the last movement happened, ms since 1970 UTC; zeros when nothing ever moved."""
    at = StockMovement.occurred_at_ms
    first, last = select(func.min(at)).scalar_subquery(), select(func.max(at)).scalar_subquery()
    found = (await db_session.execute(select(first, last))).one()
    return found[0] or 0, found[1] or 0


async def earliest_after(db_session: AsyncSession, number: int) -> int | None:
    """When the earliest of the movements with higher numbers happened, ms since 1970 UTC, or None."""
    # With the count the rows are gone through by number; the minimum alone would be looked for by time.
    columns = func.min(StockMovement.occurred_at_ms), func.count()
    return (await db_session.execute(select(*columns).where(StockMovement.id > number))).one()[0]


async def moved_sums(
    db_session: AsyncSession, *, since_ms: int | None = None, before_ms: int | None = None
) -> list[tuple[str | None, str | None, str, int, int]]:
    """(from, to, product, units, cost) of what moved since an instant, or before one, added up."""
    row = StockMovement
    query = select(row.from_place, row.to_place, row.product_id, func.sum(row.quantity), func.sum(row.value_minor))
    if since_ms is not None:
        query = query.where(row.occurred_at_ms >= since_ms)
    if before_ms is not None:
        query = query.where(row.occurred_at_ms < before_ms)
    query = query.group_by(row.from_place, row.to_place, row.product_id)
    found = await db_session.execute(query)
    return [(here, there, product, int(units), int(cost)) for here, there, product, units, cost in found]


async def on_hand(db_session: AsyncSession) -> dict[PlaceProduct, int]:
    """Place and product to the units the books believe there, everywhere."""
    query = select(OnHand.place_id, OnHand.product_id, OnHand.quantity)
    return {(place, product): int(units) for place, product, units in await db_session.execute(query)}


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
        query = select(LotLevel.place_id, LotLevel.product_id, LotLevel.lot_code, LotLevel.quantity)
        query = query.where(tuple_(LotLevel.place_id, LotLevel.product_id).in_(part))
        for place_id, product_id, code, units in await db_session.execute(query):
            found[place_id, product_id][code] = units
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


async def places(db_session: AsyncSession) -> list[Any]:
    """Every place goods ever were, and those people named: rows with the columns of `Place`, to read."""
    return list((await db_session.execute(select(*Place.__table__.columns))).all())


async def place(db_session: AsyncSession, place_id: str) -> Place | None:
    """One place, or None."""
    return await db_session.get(Place, place_id)


async def is_anything_at(db_session: AsyncSession, place_id: str) -> bool:
    """Whether the books have any units, or a debt of units, at a place."""
    query = select(OnHand.quantity).where(OnHand.place_id == place_id, OnHand.quantity != 0).limit(1)
    return await db_session.scalar(query) is not None


async def held(
    db_session: AsyncSession, *, place_id: str | None = None, product_id: str | None = None
) -> list[tuple[str, str, int]]:
    """(place, product, units) of everything that is somewhere, by place and product; of one place, of one product."""
    query = select(OnHand.place_id, OnHand.product_id, OnHand.quantity).where(OnHand.quantity != 0)
    query = only(query, (OnHand.place_id, place_id), (OnHand.product_id, product_id))
    return sorted((place, product, units) for place, product, units in await db_session.execute(query))


async def all_pools(db_session: AsyncSession) -> dict[str, PoolState]:
    """Product to its pool."""
    rows = await db_session.scalars(select(Pool))
    return {row.product_id: PoolState(row.quantity, row.value_minor, row.last_unit_cost_minor) for row in rows}


async def movements(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    product_id: str | None = None,
    place_id: str | None = None,
) -> list[StockMovement]:
    """Movements, newest first."""
    query = select(StockMovement).order_by(StockMovement.id.desc()).limit(limit)
    if before is not None:
        query = query.where(StockMovement.id < before)
    query = only(query, (StockMovement.product_id, product_id))
    if place_id is not None:
        query = query.where(or_(StockMovement.from_place == place_id, StockMovement.to_place == place_id))
    return list((await db_session.scalars(query)).all())


async def movements_of(db_session: AsyncSession, sources: Sequence[str]) -> list[StockMovement]:
    """Movements of these sources, in order."""
    found: list[StockMovement] = []
    for part in slices(sources):
        found += (await db_session.scalars(select(StockMovement).where(StockMovement.source.in_(part)))).all()
    return sorted(found, key=lambda row: row.id)


async def movements_of_place(db_session: AsyncSession, place_id: str, since_ms: int) -> list[StockMovement]:
    """Movements from or to a place that happened at `since_ms` or later, in order."""
    query = select(StockMovement).where(
        StockMovement.occurred_at_ms >= since_ms,
        or_(StockMovement.from_place == place_id, StockMovement.to_place == place_id),
    )
    return list((await db_session.scalars(query.order_by(StockMovement.id))).all())


async def slot_changes(db_session: AsyncSession, since_ms: int) -> list[tuple[str, str, int, int]]:
    """(slot, product, time, units) of what changed in slots at `since_ms` or later, by time."""
    columns = (StockMovement.product_id, StockMovement.occurred_at_ms, StockMovement.quantity)
    query = select(StockMovement.from_place, StockMovement.to_place, *columns)
    query = query.where(StockMovement.occurred_at_ms >= since_ms)
    found: list[tuple[str, str, int, int]] = []
    ordered = query.order_by(StockMovement.occurred_at_ms, StockMovement.id)
    for start, end, product, at_ms, units in await db_session.execute(ordered):
        if start and "/" in start:
            found.append((start, product, at_ms, -units))
        if end and "/" in end:
            found.append((end, product, at_ms, units))
    return found


async def sold_in_slots(db_session: AsyncSession, since_ms: int) -> dict[tuple[str, str], int]:
    """(slot, product) to units that machines sold at `since_ms` or later."""
    query = (
        select(StockMovement.from_place, StockMovement.product_id, func.sum(StockMovement.quantity))
        .where(
            StockMovement.occurred_at_ms >= since_ms,
            StockMovement.to_place.is_(None),
            ~StockMovement.source.startswith("goods:"),
            ~StockMovement.source.startswith("task:"),
            ~StockMovement.source.startswith("credit_note:"),
        )
        .group_by(StockMovement.from_place, StockMovement.product_id)
    )
    return {(place or "", product): int(units) for place, product, units in await db_session.execute(query)}


async def movements_of_lot(db_session: AsyncSession, product_id: str, code: str) -> list[StockMovement]:
    """Movements that carried a lot, in order."""
    query = (
        select(StockMovement)
        .join(MovementLot, MovementLot.source == StockMovement.source)
        .where(MovementLot.product_id == product_id, MovementLot.lot_code == code)
        .order_by(StockMovement.id)
    )
    return list((await db_session.scalars(query)).all())


async def movement_lots(db_session: AsyncSession, sources: Sequence[str]) -> dict[str, list[LotShare]]:
    """Source of a movement to the lots it carried, by code."""
    found: defaultdict[str, list[LotShare]] = defaultdict(list)
    for part in slices(sources):
        query = select(MovementLot).where(MovementLot.source.in_(part)).order_by(MovementLot.lot_code)
        for row in await db_session.scalars(query):
            found[row.source].append(LotShare(row.lot_code, row.quantity))
    return dict(found)


async def newest_movement(db_session: AsyncSession) -> int:
    """Number of the newest movement; 0 for none."""
    return int(await db_session.scalar(select(func.max(StockMovement.id))) or 0)


async def moved_since(db_session: AsyncSession, place_id: str, after: int, since_ms: int) -> dict[str, int]:
    """Product to what movements after number `after` that happened after `since_ms` changed at a place."""
    query = select(StockMovement).where(
        StockMovement.id > after,
        StockMovement.occurred_at_ms > since_ms,
        or_(StockMovement.from_place == place_id, StockMovement.to_place == place_id),
    )
    found: defaultdict[str, int] = defaultdict(int)
    for row in await db_session.scalars(query):
        found[row.product_id] += row.quantity * ((row.to_place == place_id) - (row.from_place == place_id))
    return dict(found)


async def add_document(db_session: AsyncSession, row: GoodsDocument) -> int:
    """Record a document; its number."""
    db_session.add(row)
    await db_session.flush()
    return row.id


async def document(db_session: AsyncSession, number: int) -> GoodsDocument | None:
    """One document, or None."""
    return await db_session.get(GoodsDocument, number)


async def document_kinds(db_session: AsyncSession, numbers: Collection[int]) -> dict[int, str]:
    """Number to kind."""
    found: dict[int, str] = {}
    for part in slices(sorted(numbers)):
        query = select(GoodsDocument.id, GoodsDocument.kind).where(GoodsDocument.id.in_(part))
        found.update({row.id: row.kind for row in await db_session.execute(query)})
    return found


async def add_count(db_session: AsyncSession, row: StockCount) -> int:
    """Record that a count begins; its number."""
    db_session.add(row)
    await db_session.flush()
    return row.id


def add_count_lines(db_session: AsyncSession, rows: Sequence[StockCountLine]) -> None:
    """Record what was found."""
    db_session.add_all(rows)


async def count(db_session: AsyncSession, number: int) -> StockCount | None:
    """One count, or None."""
    return await db_session.get(StockCount, number)


async def counts(
    db_session: AsyncSession, *, limit: int, before: int | None = None, place_id: str | None = None
) -> list[StockCount]:
    """Counts, newest first."""
    query = select(StockCount).order_by(StockCount.id.desc()).limit(limit)
    if before is not None:
        query = query.where(StockCount.id < before)
    query = only(query, (StockCount.place_id, place_id))
    return list((await db_session.scalars(query)).all())


async def count_lines(db_session: AsyncSession, numbers: Collection[int]) -> list[StockCountLine]:
    """What was found in these counts, by count and product."""
    query = select(StockCountLine).where(StockCountLine.count_id.in_(sorted(numbers)))
    query = query.order_by(StockCountLine.count_id, StockCountLine.product_id)
    return list((await db_session.scalars(query)).all())


async def open_trips(db_session: AsyncSession, *, van_id: str | None = None) -> list[Trip]:
    """Trips that are under way, oldest first; of one van."""
    query = select(Trip).where(Trip.closed_at_ms == 0).order_by(Trip.id)
    query = only(query, (Trip.van_id, van_id))
    return list((await db_session.scalars(query)).all())


async def add_trip(db_session: AsyncSession, row: Trip) -> int:
    """Record a trip; its number."""
    db_session.add(row)
    await db_session.flush()
    return row.id


def add_all(db_session: AsyncSession, rows: Sequence[TripStop | TripLine]) -> None:
    """Record stops or lines of a trip."""
    db_session.add_all(rows)


async def trip(db_session: AsyncSession, number: int) -> Trip | None:
    """One trip, or None."""
    return await db_session.get(Trip, number)


async def trips(db_session: AsyncSession, *, limit: int, before: int | None = None) -> list[Trip]:
    """Trips, newest first."""
    query = select(Trip).order_by(Trip.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Trip.id < before)
    return list((await db_session.scalars(query)).all())


async def stops_of(db_session: AsyncSession, numbers: Collection[int]) -> list[TripStop]:
    """Stops of these trips, by trip and machine."""
    query = select(TripStop).where(TripStop.trip_id.in_(sorted(numbers)))
    return list((await db_session.scalars(query.order_by(TripStop.trip_id, TripStop.machine_id))).all())


async def last_stops(db_session: AsyncSession, machine_ids: Collection[str]) -> dict[str, int]:
    """Machine to the end of its last stop."""
    query = select(TripStop.machine_id, func.max(TripStop.until_ms)).where(TripStop.machine_id.in_(sorted(machine_ids)))
    return {name: int(until) for name, until in await db_session.execute(query.group_by(TripStop.machine_id))}


async def trip_lines(db_session: AsyncSession, numbers: Collection[int]) -> list[TripLine]:
    """Lines of these trips."""
    query = select(TripLine).where(TripLine.trip_id.in_(sorted(numbers)))
    return list((await db_session.scalars(query)).all())
