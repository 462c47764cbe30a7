"""What the end of a vend means for money, stock and faults. Pure; part of the state machine."""

from edge.vend import inputs as i
from edge.vend.bills import end_business
from edge.vend.cards import settle_card
from edge.vend.commands import command_delivered, command_failed
from edge.vend.state import MachineState, Phase
from edge.vend.step import Context, Step, add_fault
from protocol import events

NO_DROP_LIMIT = 2
"""Vends in a row without a drop after which a slot is locked (reference: actuators, decision table)."""


def delivered(state: MachineState, outcome: i.Delivered, context: Context) -> Step:
    """A unit fell: this makes the sale."""
    vend = state.open_vend
    on_hand = max(0, state.on_hand.get(vend.slot, 0) - 1)
    due = vend.price_minor if vend.tender == "cash" else 0
    unpaid = max(0, due - state.credit)
    after = state.model_copy(
        update={
            "phase": Phase.CREDIT,
            "vend": None,
            "credit": max(0, state.credit - due),
            "bill": state.bill.model_copy(update={"unpaid": unpaid}) if state.bill and unpaid else state.bill,
            "on_hand": state.on_hand | {vend.slot: on_hand},
            "no_drop_streak": state.no_drop_streak | {vend.slot: 0},
        }
    )
    sold = events.VendDispensed(
        currency=state.currency,
        credit_minor=max(0, after.spendable - unpaid),
        on_hand=on_hand,
        turns=outcome.turns,
        unpaid_minor=0 if state.bill else unpaid,
        **vend.model_dump(),
    )
    here = add_fault(Step(after, (sold,)), outcome.fault, vend.slot)
    if sold.unpaid_minor:
        here = add_fault(here, "bill.lost", detail=f"{unpaid} unpaid")
    here = command_delivered(here, vend)
    if vend.tender == "card":
        return here.then(settle_card(here.state, "confirm"))
    if context.is_multi_vend and after.spendable and not unpaid:
        return here
    return here.then(end_business(here.state, "change", context, vend.vend_id))


def not_delivered(state: MachineState, outcome: i.NotDelivered, _: Context) -> Step:
    """Nothing fell: what was paid is the customer's."""
    vend = state.open_vend
    streak = state.no_drop_streak.get(vend.slot, 0) + (1 if outcome.turned else 0)
    after = state.model_copy(
        update={
            "phase": state.resting_phase,
            "vend": None,
            "no_drop_streak": state.no_drop_streak | {vend.slot: streak},
        }
    )
    failed = events.VendFailed(
        vend_id=vend.vend_id,
        slot=vend.slot,
        product_id=vend.product_id,
        price_minor=vend.price_minor,
        currency=state.currency,
        reason=outcome.reason,
        credit_minor=state.spendable,
        on_hand=state.on_hand.get(vend.slot, 0),
        tender=vend.tender,
    )
    here = add_fault(Step(after, (failed,)), outcome.fault, vend.slot)
    if streak >= NO_DROP_LIMIT:
        here = add_fault(here, "slot.no_drop", vend.slot)
    here = command_failed(here, vend, outcome.reason)
    return here.then(settle_card(here.state, "release")) if vend.tender == "card" else here
