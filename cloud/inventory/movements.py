"""The door of the history: what moved where, why, and with which lots. Reads only."""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import goods, repository
from cloud.inventory.lots import LotShare
from cloud.inventory.models import StockMovement
from cloud.inventory.service import SENT_BACK

Kind = Literal[
    "sale", "restock", "taken_out", "receipt", "missing", "returned", "sent_back",
    "transfer", "spoilage", "giveaway", "count", "load", "unload",
]  # fmt: skip


class MovementLotView(BaseModel):
    """Units of one lot that a movement carried."""

    code: str
    quantity: int


class MovementView(BaseModel):
    """Units that went from one place to another."""

    id: int
    kind: Kind
    source: str
    """The event (`<machine>/<epoch>/<seq>`), document (`goods:<number>/<line>`) or task that caused it."""
    product_id: str
    quantity: int
    from_place: str | None
    """Null for goods that come in."""
    to_place: str | None
    """Null for goods that go out."""
    value: int
    """Yen that came into or left the value of the stock; 0 for a transfer."""
    uncovered: int
    """Yen of units the books did not have."""
    occurred_at_ms: int
    document_id: int | None
    lots: list[MovementLotView]
    """Empty for sales, and for goods without lots."""


async def listing(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    product_id: str | None = None,
    place_id: str | None = None,
) -> list[MovementView]:
    """A page of movements, newest first; of one product, from or to one place."""
    rows = await repository.movements(db_session, limit=limit, before=before, product_id=product_id, place_id=place_id)
    return await _views(db_session, rows)


async def of_document(db_session: AsyncSession, number: int) -> list[MovementView]:
    """The movements of one document, in order."""
    return await _views(db_session, await repository.movements_of(db_session, goods.sources_of(number)))


async def of_lot(db_session: AsyncSession, product_id: str, code: str) -> list[MovementView]:
    """Where a lot was carried, oldest first: what a recall asks."""
    return await _views(db_session, await repository.movements_of_lot(db_session, product_id, code))


async def _views(db_session: AsyncSession, rows: Sequence[StockMovement]) -> list[MovementView]:
    numbers = {number for row in rows if (number := goods.document_of(row.source))}
    kinds = await goods.document_kinds(db_session, numbers)
    carried = await repository.movement_lots(db_session, [row.source for row in rows])
    return [_view(row, kinds, carried.get(row.source, [])) for row in rows]


def _view(row: StockMovement, kinds: dict[int, str], carried: Sequence[LotShare]) -> MovementView:
    number = goods.document_of(row.source)
    return MovementView.model_validate(
        {
            "id": row.id,
            "kind": (kinds.get(number) if number else None) or _kind(row),
            "source": row.source,
            "product_id": row.product_id,
            "quantity": row.quantity,
            "from_place": row.from_place,
            "to_place": row.to_place,
            "value": row.value_minor,
            "uncovered": row.uncovered_minor,
            "occurred_at_ms": row.occurred_at_ms,
            "document_id": number,
            "lots": [{"code": share.code, "quantity": share.quantity} for share in carried],
        },
    )


SPOILED: Final = "#spoiled"
"""How the source of what staff threw away at a machine ends."""
COUNTED: Final = "#counted"
"""How the source of what a count at a machine found ends."""


def _kind(row: StockMovement) -> Kind:
    if row.source.endswith(COUNTED):
        return "count"
    if row.source.endswith(SPOILED):
        return "spoilage"
    if row.from_place is None:
        return "returned" if row.source.startswith("refund:") else "receipt"
    if row.to_place is None and row.source.startswith(SENT_BACK):
        return "sent_back"
    if row.to_place is None:
        return "missing" if row.source.partition("/")[0].partition(":")[1] else "sale"
    return "restock" if "/" in row.to_place else "taken_out"
