"""Simulated spiral motors in their matrix, with their home contacts. Part of `hardware.world`.

A coil turns while its row, its column and the common enable line are all on. It leaves its home contact after a
sixteenth of a turn, and lets the front unit go at 85 % of it.
Source: motor and timing figures of common snack vendors.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from hardware.board import SimulatedBoard
from hardware.gpio import PinMap
from hardware.world_state import Spiral, WorldState

LEAVE_AT: Final = 0.0625
"""Angle, in turns, at which the home contact opens."""
RELEASE_AT: Final = 0.85
"""Angle at which the front unit is pushed over the edge."""


class Coil:
    """One spiral on its motor."""

    def __init__(self, spiral: Spiral, *, on_unit_out: Callable[[str], None], on_moved: Callable[[], None]) -> None:
        self._spiral = spiral
        self._on_unit_out = on_unit_out
        self._on_moved = on_moved
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._from_angle = 0.0
        self.is_powered = False

    @property
    def is_home_closed(self) -> bool:
        """The home contact is closed."""
        return self._spiral.is_contact_stuck or self._spiral.angle < LEAVE_AT

    @property
    def is_turning(self) -> bool:
        """Powered and moving."""
        return self.is_powered and not self._spiral.is_jammed

    def set_power(self, *, is_powered: bool) -> None:
        """Power on or off. The motor is braked, so it stops where it is."""
        if is_powered == self.is_powered:
            return
        if self.is_turning:
            self._stop()
        self.is_powered = is_powered
        if self.is_turning:
            self._go()

    def set_jammed(self, *, is_jammed: bool) -> None:
        """Stall, or come loose."""
        if self.is_turning:
            self._stop()
        self._spiral.is_jammed = is_jammed
        if self.is_turning:
            self._go()

    def _go(self) -> None:
        loop = asyncio.get_running_loop()
        self._since, self._from_angle = loop.time(), self._spiral.angle
        target = next(angle for angle in (LEAVE_AT, RELEASE_AT, 1.0) if angle > self._spiral.angle)
        self._timer = loop.call_later((target - self._spiral.angle) * self._spiral.turn_s, self._arrive, target)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        moved = (asyncio.get_running_loop().time() - self._since) / self._spiral.turn_s
        # Just short of the next mark: what happens there has not happened.
        limit = next(angle for angle in (LEAVE_AT, RELEASE_AT, 1.0) if angle > self._from_angle) - 1e-6
        self._spiral.angle = min(self._from_angle + moved, limit)

    def _arrive(self, angle: float) -> None:
        self._timer = None
        self._spiral.angle = angle % 1.0
        self._go()
        if angle == RELEASE_AT:
            self._release()
        self._on_moved()

    def _release(self) -> None:
        if self._spiral.turns_held_back:
            self._spiral.turns_held_back -= 1
        elif self._spiral.units:
            self._on_unit_out(self._spiral.units.pop(0))


class Coils:
    """All coils of a machine and the matrix that powers them."""

    def __init__(self, state: WorldState, *, on_unit_out: Callable[[str], None], on_change: Callable[[], None]) -> None:
        self._spirals = state.spirals
        self._coils = {
            slot: Coil(spiral, on_unit_out=on_unit_out, on_moved=self._moved) for slot, spiral in state.spirals.items()
        }
        self._on_change = on_change
        self._board: SimulatedBoard | None = None
        self._pin_map = PinMap()
        self._rows_on: set[str] = set()
        self._columns_on: set[int] = set()
        self._is_enabled = False

    def attach(self, board: SimulatedBoard, pin_map: PinMap) -> None:
        """Wire the matrix to a controller's board.

        Raises:
            ValueError: a coil stands where the pin map has no wires.
        """
        unwired = self._coils.keys() - pin_map.slots.keys()
        if unwired:
            raise ValueError(f"no wires lead to {sorted(unwired)}; add their rows and columns to the pin map")
        self._board, self._pin_map = board, pin_map
        for row, pin in pin_map.rows.items():
            board.watch_output(pin, self._row_listener(row))
        for column, pin in pin_map.columns.items():
            board.watch_output(pin, self._column_listener(column))
        board.watch_output(pin_map.motor_enable, self._enable)
        self._show_home()

    def close(self) -> None:
        """Take the power away for good."""
        for coil in self._coils.values():
            coil.set_power(is_powered=False)

    def is_turning(self, slot: str) -> bool:
        """The coil is moving now."""
        return self._coils[slot].is_turning

    def is_jammed(self, slot: str) -> bool:
        """The motor stalls."""
        return self._spirals[slot].is_jammed

    def jam(self, slot: str) -> None:
        """The motor stalls."""
        self._coils[slot].set_jammed(is_jammed=True)
        self._on_change()

    def stick_home(self, slot: str) -> None:
        """The home contact stays closed."""
        self._spirals[slot].is_contact_stuck = True
        self._moved()

    def hold_back(self, slot: str, turns: int) -> None:
        """The next turns let nothing fall."""
        self._spirals[slot].turns_held_back = turns
        self._on_change()

    def repair(self, slot: str) -> None:
        """Jam, stuck contact and held-back units are gone."""
        self._coils[slot].set_jammed(is_jammed=False)
        spiral = self._spirals[slot]
        spiral.is_contact_stuck = False
        spiral.turns_held_back = 0
        self._moved()

    def _row_listener(self, row: str) -> Callable[[bool], None]:
        def listen(level: bool) -> None:  # noqa: FBT001 - a level is a level
            (self._rows_on.add if level else self._rows_on.discard)(row)
            self._apply_power()
            self._show_home()

        return listen

    def _column_listener(self, column: int) -> Callable[[bool], None]:
        def listen(level: bool) -> None:  # noqa: FBT001 - a level is a level
            (self._columns_on.add if level else self._columns_on.discard)(column)
            self._apply_power()

        return listen

    def _enable(self, level: bool) -> None:  # noqa: FBT001 - a level is a level
        self._is_enabled = level
        self._apply_power()

    def _apply_power(self) -> None:
        has_changed = False
        for slot, coil in self._coils.items():
            row, column = self._pin_map.slots[slot]
            is_powered = self._is_enabled and row in self._rows_on and column in self._columns_on
            has_changed |= is_powered != coil.is_powered
            coil.set_power(is_powered=is_powered)
        if has_changed:
            self._on_change()

    def _moved(self) -> None:
        self._show_home()
        self._on_change()

    def _show_home(self) -> None:
        """A column's home line is pulled low by the closed contact of a coil whose row is on."""
        if self._board is None:
            return
        closed = {
            column
            for slot, (row, column) in self._pin_map.slots.items()
            if row in self._rows_on and slot in self._coils and self._coils[slot].is_home_closed
        }
        for column, pin in self._pin_map.home.items():
            self._board.drive_input(pin, column not in closed)
