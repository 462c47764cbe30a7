"""What every sensor says right now, for staff who look at them. Asks devices only while somebody does.

Not responsible for words (`edge/screens/maintenance/sensors.py`), nor for faults: those are raised where they are met.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from edge.devices import Devices
from edge.runtime import TURNING, Runtime
from edge.vend.state import Phase, hopper_name
from hardware.bill_validator.port import Escrow
from hardware.dispenser.port import SlotCondition
from hardware.errors import DeviceError

LOOK_S: Final = 1.0
"""Between two looks: calm for the coin wire, quick enough for a hand at a sensor."""

Standing = Literal["ok", "attention", "missing", "fault"]
_COILS: Final[dict[SlotCondition, Standing]] = {
    SlotCondition.HOME: "ok",
    SlotCondition.NOT_HOME: "fault",
    SlotCondition.MISSING: "missing",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sensor or device says."""

    kind: Literal["door", "beam", "latch", "coil", "acceptor", "hopper", "validator", "reader"]
    standing: Standing
    says: str
    """In one word, for `maintenance.sensor.says.<word>`."""
    where: str = ""
    """Slot of a coil, denomination of a hopper."""


class SensorWatch:
    """The eyes of the maintenance screens."""

    def __init__(self, runtime: Runtime, devices: Devices) -> None:
        """Look at these devices, as soon as somebody wants to know."""
        self._runtime = runtime
        self._devices = devices
        self._is_wanted = asyncio.Event()
        self._asked: tuple[Reading, ...] = ()
        self._coils: dict[str, SlotCondition] = {}

    @property
    def slots(self) -> tuple[str, ...]:
        """Positions with a motor, as printed."""
        return tuple(sorted(self._devices.dispenser.slots))

    def watch(self) -> None:
        """Somebody looks."""
        self._is_wanted.set()

    def rest(self) -> None:
        """Nobody looks any more."""
        self._is_wanted.clear()

    def readings(self) -> tuple[Reading, ...]:
        """Pins as they are now, devices and coils as they answered within `LOOK_S` while they are watched."""
        coils = (Reading("coil", _COILS[found], found.value, slot) for slot, found in self._coils.items())
        return (*self._pins(), *self._asked, *coils)

    def _pins(self) -> Iterator[Reading]:
        is_open = self._devices.door.is_open
        yield Reading("door", "attention" if is_open else "ok", "open" if is_open else "closed")
        sensor = self._devices.drop_sensor
        yield Reading("beam", "fault" if sensor.is_blocked else "ok", "blocked" if sensor.is_blocked else "clear")
        yield Reading("latch", "ok", "fell" if sensor.has_dropped else "nothing_fell")

    @property
    def has_dropped(self) -> bool:
        """Something passed the drop sensor since `rearm`, or since the last coil turned."""
        return self._devices.drop_sensor.has_dropped

    def rearm(self) -> bool:
        """Forget what fell, so that a hand can show that the sensor sees it; False while a customer is served."""
        return self._runtime.rearm_drop_sensor()

    async def run(self) -> None:
        """Look while somebody wants to know, until cancelled."""
        while True:
            await self._is_wanted.wait()
            self._asked = await self._ask()
            await self._look_at_coils()
            await asyncio.sleep(LOOK_S)

    async def _look_at_coils(self) -> None:
        for slot in self.slots:
            if self._runtime.state.phase in TURNING:
                return  # as they were
            self._coils[slot] = await self._runtime.look_at_coil(slot)

    async def _ask(self) -> tuple[Reading, ...]:
        hoppers = [await self._hopper(kind) for kind in sorted(self._devices.hoppers)]
        validator = [await self._validator()] if self._devices.bill_validator is not None else []
        reader = [self._reader()] if self._devices.cashless_reader is not None else []
        return (self._acceptor(), *hoppers, *validator, *reader)

    def _acceptor(self) -> Reading:
        """The runtime polls it all the time: whether it answers is known."""
        state = self._runtime.state
        if state.has_fault("coin_acceptor.offline"):
            return Reading("acceptor", "missing", "silent")
        if state.has_fault("coin_acceptor.jammed"):
            return Reading("acceptor", "fault", "fault")
        return Reading("acceptor", "ok", "accepting" if state.accepts_coins else "refusing")

    async def _hopper(self, kind: int) -> Reading:
        where, state = str(kind), self._runtime.state
        if state.phase is Phase.SETTLING:
            return Reading("hopper", "ok", "paying", where)
        try:
            await self._devices.hoppers[kind].status()
        except DeviceError:
            return Reading("hopper", "missing", "silent", where)
        if any(fault.where == hopper_name(kind) for fault in state.faults):
            return Reading("hopper", "fault", "fault", where)
        return Reading("hopper", "ok", "ready", where)

    async def _validator(self) -> Reading:
        validator, state = self._devices.bill_validator, self._runtime.state
        try:
            status = await validator.status() if validator is not None else None
        except DeviceError:
            status = None
        if status is None:
            return Reading("validator", "missing", "silent")
        if state.has_fault("bill_validator.trouble") or status.escrow is Escrow.UNKNOWN:
            return Reading("validator", "fault", "fault")
        return Reading("validator", "ok", "holding" if status.escrow is Escrow.HOLDING else "ready")

    def _reader(self) -> Reading:
        state = self._runtime.state
        if state.has_fault("cashless_reader.offline"):
            return Reading("reader", "missing", "silent")
        return Reading("reader", "ok", "card" if state.card is not None else "ready")
