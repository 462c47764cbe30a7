"""`/api/v1/inventory`: alerts, sold-out time, the restocking plan, trips."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.identity.access import Creates, Creator, Writer, Writes
from cloud.identity.permissions import Permission
from cloud.inventory import levels, places, trips
from cloud.inventory.bodies import CloseTripBody, TripBody
from cloud.inventory.goods_endpoints import READS, person_of, refusing
from cloud.inventory.levels import RestockingPlan, SlotAlert, SoldOut
from cloud.inventory.trips import TripView, Wanted
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep, refusals
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"])

FAR_AWAY = date(2100, 1, 1)


@router.get("/alerts", dependencies=READS)
async def list_alerts(request: Request, database: DatabaseDep) -> list[SlotAlert]:
    """Slots that are sold out or below half of their par level, the sold-out ones first, and since when."""
    async with database.read() as db_session:
        return await levels.alerts(db_session, int(request.app.state.clock()))


@router.get("/sold-out", dependencies=READS)
async def list_sold_out(
    request: Request, database: DatabaseDep, today: TodayDep, day: date | None = None
) -> list[SoldOut]:
    """How many minutes each slot was sold out on a day (today by default), those that were."""
    wanted = min(max(day or today, date(2000, 1, 1)), FAR_AWAY)
    timezone, now_ms = request.app.state.settings.timezone, int(request.app.state.clock())
    async with database.read() as db_session:
        return await levels.sold_out(db_session, wanted, timezone, now_ms)


@router.get("/restocking-plan", dependencies=READS, responses=refusals(http_404="no_such_place"))
async def get_plan(
    request: Request,
    database: DatabaseDep,
    source_id: Annotated[str, Query(max_length=48)] = "warehouse",
    machine_id: Annotated[
        list[str] | None, Query(max_length=200, description="Machines to visit; all by default.")
    ] = None,
    is_top_up: Annotated[bool, Query(description="Fill up every slot to its par level.")] = False,  # noqa: FBT002
) -> RestockingPlan:
    """What to put where on one trip: never more than fits or than the storage has."""
    now_ms = int(request.app.state.clock())
    with refusing():
        async with database.read() as db_session:
            await places.place(db_session, source_id)
            return await levels.restocking_plan(
                db_session, source_id, now_ms, machine_ids=machine_id or (), is_top_up=is_top_up
            )


async def wanted_of(db_session: AsyncSession, body: TripBody, now_ms: int) -> list[Wanted]:
    """The lines of a trip: those that were sent, or the plan as it stands now."""
    if body.lines is not None:
        return [Wanted.model_validate(row.model_dump()) for row in body.lines]
    found = await levels.restocking_plan(
        db_session, body.source_id, now_ms, machine_ids=body.machine_ids, is_top_up=body.is_top_up
    )
    return [Wanted.model_validate(row.model_dump()) for row in found.lines if row.quantity]


def known_trip(found: TripView | None, number: int) -> TripView:
    """The trip.

    Raises:
        ProblemError: 404, there is none.
    """
    if found is None:
        raise ProblemError(404, "no_such_trip", f"There is no trip {number}.")
    return found


@router.get("/trips", dependencies=READS)
async def list_trips(database: DatabaseDep, asked: AskedDep) -> Page[TripView]:
    """Trips, newest first."""
    async with database.read() as db_session:
        rows = await trips.listing(db_session, limit=asked.one_more, before=asked.after(int))
    return asked.page(rows, lambda row: row.id)


@router.get("/trips/{number}", dependencies=READS, responses=refusals(http_404="no_such_trip"))
async def get_trip(number: RowId, database: DatabaseDep) -> TripView:
    """One trip: what was loaded, what machines reported, what is left in the van."""
    async with database.read() as db_session:
        return known_trip(await trips.one(db_session, number), number)


@router.post(
    "/trips",
    status_code=201,
    responses=refusals(
        http_404="no_such_place",
        http_409="on_a_trip, no_van, no_such_machine, nothing_to_take, not_enough, place_closed, key_reused",
        http_422="same_place",
    ),
)
async def take_plan(
    body: TripBody, creator: Annotated[Creator, Depends(Creates(Permission.INVENTORY_MOVE, "trip.begun"))]
) -> TripView:
    """Take the plan: goods go into the van, and what its machines report as put in comes out of it."""
    with refusing():
        async with creator.once(body, van=body.van_id) as work:
            session = work.db_session
            if work.is_new:
                wanted = await wanted_of(session, body, creator.now_ms)
                work.made = str(await trips.take(session, body.van_id, body.source_id, wanted, person_of(creator)))
            return known_trip(await trips.one(session, int(work.made)), int(work.made))


@router.post(
    "/trips/{number}/close",
    responses=refusals(http_404="no_such_trip", http_409="trip_closed, not_enough, place_closed"),
)
async def close_trip(
    number: RowId,
    body: CloseTripBody,
    writer: Annotated[Writer, Depends(Writes(Permission.INVENTORY_MOVE, "trip.closed"))],
) -> TripView:
    """End the trip: what came back goes to where it was loaded."""
    returned = None if body.returned is None else {row.product_id: row.quantity for row in body.returned}
    with refusing():
        async with writer.write(trip=number) as db_session:
            return known_trip(await trips.close(db_session, number, returned, person_of(writer)), number)
