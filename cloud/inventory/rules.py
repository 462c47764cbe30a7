"""Moving average by (quantity, yen) pairs. Pure; no unit price is ever rounded and kept.

One pool per product for the whole company: a transfer between places changes no cost. Goods that left although the
books did not have them are priced at the last known unit cost; the pool's value never turns negative.
"""

from typing import NamedTuple

from cloud.kit.rounding import half_up


class PoolState(NamedTuple):
    """All units of a product and what they cost together."""

    quantity: int = 0
    value_minor: int = 0
    last_unit_cost_minor: int = 0


class Cost(NamedTuple):
    """What an issue or a receipt did to the money side."""

    stock_minor: int = 0
    """Value that left (issue) or entered (receipt) the pool."""
    uncovered_minor: int = 0
    """Issue: cost of units the books did not have. Receipt: the part that pays for such units."""


class BadQuantityError(ValueError):
    """A quantity or cost that cannot be moved."""

    def __init__(self, what: str, value: int) -> None:
        self.value = value
        super().__init__(f"{what} must be positive, not {value}")


def receive(pool: PoolState, quantity: int, cost_minor: int) -> tuple[PoolState, Cost]:
    """Take goods in.

    Args:
        pool: before.
        quantity: units, at least 1.
        cost_minor: what they cost together without tax, not negative.

    Returns:
        The pool after, and how the cost splits between stock and units that had already left.
    """
    if quantity < 1:
        raise BadQuantityError("a received quantity", quantity)
    if cost_minor < 0:
        raise BadQuantityError("a cost", cost_minor)
    already_gone = min(quantity, max(-pool.quantity, 0))
    settled = half_up(cost_minor * already_gone, quantity)
    value = pool.value_minor + cost_minor - settled
    total = pool.quantity + quantity
    unit = half_up(value, total) if total > 0 else half_up(cost_minor, quantity)
    return PoolState(total, value, unit), Cost(cost_minor - settled, settled)


def issue(pool: PoolState, quantity: int) -> tuple[PoolState, Cost]:
    """Let goods go.

    Args:
        pool: before.
        quantity: units, at least 1; more than there are is possible and flagged by a negative quantity.

    Returns:
        The pool after, and the cost of what left.
    """
    if quantity < 1:
        raise BadQuantityError("an issued quantity", quantity)
    covered = min(quantity, max(pool.quantity, 0))
    if not covered:
        uncovered = quantity * pool.last_unit_cost_minor
        return pool._replace(quantity=pool.quantity - quantity), Cost(0, uncovered)
    unit = half_up(pool.value_minor, pool.quantity)
    value = half_up(pool.value_minor * covered, pool.quantity)
    after = PoolState(pool.quantity - quantity, pool.value_minor - value, unit)
    return after, Cost(value, (quantity - covered) * unit)


def send_back(pool: PoolState, quantity: int, cost_minor: int) -> tuple[PoolState, Cost]:
    """Let goods go back to who sold them: they take with them what they cost, not the average.

    Args:
        pool: before; it has at least `quantity`, since only what is there can be sent.
        quantity: units, at least 1.
        cost_minor: what they were bought for together, without tax.

    Returns:
        The pool after, and the value that left: at most what there was, and all of it with the last unit.

    Raises:
        BadQuantityError: a quantity below 1, or more than there is.
    """
    if not 1 <= quantity <= pool.quantity:
        raise BadQuantityError("a quantity that is sent back, within what there is,", quantity)
    left = pool.quantity - quantity
    value = min(cost_minor, pool.value_minor) if left else pool.value_minor
    unit = half_up(pool.value_minor - value, left) if left else pool.last_unit_cost_minor
    return PoolState(left, pool.value_minor - value, unit), Cost(value)


def average_cost(pool: PoolState, quantity: int) -> int:
    """What `quantity` units cost at the average, for units that are found; at the last known cost of an empty pool."""
    if pool.quantity > 0:
        return half_up(pool.value_minor * quantity, pool.quantity)
    return pool.last_unit_cost_minor * quantity
