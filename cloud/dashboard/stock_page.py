"""`/dashboard/stock`: what needs somebody, what is where, which lots expire, and every movement behind a figure."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError

from cloud.dashboard import stock_names
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.stock_names import Names, lot_text, place_href, product_href, said
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.inventory import counting, goods, levels, movements, places, service, stock
from cloud.inventory.bodies import PlaceBody
from cloud.inventory.goods_endpoints import refusing
from cloud.inventory.levels import SlotAlert
from cloud.inventory.places import PlaceName
from cloud.inventory.service import slot_place
from cloud.inventory.stock import Held, LotHeld
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep
from cloud.machines.stock import slot_levels

router = APIRouter(prefix="/dashboard/stock", include_in_schema=False)

EXPIRY_DAYS: Final = 30
"""Lots that expire within so many days are shown as near."""
MOVEMENTS_SHOWN: Final = 50

SeesStock = Annotated[CurrentUser, Depends(PageLock(Permission.INVENTORY_READ))]
SavesPlaces = Annotated[Writer, Depends(PageWrites(Permission.INVENTORY_MANAGE, "place.saved"))]
PlaceQuery = Annotated[str, Query(max_length=48)]


@router.get("")
async def overview(request: Request, user: SeesStock, database: DatabaseDep, today: TodayDep) -> Response:
    """在庫."""
    return await _overview(request, user, database, today)


async def _overview(request: Request, user: CurrentUser, database: Database, today: date, error: str = "") -> Response:
    timezone, now_ms = request.app.state.settings.timezone, int(request.app.state.clock())

    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        session = contexts.db_session
        slots = await slot_levels(session)
        out = {
            (row.machine_id, row.slot): row.minutes
            for row in await levels.sold_out(session, today, timezone, now_ms, slots)
        }
        products = await _products(contexts, names)
        return {
            "alerts": [_alert(contexts, names, row, out) for row in await levels.alerts(session, now_ms, slots)],
            "lots": [_lot(names, row) for row in await stock.expiring(session, today, EXPIRY_DAYS)],
            "expiry_days": EXPIRY_DAYS,
            "products": products,
            "value": sum(row["value"] for row in products),
            "places": await _places(contexts, names),
            "sees_books": user.may(Permission.BOOKS_READ),
            "may": _may(user),
            "error": error,
        }

    return await show(request, database, user, "stock", "在庫", build)


def _may(user: CurrentUser) -> dict[str, bool]:
    return {
        "move": user.may(Permission.INVENTORY_MOVE),
        "count": user.may(Permission.INVENTORY_COUNT),
        "manage": user.may(Permission.INVENTORY_MANAGE),
    }


def _alert(contexts: Contexts, names: Names, row: SlotAlert, out: dict[tuple[str, str], int]) -> dict[str, Any]:
    return {
        "machine": row.machine_id,
        "slot": row.slot,
        "product": names.catalogue.name(row.product_id),
        "state": row.state,
        "on_hand": row.on_hand,
        "par_level": row.par_level,
        "href": product_href(row.product_id, slot_place(row.machine_id, row.slot)),
        "since": contexts.moment(row.since_ms),
        "minutes": _minutes_text(out.get((row.machine_id, row.slot), 0)),
    }


def _minutes_text(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if hours:
        return say("{hours}時間{minutes}分", hours=hours, minutes=rest)
    return say("{minutes}分", minutes=rest) if rest else "—"


def _lot(names: Names, row: LotHeld) -> dict[str, Any]:
    return {
        "place": names.place(row.place_id),
        "place_href": place_href(row.place_id),
        "place_id": row.place_id,
        "product_id": row.product_id,
        "product": names.catalogue.name(row.product_id),
        "code": row.code,
        "best_before": row.best_before.isoformat(),
        "quantity": row.quantity,
        "is_over": row.days_left < 0,
        "days": _days_text(row.days_left),
    }


def _days_text(left: int) -> str:
    return say("{days}日過ぎ", days=-left) if left < 0 else say("あと{days}日", days=left)


async def _products(contexts: Contexts, names: Names) -> list[dict[str, Any]]:
    values = await service.values(contexts.db_session)
    ids = names.catalogue.ids()
    ids += sorted(set(values) - set(ids))
    return [
        {
            "name": names.catalogue.name(row.product_id),
            "href": product_href(row.product_id),
            "machine": row.vending_machine_stock,
            "storage": row.storage_stock,
            "total": row.total_stock,
            "is_negative": row.is_negative,
            "value": values.get(row.product_id, 0),
        }
        for row in await service.stock_of_products(contexts.db_session, ids)
    ]


async def _places(contexts: Contexts, names: Names) -> list[dict[str, Any]]:
    units: dict[str, int] = {}
    for row in await stock.held(contexts.db_session):
        units[row.place_id] = units.get(row.place_id, 0) + row.quantity
    return [
        {
            "id": row.id,
            "name": row.title,
            "kind": places.KINDS[row.kind],
            "is_active": row.is_active,
            "units": units.get(row.id, 0),
            "href": place_href(row.id),
        }
        for row in names.places.values()
        if row.kind != "slot"
    ]


@router.get("/place")
async def place(
    request: Request, user: SeesStock, database: DatabaseDep, place_id: Annotated[str, Query(alias="id", max_length=48)]
) -> Response:
    """What is at one place, with its lots and its counts."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        with refusing():
            found = await places.place(contexts.db_session, place_id)
        rows = await stock.held(contexts.db_session, place_id=place_id)
        counts = await counting.listing(contexts.db_session, limit=10, place_id=place_id)
        return {
            "place": {"id": found.id, "name": found.title, "kind": places.KINDS[found.kind]},
            "rows": [_held(names, row) for row in rows],
            "counts": [
                {
                    "id": row.id,
                    "at": contexts.moment(row.started_at_ms),
                    "by": row.started_by,
                    "is_open": not row.closed_at_ms,
                }
                for row in counts
            ],
            "movements_href": f"/dashboard/stock/movements?place_id={found.id}",
            "may": _may(user),
        }

    return await show(request, database, user, "stock_place", place_id, build)


def _held(names: Names, row: Held) -> dict[str, Any]:
    return {
        "product": names.catalogue.name(row.product_id),
        "href": product_href(row.product_id, row.place_id),
        "quantity": row.quantity,
        "lots": lot_text(row.lots),
    }


@router.post("/places")
async def save_place(
    request: Request,
    writer: SavesPlaces,
    database: DatabaseDep,
    today: TodayDep,
    place_id: Annotated[str, Form(max_length=200)],
    kind: Annotated[str, Form(max_length=16)],
    name: Annotated[str, Form(max_length=200)],
) -> Response:
    """Add a warehouse or a van, or give one another name."""
    try:
        body = _place_body(place_id, kind, name)
        with refusing():
            async with writer.write(place=place_id, name=name) as db_session:
                await places.save(db_session, place_id, kind=body.kind, name=body.name, is_active=True)
    except ProblemError as error:
        return with_status(await _overview(request, writer.user, database, today, said(error)), error.status)
    return RedirectResponse("/dashboard/stock#places", status_code=303)


def _place_body(place_id: str, kind: str, name: str) -> PlaceBody:
    try:
        TypeAdapter(PlaceName).validate_python(place_id)
        return PlaceBody.model_validate({"kind": kind, "name": name.strip()})
    except ValidationError as error:
        raise ProblemError(422, "bad_place", "A name, and lower-case letters, digits and dashes as its id.") from error


@router.get("/movements")
async def all_movements(
    request: Request,
    user: SeesStock,
    database: DatabaseDep,
    product_id: Annotated[str, Query(max_length=64)] = "",
    place_id: PlaceQuery = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> HTMLResponse:
    """入出庫の記録, of one product, of one place."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        rows = await movements.listing(
            contexts.db_session,
            limit=MOVEMENTS_SHOWN + 1,
            before=before,
            product_id=product_id or None,
            place_id=place_id or None,
        )
        shown = rows[:MOVEMENTS_SHOWN]
        sees_books = user.may(Permission.BOOKS_READ)
        return {
            "rows": await stock_names.movement_rows(contexts, names, shown, sees_books=sees_books),
            "products": names.products(),
            "places": [{"id": row.id, "name": row.title} for row in names.places.values()],
            "wanted": {"product_id": product_id, "place_id": place_id},
            "older": shown[-1].id if len(rows) > MOVEMENTS_SHOWN else None,
            "is_first": before is None,
        }

    return await show(request, database, user, "stock_movements", "入出庫の記録", build)


@router.get("/documents/{number}")
async def document(number: RowId, request: Request, user: SeesStock, database: DatabaseDep) -> Response:
    """What somebody did with goods."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        names = await stock_names.load(contexts)
        found = await goods.document(contexts.db_session, number)
        if found is None:
            raise ProblemError(404, "no_such_document", f"There is no document {number}.")
        rows = await movements.of_document(contexts.db_session, number)
        return {
            "document": {
                "id": found.id,
                "kind": stock_names.KINDS[found.kind],
                "at": contexts.moment(found.at_ms),
                "by": found.by,
                "reason": found.reason,
            },
            "rows": await stock_names.movement_rows(contexts, names, rows, sees_books=user.may(Permission.BOOKS_READ)),
        }

    return await show(request, database, user, "stock_document", say("伝票 {number}", number=number), build)
