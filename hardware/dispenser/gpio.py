"""Spiral motors in a matrix of row and column switches, each with a home contact. Not responsible for what falls.

Row first, look at the home contact, then the column; every way out leaves all outputs off. The motor stops with the
edge of the home contact, in the thread that reports it: an event loop that is busy for a moment, with a slow disk say,
must not let the coil go round once more and drop a second unit. A one-shot on the board takes the motor supply away
6 s after `motor_enable` rises, whatever this program does (docs/wiring/pins.md).
Source: order of switching and limits of common snack vendors: leave home within 1 s, be home within 4 s more.
"""

import asyncio
import functools
import math
from collections.abc import Mapping
from typing import Final

from hardware.dispenser.port import SlotCondition, Turn
from hardware.gpio import InputPin, OutputPin, PinFactory, PinMap

LEAVE_LIMIT_S: Final = 1.0
RETURN_LIMIT_S: Final = 4.0
DEBOUNCE_S: Final = 0.015
LEFT_S: Final = 0.1
"""Longer away from home than this, and the next closing of the contact is home, not its bounce on leaving."""
SETTLE_S: Final = 0.002
"""From switching a row on to a trustworthy level on the home lines."""


class GpioDispenser:
    """See `Dispenser`. Needs a running event loop.

    With one home line per column an open contact and a motor that is not there look the same, so both read as
    `NOT_HOME`. `MISSING` is a line that is closed although no row is on: its answer belongs to no coil.

    Args:
        pin_map: where the wires are.
        pin_factory: reaches the pins.
    """

    def __init__(self, pin_map: PinMap, pin_factory: PinFactory) -> None:
        self._slots = pin_map.slots
        self._enable = OutputPin(pin_factory, pin_map.motor_enable)
        self._rows = {row: OutputPin(pin_factory, pin) for row, pin in pin_map.rows.items()}
        self._columns = {column: OutputPin(pin_factory, pin) for column, pin in pin_map.columns.items()}
        self._home = {
            column: InputPin(
                pin_factory,
                pin,
                active_low=True,
                debounce_s=DEBOUNCE_S,
                on_change=lambda _: self._wake.set(),
                on_edge=functools.partial(self._home_edge, column),
            )
            for column, pin in pin_map.home.items()
        }
        self._loop = asyncio.get_running_loop()
        self._turning: int | None = None
        """Column of the motor that has power; what follows is about its contact."""
        self._left_at = math.inf
        self._cut_at = -math.inf
        """When the contact took the power away; -inf before."""
        self._wake = asyncio.Event()
        self._is_stopped = False
        self._running: asyncio.Task[Turn] | None = None

    @property
    def slots(self) -> frozenset[str]:
        """See `Dispenser`."""
        return frozenset(self._slots)

    async def start(self) -> Mapping[str, SlotCondition]:
        """See `Dispenser`."""
        self._all_off()
        return {slot: await self.check(slot) for slot in sorted(self._slots)}

    async def check(self, slot: str) -> SlotCondition:
        """See `Dispenser`.

        Raises:
            RuntimeError: a coil is turning, so the lines are not free to look.
        """
        row, column = self._slots[slot]
        self._refuse_while_running()
        try:
            return await self._look(row, column)
        finally:
            self._all_off()

    async def turn(self, slot: str) -> Turn:
        """See `Dispenser`. A coil that stands half way is turned until it is home, which may be less than a turn."""
        row, column = self._slots[slot]
        self._refuse_while_running()
        self._is_stopped = False
        self._running = asyncio.get_running_loop().create_task(self._turn(row, column))
        try:
            return await asyncio.shield(self._running)
        except asyncio.CancelledError:
            await _outlast(self._running)
            raise
        finally:
            self._running = None

    def stop(self) -> None:
        """See `Dispenser`. A turn that is running ends as `JAMMED` or `NOT_HOME`."""
        self._is_stopped = True
        self._turning = None
        self._all_off()
        self._wake.set()

    def close(self) -> None:
        """See `Dispenser`."""
        self.stop()
        for output in (self._enable, *self._columns.values(), *self._rows.values()):
            output.close()
        for home in self._home.values():
            home.close()

    async def _look(self, row: str, column: int) -> SlotCondition:
        """Leaves the row on."""
        if self._home[column].is_active:
            return SlotCondition.MISSING
        self._rows[row].on()
        await asyncio.sleep(SETTLE_S)
        return SlotCondition.HOME if self._home[column].sample() else SlotCondition.NOT_HOME

    async def _turn(self, row: str, column: int) -> Turn:
        try:
            condition = await self._look(row, column)
            if condition is SlotCondition.MISSING:
                return Turn.MISSING
            if self._is_stopped:
                # Stopped before it had power: the row is off again, so the look says nothing, but nothing moved.
                return Turn.JAMMED
            is_at_home = condition is SlotCondition.HOME
            self._left_at, self._cut_at, self._turning = math.inf if is_at_home else -math.inf, -math.inf, column
            self._enable.on()
            self._columns[column].on()
            if is_at_home and not await self._wait_home(column, is_home=False, limit_s=LEAVE_LIMIT_S):
                return Turn.JAMMED
            came_home = await self._wait_home(column, is_home=True, limit_s=RETURN_LIMIT_S)
            return Turn.HOME if came_home else Turn.NOT_HOME
        finally:
            self._turning = None
            self._all_off()

    def _home_edge(self, column: int, is_closed: bool) -> None:  # noqa: FBT001 - a level is a level
        """Stop at home, at once and in any thread. A spike that was taken for home gives the power back."""
        if column != self._turning:
            return
        now = self._loop.time()
        if is_closed and now - self._left_at >= LEFT_S:
            self._columns[column].off()
            self._cut_at = now
        elif not is_closed and now - self._cut_at < DEBOUNCE_S:
            self._columns[column].on()
            self._cut_at = -math.inf
        elif not is_closed and self._cut_at == -math.inf:
            self._left_at = now

    async def _wait_home(self, column: int, *, is_home: bool, limit_s: float) -> bool:
        home = self._home[column]
        try:
            async with asyncio.timeout(limit_s):
                while home.is_held_active != is_home and (is_home or self._cut_at == -math.inf):
                    self._wake.clear()
                    await self._wake.wait()
                    if self._is_stopped:
                        return False
        except TimeoutError:
            return False
        return not self._is_stopped

    def _all_off(self) -> None:
        for column in self._columns.values():
            column.off()
        self._enable.off()
        for row in self._rows.values():
            row.off()

    def _refuse_while_running(self) -> None:
        if self._running is not None:
            raise RuntimeError("another coil is turning; turn one at a time")


async def _outlast(task: asyncio.Task[Turn]) -> None:
    """Wait for the end of `task`, however often the waiter is cancelled."""
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            continue
