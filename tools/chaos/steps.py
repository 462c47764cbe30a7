"""The words of a scenario: one action each, as plain data. Not responsible for doing them (`hands/`)."""

from dataclasses import dataclass, replace
from typing import Final

PRICES: Final = {"A1": 160, "A2": 120, "A3": 180}
"""Slot -> price in yen. Every product is named after its slot: `p-A1-0`, then `p-A1-1`."""
STOCK: Final = 8
FLOAT: Final = {10: 80, 50: 20, 100: 60, 500: 12}
"""Coins that staff keep in each hopper."""

Argument = int | str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that is done to the machine; the classes in `hands/` say what each name means."""

    name: str
    args: tuple[Argument, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, (self.name, *self.args)))


def with_ticks(cut: Action, ticks: int) -> Action:
    """The same power cut, at another moment."""
    return replace(cut, args=(cut.args[0], ticks, *cut.args[2:]))
