"""Rules about prices, coupons, refunds, credits and gifts. Pure; each function gives all verdicts on one kind of facts.

What is taken from the day's loss budget is computed here too: see `loss_of`.
"""

from collections.abc import Iterator
from typing import Final

from cloud.agents.guard import facts
from cloud.agents.guard.case import Case, Today
from cloud.agents.guard.facts import Facts
from cloud.agents.guard.limits import Limits
from cloud.agents.guard.verdict import Ruling, Verdict
from cloud.agents.guard.wording import say

ALLOW, PROPOSE, DENY = Ruling.ALLOW, Ruling.PROPOSE, Ruling.DENY
_DAY_MS: Final = 24 * 3_600_000

_BY_EVIDENCE: Final = {"failed": ALLOW, "uncertain": ALLOW, "dispensed": PROPOSE, "unknown": PROPOSE}
"""What the machine says about a vend to what an agent may do by itself."""


def loss_of(found: Facts) -> int:
    """Yen an action takes from the loss budget: what is given away and was not owed. Never negative."""
    if isinstance(found, facts.CouponGrant):
        return max(found.list_minor - found.price_minor, 0)
    if isinstance(found, facts.SaleRefund):
        return 0 if found.vend_result == "failed" else max(found.amount_minor, 0)
    if isinstance(found, facts.StoreCredit):
        return max(found.amount_minor, 0)
    if isinstance(found, facts.GiveAway):
        return max(found.cost_minor or 0, 0)
    if isinstance(found, facts.Dispense):
        return max(found.list_minor - found.paid_minor, 0)
    return 0


def loss_budget(case: Case, limits: Limits, today: Today) -> Verdict | None:
    """All losses of the day fit the budget; silent for what costs nothing.

    Beyond it, what a customer may have a claim to, or what is lost anyway, waits for a person; the rest does not
    happen. A person who approves is bound by it too, unless their role may exceed it.
    """
    loss = loss_of(case.facts)
    if loss == 0:
        return None
    ruling = ALLOW
    if today.loss_minor + loss > limits.loss_budget_minor:
        is_claim = isinstance(case.facts, facts.SaleRefund) or (
            isinstance(case.facts, facts.StoreCredit | facts.GiveAway) and case.facts.has_evidence
        )
        ruling = PROPOSE if is_claim else DENY
        if case.is_approval:
            ruling = ALLOW if case.may_exceed else DENY
    return say("loss_budget", ruling, loss=loss, spent=today.loss_minor, budget=limits.loss_budget_minor)


def cost_known(cost: int | None) -> Verdict | None:
    """Without a cost nothing has a price; silent when it is known."""
    return None if cost is not None and cost >= 0 else say("cost_known", DENY, cost="?")


def _floor(price: int, cost: int, limits: Limits) -> Verdict:
    floor = max(limits.floor(cost), 1)
    ruling = ALLOW if price >= floor else DENY
    return say("price_floor", ruling, price=price, floor=floor, cost=cost, margin=limits.margin_percent)


def new_price(found: facts.NewPrice, limits: Limits) -> Iterator[Verdict]:
    """Between floor and cap, and not far from where the day began."""
    unknown = cost_known(found.cost_minor)
    if unknown or found.cost_minor is None:
        yield unknown or say("cost_known", DENY, cost="?")
        return
    yield _floor(found.new_minor, found.cost_minor, limits)
    # What cost next to nothing has no cap from its cost; it keeps the one from its own price.
    cap = max(limits.cap(found.cost_minor), found.at_day_start_minor)
    ruling = ALLOW if found.new_minor <= cap else DENY
    yield say("price_cap", ruling, price=found.new_minor, cap=cap, percent=limits.cap_percent, cost=found.cost_minor)
    start = found.at_day_start_minor or found.now_minor
    if start > 0:
        is_near = abs(found.new_minor - start) * 100 <= limits.price_change_percent * start
        yield say(
            "price_change",
            ALLOW if is_near else PROPOSE,
            start=start,
            price=found.new_minor,
            percent=limits.price_change_percent,
        )


def coupon(found: facts.CouponGrant, limits: Limits) -> Iterator[Verdict]:
    """For a loyal customer without another one, within the discount, above the floor."""
    if not found.customer_id:
        yield say("own_customer", DENY, asks="?", whose="?")
    yield say(
        "coupon_loyalty",
        ALLOW if limits.loyalty_percent < found.loyalty_percent <= 100 else DENY,
        loyalty=found.loyalty_percent,
        least=limits.loyalty_percent,
    )
    is_first = 0 <= found.open_coupons < limits.open_coupons
    yield say("coupon_open", ALLOW if is_first else DENY, open=found.open_coupons, most=limits.open_coupons)
    unknown = cost_known(found.cost_minor)
    if unknown or found.cost_minor is None:
        yield unknown or say("cost_known", DENY, cost="?")
        return
    yield _floor(found.price_minor, found.cost_minor, limits)
    is_small = (found.list_minor - found.price_minor) * 100 <= limits.coupon_percent * found.list_minor
    ruling = ALLOW if is_small else PROPOSE
    if found.list_minor <= 0 or found.price_minor >= found.list_minor:
        ruling = DENY
    yield say("coupon_size", ruling, price=found.price_minor, list=found.list_minor, percent=limits.coupon_percent)


def refund(found: facts.SaleRefund, limits: Limits) -> Iterator[Verdict]:
    """Their sale, exactly what is left of it, with the machine's own word for it."""
    yield say("sale_theirs", ALLOW if found.is_theirs else DENY, sale=found.sale_id, theirs=_yes(found.is_theirs))
    left = found.paid_minor - found.refunded_minor
    is_exact = 0 < found.amount_minor == left and found.refunded_minor >= 0
    yield say("refund_amount", ALLOW if is_exact else DENY, amount=found.amount_minor, left=left)
    yield say("refund_evidence", _BY_EVIDENCE.get(found.vend_result, DENY), result=found.vend_result)
    days = found.age_ms // _DAY_MS
    age = ALLOW if found.age_ms <= limits.refund_days * _DAY_MS else PROPOSE
    if found.age_ms < 0 or found.age_ms > limits.refund_most_days * _DAY_MS:
        age = DENY
    yield say("refund_age", age, days=days, alone=limits.refund_days, most=limits.refund_most_days)
    limit = limits.uncertain_refund_minor if found.vend_result == "uncertain" else limits.refund_minor
    limit = min(limit, limits.refund_minor)
    yield say("refund_size", ALLOW if found.amount_minor <= limit else PROPOSE, amount=found.amount_minor, limit=limit)
    yield say("refund_method", ALLOW if found.is_original_method else PROPOSE, original=_yes(found.is_original_method))


def credit(found: facts.StoreCredit, limits: Limits) -> Iterator[Verdict]:
    """For somebody, for a reason in our own records, and small."""
    if not found.customer_id:
        yield say("own_customer", DENY, asks="?", whose="?")
    size = ALLOW if found.amount_minor <= limits.refund_minor else PROPOSE
    if found.amount_minor <= 0:
        size = DENY
    yield say("credit_amount", size, amount=found.amount_minor, limit=limits.refund_minor)
    yield say("credit_evidence", ALLOW if found.has_evidence else PROPOSE, evidence=_yes(found.has_evidence))


def gift(found: facts.GiveAway, limits: Limits) -> Iterator[Verdict]:
    """Few, of known cost, and lost anyway; else a person decides."""
    unknown = cost_known(found.cost_minor)
    if unknown:
        yield unknown
    units = ALLOW if found.units <= limits.gift_units else PROPOSE
    if found.units <= 0:
        units = DENY
    yield say("gift_units", units, units=found.units, limit=limits.gift_units)
    yield say("credit_evidence", ALLOW if found.has_evidence else PROPOSE, evidence=_yes(found.has_evidence))


def dispense(found: facts.Dispense, _: Limits) -> Iterator[Verdict]:
    """Paid for, in our own books; a price below the list is a coupon's affair."""
    is_paid = found.is_payment_confirmed and 0 < found.list_minor <= found.paid_minor
    confirmed = _yes(found.is_payment_confirmed)
    ruling = ALLOW if is_paid else DENY
    yield say("payment_confirmed", ruling, paid=found.paid_minor, list=found.list_minor, confirmed=confirmed)


def _yes(claim: bool) -> str:  # noqa: FBT001 - a word for a claim
    return "yes" if claim else "no"
