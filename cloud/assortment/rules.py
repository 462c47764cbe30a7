"""Which price holds on a day, what is due, and which prices a person should look at twice. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from cloud.catalogue.rules import tax_within
from protocol.desired import PlanogramSlot

JUMP_PERCENT: Final = 50
"""A price that changes by more than this is asked about: most such changes are a digit too many."""
MAX_PRICE_MINOR: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """The price of a product from a day on."""

    number: int
    """In the order in which they were entered."""
    product_id: str
    valid_from: date
    price_minor: int
    """Tax included; 0: not in the list from that day on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall stand in a machine from a day on."""

    number: int
    """In the order in which they were made."""
    valid_from: date
    slots: Sequence[PlanogramSlot]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A price that a person should look at twice."""

    product_id: str
    kind: Literal["below_cost", "jump"]
    price_minor: int
    against_minor: int
    """What it costs us, or the price of before."""


def prices_on(rows: Iterable[DatedPrice], day: date) -> dict[str, int]:
    """Product to its price on a day: that of the latest first day, of two for one day the one entered last."""
    found: dict[str, DatedPrice] = {}
    for row in rows:
        known = found.get(row.product_id)
        is_later = known is None or (row.valid_from, row.number) > (known.valid_from, known.number)
        if row.valid_from <= day and is_later:
            found[row.product_id] = row
    return {name: row.price_minor for name, row in sorted(found.items()) if row.price_minor}


def priced(slots: Iterable[PlanogramSlot], prices: Mapping[str, int]) -> list[PlanogramSlot]:
    """The slots at the list's prices; what the list does not name keeps its price."""
    return [slot.model_copy(update={"price_minor": prices.get(slot.product_id, slot.price_minor)}) for slot in slots]


def due_plan(plans: Iterable[Plan], day: date) -> Plan | None:
    """The plan whose day has come, the latest of several; None when none has."""
    ready = [plan for plan in plans if plan.valid_from <= day]
    return max(ready, key=lambda plan: (plan.valid_from, plan.number), default=None)


def doubts_about(product_id: str, price_minor: int, *, before_minor: int, cost_minor: int, percent: int) -> list[Doubt]:
    """What a person should look at twice before customers pay this price.

    Args:
        product_id: whose price it is.
        price_minor: tax included; 0 is no price.
        before_minor: what it was, tax included; 0 for a first price.
        cost_minor: what a unit costs us, without tax; 0 when nobody knows.
        percent: tax inside the price.
    """
    if not price_minor:
        return []
    found: list[Doubt] = []
    if price_minor - tax_within(price_minor, percent) < cost_minor:
        found.append(Doubt(product_id, "below_cost", price_minor, cost_minor))
    if before_minor and abs(price_minor - before_minor) * 100 > before_minor * JUMP_PERCENT:
        found.append(Doubt(product_id, "jump", price_minor, before_minor))
    return found
