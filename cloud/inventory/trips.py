"""The door of the trips: a plan is taken (goods go into the van), machines are filled, the rest comes back.

While a trip is under way, what its machines report as put in comes out of its van (`service.restock_sources`). A
machine is on one trip at a time, a van too. What a machine reports late still counts for the trip it happened on.
Commits nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import goods, pick_lists, places, plan, repository
from cloud.inventory.goods import GoodsRefusedError, Line, Person
from cloud.inventory.levels import held_lots
from cloud.inventory.lots import LotShare, in_order
from cloud.inventory.models import StockMovement, Trip, TripLine, TripStop
from cloud.inventory.pick_lists import Take
from cloud.inventory.plan import Priority
from cloud.inventory.service import slot_place
from cloud.inventory.stock import HeldLot
from cloud.kit.clock import local_day
from cloud.machines import service as machines


class Wanted(BaseModel):
    """What is to be put into one slot."""

    machine_id: str
    slot: str
    product_id: str
    quantity: int
    priority: Priority = "medium"


class TripLineView(BaseModel):
    """What was to be put into one slot, and what was."""

    machine_id: str
    slot: str
    product_id: str
    priority: Priority
    planned: int
    filled: int
    """What the machine reported so far."""
    lots: list[HeldLot]
    """Which lots were loaded for it."""


class Loaded(BaseModel):
    """One product in the van."""

    product_id: str
    loaded: int
    filled: int
    """Put into machines, as far as they reported."""
    left: int
    """In the van now, as the books have it."""


class TripView(BaseModel):
    """One tour of a van to machines."""

    id: int
    van_id: str
    source_id: str
    machines: list[str]
    opened_at_ms: int
    opened_by: str
    closed_at_ms: int
    """0 while it is under way."""
    closed_by: str
    load_document: int
    unload_document: int
    """0 while it is under way, or when nothing came back."""
    lines: list[TripLineView]
    loads: list[Loaded]


async def take(db_session: AsyncSession, van_id: str, source_id: str, wanted: Sequence[Wanted], who: Person) -> int:
    """Load the van and begin the trip.

    Returns:
        The number of the trip.

    Raises:
        NoSuchPlaceError: nobody has named the van or the source.
        GoodsRefusedError: nothing to take, no van, it or a machine is on a trip already, or the source has too little.
    """
    await locks.take(db_session, Lock.BOOKS)
    await locks.take(db_session, Lock.FLEET)
    if (await places.place(db_session, van_id)).kind != "van":
        raise GoodsRefusedError("no_van", f"{van_id!r} is no van; PUT /api/v1/inventory/places/… makes one")
    stops = sorted({row.machine_id for row in wanted})
    await _check_free(db_session, van_id, stops)
    totals: defaultdict[str, int] = defaultdict(int)
    for row in wanted:
        totals[row.product_id] += row.quantity
    lines = [Line(product, units) for product, units in sorted(totals.items()) if units]
    if not lines:
        raise GoodsRefusedError("nothing_to_take", "no slot of these machines needs anything that the storage has")
    document = await goods.transfer(db_session, (source_id, van_id), lines, who, kind="load")
    trip = Trip(van_id=van_id, source_id=source_id, opened_at_ms=who.now_ms, opened_by=who.by, load_document=document)
    number = await repository.add_trip(db_session, trip)
    heard = await machines.last_event_times(db_session)
    ended = await repository.last_stops(db_session, stops)
    repository.add_all(
        db_session,
        [
            TripStop(
                trip_id=number,
                machine_id=name,
                # A machine whose clock is ahead has told of restocks "later" than now; those were not of this trip.
                since_ms=max(who.now_ms, heard.get(name, 0) + 1, ended.get(name, 0) + 1),
            )
            for name in stops
        ],
    )
    repository.add_all(db_session, [_line(number, row) for row in wanted if row.quantity])
    await db_session.flush()
    await _tell_machines(db_session, number, stops, who)
    return number


async def _tell_machines(db_session: AsyncSession, number: int, stops: Sequence[str], who: Person) -> None:
    """The pick list of each machine, lots as they were loaded."""
    takes: dict[str, list[Take]] = {name: [] for name in stops}
    found = await one(db_session, number)
    for line in found.lines if found else ():
        takes[line.machine_id].append(Take(line.slot, line.product_id, line.planned, line.lots))
    today = local_day(who.now_ms, who.timezone)
    await pick_lists.publish(db_session, number, takes, by=who.by, now_ms=who.now_ms, today=today)


def _line(number: int, row: Wanted) -> TripLine:
    return TripLine(
        trip_id=number,
        machine_id=row.machine_id,
        slot=row.slot,
        product_id=row.product_id,
        planned=row.quantity,
        priority=row.priority,
    )


async def _check_free(db_session: AsyncSession, van_id: str, stops: Sequence[str]) -> None:
    known = {row.id for row in await machines.machines(db_session)}
    under_way = await repository.open_trips(db_session)
    busy = {stop.machine_id: stop.trip_id for stop in await repository.stops_of(db_session, [t.id for t in under_way])}
    for trip in under_way:
        if trip.van_id == van_id:
            raise GoodsRefusedError("on_a_trip", f"van {van_id!r} is on trip {trip.id}; close that one first")
    for name in stops:
        if name not in known:
            raise GoodsRefusedError("no_such_machine", f"there is no machine {name!r}")
        if name in busy:
            raise GoodsRefusedError("on_a_trip", f"machine {name!r} is on trip {busy[name]}; close that one first")


async def close(
    db_session: AsyncSession, number: int, returned: Mapping[str, int] | None, who: Person
) -> TripView | None:
    """End a trip: what came back goes to where it was loaded.

    Args:
        db_session: a writing session.
        number: of the trip.
        returned: product to units that came back; None for everything the books have in the van. What did not come
            back and was not reported by a machine stays in the van in the books: a machine may tell late, else count.
        who: ends it.

    Returns:
        The trip, or None when there is none of this number.

    Raises:
        GoodsRefusedError: it is closed already, or more came back than the books have in the van.
    """
    await locks.take(db_session, Lock.BOOKS)
    await locks.take(db_session, Lock.FLEET)
    trip = await repository.trip(db_session, number)
    if trip is None:
        return None
    if trip.closed_at_ms:
        raise GoodsRefusedError("trip_closed", f"trip {number} is closed")
    if returned is None:
        rows = await repository.held(db_session, place_id=trip.van_id)
        returned = {product: units for _, product, units in rows if units > 0}
    lines = [Line(product, units) for product, units in sorted(returned.items()) if units]
    if lines:
        ends = (trip.van_id, trip.source_id)
        trip.unload_document = await goods.transfer(db_session, ends, lines, who, kind="unload")
    trip.closed_at_ms, trip.closed_by = who.now_ms, who.by
    heard = await machines.last_event_times(db_session)
    stops = await repository.stops_of(db_session, [number])
    for stop in stops:
        stop.until_ms = max(who.now_ms, heard.get(stop.machine_id, 0), stop.since_ms)
    await db_session.flush()
    names = [stop.machine_id for stop in stops]
    await pick_lists.withdraw(db_session, names, by=who.by, now_ms=who.now_ms)
    return await one(db_session, number)


async def one(db_session: AsyncSession, number: int) -> TripView | None:
    """One trip, or None."""
    trip = await repository.trip(db_session, number)
    if trip is None:
        return None
    stops = await repository.stops_of(db_session, [number])
    lines = await repository.trip_lines(db_session, [number])
    filled = await _filled(db_session, trip, stops)
    loads = await repository.movements_of(db_session, goods.sources_of(trip.load_document))
    loaded = {row.product_id: row for row in loads}
    lots = await repository.movement_lots(db_session, [row.source for row in loaded.values()])
    left = {product: units for _, product, units in await repository.held(db_session, place_id=trip.van_id)}
    return TripView(
        id=trip.id,
        van_id=trip.van_id,
        source_id=trip.source_id,
        machines=[stop.machine_id for stop in stops],
        opened_at_ms=trip.opened_at_ms,
        opened_by=trip.opened_by,
        closed_at_ms=trip.closed_at_ms,
        closed_by=trip.closed_by,
        load_document=trip.load_document,
        unload_document=trip.unload_document,
        lines=_line_views(lines, filled, await _shares(db_session, lots, loaded)),
        loads=[
            Loaded(
                product_id=product,
                loaded=row.quantity,
                filled=sum(units for (_, name), units in filled.items() if name == product),
                left=left.get(product, 0) if not trip.closed_at_ms else 0,
            )
            for product, row in sorted(loaded.items())
        ],
    )


async def _filled(db_session: AsyncSession, trip: Trip, stops: Sequence[TripStop]) -> dict[tuple[str, str], int]:
    """(slot place, product) to units that went from the van into it, less what was taken out, on this trip."""
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    periods = {stop.machine_id: stop for stop in stops}
    first = min((stop.since_ms for stop in stops), default=0)
    for row in await repository.movements_of_place(db_session, trip.van_id, first):
        ends = ((row.to_place, row.quantity), (row.from_place, -row.quantity))
        for place, units in ends:
            stop = periods.get((place or "").partition("/")[0]) if place and "/" in place else None
            if stop and stop.since_ms <= row.occurred_at_ms <= (stop.until_ms or row.occurred_at_ms):
                found[str(place), row.product_id] += units
    return dict(found)


async def _shares(
    db_session: AsyncSession, lots: Mapping[str, Sequence[LotShare]], loaded: Mapping[str, StockMovement]
) -> dict[str, tuple[list[LotShare], int]]:
    """Product to the lots that were loaded, the first to expire first, and to the units."""
    dates = await repository.lot_dates(db_session, list(loaded))
    found = {}
    for product, row in loaded.items():
        known = dates.get(product, {})
        codes = {share.code: share.quantity for share in lots.get(row.source, ())}
        ordered = [LotShare(code, codes[code], known.get(code)) for code in in_order([*codes], known)]
        found[product] = (ordered, row.quantity)
    return found


def _line_views(
    lines: Sequence[TripLine],
    filled: Mapping[tuple[str, str], int],
    shares: Mapping[str, tuple[list[LotShare], int]],
) -> list[TripLineView]:
    ordered = sorted(lines, key=lambda row: (row.machine_id, plan.slot_order(row.slot)))
    parts: dict[tuple[str, str, str], list[LotShare]] = {}
    for product, (lots, units) in shares.items():
        mine = [row for row in ordered if row.product_id == product]
        for row, part in zip(mine, plan.share_out(lots, units, [row.planned for row in mine]), strict=True):
            parts[row.machine_id, row.slot, product] = part
    return [
        TripLineView.model_validate(
            {
                "machine_id": row.machine_id,
                "slot": row.slot,
                "product_id": row.product_id,
                "priority": row.priority,
                "planned": row.planned,
                "filled": filled.get((slot_place(row.machine_id, row.slot), row.product_id), 0),
                "lots": held_lots(parts.get((row.machine_id, row.slot, row.product_id), [])),
            }
        )
        for row in ordered
    ]


async def listing(db_session: AsyncSession, *, limit: int, before: int | None = None) -> list[TripView]:
    """A page of trips, newest first."""
    found = [await one(db_session, row.id) for row in await repository.trips(db_session, limit=limit, before=before)]
    return [row for row in found if row]
