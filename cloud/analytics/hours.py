"""How much is usually sold in each hour of the week. Pure."""

from collections.abc import Sequence
from typing import Final

HOUR_MS: Final = 3_600_000
HOURS: Final = 168
MOST_HOURS: Final = 24 * 60
"""A longer gap needs no statistics."""


def rates(times_ms: Sequence[int], offset_ms: int, weeks: float) -> list[float]:
    """Mean sales in each hour of the week; which weekday comes first does not matter, only that it repeats.

    Args:
        times_ms: of sales, ms since 1970 UTC.
        offset_ms: of local time from UTC.
        weeks: they were made in.
    """
    found = [0.0] * HOURS
    for at_ms in times_ms:
        found[_hour(at_ms, offset_ms)] += 1 / weeks
    return found


def expected(usual: Sequence[float], start_ms: int, end_ms: int, offset_ms: int) -> float:
    """Sales that are usual from `start_ms` to `end_ms`, whole hours and parts of them."""
    total, at_ms = 0.0, start_ms
    for _ in range(MOST_HOURS):
        if at_ms >= end_ms:
            break
        next_ms = min((at_ms // HOUR_MS + 1) * HOUR_MS, end_ms)
        total += usual[_hour(at_ms, offset_ms)] * (next_ms - at_ms) / HOUR_MS
        at_ms = next_ms
    return total


def _hour(at_ms: int, offset_ms: int) -> int:
    return (at_ms + offset_ms) // HOUR_MS % HOURS
