"""Goods of a delivery that go back to their supplier: which still can, and out of the stock. Commits nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import goods
from cloud.inventory import service as inventory
from cloud.inventory.goods import Line
from cloud.inventory.lots import LotShare
from cloud.inventory.rules import BadQuantityError
from cloud.inventory.service import SENT_BACK, Movement
from cloud.procurement import credit_repository, credit_rules, order_repository
from cloud.procurement.credit_rules import BadCreditNoteError
from cloud.procurement.credit_schemas import BackBody
from cloud.procurement.models import CreditNoteLine, GoodsReceiptLine, SupplierCreditNote


@dataclass(frozen=True, slots=True)
class Back:
    """Units that go back, with the line they came by."""

    came: GoodsReceiptLine
    units: int
    cost_minor: int
    """What they had cost when they came."""


@dataclass(frozen=True, slots=True)
class _Came:
    """One line of a delivery."""

    row: GoodsReceiptLine
    gone: int
    """Units of it that went back."""

    @property
    def left(self) -> int:
        return self.row.units - self.gone


async def _came(db_session: AsyncSession, invoice_id: int) -> dict[tuple[int, int], _Came]:
    """(delivery, line of its order) to what came on an invoice."""
    receipts = await order_repository.receipts_of_invoice(db_session, invoice_id)
    came = await order_repository.receipt_lines(db_session, [row.id for row in receipts])
    ordered = await order_repository.lines(db_session, sorted({row.order_id for row in receipts}))
    numbers = {row.id: row.line for row in ordered}
    gone = await credit_repository.units_back(db_session, [row.id for row in came])
    return {(row.receipt_id, numbers[row.order_line_id]): _Came(row, gone.get(row.id, 0)) for row in came}


async def units_left(db_session: AsyncSession, invoice_id: int) -> dict[tuple[int, int], int]:
    """(delivery, line of its order) on an invoice to the units that could still go back."""
    return {name: line.left for name, line in (await _came(db_session, invoice_id)).items()}


async def checked(db_session: AsyncSession, invoice_id: int, sent: Sequence[BackBody]) -> list[Back]:
    """What goes back of the deliveries on an invoice, at what it had cost.

    Raises:
        BadCreditNoteError: it did not come, or is back already.
    """
    came = await _came(db_session, invoice_id)
    found = []
    for asked in sent:
        line = came.get((asked.receipt, asked.line))
        if line is None:
            raise BadCreditNoteError(f"delivery {asked.receipt} has no line {asked.line} on this invoice")
        if asked.units > line.left:
            why = f"of line {asked.line} of delivery {asked.receipt} {line.left} units are left to go back"
            raise BadCreditNoteError(f"{why}, not {asked.units}")
        cost = credit_rules.cost_of(line.row.cost_minor, line.row.units, line.gone, asked.units)
        found.append(Back(line.row, asked.units, cost))
    return found


async def send(db_session: AsyncSession, note: SupplierCreditNote, back: Sequence[Back]) -> int:
    """Take the goods of a credit note out of the stock of its place.

    Returns:
        What left 商品, in yen.

    Raises:
        NoSuchPlaceError: nobody has named the place.
        GoodsRefusedError: the books have less of the goods there.
        BadCreditNoteError: the books have less of them in all places together.
    """
    if not back:
        return 0
    lines = await _lines(db_session, note.place_id, back)
    await goods.check_there(db_session, note.place_id, lines)
    named = await goods.lots_named(db_session, note.place_id, lines)
    movements = [
        Movement(
            f"{SENT_BACK}{note.id}/{at}",
            line.product_id,
            line.quantity,
            note.recorded_at_ms,
            from_place=note.place_id,
            cost_minor=line.cost_minor,
            lots=line.lots,
        )
        for at, line in enumerate(named, start=1)
    ]
    try:
        moved = await inventory.move(db_session, movements)
    except BadQuantityError as error:
        raise BadCreditNoteError("the books have less of it in all places together; count it first") from error
    rows = [
        CreditNoteLine(credit_note_id=note.id, receipt_line_id=row.came.id, units=row.units, cost_minor=row.cost_minor)
        for row in back
    ]
    await order_repository.add(db_session, *rows)
    return sum(cost.stock_minor for cost in moved)


async def _lines(db_session: AsyncSession, place_id: str, back: Sequence[Back]) -> list[Line]:
    """What leaves the place: units of the lot they came with while it has so many, else of what is first out there."""
    there = (await inventory.lots_at(db_session, [place_id])).items()
    left = {(product, lot.code): lot.quantity for (_, product), held in there for lot in held}
    lines = []
    for row in back:
        line = Line(row.came.product_id, row.units, cost_minor=row.cost_minor)
        lot = (row.came.product_id, row.came.lot)
        if row.came.lot and left.get(lot, 0) >= row.units:
            left[lot] -= row.units
            line = replace(line, lots=(LotShare(row.came.lot, row.units, row.came.expires_on),))
        lines.append(line)
    return lines
