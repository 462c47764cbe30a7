"""Pins: which wire is where, which library reaches them, and the two kinds of pin the drivers use.

Not responsible for what a pin means. This is the only file that imports gpiozero for the drivers.
"""

import asyncio
import importlib
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final, Literal, Protocol, Self

from gpiozero import DigitalInputDevice, DigitalOutputDevice
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hardware.errors import DeviceError

FIRST_PIN: Final = 0
LAST_PIN: Final = 27
RESERVED: Final = {
    0: "HAT EEPROM",
    1: "HAT EEPROM",
    2: "I2C",
    3: "I2C",
    4: "1-wire",
    8: "SPI",
    9: "SPI",
    10: "SPI",
    11: "SPI",
    14: "UART",
    15: "UART",
}
"""Pins (BCM numbers) that the Pi or another device of the machine needs for something else."""


class PinMap(BaseModel):
    """Where the wires of the cabinet arrive, in BCM numbers (docs/wiring/pins.md).

    Raises:
        ValidationError: pins that collide, are reserved or do not exist, and columns without a home input: all of
            them in one message.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: dict[str, int] = Field(default={"A": 5, "B": 6, "C": 13}, min_length=1)
    columns: dict[int, int] = Field(default={1: 16, 2: 19, 3: 20, 4: 21}, min_length=1)
    home: dict[int, int] = {1: 22, 2: 23, 3: 24, 4: 25}
    """Home input of each column."""
    motor_enable: int = 26
    drop_beam: int = 17
    drop_latch: int = 18
    drop_reset: int = 12
    door: int = 27

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = []
        taken: dict[int, str] = {}
        for name, pin in self._named():
            if not FIRST_PIN <= pin <= LAST_PIN:
                problems.append(f"{name} = {pin} is not a BCM pin ({FIRST_PIN} to {LAST_PIN})")
            elif pin in RESERVED:
                problems.append(f"{name} = {pin} is reserved for {RESERVED[pin]}")
            elif pin in taken:
                problems.append(f"{name} = {pin} is taken by {taken[pin]}")
            taken.setdefault(pin, name)
        if self.home.keys() != self.columns.keys():
            problems.append(f"home inputs {sorted(self.home)} do not match columns {sorted(self.columns)}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _named(self) -> Iterator[tuple[str, int]]:
        for row, pin in self.rows.items():
            yield f"rows.{row}", pin
        for column, pin in self.columns.items():
            yield f"columns.{column}", pin
        for column, pin in self.home.items():
            yield f"home.{column}", pin
        for name in ("motor_enable", "drop_beam", "drop_latch", "drop_reset", "door"):
            yield name, getattr(self, name)

    @cached_property
    def slots(self) -> dict[str, tuple[str, int]]:
        """Slot as printed -> its row and column: A1 -> ("A", 1)."""
        return {f"{row}{column}": (row, column) for row in self.rows for column in self.columns}


PinFactoryKind = Literal["lgpio", "rpigpio", "mock", "fake_rpi"]


class PinFactory(Protocol):
    """A gpiozero pin factory. One per process, handed to every pin; gpiozero's global default is never used."""

    def close(self) -> None:
        """Put every pin back to input and let go of the chip."""
        ...


def open_pin_factory(kind: PinFactoryKind) -> PinFactory:
    """Open the library that reaches the pins.

    Args:
        kind: "lgpio" on current Raspberry Pi systems, "rpigpio" on old ones; "mock" and "fake_rpi" have no pins and
            are for `hardware.emulated` and tests.

    Raises:
        DeviceError: the library is missing, or it finds no Raspberry Pi.
    """
    factories = {
        "lgpio": ("gpiozero.pins.lgpio", "LGPIOFactory"),
        "rpigpio": ("gpiozero.pins.rpigpio", "RPiGPIOFactory"),
        "mock": ("hardware.board", "MockBoard"),
        "fake_rpi": ("hardware.fake_rpi_gpio", "open_fake_rpi"),
    }
    module, name = factories[kind]
    try:
        factory: PinFactory = getattr(importlib.import_module(module), name)()
    except ImportError as error:
        raise DeviceError(
            "gpio", f"PIN_FACTORY={kind} needs a library that is missing ({error}); install it or choose another"
        ) from error
    except (OSError, RuntimeError) as error:
        raise DeviceError("gpio", f"PIN_FACTORY={kind} finds no Raspberry Pi pins here: {error}") from error
    return factory


class OutputPin:
    """An output that is low when opened, when closed and by default; high switches something on."""

    def __init__(self, factory: PinFactory, pin: int) -> None:
        self._device = DigitalOutputDevice(pin, initial_value=False, pin_factory=factory)

    @property
    def is_on(self) -> bool:
        """Driven high."""
        return bool(self._device.value)

    def on(self) -> None:
        """Drive high."""
        self._device.on()

    def off(self) -> None:
        """Drive low; does nothing once closed, for the pin is an input then and its external pull holds it low."""
        if not self._device.closed:
            self._device.off()

    def close(self) -> None:
        """Drive low and let go. Safe to call twice."""
        self.off()
        self._device.close()


class InputPin:
    """An input that reports changes on the event loop, whatever thread the edge came from.

    Debouncing is done here, by waiting for the level to hold: what the pin libraries call bounce time either does
    not exist (mock), delays (lgpio) or drops the last edge (RPi.GPIO).

    Args:
        factory: of all pins.
        pin: BCM number.
        active_low: True for a contact to ground (pull-up on), False for a driven line (pull-down on).
        debounce_s: seconds a level must hold before it counts; 0 reports every edge.
        on_change: called with the new `is_active` on the loop that is running now.
        on_edge: called with the raw level at once, in whatever thread the edge came from: for what cannot wait for the
            event loop. It must be quick and safe in any thread.
    """

    def __init__(
        self,
        factory: PinFactory,
        pin: int,
        *,
        active_low: bool,
        debounce_s: float = 0.0,
        on_change: Callable[[bool], None] | None = None,
        on_edge: Callable[[bool], None] | None = None,
    ) -> None:
        self._on_edge = on_edge
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._debounce_s = debounce_s
        self._on_change = on_change
        self._timer: asyncio.TimerHandle | None = None
        self._device: Any = DigitalInputDevice(pin, pull_up=active_low, pin_factory=factory)
        self._is_held = self.is_active
        if on_change is not None:
            self._device.when_activated = self._edge
            self._device.when_deactivated = self._edge

    @property
    def is_active(self) -> bool:
        """The level right now, not debounced."""
        return bool(self._device.is_active)

    @property
    def is_held_active(self) -> bool:
        """The debounced level, as last reported."""
        return self._is_held

    def sample(self) -> bool:
        """Take the level of now as the debounced one, unreported; for a line just switched to another contact."""
        self._is_held = self.is_active
        return self._is_held

    def close(self) -> None:
        """Let go of the pin. Safe to call twice."""
        self._on_change = self._on_edge = None
        if self._timer is not None:
            self._timer.cancel()
        self._device.close()

    def _edge(self) -> None:
        if self._on_edge is not None:
            self._on_edge(self.is_active)
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self._settle)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._debounce_s > 0:
            self._timer = self._loop.call_later(self._debounce_s, self._report)
        else:
            self._report()

    def _report(self) -> None:
        if self._on_change is None or self.is_active == self._is_held:
            return
        self._is_held = not self._is_held
        self._on_change(self._is_held)
