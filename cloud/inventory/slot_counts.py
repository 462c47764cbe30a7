"""Counts of slots that machines tell of, in the order of everything else that moves: each sees what went before it.

What staff count at the machine is what is there then, so the books follow at once: too few units leave, too many come
in at the average cost. Not responsible for counts that are begun and closed on a page (`counting.py`). Commits nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import repository, service
from cloud.inventory.rules import Cost, PoolState, average_cost
from cloud.inventory.service import NO_COST, Movement


@dataclass(frozen=True, slots=True)
class SlotCount:
    """Somebody counted one product in one slot."""

    source: str
    """The event; the movement that follows from it is known by it."""
    place_id: str
    product_id: str
    counted: int
    occurred_at_ms: int


class Carried(NamedTuple):
    """What one row did."""

    cost: Cost
    difference: int = 0
    """For a count: units found beyond what the books had (negative: missing)."""


async def carry_out(db_session: AsyncSession, rows: Sequence[Movement | SlotCount]) -> list[Carried]:
    """Make movements and counts in the order given; without counts this is one call of `service.move`.

    Args:
        db_session: a writing session.
        rows: as they happened.

    Returns:
        For each row what it did.

    Raises:
        BadQuantityError, LotDateError: as `service.move`.
    """
    found: list[Carried] = []
    waiting: list[Movement] = []
    for row in rows:
        if isinstance(row, Movement):
            waiting.append(row)
            continue
        found += [Carried(cost) for cost in await service.move(db_session, waiting)]
        waiting = []
        found.append(await _count(db_session, row))
    return found + [Carried(cost) for cost in await service.move(db_session, waiting)]


async def _count(db_session: AsyncSession, row: SlotCount) -> Carried:
    key = (row.place_id, row.product_id)
    difference = row.counted - (await repository.on_hand_at(db_session, [key])).get(key, 0)
    if not difference:
        return Carried(NO_COST)
    worth = 0
    if difference > 0:
        pools = await repository.pools(db_session, [row.product_id])
        worth = average_cost(pools.get(row.product_id, PoolState()), difference)
    movement = Movement(
        row.source,
        row.product_id,
        abs(difference),
        row.occurred_at_ms,
        from_place=row.place_id if difference < 0 else None,
        to_place=row.place_id if difference > 0 else None,
        cost_minor=worth,
    )
    (cost,) = await service.move(db_session, [movement])
    return Carried(cost, difference)
