"""Cards: reserved before the goods move, charged when they fell, released when they did not. Pure.

Until the reader is told, the order to charge or to release stands in the state, so it is repeated after a restart; the
reader knows the reference, so repeating changes nothing. Source: MDB/ICP 4.3 section 7; docs/decisions/0009.
"""

from typing import Any, Final, Literal

from edge.vend import inputs as i
from edge.vend.bills import end_business
from edge.vend.choosing import begin_vend
from edge.vend.state import Asked, Card, MachineState, Phase
from edge.vend.step import Context, Step, add_fault
from protocol import events
from protocol.ids import claim_code

SETTLED_KEPT: Final = 16
"""Payments whose outcome is remembered. A reader that was silent tells late of the last one, hardly of two."""


def card_begun(state: MachineState, begun: i.CardBegun, _: Context) -> Step:
    """A card may pay from now on, when nothing else of a card is open."""
    if state.card is not None and (state.card.reference or state.phase is Phase.APPROVING):
        return Step(state, (), (i.AbandonCard(begun.session),))
    phase = Phase.CREDIT if state.phase is Phase.IDLE else state.phase
    return Step(state.model_copy(update={"card": Card(session=begun.session, funds=begun.funds), "phase": phase}))


def card_ended(state: MachineState, ended: i.CardEnded, context: Context) -> Step:
    """The card is gone. A reservation stands: it is settled by its reference."""
    card = state.card
    if card is None or card.session != ended.session or card.reference:
        return Step(state)
    if state.phase is Phase.APPROVING:
        return card_denied(state, i.CardDenied(ended.session, "card removed"), context)
    return Step(_rest(state.model_copy(update={"card": None})))


def card_approved(state: MachineState, approved: i.CardApproved, context: Context) -> Step:
    """Reserved: deliver, if this is what was asked for and the machine still can; else release it."""
    wanted = state.vend if state.phase is Phase.APPROVING else None
    card = state.card
    if approved.reference in state.settled or (card is not None and card.reference == approved.reference):
        return Step(state)  # said too late, or twice
    if wanted is None or card is None or card.session != approved.session:
        return _take_back(Step(state), approved.session, approved.amount)
    reserved = card.model_copy(
        update={"reference": approved.reference, "amount": approved.amount, "vend_id": wanted.vend_id}
    )
    paid = wanted.model_copy(update={"payment": approved.reference})
    here = state.model_copy(update={"card": reserved, "vend": paid})
    if approved.amount != wanted.price_minor or state.blocked_by or state.slot_fault(wanted.slot):
        return _denied(here, "approved too late or for another amount").then(
            settle_card(_without_vend(here), "release")
        )
    return begin_vend(here, context)


def card_denied(state: MachineState, denied: i.CardDenied, _: Context) -> Step:
    """Nothing is reserved, nothing is delivered; the customer may choose or pay otherwise."""
    if state.phase is not Phase.APPROVING or state.card is None or state.card.session != denied.session:
        return Step(state)
    here = _denied(state, denied.why)
    after = _without_vend(state).model_copy(update={"card": None})
    return _take_back(Step(_rest(after), here.events), denied.session, state.open_vend.price_minor)


def settle_card(state: MachineState, order: Literal["confirm", "release"]) -> Step:
    """The vend is decided: the reader must be told."""
    card = _card(state).model_copy(update={"order": order})
    after = state.model_copy(update={"phase": Phase.SETTLING, "card": card})
    return Step(after, (), (i.SettleCard(card.reference, order),))


def card_settled(state: MachineState, settled: i.CardSettled, context: Context) -> Step:
    """The reader knows."""
    card = state.card
    if card is None or card.reference != settled.reference:
        return Step(state)
    outcome = "charged" if card.order == "confirm" else "released"
    return _close(state, context, outcome=outcome)


def card_unsettled(state: MachineState, unknown: i.CardUnsettled, context: Context) -> Step:
    """Record who is owed what; a person and the processor's statement resolve it."""
    card = state.card
    if card is None or card.reference != unknown.reference:
        return Step(state)
    if card.order == "confirm":
        claim = {"owed_to": "machine"}
        here = state
    else:
        number = state.payout_count + 1
        here = state.model_copy(update={"payout_count": number})
        claim = {"owed_to": "customer", "claim": claim_code(context.epoch, number)}
    closed = _close(here, context, outcome="claim", why=unknown.why, **claim)
    return add_fault(closed, "payment.claim", detail=f"{card.reference}: {unknown.why}")


def _take_back(here: Step, session: str, amount: int) -> Step:
    """Nothing may stay reserved in this session; it is remembered until the reader has been told."""
    asked = Asked(session=session, amount=amount)
    others = tuple(other for other in here.state.taken_back if other != asked)
    after = here.state.model_copy(update={"taken_back": (*others, asked)})
    return Step(after, here.events, (*here.effects, i.AbandonCard(session, amount)))


def resume_taking_back(state: MachineState) -> tuple[i.Effect, ...]:
    """Requests of which nobody knows whether the reader let go of them, after a restart."""
    return tuple(i.AbandonCard(asked.session, asked.amount) for asked in state.taken_back)


def card_taken_back(state: MachineState, told: i.CardTakenBack, context: Context) -> Step:
    """The reader has been told. What it charged for nothing is a claim of the customer, told with the same step."""
    left = tuple(asked for asked in state.taken_back if asked.session != told.session)
    here = Step(state.model_copy(update={"taken_back": left}))
    for taken in told.taken:
        if taken.reference not in here.state.settled:  # two who asked for the same money back hear the same
            here = here.then(_taken(here.state, taken, context))
    return here


def _taken(state: MachineState, taken: i.CardTaken, context: Context) -> Step:
    number = state.payout_count + 1
    settled = events.PaymentSettled(
        payment=taken.reference,
        vend_id="",
        amount_minor=taken.amount,
        currency=state.currency,
        outcome="claim",
        owed_to="customer",
        claim=claim_code(context.epoch, number),
        why=taken.why,
    )
    here = Step(_with_outcome(state, taken.reference).model_copy(update={"payout_count": number}), (settled,))
    return add_fault(here, "payment.claim", detail=f"{taken.reference}: {taken.why}")


def resume_card(state: MachineState, context: Context) -> Step:
    """What a restart left open. An unanswered request is taken back; a session is begun anew by the customer."""
    card = state.card
    if card is None:
        return Step(state)
    if card.order and card.reference:
        return Step(state, (), (i.SettleCard(card.reference, card.order),))
    if state.phase is Phase.APPROVING:
        return card_denied(state, i.CardDenied(card.session, "interrupted"), context)
    if card.reference:
        return Step(state)  # the vend is still to be judged
    return Step(_rest(state.model_copy(update={"card": None})), (), (i.AbandonCard(card.session),))


def _close(state: MachineState, context: Context, *, outcome: str, **more: Any) -> Step:
    card = _card(state)
    settled = events.PaymentSettled(
        payment=card.reference,
        vend_id=card.vend_id,
        amount_minor=card.amount,
        currency=state.currency,
        outcome=outcome,
        **more,
    )
    after = _with_outcome(state, card.reference).model_copy(update={"card": None})
    here = Step(after, (settled,), (i.AbandonCard(card.session),))
    if card.order == "confirm" and not context.is_multi_vend:
        return here.then(end_business(here.state, "change", context, card.vend_id))
    return Step(here.state.model_copy(update={"phase": here.state.resting_phase}), here.events, here.effects)


def _with_outcome(state: MachineState, reference: str) -> MachineState:
    return state.model_copy(update={"settled": (*state.settled, reference)[-SETTLED_KEPT:]})


def _denied(state: MachineState, why: str) -> Step:
    vend = state.open_vend
    event = events.PaymentDenied(slot=vend.slot, price_minor=vend.price_minor, currency=state.currency, why=why)
    return Step(state, (event,))


def _without_vend(state: MachineState) -> MachineState:
    return state.model_copy(update={"vend": None, "phase": Phase.CREDIT})


def _rest(state: MachineState) -> MachineState:
    """Back to idle or credit, when nothing is under way."""
    if state.phase not in {Phase.IDLE, Phase.CREDIT}:
        return state
    return state.model_copy(update={"phase": state.resting_phase})


def _card(state: MachineState) -> Card:
    assert state.card is not None, "no card to settle"  # noqa: S101 - callers have looked
    return state.card
