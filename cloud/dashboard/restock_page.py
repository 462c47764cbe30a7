"""`/dashboard/stock/plan` and `/trips`: what to bring where, the pick list on paper, what came back."""

from itertools import groupby
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.dashboard import stock_names
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.goods_page import BAD
from cloud.dashboard.language import listed, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.stock_names import Names, lot_text, product_href, said
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.inventory import levels, trips
from cloud.inventory.bodies import CloseTripBody, TripBody
from cloud.inventory.goods_endpoints import person_of, refusing
from cloud.inventory.levels import RestockingPlan
from cloud.inventory.plan import SALES_DAYS
from cloud.inventory.restock_endpoints import known_trip
from cloud.inventory.service import WAREHOUSE, slot_place
from cloud.inventory.trips import TripView, Wanted
from cloud.kit.http import DatabaseDep, ProblemError, RowId
from cloud.machines import service as machines

router = APIRouter(prefix="/dashboard/stock", include_in_schema=False)

TRIPS_SHOWN: Final = 50

SeesStock = Annotated[CurrentUser, Depends(PageLock(Permission.INVENTORY_READ))]
Takes = Annotated[Writer, Depends(PageWrites(Permission.INVENTORY_MOVE, "trip.begun"))]
Closes = Annotated[Writer, Depends(PageWrites(Permission.INVENTORY_MOVE, "trip.closed"))]


@router.get("/plan")
async def plan(
    request: Request,
    user: SeesStock,
    database: DatabaseDep,
    source_id: Annotated[str, Query(max_length=48)] = WAREHOUSE,
    machine_id: Annotated[list[str] | None, Query(max_length=200)] = None,
    is_top_up: Annotated[bool, Query()] = False,  # noqa: FBT002 - a box in the address
) -> Response:
    """補充計画."""
    machine_ids = [name for name in machine_id or [] if name]
    wanted = {"source_id": source_id, "machine_ids": machine_ids, "is_top_up": is_top_up}
    return await _plan_page(request, user, database, wanted)


async def _plan_page(
    request: Request, user: CurrentUser, database: Database, wanted: dict[str, Any], error: str = ""
) -> Response:
    now_ms = int(request.app.state.clock())

    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        found = await levels.restocking_plan(
            contexts.db_session,
            wanted["source_id"],
            now_ms,
            machine_ids=wanted["machine_ids"],
            is_top_up=wanted["is_top_up"],
        )
        return _plan(names, found) | {
            "wanted": wanted,
            "sales_days": SALES_DAYS,
            "sources": names.storages(),
            "vans": [row for row in names.storages() if names.places[row["id"]].kind == "van"],
            "machines": list(await machines.names(contexts.db_session)),
            "may_move": user.may(Permission.INVENTORY_MOVE),
            "error": error,
        }

    return await show(request, database, user, "stock_plan", "補充計画", build)


def _plan(names: Names, found: RestockingPlan) -> dict[str, Any]:
    return {
        "lines": [
            {
                "machine": row.machine_id,
                "product": names.catalogue.name(row.product_id),
                "key": f"{row.machine_id}/{row.slot}/{row.product_id}",
                "href": product_href(row.product_id, slot_place(row.machine_id, row.slot)),
                "lots": lot_text(row.lots),
            }
            | row.model_dump(
                include={"slot", "priority", "on_hand", "par_level", "capacity", "sold", "wanted", "quantity"}
            )
            for row in found.lines
        ],
        "picks": [
            {
                "product": names.catalogue.name(row.product_id),
                "href": product_href(row.product_id, found.source_id),
                "lots": lot_text(row.lots),
            }
            | row.model_dump(include={"storage", "wanted", "quantity"})
            for row in found.picks
        ],
    }


@router.post("/trips")
async def take(request: Request, writer: Takes, database: DatabaseDep) -> Response:
    """Load what the form says and begin the trip; its pick list is shown."""
    sent = await request.form()
    source_id = str(sent.get("source_id", WAREHOUSE))[:48]
    rows = [(name.split("/"), str(value).strip()) for name, value in sent.items() if name.startswith("q/")]
    lines = [
        {"machine_id": name[1], "slot": name[2], "product_id": name[3], "quantity": value}
        for name, value in rows
        if len(name) == 4 and value not in {"", "0"}
    ]
    try:
        number = await _taken(writer, str(sent.get("van_id", "")), source_id, lines)
    except ProblemError as error:
        wanted = {"source_id": source_id, "machine_ids": [], "is_top_up": False}
        return with_status(await _plan_page(request, writer.user, database, wanted, said(error)), error.status)
    return RedirectResponse(f"/dashboard/stock/trips/{number}", status_code=303)


async def _taken(writer: Writer, van_id: str, source_id: str, lines: list[dict[str, str]]) -> int:
    if not lines:
        raise ProblemError(409, "nothing_to_take", "No line has a quantity.")
    try:
        body = TripBody.model_validate({"van_id": van_id, "source_id": source_id, "lines": lines})
    except ValidationError as error:
        raise BAD from error
    with refusing():
        async with writer.write(van=van_id) as session:
            levels_now = await levels.restocking_plan(session, source_id, writer.now_ms, is_top_up=True)
            urgent = {(row.machine_id, row.slot): row.priority for row in levels_now.lines}
            wanted = [
                Wanted.model_validate(row.model_dump() | {"priority": urgent.get((row.machine_id, row.slot), "low")})
                for row in body.lines or ()
            ]
            return await trips.take(session, van_id, source_id, wanted, person_of(writer))


@router.get("/trips")
async def all_trips(
    request: Request,
    user: SeesStock,
    database: DatabaseDep,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """巡回."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        rows = await trips.listing(contexts.db_session, limit=TRIPS_SHOWN + 1, before=before)
        shown = rows[:TRIPS_SHOWN]
        return {
            "rows": [_trip(contexts, names, row) for row in shown],
            "older": shown[-1].id if len(rows) > TRIPS_SHOWN else None,
        }

    return await show(request, database, user, "stock_trips", "巡回", build)


def _trip(contexts: Contexts, names: Names, row: TripView) -> dict[str, Any]:
    return {
        "id": row.id,
        "van": names.place(row.van_id),
        "source": names.place(row.source_id),
        "machines": listed(row.machines),
        "at": contexts.moment(row.opened_at_ms),
        "by": row.opened_by,
        "is_open": not row.closed_at_ms,
        "load_document": row.load_document,
        "unload_document": row.unload_document,
        "document": row.load_document,
        "loaded": sum(part.loaded for part in row.loads),
        "filled": sum(part.filled for part in row.loads),
    }


@router.get("/trips/{number}")
async def trip(number: RowId, request: Request, user: SeesStock, database: DatabaseDep) -> Response:
    """One trip: the pick list by machine and slot, to print."""
    return await _trip_page(request, user, database, number)


async def _trip_page(request: Request, user: CurrentUser, database: Database, number: int, error: str = "") -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        found = known_trip(await trips.one(contexts.db_session, number), number)
        return {
            "trip": _trip(contexts, names, found),
            "stops": _stops(names, found),
            "loads": [
                row.model_dump()
                | {
                    "id": row.product_id,
                    "product": names.catalogue.name(row.product_id),
                    "href": product_href(row.product_id, found.van_id),
                }
                for row in found.loads
            ],
            "may_move": user.may(Permission.INVENTORY_MOVE),
            "error": error,
        }

    return await show(request, database, user, "stock_trip", say("巡回 {number}", number=number), build)


def _stops(names: Names, found: TripView) -> list[dict[str, Any]]:
    return [
        {
            "machine": machine_id,
            "lines": [
                {
                    "slot": row.slot,
                    "product": names.catalogue.name(row.product_id),
                    "lots": lot_text(row.lots),
                    "planned": row.planned,
                    "filled": row.filled,
                    "href": product_href(row.product_id, slot_place(row.machine_id, row.slot)),
                }
                for row in rows
            ],
        }
        for machine_id, rows in groupby(found.lines, key=lambda row: row.machine_id)
    ]


@router.post("/trips/{number}/close")
async def close(number: RowId, request: Request, writer: Closes, database: DatabaseDep) -> Response:
    """End the trip with what came back."""
    sent = await request.form()
    lines = [
        {"product_id": name[2:], "quantity": str(value).strip() or "0"}
        for name, value in sent.items()
        if name.startswith("r/")
    ]
    try:
        body = CloseTripBody.model_validate({"returned": lines})
        returned = {row.product_id: row.quantity for row in body.returned or ()}
        with refusing():
            async with writer.write(trip=number) as session:
                known_trip(await trips.close(session, number, returned, person_of(writer)), number)
    except (ValidationError, ProblemError) as error:
        problem = error if isinstance(error, ProblemError) else BAD
        if problem.status == 404:
            raise problem from error
        return with_status(await _trip_page(request, writer.user, database, number, said(problem)), problem.status)
    return RedirectResponse(f"/dashboard/stock/trips/{number}", status_code=303)
