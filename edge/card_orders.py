"""Carry out card effects on the cashless reader, and report what is true of each payment.

A confirmation and a release name the payment's reference, so they may be repeated; what the reader says of the payment
afterwards decides. Not responsible for when to do which (`edge/vend/cards.py`).
"""

import asyncio
import contextlib
from typing import Final

from edge.vend import inputs as i
from hardware.cashless_reader.port import CashlessReader
from hardware.errors import DeviceError, DeviceRefusedError
from protocol.money import Money

RETRY_S: Final = 1.0
SETTLE_LIMIT_S: Final = 60.0
"""A reader that cannot be told for so long gets a claim; its own time-out releases the money meanwhile."""
APPROVAL_LIMIT_S: Final = 30.0
"""A customer does not wait longer for a card."""


class CardOrders:
    """Talks to one reader."""

    def __init__(self, reader: CashlessReader) -> None:
        """`reader`: started."""
        self._reader = reader

    async def request(self, effect: i.RequestCard, amount: Money) -> str:
        """Ask for the amount and give the reader its time. The answer comes as an event of the reader.

        Returns:
            Why it counts as denied from now on, in case it has not been answered.
        """
        try:
            await self._reader.request(effect.session, amount, effect.slot)
        except DeviceError as error:
            return str(error)
        await asyncio.sleep(APPROVAL_LIMIT_S)
        return "timeout"

    async def settle(self, effect: i.SettleCard) -> i.CardSettled | i.CardUnsettled:
        """Charge or release, and repeat until the reader has answered."""
        wanted = "charged" if effect.order == "confirm" else "released"
        tell = self._reader.confirm if effect.order == "confirm" else self._reader.fail
        why = "it does not answer"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT_S):
                while True:
                    try:
                        await tell(effect.reference)
                        return i.CardSettled(effect.reference)
                    except DeviceRefusedError as error:
                        why = str(error)
                        if (await self._state_of(effect.reference)) == wanted:
                            return i.CardSettled(effect.reference)
                        break
                    except DeviceError as error:
                        why = str(error)
                    await asyncio.sleep(RETRY_S)
        return i.CardUnsettled(effect.reference, why)

    async def abandon(self, effect: i.AbandonCard) -> list[i.CardTaken] | None:
        """Release what is reserved and end the session, if the reader can be told; its time-out does the rest.

        Returns:
            Payments that it has charged instead, though nothing was delivered for them; None when it was not told.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT_S):
                while True:
                    with contextlib.suppress(DeviceError):
                        return await self._abandon(effect)
                    if not effect.asked:
                        break  # nothing can be reserved in it
                    await asyncio.sleep(RETRY_S)
        return None

    async def _abandon(self, effect: i.AbandonCard) -> list[i.CardTaken]:
        taken: list[i.CardTaken] = []
        for payment in await self._reader.payments_of(effect.session):
            amount = payment.amount.minor if payment.amount is not None else effect.asked
            if payment.state == "reserved":
                why = await self._released(payment.reference)
            else:
                why = "the reader charged it by itself" if payment.state == "charged" and effect.asked else ""
            if why and effect.asked:  # without a request, what became of every payment has been told already
                taken.append(i.CardTaken(payment.reference, amount, why))
        await self._reader.end_session(effect.session)
        return taken

    async def _released(self, reference: str) -> str:
        """Release it; why it is charged all the same, or empty."""
        try:
            await self._reader.fail(reference)
        except DeviceRefusedError as error:
            return str(error) if await self._state_of(reference) == "charged" else ""
        return ""

    async def _state_of(self, reference: str) -> str:
        try:
            return (await self._reader.payment(reference)).state
        except DeviceError:
            return "unknown"
