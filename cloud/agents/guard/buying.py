"""Rules about purchase orders and what a machine holds. Pure; each function gives all verdicts on one kind of facts."""

from collections.abc import Iterator

from cloud.agents.guard import facts
from cloud.agents.guard.limits import Limits
from cloud.agents.guard.verdict import Ruling, Verdict
from cloud.agents.guard.wording import say

ALLOW, PROPOSE, DENY = Ruling.ALLOW, Ruling.PROPOSE, Ruling.DENY


def purchase(found: facts.Purchase, limits: Limits) -> Iterator[Verdict]:
    """From an allowed supplier, not ordered yet, within the caps, leaving a reserve, near the best price."""
    is_allowed = found.is_allowed_supplier
    allowed = "yes" if is_allowed else "no"
    yield say("supplier_allowed", ALLOW if is_allowed else DENY, supplier=found.supplier_id, allowed=allowed)
    total = found.total_minor
    has_content = total > 0 and len(found.products) > 0 and min(found.spent_today_minor, found.spent_week_minor) >= 0
    yield say("order_content", ALLOW if has_content else DENY, products=len(found.products), total=total)
    if found.open_orders:
        yield say("order_open", DENY, products=", ".join(found.open_orders))
    yield say("order_size", _upto(total, limits.order_minor), total=total, limit=limits.order_minor)
    day, week = found.spent_today_minor + total, found.spent_week_minor + total
    yield say("order_day", _upto(day, limits.order_day_minor), total=day, limit=limits.order_day_minor)
    yield say("order_week", _upto(week, limits.order_week_minor), total=week, limit=limits.order_week_minor)
    left = found.cash_minor - total
    reserve = ALLOW if left >= limits.cash_reserve_minor else PROPOSE
    yield say("cash_reserve", DENY if left < 0 else reserve, left=left, reserve=limits.cash_reserve_minor)
    over = found.unit_over_best_percent
    price = _upto(over, limits.over_best_percent)
    yield say(
        "order_price",
        DENY if over > limits.over_best_most_percent else price,
        percent=over,
        alone=limits.over_best_percent,
        most=limits.over_best_most_percent,
    )


def assortment(found: facts.Assortment, limits: Limits) -> Iterator[Verdict]:
    """A few slots at a time."""
    slots = DENY if found.changed_slots < 0 else _upto(found.changed_slots, limits.changed_slots)
    yield say("changed_slots", slots, slots=found.changed_slots, limit=limits.changed_slots)


def _upto(value: int, limit: int) -> Ruling:
    return ALLOW if value <= limit else PROPOSE
