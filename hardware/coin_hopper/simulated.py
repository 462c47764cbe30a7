"""A coin hopper that is not there: answers bytes like one, and throws the coins of a simulated world."""

import asyncio
from typing import Final

from hardware.coin_hopper.cctalk import ENABLE_CODE, OrderKey
from hardware.wire.cctalk import Header
from hardware.wire.cctalk_peer import ACK, REFUSED, Identity, Reply
from hardware.world import HOPPER_JAM, World
from hardware.world_state import HopperState

EMPTY_S: Final = 1.0
"""How long it turns in vain before it gives up."""
_TIMEOUT: Final = 1 << 1
_POWER_UP: Final = 1 << 6
_DISABLED: Final = 1 << 7


class SimulatedCoinHopper:
    """A `Peer` for a `PeerLine`. Its counters live in the world's state, as if in its own memory.

    A payout that was running when the process ended goes on: the device kept its power.

    Args:
        world: whose coins it pays.
        denomination: minor units.
        address: 3…10.
        order_key: what it wants before the count of an order.
    """

    def __init__(self, world: World, denomination: int, address: int, *, order_key: OrderKey = "serial") -> None:
        self._world = world
        self._denomination = denomination
        self._address = address
        self._serial = 10_000 + denomination
        self._key = self._serial.to_bytes(3, "little") if order_key == "serial" else b""
        self._identity = Identity("Payout", "AVS", "SIM-H1", self._serial)
        self._timer: asyncio.TimerHandle | None = None
        self._orders_to_refuse = 0
        if self._memory.remaining:
            self._later(self._memory.coin_s)

    @property
    def address(self) -> int:
        """See `Peer`."""
        return self._address

    def refuse_next(self) -> None:
        """Answer the next order with NAK."""
        self._orders_to_refuse += 1

    def power_cycle(self, *, keeps_counters: bool = True) -> None:
        """It loses power for a moment. Some models keep their counters over it, some start from 0."""
        self._halt()
        memory = self._memory
        memory.is_enabled = False
        memory.flags |= _POWER_UP
        if not keeps_counters:
            memory.event_counter = memory.paid = memory.unpaid = 0
        self._world.changed()

    def close(self) -> None:
        """Pay no more coins in this process. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def answer(self, header: int, data: bytes) -> Reply | None:
        """See `Peer`."""
        memory = self._memory
        match header, len(data):
            case Header.TEST_HOPPER, 0:
                return Reply(bytes([memory.flags | (0 if memory.is_enabled else _DISABLED), 0]))
            case Header.HOPPER_STATUS, 0:
                return Reply(bytes([memory.event_counter, memory.remaining, memory.paid, memory.unpaid]))
            case Header.ENABLE_HOPPER, 1:
                memory.is_enabled = data[0] == ENABLE_CODE
            case Header.EMERGENCY_STOP, 0:
                self._halt()
                return Reply(bytes([memory.unpaid]))
            case Header.RESET, 0:
                self._halt()
                memory.is_enabled, memory.flags = False, 0
            case Header.DISPENSE_COINS, _:
                return self._take_order(data)
            case _:
                return None if data else self._identity.answer(header)
        self._world.changed()
        return ACK

    def _take_order(self, data: bytes) -> Reply:
        memory = self._memory
        key, count = data[:-1], data[-1] if data else 0
        is_fit = memory.is_enabled and not memory.remaining and not memory.flags & HOPPER_JAM
        if self._orders_to_refuse or not is_fit or key != self._key or not count:
            self._orders_to_refuse = max(0, self._orders_to_refuse - 1)
            return REFUSED
        memory.event_counter = memory.event_counter % 255 + 1
        memory.remaining, memory.paid, memory.unpaid = count, 0, 0
        memory.flags &= ~_TIMEOUT
        self._world.changed()
        self._later(self._memory.coin_s)
        return ACK

    def _later(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._turn)

    def _turn(self) -> None:
        """One coin, or the end."""
        memory = self._memory
        if memory.flags & HOPPER_JAM or memory.flags & _TIMEOUT:
            self._halt()
        elif not memory.count:
            memory.flags |= _TIMEOUT
            self._later(EMPTY_S)
            return
        else:
            self._world.eject_coin(self._denomination)
            memory.remaining -= 1
            memory.paid += 1
            if memory.remaining:
                self._later(self._memory.coin_s)
        self._world.changed()

    def _halt(self) -> None:
        self.close()
        memory = self._memory
        memory.unpaid += memory.remaining
        memory.remaining = 0

    @property
    def _memory(self) -> HopperState:
        return self._world.hopper(self._denomination)
