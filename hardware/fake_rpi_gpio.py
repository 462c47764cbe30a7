"""fake-rpi's `RPi.GPIO` made fit to drive a machine: inputs that hold still, pulls, edges, and a world outside.

For simulation only. fake-rpi 0.7.1 answers random levels, never fires an edge, calls every pin an output, and has
`setup`'s last two arguments in another order than RPi.GPIO 0.7; all four are put right here.
"""

import contextlib
import io
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from hardware.board import LevelListener
from hardware.errors import DeviceError

with contextlib.redirect_stdout(io.StringIO()):
    # fake-rpi greets on standard output when imported and when made.
    import fake_rpi
    from fake_rpi.RPi import _GPIO
fake_rpi.toggle_print(False)

_REVISION = 0xA02082
"""A Raspberry Pi 3B."""

_EdgeListener = Callable[[int], None]


@dataclass(slots=True)
class _Channel:
    """One pin, seen from both sides."""

    function: int = _GPIO.IN
    pull: int = _GPIO.PUD_OFF
    output: bool = False
    driven: bool | None = None
    edges: int = _GPIO.BOTH
    on_edge: _EdgeListener | None = None
    watcher: LevelListener | None = None

    @property
    def level(self) -> bool:
        if self.function == _GPIO.OUT:
            return self.output
        return self.driven if self.driven is not None else self.pull == _GPIO.PUD_UP


class FakeGpio(_GPIO):  # type: ignore[misc]  # fake-rpi has no type hints
    """What `from RPi import GPIO` yields; also a `SimulatedBoard`. Method names are RPi.GPIO's."""

    def __init__(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            super().__init__()
        self._channels: dict[int, _Channel] = {}

    def _channel(self, channel: int) -> _Channel:
        return self._channels.setdefault(channel, _Channel())

    def setup(
        self, channel: int, direction: int, pull_up_down: int = _GPIO.PUD_OFF, initial: int | None = None
    ) -> None:
        """As RPi.GPIO: an output keeps its level unless `initial` is given."""
        pin = self._channel(channel)
        before = pin.level
        self._release(pin, keep=direction == _GPIO.OUT)
        pin.function, pin.pull = direction, pull_up_down
        if direction == _GPIO.OUT:
            if initial is not None:
                self.output(channel, initial)
        elif pin.level != before:
            self._fire(channel, pin)

    def input(self, channel: int) -> int:
        """As RPi.GPIO: 1 is high."""
        return int(self._channel(channel).level)

    def output(self, channel: int, state: int) -> None:
        """As RPi.GPIO.

        Raises:
            RuntimeError: the channel is not an output.
        """
        pin = self._channel(channel)
        if pin.function != _GPIO.OUT:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        if pin.output != bool(state):
            pin.output = bool(state)
            if pin.watcher is not None:
                pin.watcher(pin.output)

    def cleanup(self, channel: int | None = None) -> None:
        """As RPi.GPIO; without a channel the world is unplugged as well."""
        if channel is not None:
            pin = self._channel(channel)
            self._release(pin, keep=False)
            pin.function, pin.pull, pin.on_edge = _GPIO.IN, _GPIO.PUD_OFF, None
            return
        for known in list(self._channels):
            self.cleanup(known)
        self._channels.clear()

    def add_event_detect(
        self, channel: int, edge: int, callback: _EdgeListener | None = None, bouncetime: int | None = None
    ) -> None:
        """As RPi.GPIO, in the thread that drives the input. `bouncetime` is ignored: our drivers debounce."""
        del bouncetime
        pin = self._channel(channel)
        pin.edges, pin.on_edge = edge, callback

    def remove_event_detect(self, channel: int) -> None:
        """As RPi.GPIO."""
        self._channel(channel).on_edge = None

    def gpio_function(self, channel: int) -> int:
        """As RPi.GPIO."""
        return self._channel(channel).function

    def watch_output(self, pin: int, listener: LevelListener) -> None:
        """See `SimulatedBoard`."""
        self._channel(pin).watcher = listener

    def drive_input(self, pin: int, level: bool) -> None:  # noqa: FBT001 - as the port has it
        """See `SimulatedBoard`."""
        channel = self._channel(pin)
        before = channel.level
        channel.driven = level
        if channel.function == _GPIO.IN and channel.level != before:
            self._fire(pin, channel)

    @staticmethod
    def _release(pin: _Channel, *, keep: bool) -> None:
        """An output that becomes an input no longer drives its wire."""
        if keep or pin.function != _GPIO.OUT or not pin.output:
            return
        pin.output = False
        if pin.watcher is not None:
            pin.watcher(False)

    @staticmethod
    def _fire(channel: int, pin: _Channel) -> None:
        wanted = _GPIO.RISING if pin.level else _GPIO.FALLING
        if pin.on_edge is not None and pin.edges in {wanted, _GPIO.BOTH}:
            pin.on_edge(channel)


def open_fake_rpi() -> Any:
    """Open gpiozero's own RPi.GPIO factory, with `FakeGpio` in the place of `RPi.GPIO` in this process.

    Returns:
        A pin factory that is also a `SimulatedBoard`. One at a time per process: RPi.GPIO is a module.

    Raises:
        DeviceError: the real RPi.GPIO is loaded already.
    """
    gpio = _install()
    from gpiozero.pins.rpigpio import RPiGPIOFactory  # noqa: PLC0415 - imports RPi.GPIO, which is there only now

    class FakeRpiFactory(RPiGPIOFactory):  # type: ignore[misc]  # gpiozero has no type hints
        """gpiozero's factory on a board that is not there."""

        watch_output = gpio.watch_output
        drive_input = gpio.drive_input

        def close(self) -> None:
            """As gpiozero, and forget who held which pin: local factories keep that for the whole process."""
            super().close()
            self._reservations.clear()

        def _get_revision(self) -> int:
            return _REVISION

    return FakeRpiFactory()


def _install() -> FakeGpio:
    loaded = sys.modules.get("RPi.GPIO")
    if loaded is None:
        package, gpio = types.ModuleType("RPi"), FakeGpio()
        package.GPIO = gpio  # type: ignore[attr-defined]
        sys.modules["RPi"] = package
        sys.modules["RPi.GPIO"] = cast("types.ModuleType", gpio)
        return gpio
    if isinstance(loaded, FakeGpio):
        return loaded
    raise DeviceError("gpio", "PIN_FACTORY=fake_rpi is refused: the real RPi.GPIO is in use in this process")
