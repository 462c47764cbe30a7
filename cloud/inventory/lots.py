"""Which lots are still at a place: first expired, first out. Pure.

Sales do not say which lot they took. They leave a place in one order, so what is left follows from how many units are
on hand: first gone is what carries no lot (so that no dated lot is overlooked), then the lot that expires first; what
does not expire goes last. Removals alone commute, so it is enough to take them off when a lot comes in, leaves by name,
or is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

Levels = Mapping[str, int]
"""Lot code to units, each at least 1."""


@dataclass(frozen=True, slots=True)
class LotShare:
    """Units of one lot."""

    code: str
    quantity: int
    best_before: date | None = None
    """Last good day; None for what does not expire."""


def in_order(codes: Sequence[str], dates: Mapping[str, date | None]) -> list[str]:
    """Lot codes as they leave: by the last good day, what does not expire at the end, then by code."""
    return sorted(codes, key=lambda code: (dates.get(code) is None, dates.get(code) or date.max, code))


def settled(levels: Levels, on_hand: int, dates: Mapping[str, date | None]) -> dict[str, int]:
    """The lots that are left when `on_hand` units are.

    Args:
        levels: as they were when something last came in.
        on_hand: units at the place now; may be negative.
        dates: lot code to the last good day.

    Returns:
        Lot code to units, without empty ones. They add up to at most `on_hand`; the rest carries no lot.
    """
    gone = sum(levels.values()) - max(on_hand, 0)
    return _without(levels, gone, dates) if gone > 0 else dict(levels)


def picked(levels: Levels, on_hand: int, quantity: int, dates: Mapping[str, date | None]) -> dict[str, int]:
    """Which lots `quantity` units are that leave now; the rest of them carries no lot.

    Args:
        levels: settled.
        on_hand: units at the place before they leave.
        quantity: at least 1.
        dates: lot code to the last good day.
    """
    left = settled(levels, on_hand - quantity, dates)
    taken = {code: units - left.get(code, 0) for code, units in levels.items()}
    return {code: taken[code] for code in in_order([*taken], dates) if taken[code]}


def without(levels: Levels, taken: Levels) -> dict[str, int]:
    """What is left when these lots leave by name; of a lot no more leaves than is there."""
    rest = {code: units - taken.get(code, 0) for code, units in levels.items()}
    return {code: units for code, units in rest.items() if units > 0}


def together(levels: Levels, more: Levels) -> dict[str, int]:
    """Both added up."""
    return {code: levels.get(code, 0) + more.get(code, 0) for code in {**levels, **more}}


def _without(levels: Levels, gone: int, dates: Mapping[str, date | None]) -> dict[str, int]:
    left = dict(levels)
    for code in in_order([*levels], dates):
        taken = min(gone, left[code])
        left[code] -= taken
        gone -= taken
    return {code: units for code, units in left.items() if units}
