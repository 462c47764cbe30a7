"""What runs low and how much of it to order. Pure; units.

Order when what is there and what is on its way no longer covers the machines' par levels and the sales until new
goods can be here; then order up to the par levels and the sales of the time that an order should last.
"""

from dataclasses import dataclass
from typing import Final

DEMAND_DAYS: Final = 28
"""Sales of so many days say how much is sold a day (docs: the mean of 28 days, forecasting reference)."""

COVER_DAYS: Final = 14
"""An order should last so many days beyond its lead time."""

LEAD_DAYS: Final = 3
"""For a product nobody sells to us yet."""


@dataclass(frozen=True, slots=True)
class Level:
    """One product: what should be there, what is, what is sold."""

    product_id: str
    par_level: int
    """Of all slots together."""
    on_hand: int
    """In machines and storage together; what is missing counts as nothing."""
    on_order: int
    """Ordered or waiting for approval, not here yet."""
    sold: int
    """In `DEMAND_DAYS` days."""
    lead_days: int


@dataclass(frozen=True, slots=True)
class Need:
    """A product to order."""

    level: Level
    units: int
    """At least 1."""
    reorder_point: int
    target: int

    @property
    def ja(self) -> str:
        """Why, in words."""
        level = self.level
        return (
            f"在庫 {level.on_hand}、発注残 {level.on_order}、発注点 {self.reorder_point}"
            f"(適正在庫 {level.par_level} + 納期 {level.lead_days} 日分の販売)、{DEMAND_DAYS} 日の販売 {level.sold}"
        )

    @property
    def en(self) -> str:
        """The same in English."""
        level = self.level
        return (
            f"{level.on_hand} in stock, {level.on_order} on order, order at {self.reorder_point} "
            f"(par level {level.par_level} + sales of {level.lead_days} days), {level.sold} sold in {DEMAND_DAYS} days"
        )


def sales_of(days: int, sold: int) -> int:
    """Units to be sold in so many days, rounded up."""
    return -(-sold * days // DEMAND_DAYS)


def need_of(level: Level) -> Need | None:
    """What to order of a product, or None while there is enough."""
    reorder_point = level.par_level + sales_of(level.lead_days, level.sold)
    available = max(level.on_hand, 0) + level.on_order
    if available >= reorder_point:
        return None
    target = level.par_level + sales_of(level.lead_days + COVER_DAYS, level.sold)
    return Need(level, target - available, reorder_point, target)
