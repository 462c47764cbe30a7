"""A coin hopper on a ccTalk bus. It orders a payout once and finds out whether it was taken; it never repeats one.

Not responsible for plain bookkeeping: `status` is the hopper's own account.
Source: ccTalk Generic Specification 4.6, part 2, headers 163 to 167.
"""

import asyncio
from typing import Final, Literal

from hardware.coin_hopper.flags import DISABLED, describe, flags_of, latched
from hardware.coin_hopper.port import HopperStatus
from hardware.errors import DeviceOfflineError, DeviceRefusedError, UnconfirmedError, WrongDeviceError
from hardware.wire.cctalk import Header
from hardware.wire.cctalk_host import CcTalkBus
from protocol.money import Money

CATEGORY: Final = "payout"
ENABLE_CODE: Final = 165
MAX_COINS: Final = 255
RESET_PAUSE_S: Final = 0.4
"""Sensors raise their flags again up to 333 ms after a reset."""

OrderKey = Literal["serial", "none"]
"""What must precede the count in an order: the three bytes of the serial number, or nothing. Depends on the model."""


class CcTalkCoinHopper:
    """See `CoinHopper`.

    Args:
        bus: shared with the other coin devices.
        address: 3…10.
        denomination: worth of one coin; the hopper itself does not know.
        order_key: what this model wants before the count.
    """

    def __init__(self, bus: CcTalkBus, address: int, denomination: Money, *, order_key: OrderKey = "serial") -> None:
        self._bus = bus
        self._address = address
        self._denomination = denomination
        self._order_key = order_key
        self._key = b""
        self._is_enabled = False
        self._lock = asyncio.Lock()

    @property
    def denomination(self) -> Money:
        """See `CoinHopper`."""
        return self._denomination

    async def start(self) -> str:
        """See `CoinHopper`.

        A payout that is still running, from before a restart of the controller, is left to run.

        Raises:
            DeviceRefusedError: a fault stays after a reset.
        """
        identity = await self._identify()
        if (await self._read_status()).remaining == 0:
            await self._clear_faults()
            await self._enable(enabled=False)
        return identity

    async def status(self) -> HopperStatus:
        """See `CoinHopper`. Disables the hopper once its payout is over."""
        async with self._lock:
            status = await self._read_status()
            if self._is_enabled and status.remaining == 0:
                await self._enable(enabled=False)
            return status

    async def dispense(self, count: int) -> None:
        """See `CoinHopper`.

        Raises:
            ValueError: `count` is outside 1…255.
        """
        if not 1 <= count <= MAX_COINS:
            raise ValueError(f"a hopper pays 1 to {MAX_COINS} coins at a time, not {count}; split the payout")
        async with self._lock:
            before = await self._read_status()
            if before.remaining:
                raise DeviceRefusedError(self._name, f"still paying {before.remaining} coins of the payout before")
            await self._enable(enabled=True)
            try:
                await self._ask(Header.DISPENSE_COINS, self._key + bytes([count]), retries=0)
            except DeviceRefusedError as error:
                raise DeviceRefusedError(self._name, f"does not pay: {await self._reason()}") from error
            except DeviceOfflineError as error:
                await self._find_out(before.event_counter, error)

    async def close(self) -> None:
        """See `CoinHopper`. A running payout is left to end."""
        if not self._is_enabled:
            return
        try:
            await self.status()
        except (DeviceOfflineError, DeviceRefusedError):
            # The wire is dead. An enabled hopper still moves nothing without an order.
            self._is_enabled = False

    async def _identify(self) -> str:
        await self._ask(Header.SIMPLE_POLL, expect=0)
        category = _text(await self._ask(Header.REQUEST_CATEGORY))
        if category.lower().replace("_", " ").strip() != CATEGORY:
            raise WrongDeviceError(self._name, f"is a {category!r}, not a hopper; check the address in settings")
        maker = _text(await self._ask(Header.REQUEST_MANUFACTURER))
        product = _text(await self._ask(Header.REQUEST_PRODUCT_CODE))
        serial = await self._ask(Header.REQUEST_SERIAL, expect=3)
        self._key = serial if self._order_key == "serial" else b""
        return f"{maker} {product} {int.from_bytes(serial, 'little')}"

    async def _clear_faults(self) -> None:
        if not latched(await self._ask(Header.TEST_HOPPER)):
            return
        await self._ask(Header.RESET, expect=0)
        await asyncio.sleep(RESET_PAUSE_S)
        registers = await self._ask(Header.TEST_HOPPER)
        if latched(registers):
            raise DeviceRefusedError(self._name, f"a reset does not clear it: {describe(registers)}; have it serviced")

    async def _find_out(self, counter_before: int, error: DeviceOfflineError) -> None:
        """The answer to an order got lost: return if it was taken.

        Raises:
            DeviceOfflineError: the counter proves it was not taken.
            UnconfirmedError: nothing proves anything.
        """
        try:
            counter = (await self._read_status()).event_counter
            registers = await self._ask(Header.TEST_HOPPER)
        except (DeviceOfflineError, DeviceRefusedError) as silence:
            raise UnconfirmedError(self._name, "went silent right after an order to pay") from silence
        if counter == counter_before % MAX_COINS + 1:
            return
        # A hopper that was reset is disabled, and its counter may stand where it stood by chance.
        if counter == counter_before and DISABLED not in flags_of(registers):
            raise DeviceOfflineError(self._name, "the order to pay did not arrive") from error
        raise UnconfirmedError(
            self._name, f"was reset around an order to pay (counter {counter_before}, now {counter})"
        )

    async def _reason(self) -> str:
        try:
            return describe(await self._ask(Header.TEST_HOPPER))
        except (DeviceOfflineError, DeviceRefusedError):
            return "it does not say why"

    async def _enable(self, *, enabled: bool) -> None:
        await self._ask(Header.ENABLE_HOPPER, bytes([ENABLE_CODE if enabled else 0]), expect=0)
        self._is_enabled = enabled

    async def _read_status(self) -> HopperStatus:
        event_counter, remaining, paid, unpaid = await self._ask(Header.HOPPER_STATUS, expect=4)
        return HopperStatus(event_counter, remaining, paid, unpaid)

    @property
    def _name(self) -> str:
        return f"hopper of {self._denomination} at ccTalk address {self._address}"

    async def _ask(self, header: Header, data: bytes = b"", *, retries: int = 2, expect: int | None = None) -> bytes:
        return await self._bus.request(self._address, header, data, retries, expect=expect)


def _text(raw: bytes) -> str:
    return raw.decode("ascii", errors="replace").strip()
