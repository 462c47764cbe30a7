"""Carry out bill effects and report where the bill is, by the validator's own account and never by hope.

The validator's counter of bills ever stacked was written down when the bill came into escrow. So an order may be
given again after a restart: as long as the bill is still held nothing has happened, and when it is not, the counter
says which way it went. Not responsible for what the bill pays (`edge/vend/bills.py`).
"""

import asyncio
from typing import Final, Literal

from edge.vend import inputs as i
from hardware.bill_validator.port import BillValidator, Escrow, EscrowStatus
from hardware.errors import DeviceError

POLL_S: Final = 0.2
LIMIT_S: Final = 20.0
"""A transport takes about two seconds; a validator that says nothing for so long needs a person."""

BillOutcome = i.BillHeld | i.BillIn | i.BillBack | i.BillUncertain


class BillOrders:
    """Talks to one validator; one order at a time."""

    def __init__(self, validator: BillValidator) -> None:
        """`validator`: started."""
        self._validator = validator

    async def move(self, effect: i.MoveBill) -> BillOutcome:
        """Stack the bill or give it back, unless that has been done already."""
        return await self._settle(effect.amount, effect.stacked_before, effect.order)

    async def find(self, effect: i.FindBill) -> BillOutcome:
        """Where is the bill? It is not moved."""
        return await self._settle(effect.amount, effect.stacked_before, None)

    async def _settle(self, amount: int, before: int, order: Literal["stack", "give_back"] | None) -> BillOutcome:
        why = "it does not answer"
        try:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    try:
                        status = await self._validator.status()
                        outcome = _read(status, amount, before)
                        if isinstance(outcome, i.BillHeld) and order is not None:
                            await (self._validator.stack() if order == "stack" else self._validator.give_back())
                        elif outcome is not None:
                            return outcome
                        why = f"escrow {status.escrow.value}, {before} bills stacked before and {status.stacked} now"
                    except DeviceError as error:
                        why = str(error)
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            return i.BillUncertain(why)


def _read(status: EscrowStatus, amount: int, before: int) -> BillOutcome | None:
    """Where the bill is; None while it moves or the device cannot tell. Another bill may lie there by now."""
    if status.escrow is Escrow.UNKNOWN:
        return None
    if status.stacked == before + 1:
        return i.BillIn(amount)
    if status.stacked != before:
        return None
    is_same = status.value is None or status.value.minor == amount
    return i.BillHeld(amount, before) if status.escrow is Escrow.HOLDING and is_same else i.BillBack(amount)
