"""What days that are over say is asked once, and again when something of such a day comes in late. Reads only.

A machine that was offline, a count that was entered afterwards: whatever is recorded has a number above all before it,
so looking through what is new finds what is of an earlier day. Readers of one database share what was found; a session
that writes asks for itself, since what it sees may never be committed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.accounting.months_endpoints import midnight_ms
from cloud.db.database import SHARED
from cloud.inventory import service as inventory
from cloud.sales import service as sales

Answer = TypeVar("Answer")

KEPT_MS: Final = 15 * 60_000
"""What shows in no new row is seen by then: another planogram, or on PostgreSQL a row whose number was given before it
could be seen."""
MOST: Final = 32
"""Answers that are kept of one database; the oldest goes."""


@dataclass(frozen=True, slots=True)
class Today:
    """The day that is not over yet."""

    day: date
    timezone: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, and how far the tables went when it was found."""

    answer: Any
    at_ms: int
    sale: int
    movement: int
    entry: int


async def of_days_over(
    db_session: AsyncSession, today: Today, key: tuple[object, ...], ask: Callable[[], Awaitable[Answer]]
) -> Answer:
    """What `ask` finds; it looks at nothing that is of today or later.

    Args:
        db_session: open session.
        today: which days are over.
        key: what is asked, with all that the answer depends on besides the day.
        ask: finds it, with the same session.
    """
    shared: dict[object, _Kept] | None = db_session.info.get(SHARED)
    if shared is None:
        return await ask()
    place = (today.day, today.timezone, *key)
    kept = shared.get(place)
    if kept is not None and await _is_still_so(db_session, today, kept):
        answer: Answer = kept.answer
        return answer
    marks = await sales.newest(db_session), await inventory.newest_movement(db_session)
    entry, _ = await accounting.head(db_session)
    found = await ask()
    shared.pop(place, None)
    shared[place] = _Kept(found, today.now_ms, *marks, entry)
    while len(shared) > MOST:
        shared.pop(next(iter(shared)), None)
    return found


async def _is_still_so(db_session: AsyncSession, today: Today, kept: _Kept) -> bool:
    if not kept.at_ms <= today.now_ms < kept.at_ms + KEPT_MS:
        return False
    for earliest in (
        await sales.earliest_after(db_session, kept.sale),
        await accounting.earliest_after(db_session, kept.entry),
    ):
        if earliest is not None and earliest < today.day:
            return False
    moved_ms = await inventory.earliest_after(db_session, kept.movement)
    return moved_ms is None or moved_ms >= midnight_ms(today.day, today.timezone)
