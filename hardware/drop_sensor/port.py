"""What the drop sensor is to the machine: a beam across the chute, with a latch that remembers one fall.

The latch is a flip-flop on the board, set by the beam and cleared only by the controller, so that a controller
that was restarted in the middle of a vend can still see whether something fell (docs/wiring/drop_sensor.md).
"""

from typing import Protocol


class DropSensor(Protocol):
    """Sees goods fall. Not responsible for which."""

    @property
    def is_blocked(self) -> bool:
        """The beam is interrupted now."""
        ...

    @property
    def has_dropped(self) -> bool:
        """The latch: something fell since `arm`."""
        ...

    def arm(self) -> None:
        """Clear the latch. Only right before the intent of a vend is written, once the outcome before is on disk.

        Any later, and a restart between intent and motor would take the fall of the sale before for this one's.
        """
        ...

    async def wait_drop(self, timeout_s: float) -> bool:
        """Wait until the latch is set; True at once when it is, False after `timeout_s` (seconds, monotonic)."""
        ...

    def close(self) -> None:
        """Let go of the pins. Safe to call twice."""
        ...
