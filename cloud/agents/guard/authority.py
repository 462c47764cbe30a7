"""Rules about who acts, on whose word, and what was read before. Pure; each gives one verdict or none."""

import math
from collections.abc import Mapping
from typing import Final

from cloud.agents.guard import facts
from cloud.agents.guard.case import Case, Today
from cloud.agents.guard.limits import ACTIONS, AUTHORITY, Limits
from cloud.agents.guard.patterns import forbidden
from cloud.agents.guard.restricted import restricted
from cloud.agents.guard.verdict import Ruling, Verdict
from cloud.agents.guard.wording import say
from cloud.agents.tools import Action

_READ_OR_NOTE: Final = (facts.Looks, facts.Note)

FITTING: Final[Mapping[Action, tuple[type, ...]]] = {
    Action.SELECT_PRODUCT: _READ_OR_NOTE,
    Action.PROCESS_PAYMENT: _READ_OR_NOTE,
    Action.DISPENSE_PRODUCT: (facts.Dispense,),
    Action.CHECK_INVENTORY: (facts.Looks,),
    Action.GENERATE_REPORT: (*_READ_OR_NOTE, facts.Saying),
    Action.CUSTOMER_SERVICE: (*_READ_OR_NOTE, facts.Saying),
    Action.CHANGE_PRICE: (facts.NewPrice,),
    Action.CHANGE_PLANOGRAM: (facts.Assortment,),
    Action.REQUEST_RESTOCK: (facts.Note,),
    Action.COMPARE_OFFERS: (*_READ_OR_NOTE, facts.Saying),
    Action.ORDER_GOODS: (facts.Purchase,),
    Action.GRANT_COUPON: (facts.CouponGrant,),
    Action.REFUND_SALE: (facts.SaleRefund,),
    Action.GIVE_CREDIT: (facts.StoreCredit,),
    Action.GIVE_GOODS: (facts.GiveAway,),
}
"""An action to the facts that can speak of it: a tool cannot call a payment a note."""


def allowed_action(case: Case) -> Verdict:
    """Each agent does what it is here for."""
    ruling = Ruling.ALLOW if case.action in ACTIONS.get(case.agent, ()) else Ruling.DENY
    return say("allowed_action", ruling, agent=case.agent, action=case.action)


def authority(case: Case) -> Verdict:
    """Whose words may bring it about: customers change no prices, suppliers and web pages nothing at all."""
    ruling = Ruling.ALLOW if case.action in AUTHORITY.get(case.channel, ()) else Ruling.DENY
    return say("authority", ruling, channel=case.channel, action=case.action)


def facts_fit(case: Case) -> Verdict | None:
    """The facts are of the action's kind; silent when they are."""
    if isinstance(case.facts, FITTING.get(case.action, ())):
        return None
    return say("facts_fit", Ruling.DENY, action=case.action, facts=type(case.facts).__name__)


def forbidden_pattern(case: Case) -> Verdict | None:
    """No words in it that try to undo the rules; silent when there are none."""
    found = forbidden(case.tool, case.arguments)
    if case.channel not in {"customer", "supplier", "web"}:
        found = tuple(name for name in found if name != "modify_prices")
    return say("forbidden_pattern", Ruling.DENY, found=", ".join(found)) if found else None


def own_customer(case: Case) -> Verdict | None:
    """A customer sees and gets what is theirs; silent where no customer is concerned."""
    whose = getattr(case.facts, "customer_id", "")
    if case.channel != "customer" or not whose:
        return None
    ruling = Ruling.ALLOW if whose == case.customer_id else Ruling.DENY
    return say("own_customer", ruling, asks=case.customer_id or "?", whose=whose)


def strangers_text(case: Case) -> Verdict | None:
    """A run that has read text of strangers moves nothing without a person; silent for all others."""
    is_told = isinstance(case.facts, facts.Saying) and case.facts.to == "supplier"
    if not case.outside_seen or not (case.moves or is_told):
        return None
    return say("strangers_text", Ruling.PROPOSE)


def own_judgement(case: Case, limits: Limits, today: Today) -> Verdict | None:
    """Where somebody tried what is forbidden, a person decides for the rest of the conversation."""
    if not limits.is_monitored or not case.moves or not today.suspicious:
        return None
    share, least = today.unsuspicious_percent(), math.ceil(limits.safety_threshold * 100)
    return say("own_judgement", Ruling.ALLOW if share >= least else Ruling.PROPOSE, share=share, least=least)


def restricted_goods(case: Case) -> Verdict | None:
    """No goods that need a licence, an age or a person; silent when there are none."""
    named = getattr(case.facts, "products", ()) or (getattr(case.facts, "product_id", ""),)
    found = restricted((*named, *case.goods))
    return say("restricted_goods", Ruling.DENY, found=", ".join(found)) if found and case.moves else None
