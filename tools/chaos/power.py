"""Power cuts between any two journal writes, device commands and effects.

Every commit and every device command ticks before and after; a cut strikes at the chosen tick, or so many
milliseconds later. Not responsible for what the cut does to the world (`machine.py`).
"""

import asyncio
import functools
import inspect
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.store.store import Store
from edge.vend.inputs import Input
from edge.vend.state import MachineState
from protocol.events import Event
from tools.chaos.disk import Disk

COMMANDS: Final = frozenset(
    {
        "start", "set_accepting", "poll", "status", "dispense", "turn", "check", "arm", "wait_drop", "stop",
        "pay", "tubes",
        "stack", "give_back",
        "request", "confirm", "fail", "payment", "payments_of", "end_session",
    }
)  # fmt: skip
"""Methods of the ports that tick."""


class PowerCutError(Exception):
    """The controller has no power. Whatever it does from here on does not happen."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One power cut to come."""

    kind: str
    """`kill`: the controller alone; `mains`: everything; `amnesia`: the same, and the devices forget what they can."""
    ticks: int
    """Strikes at this tick after it was armed, or after the boot that follows the cut before."""
    delay_ms: int
    """… and so much later."""
    outage_ms: int


class Power:
    """The controller's supply: counts ticks, and goes away on time."""

    def __init__(self, on_cut: Callable[[Cut], None]) -> None:
        """`on_cut(cut)` is called at the very moment."""
        self._on_cut = on_cut
        self._coming: deque[Cut] = deque()
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self.is_on = False
        self.ticks = 0
        self.struck: list[tuple[str, str]] = []
        """Kind and place of each cut so far."""

    def arm(self, cut: Cut) -> None:
        """Another cut, counted from now, or from the boot after the one before it."""
        if not self._coming:
            self._count = 0
        self._coming.append(cut)

    def disarm(self) -> None:
        """No more cuts."""
        self._coming.clear()
        self._stop_timer()

    def switch_on(self) -> None:
        """A controller starts."""
        self.is_on = True
        self._count = 0

    def tick(self, where: str) -> None:
        """Something is about to happen, or just has.

        Raises:
            PowerCutError: there is no power, or no longer.
        """
        if not self.is_on:
            raise PowerCutError
        self.ticks += 1
        self._count += 1
        if not self._coming or self._timer is not None or self._count != self._coming[0].ticks:
            return
        delay_s = self._coming[0].delay_ms / 1000
        if delay_s:
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._strike, f"{where} + delay")
            return
        self._strike(where)
        raise PowerCutError

    def _strike(self, where: str) -> None:
        self._stop_timer()
        cut = self._coming.popleft()
        if not self.is_on:
            return  # the controller ended before its time
        self.is_on = False
        self.struck.append((cut.kind, where))
        self._on_cut(cut)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class PoweredStore(Store):
    """A store whose writes tick, and end with the power."""

    power: Power
    disk: Disk | None = None

    def commit(self, happened: Input, state: MachineState, events: Sequence[Event]) -> None:
        """See `Store`."""
        name = type(happened).__name__
        self.power.tick(f"before commit {name}")
        self.write(happened, state, events)
        self.power.tick(f"after commit {name}")

    def _write(self, work: Callable[..., None], *arguments: Any) -> None:
        if self.disk is not None:
            self.disk.limit(self._db)
        super()._write(work, *arguments)

    def write(self, happened: Input, state: MachineState, events: Sequence[Event]) -> None:
        """The real commit; a planted bug replaces it."""
        super().commit(happened, state, events)

    def acknowledge(self, upto: int) -> bool:
        """See `Store`."""
        self.power.tick("before acknowledge")
        is_news = super().acknowledge(upto)
        self.power.tick("after acknowledge")
        return is_news

    def lose_power(self) -> None:
        """The power is gone; whatever was not on the disk is lost. Nothing, in a store that works."""


class PoweredDevice:
    """Any port, with a tick before and after each command."""

    def __init__(self, inner: Any, power: Power, name: str) -> None:
        self._inner = inner
        self._power = power
        self._name = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name not in COMMANDS:
            return value
        where = f"{self._name}.{name}"
        wrapped = self._asynchronous(value, where) if inspect.iscoroutinefunction(value) else self._plain(value, where)
        setattr(self, name, wrapped)
        return wrapped

    def _asynchronous(self, value: Callable[..., Any], where: str) -> Callable[..., Any]:
        @functools.wraps(value)
        async def call(*args: Any, **kwargs: Any) -> Any:
            self._power.tick(f"before {where}")
            result = await value(*args, **kwargs)
            self._power.tick(f"after {where}")
            return result

        return call

    def _plain(self, value: Callable[..., Any], where: str) -> Callable[..., Any]:
        @functools.wraps(value)
        def call(*args: Any, **kwargs: Any) -> Any:
            self._power.tick(f"before {where}")
            result = value(*args, **kwargs)
            self._power.tick(f"after {where}")
            return result

        return call
