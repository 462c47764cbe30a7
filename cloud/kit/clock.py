"""Wall time, injected so that tests can set it. Instants are ms since 1970 UTC; days belong to a time zone."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Callable[[], int]
"""Returns now in ms since 1970 UTC."""


_QUARTER_MS: Final = 900_000
_QUARTERS_SINCE_MS: Final = 94_694_400_000
"""1973: since then clocks everywhere differ from UTC by whole quarters of an hour, so no day begins within one."""


def system_clock() -> int:
    """Now, from the operating system."""
    return time.time_ns() // 1_000_000


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone `name` (IANA).

    Raises:
        zoneinfo.ZoneInfoNotFoundError: there is none of that name.
    """
    return ZoneInfo(name)


def checked_zone(name: str) -> str:
    """The name of a time zone, unchanged.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        zone(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise ValueError("not a time zone; use a name like 'Asia/Tokyo'") from error
    return name


def local(at_ms: int, timezone: str) -> datetime:
    """An instant as local time of `timezone`."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(zone(timezone))


def local_day(at_ms: int, timezone: str) -> date:
    """The calendar day an instant falls on in `timezone`."""
    if at_ms < _QUARTERS_SINCE_MS:
        return local(at_ms, timezone).date()
    return _day_of_quarter(at_ms // _QUARTER_MS, timezone)


@lru_cache(1024)
def date_text(day: date) -> str:
    """A day as 2026-11-22. Kept: a batch of sales writes few different days thousands of times."""
    return day.isoformat()


def day_start_ms(at_ms: int, timezone: str) -> int:
    """When the calendar day of an instant began in `timezone`."""
    return int(local(at_ms, timezone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) * 1000


@lru_cache(4096)
def _day_of_quarter(quarter: int, timezone: str) -> date:
    return local(quarter * _QUARTER_MS, timezone).date()
