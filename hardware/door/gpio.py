"""The door contact: a loop to ground, closed while the door is shut (docs/wiring/door.md)."""

from collections.abc import Callable
from typing import Final

from hardware.gpio import InputPin, PinFactory, PinMap

DEBOUNCE_S: Final = 0.08


class GpioDoor:
    """See `Door`. Needs a running event loop.

    Args:
        pin_map: where the wires are.
        pin_factory: reaches the pins.
    """

    def __init__(self, pin_map: PinMap, pin_factory: PinFactory) -> None:
        self._listener: Callable[[bool], None] | None = None
        self._loop_closed = InputPin(
            pin_factory, pin_map.door, active_low=True, debounce_s=DEBOUNCE_S, on_change=self._changed
        )

    @property
    def is_open(self) -> bool:
        """See `Door`."""
        return not self._loop_closed.is_held_active

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """See `Door`."""
        self._listener = listener

    def close(self) -> None:
        """See `Door`."""
        self._listener = None
        self._loop_closed.close()

    def _changed(self, is_closed: bool) -> None:  # noqa: FBT001 - called by the pin
        if self._listener is not None:
            self._listener(not is_closed)
