"""A light beam across the chute and the flip-flop that remembers it (docs/wiring/drop_sensor.md).

The receiver pulls its line low while it sees light, so a cut wire reads as a blocked beam. The latch drives its line
high, so a cut wire reads as "nothing fell": the customer gets the money back.
"""

import asyncio

from hardware.gpio import InputPin, OutputPin, PinFactory, PinMap


class GpioDropSensor:
    """See `DropSensor`. Needs a running event loop.

    Args:
        pin_map: where the wires are.
        pin_factory: reaches the pins.
    """

    def __init__(self, pin_map: PinMap, pin_factory: PinFactory) -> None:
        self._dropped = asyncio.Event()
        self._reset = OutputPin(pin_factory, pin_map.drop_reset)
        self._beam = InputPin(pin_factory, pin_map.drop_beam, active_low=True)
        self._latch = InputPin(
            pin_factory, pin_map.drop_latch, active_low=False, on_change=lambda _: self._dropped.set()
        )

    @property
    def is_blocked(self) -> bool:
        """See `DropSensor`."""
        return not self._beam.is_active

    @property
    def has_dropped(self) -> bool:
        """See `DropSensor`."""
        return self._latch.is_active

    def arm(self) -> None:
        """See `DropSensor`. The flip-flop needs well under a microsecond of the pulse."""
        self._reset.on()
        self._reset.off()

    async def wait_drop(self, timeout_s: float) -> bool:
        """See `DropSensor`."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.has_dropped:
                    self._dropped.clear()
                    await self._dropped.wait()
        except TimeoutError:
            return self.has_dropped
        return True

    def close(self) -> None:
        """See `DropSensor`."""
        for pin in (self._reset, self._beam, self._latch):
            pin.close()
