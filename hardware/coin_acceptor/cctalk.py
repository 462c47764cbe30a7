"""A coin acceptor on a ccTalk bus. Not responsible for credit: it reports what the device counted, once.

Source: ccTalk Generic Specification 4.6, part 2; start-up and re-enabling as device manuals ask (coins are
inhibited after every reset, and a reset may go unannounced).
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Literal

from hardware.coin_acceptor.coin_id import parse_coin_id
from hardware.coin_acceptor.events import (
    BUFFER_SIZE,
    SELF_CHECK_FAULTS,
    News,
    RawEvent,
    is_fraud,
    is_inhibited,
    is_path_blocked,
    meaning_of,
    read_news,
)
from hardware.coin_acceptor.port import AcceptorRestarted, CoinAccepted, CoinEvent, CoinPath, CoinRejected, EventsLost
from hardware.errors import DeviceOfflineError, DeviceRefusedError, WrongDeviceError
from hardware.wire.cctalk import Header
from hardware.wire.cctalk_host import CcTalkBus
from protocol.money import Money

POSITIONS: Final = 16
CATEGORY: Final = "coinacceptor"
_UNITS_MS: Final = {1: 1, 2: 10, 3: 1000}
_DEFAULT_POLL_S: Final = 0.1
_SLOWEST_POLL_S: Final = 1.0
_FASTEST_POLL_S: Final = 0.02
_TRIES_TO_COUNT: Final = 2
"""Of three requests each: a bad wire must not be taken for a device without a count."""
_VERIFY_EVERY_S: Final = 3.0
"""How often the inhibits are read back. A device that lost power before its first event shows it nowhere else."""


class CcTalkCoinAcceptor:
    """See `CoinAcceptor`.

    The device is never reset by us: a reset would wipe events of coins that are already in the cash box.

    Args:
        bus: shared with the hoppers.
        address: 2, or 11…17.
        currency: coins of other currencies stay inhibited.
        paths: coin value in minor units -> sorter path 1…8; other coins keep the device's own path. Empty without
            a sorter.
        count_order: byte order of the count of accepted coins: the specification has the low byte first, some makers
            the high one.
    """

    def __init__(
        self,
        bus: CcTalkBus,
        address: int = 2,
        currency: str = "JPY",
        paths: Mapping[int, int] | None = None,
        count_order: Literal["little", "big"] = "little",
    ) -> None:
        self._bus = bus
        self._address = address
        self._currency = currency
        self._paths = dict(paths or {})
        self._count_order: Literal["little", "big"] = count_order
        self._counts_coins: bool | None = None
        """Does it keep a count of accepted coins? None until it was asked."""
        self._coins: dict[int, Money] = {}
        self._last = 0
        self._is_accepting = False
        self._is_restarted = False
        self._verify_at = 0.0
        self._poll_interval_s = _DEFAULT_POLL_S
        self._is_started = False

    @property
    def poll_interval_s(self) -> float:
        """See `CoinAcceptor`."""
        return self._poll_interval_s

    @property
    def counter(self) -> int:
        """See `CoinAcceptor`."""
        return self._last

    @property
    def coins(self) -> Mapping[int, Money]:
        """Position -> worth, of the coins that may be credited."""
        return self._coins

    async def start(self, last_counter: int | None) -> str:
        """See `CoinAcceptor`.

        Raises:
            DeviceRefusedError: the device's self-check names a fault.
        """
        identity = await self._identify()
        self._poll_interval_s = _poll_interval(await self._ask(Header.POLLING_PRIORITY, expect=2))
        self._coins = await self._read_coins()
        self._is_accepting = False
        if last_counter is None:
            # Nobody was watching: what is in the buffer may have been paid back or sold long ago.
            self._last = (await self._ask(Header.READ_CREDIT, expect=BUFFER_SIZE))[0]
        else:
            self._last = last_counter
            self._is_restarted = await self._ask(Header.REQUEST_INHIBITS, expect=2) != self._mask
        await self._set_up()
        self._is_started = True
        return identity

    async def set_accepting(self, *, accepting: bool) -> None:
        """See `CoinAcceptor`."""
        self._is_accepting = accepting
        await self._ask(Header.MODIFY_MASTER_INHIBIT, bytes([accepting]), expect=0)

    async def poll(self) -> list[CoinEvent]:
        """See `CoinAcceptor`."""
        reply = await self._ask(Header.READ_CREDIT, expect=BUFFER_SIZE)
        news = read_news(self._last, reply)
        if self._is_restarted or news.is_reset or await self._is_set_up_lost(news):
            # Remembered until told: when setting up fails half way, the next poll goes on with it.
            self._is_restarted = True
            await self._set_up()
            if news.lost:
                # The counter went back to 0 on the way, so "lost" is an error of arithmetic. Only then: as long as
                # the count is consistent, starting from 0 could credit a coin twice.
                news = read_news(0, reply)
        events: list[CoinEvent] = []
        if self._is_restarted:
            events.append(AcceptorRestarted())
        if news.lost:
            events.append(EventsLost(news.lost, news.counter_of_lost))
        events += [event for raw in news.events if (event := self._understand(raw)) is not None]
        # From here on nothing waits, so nothing can fail between remembering and telling.
        self._last = news.counter
        self._is_restarted = False
        return events

    async def accepted_ever(self) -> int | None:
        """See `CoinAcceptor`. A device that does not know the command is silent to it and answers everything else."""
        for _ in range(_TRIES_TO_COUNT):
            if self._counts_coins is False:
                break
            try:
                reply = await self._ask(Header.REQUEST_ACCEPTANCE_COUNTER, expect=3)
            except (DeviceOfflineError, DeviceRefusedError):
                if self._counts_coins:
                    raise
                await self._ask(Header.SIMPLE_POLL, expect=0)
            else:
                self._counts_coins = True
                return int.from_bytes(reply, self._count_order)
        self._counts_coins = False
        return None

    def on_news(self, listener: Callable[[], None]) -> bool:
        """See `CoinAcceptor`."""
        return self._bus.on_news(listener)

    async def close(self) -> None:
        """See `CoinAcceptor`."""
        if not self._is_started:
            return
        self._is_started = False
        try:
            await self.set_accepting(accepting=False)
        except (DeviceOfflineError, DeviceRefusedError):
            # The wire is dead or the device is; both refuse coins by themselves once the machine is off.
            return

    async def _identify(self) -> str:
        await self._ask(Header.SIMPLE_POLL, expect=0)
        category = _text(await self._ask(Header.REQUEST_CATEGORY))
        if category.lower().replace("_", "").replace(" ", "") != CATEGORY:
            raise WrongDeviceError(self._name, f"is a {category!r}, not a coin acceptor; check the address in settings")
        maker = _text(await self._ask(Header.REQUEST_MANUFACTURER))
        product = _text(await self._ask(Header.REQUEST_PRODUCT_CODE))
        serial = int.from_bytes(await self._ask(Header.REQUEST_SERIAL, expect=3), "little")
        fault = (await self._ask(Header.SELF_CHECK))[:1]
        if fault and fault[0]:
            named = SELF_CHECK_FAULTS.get(fault[0], "see the manual")
            raise DeviceRefusedError(self._name, f"self-check reports fault {fault[0]} ({named}); have it serviced")
        return f"{maker} {product} {serial}"

    async def _read_coins(self) -> dict[int, Money]:
        coins = {}
        for position in range(1, POSITIONS + 1):
            worth = parse_coin_id(await self._ask(Header.REQUEST_COIN_ID, bytes([position]), expect=6))
            if worth is not None and worth.currency == self._currency:
                coins[position] = worth
        if not coins:
            raise WrongDeviceError(self._name, f"takes no {self._currency} coins; check its coin set and the currency")
        return coins

    async def _set_up(self) -> None:
        """Everything a reset makes the device forget."""
        for position, worth in self._coins.items():
            path = self._paths.get(worth.minor)
            if path is not None:
                await self._ask(Header.MODIFY_SORTER_PATH, bytes([position, path]), expect=0)
        await self._ask(Header.MODIFY_MASTER_INHIBIT, bytes([self._is_accepting]), expect=0)
        await self._ask(Header.MODIFY_INHIBITS, self._mask, expect=0)
        self._verify_at = asyncio.get_running_loop().time() + _VERIFY_EVERY_S

    async def _is_set_up_lost(self, news: News) -> bool:
        """The device forgot its inhibits: it was reset, whatever its counter says."""
        now = asyncio.get_running_loop().time()
        is_odd = news.lost > 0 or any(raw.a == 0 and is_inhibited(raw.b) for raw in news.events)
        if now < self._verify_at and not is_odd:
            return False
        if await self._ask(Header.REQUEST_INHIBITS, expect=2) != self._mask:
            return True
        gate = await self._ask(Header.REQUEST_MASTER_INHIBIT, expect=1)
        if gate[0] & 1 != self._is_accepting:
            # Coins are still set up, so this was no reset: an order to accept or refuse got lost on the wire.
            await self.set_accepting(accepting=self._is_accepting)
        self._verify_at = now + _VERIFY_EVERY_S
        return False

    def _understand(self, raw: RawEvent) -> CoinEvent | None:
        if raw.a == 0:
            if raw.b == 0:
                return None
            path: CoinPath = "doubtful" if is_path_blocked(raw.b) else "free"
            return CoinRejected(raw.b, meaning_of(raw.b), is_fraud(raw.b), raw.counter, path)
        worth = self._coins.get(raw.a)
        if worth is None:
            return CoinRejected(raw.a, f"coin of unknown position {raw.a}, not credited", False, raw.counter)
        return CoinAccepted(worth, raw.b, raw.counter)

    @property
    def _mask(self) -> bytes:
        return sum(1 << (position - 1) for position in self._coins).to_bytes(2, "little")

    @property
    def _name(self) -> str:
        return f"coin acceptor at ccTalk address {self._address}"

    async def _ask(self, header: Header, data: bytes = b"", *, expect: int | None = None) -> bytes:
        return await self._bus.request(self._address, header, data, expect=expect)


def _text(raw: bytes) -> str:
    return raw.decode("ascii", errors="replace").strip()


def _poll_interval(priority: bytes) -> float:
    unit, value = priority
    if unit not in _UNITS_MS or value in {0, 255}:
        return _DEFAULT_POLL_S
    return min(max(_UNITS_MS[unit] * value / 1000, _FASTEST_POLL_S), _SLOWEST_POLL_S)
