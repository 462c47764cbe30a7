"""Decide which coins to pay out. Pure: the hoppers are ordered elsewhere (`edge/runtime.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """Coins to pay and what no coin can pay."""

    coins: dict[int, int]
    """Denomination (minor units) to number of coins; largest first, none with zero coins."""
    short: int
    """Minor units of the owed amount that stay unpaid."""

    @property
    def total(self) -> int:
        """Worth of the coins in minor units."""
        return sum(denomination * count for denomination, count in self.coins.items())


def plan_change(owed: int, available: Mapping[int, int]) -> ChangePlan:
    """Pay as much of `owed` as can be paid, with the fewest coins.

    Exact for every set of denominations: it searches instead of taking the largest coin first, which
    misses 60 = 3 × 20 when there is a 50 and no 10.

    Args:
        owed: minor units, not negative.
        available: coins per denomination, as believed to be in the hoppers.

    Returns:
        A plan worth at most `owed`; `plan.short` is the rest.

    Raises:
        ValueError: `owed` is negative.
    """
    if owed < 0:
        raise ValueError(f"owed is {owed}; nobody owes a negative amount")
    kinds = sorted((kind for kind, count in available.items() if count > 0 and kind <= owed), reverse=True)

    @cache
    def best(index: int, rest: int) -> tuple[int, int, tuple[int, ...]]:
        """(unpaid, coins, counts) for the denominations from `index` on: least unpaid, then fewest coins."""
        if index == len(kinds) or rest == 0:
            return rest, 0, ()
        kind = kinds[index]
        most = min(rest // kind, available[kind])
        found: tuple[int, int, tuple[int, ...]] | None = None
        for count in range(most, -1, -1):
            unpaid, coins, counts = best(index + 1, rest - count * kind)
            candidate = (unpaid, coins + count, (count, *counts))
            if found is None or candidate[:2] < found[:2]:
                found = candidate
            if _can_stop(kinds, index, found):
                break
        assert found is not None  # noqa: S101 - the range always holds 0
        return found

    unpaid, _, counts = best(0, owed)
    return ChangePlan({kind: count for kind, count in zip(kinds, counts, strict=False) if count}, unpaid)


def _can_stop(kinds: list[int], index: int, found: tuple[int, int, tuple[int, ...]]) -> bool:
    """Fewer of this coin cannot be better: everything is paid and each smaller coin divides it (yen)."""
    return found[0] == 0 and all(kinds[index] % smaller == 0 for smaller in kinds[index + 1 :])
