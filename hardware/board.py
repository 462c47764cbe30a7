"""The board a simulated cabinet is wired to: the other side of the pins. For simulation only."""

from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from gpiozero.pins.mock import MockFactory, MockPin

_REVISION = "a02082"
"""A Raspberry Pi 3B, as gpiozero names it; any model with 40 pins would do."""

LevelListener = Callable[[bool], None]


class SimulatedBoard(Protocol):
    """What a simulated cabinet sees of the controller's pins."""

    def watch_output(self, pin: int, listener: LevelListener) -> None:
        """Call `listener(level)` on every change of what the controller drives; an undriven pin is low."""
        ...

    def drive_input(self, pin: int, level: bool) -> None:  # noqa: FBT001 - a level is a level
        """Hold an input at a level, against any pull, until driven otherwise."""
        ...


class BoardPin(MockPin):  # type: ignore[misc]  # gpiozero has no type hints
    """gpiozero's mock pin with a world outside: a driven level wins over a pull, and outputs can be watched."""

    def __init__(self, factory: Any, info: Any) -> None:
        self._driven: bool | None = None
        self._state: bool
        self._listener: LevelListener | None = None
        super().__init__(factory, info)

    def watch(self, listener: LevelListener) -> None:
        """See `SimulatedBoard.watch_output`."""
        self._listener = listener

    def drive(self, *, level: bool) -> None:
        """See `SimulatedBoard.drive_input`."""
        self._driven = level
        if self._function == "input":
            self._apply()

    def _apply(self) -> None:
        if self._driven:
            self.drive_high()
        elif self._driven is not None:
            self.drive_low()

    def _set_function(self, value: str) -> None:
        was_driving = self._function == "output" and bool(self._state)
        super()._set_function(value)
        if was_driving and value == "input" and self._listener is not None:
            self._listener(False)

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self._apply()

    def _change_state(self, value: Any) -> bool:
        # Without the parent's list of all past states, which grows for ever.
        if self._state == value:
            return False
        self._state = value
        self._last_change = monotonic()
        if self._function == "output" and self._listener is not None:
            self._listener(bool(value))
        return True


class MockBoard(MockFactory):  # type: ignore[misc]  # gpiozero has no type hints
    """A gpiozero pin factory in memory that is also a `SimulatedBoard`."""

    def __init__(self) -> None:
        super().__init__(revision=_REVISION, pin_class=BoardPin)
        self._found: dict[int, BoardPin] = {}
        """gpiozero looks a pin up by searching all headers; the cabinet drives its inputs thousands of times."""

    def watch_output(self, pin: int, listener: LevelListener) -> None:
        """See `SimulatedBoard`."""
        self._find(pin).watch(listener)

    def drive_input(self, pin: int, level: bool) -> None:  # noqa: FBT001 - as the port has it
        """See `SimulatedBoard`."""
        self._find(pin).drive(level=level)

    def _find(self, pin: int) -> BoardPin:
        found = self._found.get(pin)
        if found is None:
            found = self._found[pin] = self.pin(pin)
        return found
