"""How often somebody may do something: a bucket of permits for each name, filled as time goes by.

One process counts for itself; several processes let through so many times more.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST_NAMES: Final = 10_000
"""Names remembered; the one not heard of for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and as many again in this time."""

    permits: int
    per_ms: int


class Rates:
    """Buckets of one rate."""

    def __init__(self, rate: Rate) -> None:
        """Begin with every bucket full.

        Args:
            rate: of each name.
        """
        self._rate = rate
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Name to (permits times `per_ms`, when)."""

    def allows(self, name: str, now_ms: int) -> bool:
        """Take a permit; False when there is none, and then nothing is taken."""
        full = self._rate.permits * self._rate.per_ms
        left, at_ms = self._buckets.pop(name, (full, now_ms))
        left = min(full, left + max(now_ms - at_ms, 0) * self._rate.permits)
        is_allowed = left >= self._rate.per_ms
        self._buckets[name] = (left - self._rate.per_ms if is_allowed else left, now_ms)
        if len(self._buckets) > MOST_NAMES:
            self._buckets.popitem(last=False)
        return is_allowed
