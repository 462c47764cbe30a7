"""The restocking plan: how many units of what go into which slot, and which lots. Pure.

Defaults that were asked for: a slot with fewer than 5 units is filled up to 10, urgently below 2. Here 10 is the par
level of the slot: below half of it the slot is filled up to it, urgently below a fifth, never beyond its capacity.
What is too little for all goes unit by unit to where most sales would be lost until the next visit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from cloud.inventory.lots import LotShare

Priority = Literal["high", "medium", "low"]

SALES_DAYS: Final = 14
"""Sales of so many days say how fast a slot sells."""
NEXT_VISIT_DAYS: Final = 3
"""Sales are counted as lost until then."""


@dataclass(frozen=True, slots=True)
class Need:
    """One slot as it is."""

    machine_id: str
    slot: str
    product_id: str
    on_hand: int
    """Below 0 counts as 0."""
    par_level: int
    room: int
    """Units that still fit, whatever is in the slot."""
    sold: int
    """Units in the last `SALES_DAYS` days."""

    @property
    def priority(self) -> Priority:
        """`high` below a fifth of the par level, `medium` below half of it, else `low`."""
        here = max(self.on_hand, 0)
        if 5 * here < self.par_level:
            return "high"
        return "medium" if 2 * here < self.par_level else "low"

    @property
    def wanted(self) -> int:
        """Units up to the par level, as far as they fit."""
        return max(0, min(self.par_level - max(self.on_hand, 0), self.room))

    def loss(self, given: int) -> int:
        """Sales lost until the next visit once `given` units are in, times `SALES_DAYS`; below 0: some are left."""
        return self.sold * NEXT_VISIT_DAYS - SALES_DAYS * (max(self.on_hand, 0) + given)


@dataclass(frozen=True, slots=True)
class Fill:
    """What goes into one slot."""

    need: Need
    quantity: int


def slot_order(slot: str) -> tuple[str, int, str]:
    """A2 before A10."""
    return slot[:1], len(slot), slot


def plan(needs: Iterable[Need], storage: Mapping[str, int], *, is_top_up: bool = False) -> list[Fill]:
    """Who gets how much, by machine and slot.

    Args:
        needs: every slot of the machines that are visited.
        storage: product to units that can be taken.
        is_top_up: fill up slots above half of the par level too, since somebody goes there anyway.

    Returns:
        One row per slot that wants something, also when nothing is left for it; sums never exceed `storage`.
    """
    by_product: defaultdict[str, list[Need]] = defaultdict(list)
    for need in needs:
        if need.wanted and (is_top_up or need.priority != "low"):
            by_product[need.product_id].append(need)
    fills = [
        Fill(need, quantity)
        for product, rows in by_product.items()
        for need, quantity in zip(rows, _split(rows, max(storage.get(product, 0), 0)), strict=True)
    ]
    return sorted(fills, key=lambda row: (row.need.machine_id, slot_order(row.need.slot), row.need.product_id))


def _split(rows: Sequence[Need], units: int) -> list[int]:
    given = [0] * len(rows)
    for _ in range(min(units, sum(row.wanted for row in rows))):
        open_rows = [at for at, row in enumerate(rows) if given[at] < row.wanted]
        best = max(
            open_rows,
            key=lambda at: (rows[at].loss(given[at]), -max(rows[at].on_hand, 0) - given[at], -at),
        )
        given[best] += 1
    return given


def share_out(lots: Sequence[LotShare], on_hand: int, quantities: Sequence[int]) -> list[list[LotShare]]:
    """Which lots each part of a load is, first expired first out; what carries no lot is left out.

    Args:
        lots: at the source, the first to expire first.
        on_hand: units there; beyond the lots they carry none, and those go first.
        quantities: the parts, in the order they are picked.
    """
    free = max(0, on_hand - sum(share.quantity for share in lots))
    left = [(share, share.quantity) for share in lots]
    found: list[list[LotShare]] = []
    for quantity in quantities:
        take = min(quantity, free)
        free, wanted, mine = free - take, quantity - take, []
        while wanted and left:
            share, units = left.pop(0)
            take = min(units, wanted)
            mine.append(LotShare(share.code, take, share.best_before))
            wanted -= take
            if units > take:
                left.insert(0, (share, units - take))
        found.append(mine)
    return found


def below_ms(level: int, changes: Sequence[tuple[int, int]], threshold: int, start_ms: int, end_ms: int) -> int:
    """How long fewer than `threshold` units were there.

    Args:
        level: at `start_ms`.
        changes: (time, units) in order of time; what is outside the period is ignored.
        threshold: 1 asks how long it was sold out.
        start_ms: of the period.
        end_ms: of the period.
    """
    total, since = 0, start_ms
    for at_ms, units in changes:
        if not start_ms <= at_ms < end_ms:
            continue
        if level < threshold:
            total += at_ms - since
        level, since = level + units, at_ms
    return total + (end_ms - since if level < threshold else 0)


def open_shares(level: int, changes: Sequence[tuple[int, int]], midnights: Sequence[int], now_ms: int) -> list[float]:
    """The share of each day on which there was something.

    Args:
        level: when the first day begins.
        changes: (time, units) since then, in order of time.
        midnights: when each day begins, and the end of the last.
        now_ms: no day goes on beyond it; a day that has not begun counts as whole.
    """
    found, at = [], 0
    for start_ms, midnight_ms in pairwise(midnights):
        end_ms, begun = min(midnight_ms, now_ms), at
        while at < len(changes) and changes[at][0] < end_ms:
            at += 1
        today = changes[begun:at]
        is_always_full = level >= 1 and not today
        out_ms = 0 if is_always_full or end_ms <= start_ms else below_ms(level, today, 1, start_ms, end_ms)
        found.append(1 - out_ms / (end_ms - start_ms) if out_ms else 1.0)
        level += sum(units for _, units in today)
    return found


def below_since(level: int, changes: Iterable[tuple[int, int]], threshold: int) -> int:
    """Since when fewer than `threshold` units are there.

    Args:
        level: now, below `threshold`.
        changes: (time, units), newest first.
        threshold: units.

    Returns:
        The time of the change that did it; 0 when none of them did.
    """
    for at_ms, units in changes:
        level -= units
        if level >= threshold:
            return at_ms
    return 0
