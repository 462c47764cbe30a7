"""What comes after a supplier's invoice: credit notes, with goods or without, set off or paid back.

As in `office.py`, each step calls the service a person would reach by a page, and tells the world what must follow.
"""

from datetime import date
from typing import Final

from cloud.procurement import credit_notes
from cloud.procurement.credit_schemas import BackBody, CreditNoteBody
from cloud.procurement.ordering import Doing
from cloud.procurement.schemas import RateBody
from tools.books.life import Step
from tools.books.played import Played
from tools.books.world import Note, Receipt, day_of

MIA: Final = "mia@example.com"
WAREHOUSE: Final = "warehouse"


class Suppliers:
    """Suppliers who take goods back, or something off the price."""

    def __init__(self, played: Played) -> None:
        self._played = played
        self._world = played.world

    @property
    def _today(self) -> date:
        return day_of(self._played.clock.now_ms)

    def _by(self) -> Doing:
        return Doing(MIA, self._played.clock.now_ms)

    async def credit_note(self, step: Step) -> None:
        """Against an invoice: a part of what is left at one of its rates, and units as far as they are there."""
        billed = [row for row in self._world.receipts if row.invoice]
        if not billed:
            return
        which, part, units = step.n
        receipt = billed[which % len(billed)]
        percent, net, tax = _rate(receipt, part)
        if not net + tax:
            return
        units = self._units(receipt, units)
        body = CreditNoteBody(
            number=f"CN-{len(self._world.notes)}",
            issued_on=self._today,
            reason='液漏れ "1"',
            rates=[RateBody(percent=percent, net=net, tax=tax)],
            goods=[BackBody(receipt=receipt.number, line=1, units=units)] if units else [],
        )
        async with self._played.database.write() as db_session:
            number = await credit_notes.record(db_session, receipt.invoice, body, self._by(), self._today)
        self._world.credit(receipt, number, (percent, net, tax), units)

    def _units(self, receipt: Receipt, wanted: int) -> int:
        """How many can go back: of this delivery, in the warehouse, and in the books at all."""
        product = receipt.order.product
        there = min(self._world.on_hand[WAREHOUSE, product], self._world.pools[product].quantity)
        return max(min(wanted, receipt.units - receipt.back, there), 0)

    async def set_off(self, step: Step) -> None:
        """The oldest open note against the oldest open invoice of its supplier: nothing is booked."""
        notes = [row for row in self._world.notes if row.left]
        pairs = [(note, row) for note in notes for row in self._world.receipts if _can_set_off(note, row)]
        if not pairs:
            return
        note, receipt = pairs[0]
        amount = max(min(note.left, receipt.left) // step.n[0], 1)
        async with self._played.database.write() as db_session:
            await credit_notes.set_off(db_session, note.number, receipt.invoice, amount, self._by(), self._today)
        note.left -= amount
        receipt.left -= amount

    async def paid_back(self, step: Step) -> None:
        """Money for the oldest open note comes to the bank."""
        note = next((row for row in self._world.notes if row.left), None)
        if note is None:
            return
        amount = max(note.left // step.n[0], 1)
        async with self._played.database.write() as db_session:
            await credit_notes.paid_back(db_session, note.number, amount, self._today, self._by())
        note.left -= amount
        self._world.move(("1010", ""), ("2001", f"supplier:{note.supplier}"), amount)


def _can_set_off(note: Note, receipt: Receipt) -> bool:
    return bool(receipt.invoice and receipt.left) and receipt.order.supplier == note.supplier


def _rate(receipt: Receipt, part: int) -> tuple[int, int, int]:
    """A rate of the invoice with something left, and a part of that: net, and its tax cut off."""
    for percent, (net, tax) in sorted(receipt.billed.items()):
        most = min(net, tax * 100 // percent) if percent else net
        if most // part:
            return percent, most // part, most // part * percent // 100
    return 0, 0, 0
