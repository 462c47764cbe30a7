"""The door for what people do with goods: receive, bring elsewhere, throw away. Stock and books move together.

Each is a document with a number; its movements have the sources `goods:<number>/<line>`. Commits nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart
from cloud.accounting import goods as goods_entries
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.accounting.places import Place
from cloud.accounting.rules import Draft, Event
from cloud.catalogue import rules as tax
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import Catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import lots, places, repository, service
from cloud.inventory.lots import LotShare
from cloud.inventory.models import GoodsDocument
from cloud.inventory.rules import Cost, PoolState, average_cost
from cloud.inventory.service import Movement
from cloud.kit.clock import local_day

Kind = Literal["receipt", "transfer", "spoilage", "giveaway", "count", "load", "unload"]
PREFIX: Final = "goods:"
MOST_LINES: Final = 500
"""Of one document."""


class GoodsRefusedError(ValueError):
    """What cannot be done with goods; `code` is for programs."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        super().__init__(why)


class BadGoodsError(GoodsRefusedError):
    """What makes no sense however much there is."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who does it, when, and in which time zone a day is a day."""

    by: str
    now_ms: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Line:
    """Some units of one product."""

    product_id: str
    quantity: int
    lots: tuple[LotShare, ...] | None = None
    """None for whatever is first out, and for what comes in without a lot."""
    cost_minor: int = 0
    """For a receipt: what they cost together, without tax."""


class DocumentView(BaseModel):
    """What somebody did with goods."""

    id: int
    kind: Kind
    at_ms: int
    by: str
    reason: str


def source_of(number: int, line: int) -> str:
    """The source of a document's movement; lines count from 1."""
    return f"{PREFIX}{number}/{line}"


def sources_of(number: int) -> list[str]:
    """The sources of a document's movements, whether there are so many or not."""
    return [source_of(number, line) for line in range(1, MOST_LINES + 1)]


def document_of(source: str) -> int | None:
    """The document a movement's or an entry's source names, or None."""
    number = source.removeprefix(PREFIX).partition("/")[0]
    return int(number) if source.startswith(PREFIX) and number.isdecimal() else None


async def receive(
    db_session: AsyncSession,
    place_id: str,
    lines: Sequence[Line],
    who: Person,
    reason: str = "",
    *,
    paid_from: str | Place = chart.PAYABLE,
) -> int:
    """Goods come in that were bought without a purchase order.

    Args:
        db_session: a writing session.
        place_id: where they are put.
        lines: what.
        who: does it.
        reason: for people.
        paid_from: the bank, the safe, or to whom it is owed.

    Returns:
        The number of the document.

    Raises:
        NoSuchPlaceError: nobody has named the place.
        GoodsRefusedError: the place is closed, or a product is not in the catalogue.
        LotDateError: a lot is known with another best-before date.
    """
    await _open_place(db_session, place_id)
    names = await catalogue.load(db_session)
    for line in lines:
        if line.product_id not in names:
            why = f"product {line.product_id!r} is not in the catalogue; add it first"
            raise BadGoodsError("no_such_product", why)
    moves = [_movement(line, who, to_place=place_id) for line in lines]
    number, done = await _carry_out(db_session, "receipt", moves, who, reason)
    drafts = [draft for row, cost in done for draft in _purchase(row, cost, who, names, paid_from)]
    await accounting.post(db_session, drafts)
    return number


async def transfer(
    db_session: AsyncSession,
    ends: tuple[str, str],
    lines: Sequence[Line],
    who: Person,
    reason: str = "",
    *,
    kind: Kind = "transfer",
) -> int:
    """Goods go from one place to another; nothing is booked.

    Args:
        db_session: a writing session.
        ends: where from, where to.
        lines: what.
        who: does it.
        reason: for people.
        kind: of the document.

    Returns:
        The number of the document.

    Raises:
        NoSuchPlaceError: nobody has named one of the places.
        GoodsRefusedError: same place, a closed one, or the books have less there.
    """
    start, end = ends
    if start == end:
        raise BadGoodsError("same_place", f"both places are {start!r}; name another one to bring goods to")
    await places.place(db_session, start)
    await _open_place(db_session, end)
    await check_there(db_session, start, lines)
    moves = [_movement(line, who, from_place=start, to_place=end) for line in lines]
    number, _ = await _carry_out(db_session, kind, moves, who, reason)
    return number


async def spoil(db_session: AsyncSession, place_id: str, lines: Sequence[Line], who: Person, reason: str) -> int:
    """Goods are thrown away: out of the stock, their cost to 商品廃棄損.

    Returns:
        The number of the document.

    Raises:
        NoSuchPlaceError: nobody has named the place.
        GoodsRefusedError: the books have less there.
    """
    return await _leave(db_session, place_id, lines, who, reason, "spoilage")


async def give_away(db_session: AsyncSession, place_id: str, lines: Sequence[Line], who: Person, reason: str) -> int:
    """Goods are given to somebody for nothing: out of the stock, their cost to 広告宣伝費.

    Returns:
        The number of the document.

    Raises:
        NoSuchPlaceError: nobody has named the place.
        GoodsRefusedError: the books have less there.
    """
    return await _leave(db_session, place_id, lines, who, reason, "giveaway")


_LEAVE: Final = {"spoilage": goods_entries.spoiled, "giveaway": goods_entries.given_away}
"""Kind of a document by which goods leave to its entry."""


async def _leave(
    db_session: AsyncSession,
    place_id: str,
    lines: Sequence[Line],
    who: Person,
    reason: str,
    kind: Literal["spoilage", "giveaway"],
) -> int:
    await places.place(db_session, place_id)
    await check_there(db_session, place_id, lines)
    moves = [_movement(line, who, from_place=place_id) for line in await lots_named(db_session, place_id, lines)]
    number, done = await _carry_out(db_session, kind, moves, who, reason)
    names = await catalogue.load(db_session)
    entry = _LEAVE[kind]
    await accounting.post(
        db_session,
        [
            entry(event_of(row, who), names.name(row.product_id), from_stock_minor=cost.stock_minor)
            for row, cost in done
        ],
    )
    return number


async def correct(
    db_session: AsyncSession, place_id: str, differences: Sequence[tuple[str, int]], who: Person, reason: str
) -> int:
    """What a count found: too few units leave to 棚卸減耗費, too many come in at the average cost.

    Args:
        db_session: a writing session that holds `Lock.BOOKS`.
        place_id: what was counted.
        differences: product and counted - expected, none of them 0.
        who: counted.
        reason: for people.

    Returns:
        The number of the document.
    """
    pools = await repository.pools(db_session, {product for product, _ in differences})
    moves = []
    for product, difference in differences:
        pool = pools.get(product, PoolState())
        worth = average_cost(pool, difference) if difference > 0 else 0
        line = Line(product, abs(difference), cost_minor=worth)
        ends = {"to_place": place_id} if difference > 0 else {"from_place": place_id}
        moves.append(_movement(line, who, **ends))
    number, done = await _carry_out(db_session, "count", moves, who, reason)
    names = await catalogue.load(db_session)
    drafts: list[Draft | None] = []
    for row, cost in done:
        event, name = event_of(row, who), names.name(row.product_id)
        if row.to_place:
            drafts.append(goods_entries.found(event, name, into_stock_minor=cost.stock_minor))
        else:
            drafts.append(entries.unit_missing(event, name, from_stock_minor=cost.stock_minor))
    await accounting.post(db_session, drafts)
    return number


async def document(db_session: AsyncSession, number: int) -> DocumentView | None:
    """One document, or None."""
    row = await repository.document(db_session, number)
    return DocumentView.model_validate(row, from_attributes=True) if row else None


async def document_kinds(db_session: AsyncSession, numbers: set[int]) -> dict[int, str]:
    """Number to kind of these documents."""
    return await repository.document_kinds(db_session, numbers)


def _movement(line: Line, who: Person, *, from_place: str | None = None, to_place: str | None = None) -> Movement:
    """A movement of a line; its source is known when its document has a number."""
    return Movement(
        "",
        line.product_id,
        line.quantity,
        who.now_ms,
        from_place=from_place,
        to_place=to_place,
        cost_minor=line.cost_minor,
        lots=line.lots,
    )


def event_of(row: Movement, who: Person) -> Event:
    """What a movement's entries have in common."""
    return Event(row.source, local_day(who.now_ms, who.timezone), who.now_ms)


async def _carry_out(
    db_session: AsyncSession, kind: Kind, moves: Sequence[Movement], who: Person, reason: str
) -> tuple[int, list[tuple[Movement, Cost]]]:
    if len(moves) > MOST_LINES:
        raise GoodsRefusedError("too_many_lines", f"{len(moves)} products at once; at most {MOST_LINES}")
    await locks.take(db_session, Lock.BOOKS)
    document = GoodsDocument(kind=kind, at_ms=who.now_ms, by=who.by, reason=reason)
    number = await repository.add_document(db_session, document)
    rows = [row._replace(source=source_of(number, at)) for at, row in enumerate(moves, start=1)]
    return number, list(zip(rows, await service.move(db_session, rows), strict=True))


def _purchase(row: Movement, cost: Cost, who: Person, names: Catalogue, paid_from: str | Place) -> list[Draft]:
    event = event_of(row, who)
    percent = names.percent(row.product_id, event.entry_date)
    return entries.purchase(
        event,
        names.name(row.product_id),
        net_minor=row.cost_minor,
        tax_minor=tax.tax_on(row.cost_minor, percent),
        settled_minor=cost.uncovered_minor,
        owed_to=paid_from,
    )


async def _open_place(db_session: AsyncSession, place_id: str) -> None:
    if not (await places.place(db_session, place_id)).is_active:
        raise GoodsRefusedError("place_closed", f"place {place_id!r} is closed; open it again, or choose another one")


async def check_there(db_session: AsyncSession, place_id: str, lines: Sequence[Line]) -> None:
    """Nobody can carry what is not there; what is there and not in the books is counted first.

    Raises:
        GoodsRefusedError: the books have less at the place, of a product or of a lot that was named.
    """
    await locks.take(db_session, Lock.BOOKS)
    asked = Counter[str]()
    for line in lines:
        asked[line.product_id] += line.quantity
    have = await repository.on_hand_at(db_session, [(place_id, product) for product in asked])
    for product, quantity in asked.items():
        there = have.get((place_id, product), 0)
        if there < quantity:
            why = (
                f"the books have {there} of {product!r} at {place_id!r}, not {quantity}; if more are there, count them"
            )
            raise GoodsRefusedError("not_enough", why)
    left = await service.lots_at(db_session, [place_id])
    of_lot = Counter[tuple[str, str]]()
    for line in lines:
        of_lot.update({(line.product_id, share.code): share.quantity for share in line.lots or ()})
    for (product, code), quantity in of_lot.items():
        there = sum(share.quantity for share in left.get((place_id, product), []) if share.code == code)
        if there < quantity:
            why = f"the books have {there} of lot {code!r} at {place_id!r}, not {quantity}"
            raise GoodsRefusedError("not_enough", why)


async def lots_named(db_session: AsyncSession, place_id: str, lines: Sequence[Line]) -> list[Line]:
    """Say which lots leave, for the record: those that are first out unless somebody named them, line after line."""
    shares = await service.lots_at(db_session, [place_id])
    have = await repository.on_hand_at(db_session, [(place_id, line.product_id) for line in lines])
    levels = {at: {share.code: share.quantity for share in there} for at, there in shares.items()}
    found = []
    for line in lines:
        at = (place_id, line.product_id)
        named = line.lots
        if named is None and levels.get(at):
            dates = {share.code: share.best_before for share in shares[at]}
            taken = lots.picked(levels[at], have.get(at, 0), line.quantity, dates)
            named = tuple(LotShare(code, units, dates[code]) for code, units in taken.items()) or None
        have[at] = have.get(at, 0) - line.quantity
        levels[at] = lots.without(levels.get(at, {}), {share.code: share.quantity for share in named or ()})
        found.append(replace(line, lots=named))
    return found
