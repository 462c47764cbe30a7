"""From a choice to a vend: why a slot cannot be sold, and the intent when it can. Pure; part of the state machine."""

from typing import Any

from edge.payment.change import plan_change
from edge.vend import inputs as i
from edge.vend.state import MachineState, Phase, Vend
from edge.vend.step import Context, Step
from protocol import events
from protocol.desired import PlanogramSlot
from protocol.ids import vend_id


def why_locked(state: MachineState, slot: str) -> str:
    """Why nothing of this slot can be delivered now, whoever pays; empty when it can."""
    if state.slot(slot) is None:
        return "unknown_slot"
    if state.blocked_by or state.slot_fault(slot):
        return "locked"
    return "" if state.on_hand.get(slot, 0) else "sold_out"


def refusal(state: MachineState, slot: str) -> str:
    """Why this slot cannot be sold to this credit now; empty when it can."""
    row, locked = state.slot(slot), why_locked(state, slot)
    if row is None or locked:
        return locked
    price = state.price_of(row)
    if state.spendable < price:
        return "" if state.card_covers(price) else "too_little_credit"
    paid_with = state.credit if state.credit >= price else state.spendable  # else the bill is given back
    if plan_change(paid_with - price, state.payable).short:
        return "no_change"
    return ""


def vend_if_chosen(here: Step, context: Context) -> Step:
    """Money came, or a price went down: start the vend of a slot that was chosen before there was enough."""
    wanted = here.state.slot(here.state.chosen)
    if here.state.phase is not Phase.CREDIT or wanted is None:
        return here
    price = here.state.price_of(wanted)
    if here.state.spendable >= price or here.state.card_covers(price):
        return here.then(attempt(here.state, wanted.slot, context, announce=False))
    return here


def attempt(state: MachineState, slot: str, context: Context, *, announce: bool) -> Step:
    """Start the vend of `slot`, or say why not. `announce`: the customer chose just now."""
    row = state.slot(slot)
    why = refusal(state, slot)
    price = state.price_of(row) if row else 0
    selection = events.SelectionMade(
        slot=slot,
        product_id=row.product_id if row else "",
        price_minor=price,
        currency=state.currency,
        credit_minor=state.spendable,
        refused=why,
    )
    said = (selection,) if announce or why else ()
    if row is None or why:
        chosen = slot if why == "too_little_credit" else ""
        return Step(state.model_copy(update={"chosen": chosen}), said)
    vend = new_vend(state, row, context, **_terms(state, row))
    after = state.model_copy(update={"vend": vend, "vend_count": state.vend_count + 1, "chosen": ""})
    if state.spendable < price and state.card is not None:
        asked = vend.model_copy(update={"tender": "card"})
        asking = after.model_copy(update={"vend": asked, "phase": Phase.APPROVING})
        return Step(asking, said, (i.RequestCard(state.card.session, price, slot),))
    return Step(after, said).then(begin_vend(after, context))


def _terms(state: MachineState, row: PlanogramSlot) -> dict[str, Any]:
    """What an offer changes about the sale of this row."""
    offer = state.offer_for(row)
    if offer is None:
        return {}
    return {
        "price_minor": offer.price_minor,
        "list_minor": row.price_minor,
        "coupon": offer.coupon,
        "command": offer.order.command,
    }


def new_vend(state: MachineState, row: PlanogramSlot, context: Context, **terms: Any) -> Vend:
    """The next vend of this machine; `terms` are fields that differ from an ordinary cash sale."""
    ordinary = {
        "vend_id": vend_id(context.epoch, state.vend_count + 1),
        "slot": row.slot,
        "product_id": row.product_id,
        "price_minor": row.price_minor,
        "planogram_rev": state.planogram.rev if state.planogram else 1,
    }
    return Vend(**(ordinary | terms))


def begin_vend(state: MachineState, context: Context) -> Step:
    """Write the intent of the vend in `state.vend`; with that on disk the motor may turn."""
    vend = state.open_vend
    started = events.VendStarted(currency=state.currency, **vend.model_dump())
    after = state.model_copy(update={"phase": Phase.DISPENSING, "armed_on": context.host_boot})
    return Step(after, (started,), (i.TurnCoil(vend.slot),))
