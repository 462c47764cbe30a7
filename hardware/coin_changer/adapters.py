"""A coin changer in two roles: a coin acceptor, and one coin hopper per tube. What sells with those sells with it.

Not responsible for how many coins are in the tubes: `CoinChanger.tubes` counts them, which no hopper can.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from hardware.coin_acceptor.port import AcceptorRestarted, CoinEvent
from hardware.coin_changer.port import CoinChanger, PayoutStatus
from hardware.coin_hopper.port import HopperStatus
from hardware.errors import DeviceOfflineError, DeviceRefusedError, WrongDeviceError
from protocol.money import Money

MAX_COINS: Final = 255
"""In one order, as with a hopper; its counter wraps at the same number."""
POLL_S: Final = 0.1
OTHERS_S: Final = 60.0
"""How long a tube waits for another one that is paying, before the changer itself refuses the order."""


class ChangerAcceptor:
    """The coin slot of a changer, as a `CoinAcceptor`.

    Its sorter paths are `CASH_BOX` and `TUBE`. Its counter is the changer's: 0 before its first event, and after it
    has lost its power.
    """

    def __init__(self, changer: CoinChanger) -> None:
        """`changer`: not started."""
        self._changer = changer
        self._counter = 0
        self._early: list[CoinEvent] = []
        """Told by the changer when it was started, and not yet by us."""
        self._identity = ""
        self._starting = asyncio.Lock()

    @property
    def poll_interval_s(self) -> float:
        """See `CoinAcceptor`."""
        return self._changer.poll_interval_s

    @property
    def counter(self) -> int:
        """See `CoinAcceptor`."""
        return self._counter

    async def start(self, last_counter: int | None) -> str:
        """See `CoinAcceptor`."""
        async with self._starting:
            self._identity = await self._changer.start()
        self._counter, self._early = last_counter or 0, []
        # Acknowledged at once, or what is told again in each of many short lives would grow past the counter's range.
        self._early = await self._news()
        while last_counter is None and self._early:
            self._early = await self._news()
        return self._identity

    async def identify(self) -> str:
        """Who the changer is. Starts it only if nobody has yet: a start makes it refuse coins.

        Raises:
            DeviceOfflineError: nothing answers.
            WrongDeviceError: something else answers.
        """
        async with self._starting:
            self._identity = self._identity or await self._changer.start()
        return self._identity

    async def set_accepting(self, *, accepting: bool) -> None:
        """See `CoinAcceptor`."""
        await self._changer.set_accepting(accepting=accepting)

    async def poll(self) -> list[CoinEvent]:
        """See `CoinAcceptor`. What was told before a restart of the controller, and journaled, is left out."""
        early, self._early = self._early, []
        return early or await self._news()

    async def accepted_ever(self) -> int | None:
        """See `CoinAcceptor`. A changer has no such count."""
        return None

    def on_news(self, listener: Callable[[], None]) -> bool:
        """See `CoinAcceptor`."""
        return self._changer.on_news(listener)

    async def close(self) -> None:
        """See `CoinAcceptor`."""
        await self._changer.close()

    async def _news(self) -> list[CoinEvent]:
        """Events the journal does not have. Where it has them all, another poll acknowledges them at once."""
        while events := await self._changer.poll():
            counters = [0 if isinstance(event, AcceptorRestarted) else event.counter for event in events]
            known = counters.index(self._counter) + 1 if self._counter and self._counter in counters else 0
            self._counter = counters[-1]
            if events[known:]:
                return events[known:]
        return []


class ChangerTube:
    """One tube of a changer, as a `CoinHopper`.

    All tubes share one counter, the changer's own count of payouts. It outlives power cuts, so it is never told as 0,
    which in a hopper may mean "has forgotten": a tube that never paid is as certain as any other.
    """

    def __init__(self, changer: CoinChanger, slot: ChangerAcceptor, denomination: Money) -> None:
        """Wire it up.

        Args:
            changer: the device.
            slot: the same changer's other role.
            denomination: worth of one coin.
        """
        self._changer = changer
        self._slot = slot
        self._denomination = denomination
        self._payout: int | None = None
        """Number of this tube's last order, if it was taken."""
        self._ordered = 0

    @property
    def denomination(self) -> Money:
        """See `CoinHopper`."""
        return self._denomination

    async def start(self) -> str:
        """See `CoinHopper`. A tube has nothing to clear; a payout goes on."""
        identity = await self._slot.identify()
        if self._denomination.minor not in await self._changer.tubes():
            raise WrongDeviceError(identity, f"it has no tube of {self._denomination}; check the settings")
        return identity

    async def status(self) -> HopperStatus:
        """See `CoinHopper`. While any tube pays, this one is not at rest.

        `unpaid` is known only of an order of this process: a changer remembers what it paid, not what it was to pay.
        """
        status = await self._changer.status()
        counter = status.payouts % MAX_COINS + 1
        if status.paid is None:
            return HopperStatus(counter, remaining=0, paid=None, unpaid=0)
        paid = status.paid.get(self._denomination.minor, 0)
        missing = max(0, self._ordered - paid) if self._is_own(status) else 0
        if status.is_busy:
            return HopperStatus(counter, remaining=max(1, missing), paid=paid, unpaid=0)
        return HopperStatus(counter, remaining=0, paid=paid, unpaid=missing)

    async def dispense(self, count: int) -> None:
        """See `CoinHopper`. Waits for another tube that is paying: a changer pays one order at a time.

        Raises:
            ValueError: `count` is outside 1…255.
        """
        if not 1 <= count <= MAX_COINS:
            raise ValueError(f"a tube pays 1 to {MAX_COINS} coins at a time, not {count}; split the payout")
        before = await self._when_others_are_done()
        self._payout, self._ordered = before.payouts + 1, count
        try:
            await self._changer.pay({self._denomination.minor: count})
        except (DeviceRefusedError, DeviceOfflineError):
            self._payout = None
            raise

    async def close(self) -> None:
        """See `CoinHopper`. Nothing to disable; the slot lets go of the changer."""

    async def _when_others_are_done(self) -> PayoutStatus:
        for _ in range(round(OTHERS_S / POLL_S)):
            status = await self._changer.status()
            if not status.is_busy or self._is_own(status):
                break
            await asyncio.sleep(POLL_S)
        return status

    def _is_own(self, status: PayoutStatus) -> bool:
        return status.payouts == self._payout
