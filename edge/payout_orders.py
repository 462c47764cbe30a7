"""Carry out payout effects on the hoppers and report what is true, never what is hoped.

Not responsible for which coins to pay (`edge/vend/payout.py`). Source: ccTalk part 2, headers 166 and 167.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from edge.vend import inputs as i
from edge.vend.state import MachineState
from hardware.coin_hopper.port import CoinHopper, HopperStatus
from hardware.errors import DeviceOfflineError, DeviceRefusedError, UnconfirmedError

POLL_S: Final = 0.2
"""Between two looks at a hopper that pays; the acceptor shares the wire."""
GRACE_S: Final = 15.0
"""On top of `PER_COIN_S` per coin: a hopper's own payout time-out is shorter."""
PER_COIN_S: Final = 2.0

LegOutcome = i.LegReady | i.LegDone | i.LegRefused | i.LegUncertain


class PayoutOrders:
    """Talks to the hoppers of one machine; one order at a time."""

    def __init__(self, hoppers: Mapping[int, CoinHopper]) -> None:
        """`hoppers`: by denomination in minor units."""
        self._hoppers = hoppers
        self._found: dict[int, HopperStatus] = {}

    async def read_before_start(self, state: MachineState) -> None:
        """Keep the counter of a hopper with an open order: starting the hopper may reset it."""
        if state.payout is None or not state.payout.legs or state.payout.legs[0].counter_before is None:
            return
        leg = state.payout.legs[0]
        try:
            self._found[leg.denomination] = await self._settled(leg.denomination, leg.count)
        except (DeviceOfflineError, KeyError, TimeoutError):
            return  # resolving it will ask again and, failing that, call it uncertain

    async def carry_out(self, effect: i.Effect) -> LegOutcome:
        """Do one payout effect.

        Raises:
            TypeError: not a payout effect: a bug.
        """
        match effect:
            case i.ReadHopper(kind):
                return await self._read(kind)
            case i.OrderCoins(kind, count):
                return await self._order(kind, count)
            case i.ResolveLeg(kind, count, before):
                return await self._resolve(kind, count, before)
        raise TypeError(f"{effect} is not a payout effect")

    async def _read(self, kind: int) -> LegOutcome:
        if kind not in self._hoppers:
            return i.LegRefused(f"there is no hopper for {kind}")
        try:
            return i.LegReady((await self._hoppers[kind].status()).event_counter)
        except DeviceOfflineError as error:
            return i.LegRefused(str(error))

    async def _order(self, kind: int, count: int) -> LegOutcome:
        try:
            before = (await self._hoppers[kind].status()).event_counter
            await self._hoppers[kind].dispense(count)
        except (DeviceRefusedError, DeviceOfflineError) as error:
            return i.LegRefused(str(error))
        except UnconfirmedError as error:
            return i.LegUncertain(str(error))
        return await self._finish(kind, count, before)

    async def _finish(self, kind: int, count: int, before: int) -> LegOutcome:
        """The order was taken. Its end is told by the account of the same order, not of a later or a forgotten one."""
        try:
            return _account(kind, before, await self._settled(kind, count))
        except (DeviceOfflineError, TimeoutError) as error:
            return i.LegUncertain(f"hopper {kind} did not report the end of the payout ({error})")

    async def _settled(self, kind: int, count: int) -> HopperStatus:
        """Poll until the payout is over; single lost replies do not matter."""
        async with asyncio.timeout(GRACE_S + PER_COIN_S * count):
            while True:
                try:
                    status = await self._hoppers[kind].status()
                except DeviceOfflineError:
                    await asyncio.sleep(POLL_S)
                    continue
                if not status.remaining:
                    return status
                await asyncio.sleep(POLL_S)

    async def _resolve(self, kind: int, count: int, before: int) -> LegOutcome:
        """The counter says whether the order was taken before the restart."""
        if kind not in self._hoppers:
            return i.LegUncertain(f"there is no hopper for {kind} any more")
        try:
            status = self._found.pop(kind, None) or await self._settled(kind, count)
        except TimeoutError:
            return i.LegUncertain(f"hopper {kind} does not answer")
        # 0 proves nothing: it is also where a hopper stands that took the order, lost its power and forgot.
        if status.event_counter == before != 0:
            return i.LegReady(before)  # never taken: the same order may go out now
        return _account(kind, before, status)


def _account(kind: int, before: int, status: HopperStatus) -> LegOutcome:
    """What the hopper says of the order that came after it had counted to `before`."""
    if status.event_counter != before % 255 + 1:
        return i.LegUncertain(f"hopper {kind} counted {before} before and {status.event_counter} now")
    if status.paid is None:
        return i.LegUncertain(f"hopper {kind} lost its power and does not know what it paid")
    return i.LegDone(status.paid)
