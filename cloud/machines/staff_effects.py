"""What staff did at a machine, as movements, counts and entries: event in, effect out. Pure.

What was thrown away or missing becomes an entry when its cost is known, which is when it has moved.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from cloud.accounting import counting, places
from cloud.accounting import goods as goods_entries
from cloud.accounting import rules as entries
from cloud.accounting.rules import Draft
from cloud.inventory.lots import LotShare
from cloud.inventory.movements import COUNTED, SPOILED
from cloud.inventory.service import WAREHOUSE, Movement, slot_place
from cloud.inventory.slot_counts import Carried, SlotCount
from cloud.machines.reading import Understood
from protocol.events import CashCounted, SlotChangedOver, SlotCounted, SlotRemoved, SlotRestocked

THROWN_AWAY: Final = frozenset({"expired", "damaged"})
"""Why goods are removed that are not good any more; all others go back to where goods come from."""


@dataclass(frozen=True, slots=True)
class GoodsGone:
    """Goods that left the stock or came into it without a sale; its entry waits for what they cost."""

    event: entries.Event
    product_id: str
    movement: int
    """Which one of the batch brings the cost."""
    is_count: bool

    def entry(self, name: str, carried: Carried) -> Draft | None:
        """Thrown away to 商品廃棄損, missing or found to 棚卸減耗費; None when it is worth nothing."""
        worth = carried.cost.stock_minor
        if not self.is_count:
            return goods_entries.spoiled(self.event, name, from_stock_minor=worth)
        if carried.difference > 0:
            return goods_entries.found(self.event, name, into_stock_minor=worth)
        return entries.unit_missing(self.event, name, from_stock_minor=worth)


def restocked(found: Understood, body: SlotRestocked) -> Movement:
    """Units between the warehouse (or the van, which only the trips know) and a slot."""
    here = slot_place(found.event.machine_id, body.slot)
    ends = (WAREHOUSE, here) if body.added > 0 else (here, WAREHOUSE)
    units = abs(body.added)
    lots = _lots(body.lot, units, body.best_before)
    return Movement(
        found.source,
        body.product_id,
        units,
        found.occurred_at_ms,
        from_place=ends[0],
        to_place=ends[1],
        lots=lots,
    )


def removed(found: Understood, body: SlotRemoved) -> Movement:
    """Units out of a slot: away for good, or back to where goods come from."""
    is_gone = body.why in THROWN_AWAY
    return Movement(
        f"{found.source}{SPOILED}" if is_gone else found.source,
        body.product_id,
        body.removed,
        found.occurred_at_ms,
        from_place=slot_place(found.event.machine_id, body.slot),
        to_place=None if is_gone else WAREHOUSE,
        lots=_lots(body.lot, body.removed, body.best_before),
    )


def counted(found: Understood, body: SlotCounted | SlotChangedOver) -> SlotCount | None:
    """What is in a slot now, by somebody's word. After a change-over nothing of the old product is left there."""
    product, units = (body.product_id, body.counted) if isinstance(body, SlotCounted) else (body.old_product_id, 0)
    if not product or (isinstance(body, SlotChangedOver) and body.new_product_id == product):
        return None
    here = slot_place(found.event.machine_id, body.slot)
    return SlotCount(f"{found.source}{COUNTED}", here, product, units, found.occurred_at_ms)


def cash_counted(found: Understood, event: entries.Event, body: CashCounted) -> counting.Visit:
    """One part of the machine's cash as staff counted it. More than was counted cannot be taken along."""
    line = counting.CountedPart(
        places.part_of(body.part), body.counted_minor, min(body.collected_minor, body.counted_minor), body.pieces
    )
    return counting.Visit(
        found.event.machine_id,
        [line],
        f"staff:{body.staff}" if body.staff else "",
        "",
        found.occurred_at_ms,
        told_by=event,
        visit=body.visit,
        bag=body.bag,
    )


def _lots(code: str, units: int, best_before: str) -> tuple[LotShare, ...] | None:
    """The lot staff read on the pack; which one leaves first when they read none."""
    if not code:
        return None
    try:
        day = date.fromisoformat(best_before) if best_before else None
    except ValueError:  # a day no calendar has
        day = None
    return (LotShare(code, units, day),)
