"""Judge one call: every rule that has something to say, and the hardest of them holds. Pure.

Rules look at facts from our own services, at the channel, and at what happened before. What a conversation says is
looked through for forbidden words and otherwise not believed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cloud.agents.guard import authority, buying, facts, money
from cloud.agents.guard.case import Case, Today
from cloud.agents.guard.limits import Limits
from cloud.agents.guard.screening import KINDS, screen
from cloud.agents.guard.verdict import Judgement, Ruling, Verdict
from cloud.agents.guard.wording import say

SUSPICIOUS: Final = frozenset(
    {"known_tool", "allowed_action", "authority", "facts_fit", "forbidden_pattern", "own_customer", "text_leaving"}
)
"""Rules whose denial says that somebody tries to make the agent do what it is not here for."""


def judge(case: Case, limits: Limits, today: Today) -> Judgement:
    """All verdicts on a call.

    Args:
        case: what is to be done, by whom, on whose word.
        limits: what agents may do by themselves.
        today: what happened already.

    Returns:
        The verdicts, and what the call takes from the loss budget if it happens; `ruling` says what may happen.
    """
    verdicts = [verdict for verdict in _all(case, limits, today) if verdict is not None]
    judged = Judgement(tuple(verdicts), money.loss_of(case.facts))
    if judged.ruling is not Ruling.PROPOSE or case.is_approval:
        return judged
    queues = (
        (today.open_proposals, limits.open_proposals),
        (today.open_of_customer, limits.open_proposals_of_customer),
    )
    full = [say("proposals_open", Ruling.DENY, open=waits, most=most) for waits, most in queues if waits >= most]
    return Judgement((*verdicts, *full), judged.loss_minor)


def may_act(judged: Judgement, case: Case, limits: Limits) -> bool:
    """Whether it happens now: allowed, or proposed and wanted by a person too, or not guarded (development only)."""
    return judged.ruling <= (Ruling.PROPOSE if case.is_approval else Ruling.ALLOW) or not limits.is_enforced


def is_suspicious(judged: Judgement) -> bool:
    """Whether a denial counts against the conversation's own judgement."""
    return any(verdict.ruling is Ruling.DENY and verdict.rule in SUSPICIOUS for verdict in judged.verdicts)


def _all(case: Case, limits: Limits, today: Today) -> Iterator[Verdict | None]:
    yield authority.allowed_action(case)
    yield authority.authority(case)
    yield authority.facts_fit(case)
    yield authority.forbidden_pattern(case)
    yield authority.own_customer(case)
    yield authority.restricted_goods(case)
    yield authority.strangers_text(case)
    yield authority.own_judgement(case, limits, today)
    about = _ABOUT.get(type(case.facts))
    if about is not None:
        yield from about(case.facts, limits)
    yield money.loss_budget(case, limits, today)


def _leaving(saying: facts.Saying, limits: Limits) -> Iterator[Verdict]:
    found = screen(saying.text, hosts=limits.payment_hosts, contacts=limits.public_contacts)
    kinds = {one.kind for one in found}
    words = ", ".join(kind for kind in KINDS if kind in kinds) or "nothing"
    yield say("text_leaving", Ruling.DENY if kinds else Ruling.ALLOW, found=words)


def _reading(_: facts.Looks, __: Limits) -> Iterator[Verdict]:
    yield say("reading", Ruling.ALLOW)


def _note(_: facts.Note, __: Limits) -> Iterator[Verdict]:
    yield say("note", Ruling.ALLOW)


_ABOUT: Final[Mapping[type, Callable[[Any, Limits], Iterator[Verdict]]]] = {
    facts.Looks: _reading,
    facts.Note: _note,
    facts.Saying: _leaving,
    facts.NewPrice: money.new_price,
    facts.CouponGrant: money.coupon,
    facts.SaleRefund: money.refund,
    facts.StoreCredit: money.credit,
    facts.GiveAway: money.gift,
    facts.Purchase: buying.purchase,
    facts.Assortment: buying.assortment,
    facts.Dispense: money.dispense,
}
"""What each kind of facts is judged by; a kind that is not here is refused by `authority.facts_fit`."""
