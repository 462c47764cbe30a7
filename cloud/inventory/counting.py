"""The door of the stocktake (棚卸): begin a count of a place, say what was found, let the books follow. Commits none.

What is counted is what was there when the count began: what moved after that moment is taken into account, and what a
machine sold before it and told later, too, if it told before the count was closed. A count is closed once. A mistake in
it is corrected by counting again.
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import goods, places, repository
from cloud.inventory.goods import BadGoodsError, GoodsRefusedError, Person
from cloud.inventory.models import StockCount, StockCountLine


class CountLine(BaseModel):
    """What was found of one product."""

    product_id: str
    expected: int
    """Units the books had when the count began."""
    counted: int
    difference: int
    """Too many is positive, too few negative."""


class CountView(BaseModel):
    """One count of one place."""

    id: int
    place_id: str
    started_at_ms: int
    started_by: str
    closed_at_ms: int
    """0 while it is open."""
    closed_by: str
    reason: str
    document_id: int
    """The document with the differences; 0 when there were none."""
    lines: list[CountLine]


async def begin(db_session: AsyncSession, place_id: str, who: Person) -> int:
    """Begin to count what is at a place now.

    Returns:
        The number of the count.

    Raises:
        NoSuchPlaceError: nobody has named the place.
    """
    await places.place(db_session, place_id)
    await locks.take(db_session, Lock.BOOKS)
    row = StockCount(
        place_id=place_id,
        started_at_ms=who.now_ms,
        started_by=who.by,
        after_movement=await repository.newest_movement(db_session),
    )
    return await repository.add_count(db_session, row)


async def close(
    db_session: AsyncSession, number: int, counted: Mapping[str, int], who: Person, reason: str
) -> CountView | None:
    """Say what was there when the count began, and let the books follow.

    Args:
        db_session: a writing session.
        number: of the count.
        counted: product to units found; what is not named was not counted.
        who: counted.
        reason: why something differs, as far as it is known.

    Returns:
        The count, or None when there is none of this number.

    Raises:
        GoodsRefusedError: it is closed already, or a product is at no place and in no catalogue.
    """
    await locks.take(db_session, Lock.BOOKS)
    row = await repository.count(db_session, number)
    if row is None:
        return None
    if row.closed_at_ms:
        raise GoodsRefusedError("count_closed", f"count {number} is closed; to correct it, count again")
    expected = await _expected(db_session, row, list(counted))
    names = await catalogue.load(db_session)
    for product in counted:
        if not expected[product] and product not in names:
            raise BadGoodsError("no_such_product", f"product {product!r} is not in the catalogue; add it first")
    differences = [(name, units - expected[name]) for name, units in sorted(counted.items()) if units != expected[name]]
    if differences:
        row.document_id = await goods.correct(db_session, row.place_id, differences, who, reason)
    row.closed_at_ms, row.closed_by, row.reason = who.now_ms, who.by, reason
    repository.add_count_lines(
        db_session,
        [
            StockCountLine(count_id=number, product_id=name, expected=expected[name], counted=units)
            for name, units in sorted(counted.items())
        ],
    )
    await db_session.flush()
    return await one(db_session, number)


async def _expected(db_session: AsyncSession, row: StockCount, products: Sequence[str]) -> dict[str, int]:
    now = await repository.on_hand_at(db_session, [(row.place_id, product) for product in products])
    since = await repository.moved_since(db_session, row.place_id, row.after_movement, row.started_at_ms)
    return {product: now.get((row.place_id, product), 0) - since.get(product, 0) for product in products}


async def one(db_session: AsyncSession, number: int) -> CountView | None:
    """One count, or None."""
    row = await repository.count(db_session, number)
    return _view(row, await repository.count_lines(db_session, [number])) if row else None


async def listing(
    db_session: AsyncSession, *, limit: int, before: int | None = None, place_id: str | None = None
) -> list[CountView]:
    """A page of counts, newest first; of one place."""
    rows = await repository.counts(db_session, limit=limit, before=before, place_id=place_id)
    lines = await repository.count_lines(db_session, [row.id for row in rows])
    return [_view(row, lines) for row in rows]


def _view(row: StockCount, lines: Sequence[StockCountLine]) -> CountView:
    mine = [
        CountLine(
            product_id=line.product_id,
            expected=line.expected,
            counted=line.counted,
            difference=line.counted - line.expected,
        )
        for line in lines
        if line.count_id == row.id
    ]
    return CountView(
        id=row.id,
        place_id=row.place_id,
        started_at_ms=row.started_at_ms,
        started_by=row.started_by,
        closed_at_ms=row.closed_at_ms,
        closed_by=row.closed_by,
        reason=row.reason,
        document_id=row.document_id,
        lines=mine,
    )
