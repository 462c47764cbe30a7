"""The display's backlight, where Linux offers one: follows what staff have set.

Source: Linux kernel documentation, ABI/stable/sysfs-class-backlight.
"""

from pathlib import Path

import structlog

from edge.vend.state import MachineState
from edge.vend.step import Step

_log = structlog.get_logger(__name__)


class Backlight:
    """One folder of /sys/class/backlight. A display without one is dimmed by whoever draws."""

    def __init__(self, folder: Path) -> None:
        """`folder`: with `brightness` and `max_brightness` in it; brightness must be writable."""
        self._folder = folder
        self._percent = -1

    def stepped(self, step: Step) -> None:
        """Follow."""
        self.follow(step.state)

    def follow(self, state: MachineState) -> None:
        """Set it, when it is not set yet. Trouble is logged once per change: a machine sells in any light."""
        if state.brightness == self._percent:
            return
        self._percent = state.brightness
        try:
            most = int((self._folder / "max_brightness").read_text("ascii"))
            (self._folder / "brightness").write_text(str(max(1, most * self._percent // 100)), "ascii")
        except (OSError, ValueError) as error:
            _log.warning("the backlight cannot be set", folder=str(self._folder), error=str(error))
