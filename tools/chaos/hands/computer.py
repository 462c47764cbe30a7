"""The controller's own bad luck: power cuts, a full disk, a wall clock that jumps."""

from typing import ClassVar, Final

from tools.chaos.hands.hand import Hand
from tools.chaos.power import Cut

HOUR_MS: Final = 3_600_000
USED_UP_MS: Final = 20_000
"""After so long somebody makes room on a disk that lets no controller start."""


class Computer(Hand):
    """Supply, disk and clock."""

    ACTIONS: ClassVar = ("cut", "wire", "cloud", "disk", "clock")

    async def cut(self, kind: str, ticks: int, delay_ms: int, outage_ms: int) -> None:
        """The power goes at the n-th tick from here, or so much later."""
        self._machine.power.arm(Cut(kind, ticks, delay_ms, outage_ms))

    async def wire(self, *_: int) -> None:
        """The coin wire of the whole run, laid before the first boot."""

    async def cloud(self, *_: int) -> None:
        """The cloud of the whole run, there before the first boot."""

    async def disk(self, mode: str, after_ms: int) -> None:
        """Something else fills the disk: `low`, `full` or `used_up`; staff make room."""
        self.later(after_ms, lambda: self._fill(mode))

    def _fill(self, mode: str) -> None:
        if self._machine.disk.is_filled:
            return
        self._machine.disk.fill(mode)
        self._machine.see("disk_low", mode)
        if self._machine.disk.is_used_up:
            self.later(USED_UP_MS, self._clear)

    def _clear(self) -> None:
        if self._machine.disk.is_filled:
            self._machine.disk.clear()
            self._machine.see("disk_ok")

    async def clock(self, hours: int, after_ms: int) -> None:
        """Somebody sets the wall clock so many hours away from the true time."""
        self.later(after_ms, lambda: self._machine.set_clock(hours * HOUR_MS))

    async def serve(self) -> None:
        """Make room on the disk."""
        self._clear()

    async def end(self) -> None:
        """No more cuts, and room on the disk."""
        self._machine.power.disarm()
        self._clear()
