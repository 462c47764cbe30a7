"""`/api/v1/inventory`: places, what moves between them, lots, counts."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.inventory import counting, goods, movements, places, stock
from cloud.inventory.bodies import (
    BeginCountBody,
    CloseCountBody,
    PlaceBody,
    PlacePath,
    PlaceQuery,
    ProductQuery,
    ReceiptBody,
    SpoilageBody,
    TransferBody,
)
from cloud.inventory.counting import CountView
from cloud.inventory.goods import BadGoodsError, DocumentView, GoodsRefusedError, Person
from cloud.inventory.lot_book import LotDateError
from cloud.inventory.movements import MovementView
from cloud.inventory.places import NoSuchPlaceError, PlaceInUseError, PlaceView
from cloud.inventory.stock import Held, LotHeld
from cloud.kit import http
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep, refusals
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"])

READS = [needs(Permission.INVENTORY_READ)]
MOVED = refusals(http_404="no_such_place", http_409="not_enough, place_closed, key_reused", http_422="same_place")
Moves = Annotated[Creator, Depends(Creates(Permission.INVENTORY_MOVE, "goods.moved"))]


class DocumentWithMovements(BaseModel):
    """What somebody did with goods, and every movement it made."""

    document: DocumentView
    movements: list[MovementView]


REFUSED: Final[http.Refusals] = {
    NoSuchPlaceError: (404, "no_such_place"),
    PlaceInUseError: (409, "place_in_use"),
    GoodsRefusedError: (409, ""),
    BadGoodsError: (422, ""),
    LotDateError: (422, "lot_date"),
}

refusing = partial(http.refusing, REFUSED)
"""Around calls of this capability's services."""


def person_of(writer: Writer) -> Person:
    """Who does it, for the services."""
    return Person(writer.user.email, writer.now_ms, writer.request.app.state.settings.timezone)


async def made_document(
    creator: Creator, body: BaseModel, make: Callable[[AsyncSession, Person], Awaitable[int]]
) -> DocumentWithMovements:
    """Make a document once for a request; the same request again gets the same one."""
    with refusing():
        async with creator.once(body) as work:
            if work.is_new:
                work.made = str(await make(work.db_session, person_of(creator)))
            return await _document(work.db_session, int(work.made))


async def _document(db_session: AsyncSession, number: int) -> DocumentWithMovements:
    found = await goods.document(db_session, number)
    if found is None:
        raise ProblemError(404, "no_such_document", f"There is no document {number}.")
    return DocumentWithMovements(document=found, movements=await movements.of_document(db_session, number))


@router.get("/places", dependencies=READS)
async def list_places(
    database: DatabaseDep, kind: Annotated[str | None, Query(max_length=16)] = None
) -> list[PlaceView]:
    """Every place: warehouses, vans, slots of machines; of one kind."""
    async with database.read() as db_session:
        return await places.places(db_session, [kind] if kind else None)


@router.put("/places/{place_id}", responses=refusals(http_409="place_in_use"))
async def put_place(
    place_id: PlacePath,
    body: PlaceBody,
    writer: Annotated[Writer, Depends(Writes(Permission.INVENTORY_MANAGE, "place.saved"))],
) -> PlaceView:
    """Add a warehouse or a van, or change one. A place that holds goods, or is on a trip, cannot be closed."""
    with refusing():
        async with writer.write(**body.model_dump()) as db_session:
            return await places.save(db_session, place_id, kind=body.kind, name=body.name, is_active=body.is_active)


@router.get("/stock", dependencies=READS)
async def list_held(
    database: DatabaseDep, asked: AskedDep, place_id: PlaceQuery = None, product_id: ProductQuery = None
) -> Page[Held]:
    """How many units of what are where, with their lots, by place and product."""
    async with database.read() as db_session:
        rows = await stock.held(db_session, place_id=place_id, product_id=product_id)
    return asked.cut(rows, lambda row: (row.place_id, row.product_id), str, str)


@router.get("/lots", dependencies=READS)
async def list_lots(
    database: DatabaseDep,
    asked: AskedDep,
    today: TodayDep,
    within_days: Annotated[int, Query(ge=0, le=3650, description="Only what expires within so many days.")] = 3650,
) -> Page[LotHeld]:
    """Lots that expire, and where they are; the first to expire first. `days_left` below 0 is over."""
    async with database.read() as db_session:
        rows = await stock.expiring(db_session, today, within_days)
    return asked.cut(
        rows, lambda row: (str(row.best_before), row.place_id, row.product_id, row.code), str, str, str, str
    )


@router.get("/movements", dependencies=READS)
async def list_movements(
    database: DatabaseDep, asked: AskedDep, place_id: PlaceQuery = None, product_id: ProductQuery = None
) -> Page[MovementView]:
    """What moved, newest first; of one product, from or to one place."""
    async with database.read() as db_session:
        rows = await movements.listing(
            db_session, limit=asked.one_more, before=asked.after(int), product_id=product_id, place_id=place_id
        )
    return asked.page(rows, lambda row: row.id)


@router.get("/lots/movements", dependencies=READS)
async def trace_lot(
    database: DatabaseDep,
    product_id: Annotated[str, Query(max_length=64)],
    lot: Annotated[str, Query(max_length=40)],
) -> list[MovementView]:
    """Where a lot was carried, oldest first: what a recall asks. Sales name no lot; they follow the first to expire."""
    async with database.read() as db_session:
        return await movements.of_lot(db_session, product_id, lot)


@router.get("/documents/{number}", dependencies=READS, responses=refusals(http_404="no_such_document"))
async def get_document(number: RowId, database: DatabaseDep) -> DocumentWithMovements:
    """What somebody did with goods."""
    async with database.read() as db_session:
        return await _document(db_session, number)


@router.post(
    "/receipts",
    status_code=201,
    responses=refusals(
        http_404="no_such_place", http_409="place_closed, key_reused", http_422="no_such_product, lot_date"
    ),
)
async def receive_goods(
    body: ReceiptBody, creator: Annotated[Creator, Depends(Creates(Permission.INVENTORY_MANAGE, "goods.received"))]
) -> DocumentWithMovements:
    """Take goods in that were bought without a purchase order: stock, 仕入高 and what paid for it move together."""
    lines = [row.line() for row in body.lines]
    paid = body.paid_from
    return await made_document(
        creator,
        body,
        lambda session, who: goods.receive(session, body.place_id, lines, who, body.reason, paid_from=paid),
    )


@router.post("/transfers", status_code=201, responses=MOVED)
async def transfer_goods(body: TransferBody, creator: Moves) -> DocumentWithMovements:
    """Bring goods elsewhere. Their lots go with them; the books do not move.

    What staff put into a machine, the machine reports by itself: do not send that here.
    """
    lines = [row.line() for row in body.lines]
    ends = (body.from_place, body.to_place)
    return await made_document(
        creator, body, lambda session, who: goods.transfer(session, ends, lines, who, body.reason)
    )


@router.post(
    "/spoilages", status_code=201, responses=refusals(http_404="no_such_place", http_409="not_enough, key_reused")
)
async def spoil_goods(body: SpoilageBody, creator: Moves) -> DocumentWithMovements:
    """Throw goods away: their cost goes from 商品 to 商品廃棄損; the input tax stays."""
    lines = [row.line() for row in body.lines]
    return await made_document(
        creator, body, lambda session, who: goods.spoil(session, body.place_id, lines, who, body.reason)
    )


@router.post(
    "/giveaways", status_code=201, responses=refusals(http_404="no_such_place", http_409="not_enough, key_reused")
)
async def give_goods_away(
    body: SpoilageBody, creator: Annotated[Creator, Depends(Creates(Permission.INVENTORY_MANAGE, "goods.given_away"))]
) -> DocumentWithMovements:
    """Give goods to somebody for nothing (samples, campaigns): their cost goes from 商品 to 広告宣伝費."""
    lines = [row.line() for row in body.lines]
    return await made_document(
        creator, body, lambda session, who: goods.give_away(session, body.place_id, lines, who, body.reason)
    )


@router.get("/counts", dependencies=READS)
async def list_counts(database: DatabaseDep, asked: AskedDep, place_id: PlaceQuery = None) -> Page[CountView]:
    """Counts, newest first; of one place."""
    async with database.read() as db_session:
        rows = await counting.listing(db_session, limit=asked.one_more, before=asked.after(int), place_id=place_id)
    return asked.page(rows, lambda row: row.id)


@router.get("/counts/{number}", dependencies=READS, responses=refusals(http_404="no_such_count"))
async def get_count(number: RowId, database: DatabaseDep) -> CountView:
    """One count."""
    async with database.read() as db_session:
        return _known(await counting.one(db_session, number), number)


def _known(found: CountView | None, number: int) -> CountView:
    if found is None:
        raise ProblemError(404, "no_such_count", f"There is no count {number}.")
    return found


@router.post("/counts", status_code=201, responses=refusals(http_404="no_such_place", http_409="key_reused"))
async def begin_count(
    body: BeginCountBody,
    creator: Annotated[Creator, Depends(Creates(Permission.INVENTORY_COUNT, "stock.count_begun"))],
) -> CountView:
    """Begin to count a place: what is sold or moved from now on does not disturb the count."""
    with refusing():
        async with creator.once(body, place=body.place_id) as work:
            if work.is_new:
                work.made = str(await counting.begin(work.db_session, body.place_id, person_of(creator)))
            return _known(await counting.one(work.db_session, int(work.made)), int(work.made))


@router.post(
    "/counts/{number}/close",
    responses=refusals(http_404="no_such_count", http_409="count_closed", http_422="no_such_product"),
)
async def close_count(
    number: RowId,
    body: CloseCountBody,
    writer: Annotated[Writer, Depends(Writes(Permission.INVENTORY_COUNT, "stock.counted"))],
) -> CountView:
    """Say what was there when the count began. Too few go to 棚卸減耗費, too many come from it, at the average cost."""
    counted = {row.product_id: row.counted for row in body.lines}
    with refusing():
        async with writer.write(count=number, reason=body.reason) as db_session:
            return _known(await counting.close(db_session, number, counted, person_of(writer), body.reason), number)
