"""The simulated chute with its beam and latch, and the door contact. Part of `hardware.world`."""

import asyncio
from collections.abc import Callable
from typing import Final

from hardware.board import SimulatedBoard
from hardware.gpio import PinMap
from hardware.world_state import WorldState

FALL_S: Final = 0.25
"""From the edge of the coil to the beam: about 30 cm."""
SHADOW_S: Final = 0.015
"""How long a small packet breaks the beam."""


class Cabinet:
    """Beam, latch and door of one machine, wired to a board.

    The latch is a flip-flop: a broken beam sets it, the reset line clears it unless the beam is still broken.
    """

    def __init__(
        self,
        state: WorldState,
        board: SimulatedBoard,
        pin_map: PinMap,
        *,
        on_landed: Callable[[str], None],
        on_change: Callable[[], None],
    ) -> None:
        self._state = state
        self._board = board
        self._pin_map = pin_map
        self._on_landed = on_landed
        self._on_change = on_change
        self._shadows = 0
        self._timers: set[asyncio.TimerHandle] = set()
        board.watch_output(pin_map.drop_reset, self._reset)
        self._show_beam()
        self._show_latch()
        self.show_door()

    def fall(self, product: str) -> None:
        """A unit has left its coil."""
        self._later(FALL_S, lambda: self.drop(product))

    def drop(self, product: str) -> None:
        """A unit reaches the beam."""
        self._shadows += 1
        self._latch()
        self._show_beam()
        self._later(SHADOW_S, lambda: self._land(product))

    def block_beam(self, *, blocked: bool) -> None:
        """Something hangs in the beam, or no longer."""
        self._state.is_beam_blocked = blocked
        if blocked:
            self._latch()
        else:
            self._on_change()
        self._show_beam()

    def show_door(self) -> None:
        """The door contact closes a loop to ground while the door is shut."""
        self._board.drive_input(self._pin_map.door, self._state.is_door_open)

    def close(self) -> None:
        """Nothing falls any more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _land(self, product: str) -> None:
        self._shadows -= 1
        self._show_beam()
        self._on_landed(product)

    def _latch(self) -> None:
        self._state.is_drop_latched = True
        self._on_change()
        self._show_latch()

    def _reset(self, level: bool) -> None:  # noqa: FBT001 - a level is a level
        if level and self._state.is_drop_latched and not self._is_dark:
            self._state.is_drop_latched = False
            self._on_change()
            self._show_latch()

    @property
    def _is_dark(self) -> bool:
        return self._state.is_beam_blocked or self._shadows > 0

    def _show_beam(self) -> None:
        self._board.drive_input(self._pin_map.drop_beam, self._is_dark)

    def _show_latch(self) -> None:
        self._board.drive_input(self._pin_map.drop_latch, self._state.is_drop_latched)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(delay_s, run)
        self._timers.add(timer)
