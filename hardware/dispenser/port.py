"""What a dispenser is to the machine: coils that turn once per vend."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class SlotCondition(StrEnum):
    """What the home switch of a standing coil says."""

    HOME = "home"
    NOT_HOME = "not_home"
    """Motor there, coil stopped half way."""
    MISSING = "missing"
    """No motor or no switch answers at this position."""


class Turn(StrEnum):
    """How one ordered turn ended. The motor is off in every case."""

    HOME = "home"
    JAMMED = "jammed"
    """Did not leave home in time."""
    NOT_HOME = "not_home"
    """Left, and did not come home in time; a product may have fallen."""
    MISSING = "missing"
    """Not started: nothing answered at this position."""


class Dispenser(Protocol):
    """Turns coils, one at a time. Not responsible for whether a product fell."""

    @property
    def slots(self) -> frozenset[str]:
        """Positions wired up, as printed: A1, A2 and so on."""
        ...

    async def start(self) -> Mapping[str, SlotCondition]:
        """Put every output into its safe state and look at every coil."""
        ...

    async def check(self, slot: str) -> SlotCondition:
        """Look at one coil without turning it.

        Raises:
            KeyError: there is no such slot.
        """
        ...

    async def turn(self, slot: str) -> Turn:
        """One whole turn. Started, it is never cancelled half way; the motor is off when this returns or raises.

        Raises:
            KeyError: there is no such slot.
            RuntimeError: another coil is turning: a bug of the caller.
        """
        ...

    def stop(self) -> None:
        """All outputs to the safe state, at once. Safe at any time."""
        ...

    def close(self) -> None:
        """`stop`, and let go of the pins. Safe to call twice."""
        ...
