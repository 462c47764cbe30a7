"""Commands of the cloud: a sale that is paid elsewhere, and a coupon's price. Pure; part of the state machine.

The number of a command is written with the step that takes it, so none is carried out twice. An offer ends when it is
used, when its time is over or when the controller restarts; a vend that hangs on it is decided first.
Source: docs/decisions/0011.
"""

from edge.vend import inputs as i
from edge.vend.choosing import begin_vend, new_vend, vend_if_chosen, why_locked
from edge.vend.state import MachineState, Offer, Order, Phase, Vend
from edge.vend.step import Context, Step
from protocol import events
from protocol.commands import CouponOffer, Outcome, VendPaid


def vend_paid(state: MachineState, ask: i.PaidVendAsked, context: Context) -> Step:
    """Deliver one unit that was paid elsewhere, if the machine is free and has what was paid for."""
    if ask.order.n <= state.last_command:
        return Step(state)
    wish, row = ask.wish, state.slot(ask.wish.slot)
    why = "busy" if state.phase is not Phase.IDLE else _mismatch(state, wish)
    if row is None or why:
        return _refused(state, ask.order, "rejected", why)
    vend = new_vend(
        state,
        row,
        context,
        price_minor=wish.paid_minor,
        list_minor=wish.list_minor if wish.paid_minor != wish.list_minor else 0,
        tender="remote",
        payment=wish.payment,
        coupon=wish.coupon,
        command=ask.order.command,
    )
    update = {"vend": vend, "vend_count": state.vend_count + 1, "chosen": "", "order": ask.order}
    after = state.model_copy(update=update | {"last_command": ask.order.n})
    return Step(after, (_taken(ask.order),)).then(begin_vend(after, context))


def coupon_offered(state: MachineState, ask: i.CouponOffered, context: Context) -> Step:
    """Take the coupon's price for its slot; it takes the place of an offer before it."""
    if ask.order.n <= state.last_command:
        return Step(state)
    wish, before = ask.wish, state.offer
    why = _mismatch(state, wish)
    if wish.price_minor > wish.list_minor:
        why = "not_lower"
    elif before is not None and state.vend is not None and state.vend.command == before.order.command:
        why = "busy"
    if why:
        return _refused(state, ask.order, "rejected", why)
    here = withdraw_offer(Step(state), "replaced")
    offer = Offer(
        order=ask.order,
        slot=wish.slot,
        product_id=wish.product_id,
        list_minor=wish.list_minor,
        price_minor=wish.price_minor,
        coupon=wish.coupon,
    )
    after = here.state.model_copy(update={"offer": offer, "last_command": ask.order.n})
    wait = i.EndOfferAfter(ask.order.command, ask.left_ms)
    return vend_if_chosen(Step(after, (*here.events, _taken(ask.order)), (wait,)), context)


def command_refused(state: MachineState, refused: i.CommandRefused, _: Context) -> Step:
    """It came too late, or cannot be understood; nothing is begun."""
    if refused.order.n <= state.last_command:
        return Step(state)
    return _refused(state, refused.order, refused.outcome, refused.why)


def offer_ended(state: MachineState, ended: i.OfferEnded, _: Context) -> Step:
    """Its time is over."""
    if state.offer is None or state.offer.order.command != ended.command:
        return Step(state)
    return withdraw_offer(Step(state), "too_late")


def withdraw_offer(here: Step, why: str) -> Step:
    """The offer is over: nobody can begin a vend with it. It ends with `settle_offer`."""
    if here.state.offer is None or here.state.offer.over:
        return here
    over = here.state.offer.model_copy(update={"over": why})
    return settle_offer(Step(here.state.model_copy(update={"offer": over}), here.events, here.effects))


def settle_offer(here: Step) -> Step:
    """Say how an offer that is over ended, as soon as no vend hangs on it."""
    offer, vend = here.state.offer, here.state.vend
    if offer is None or not offer.over or (vend is not None and vend.command == offer.order.command):
        return here
    done = _done(offer.order, "expired", offer.over)
    return Step(here.state.model_copy(update={"offer": None}), (*here.events, done), here.effects)


def command_delivered(here: Step, vend: Vend) -> Step:
    """A vend is done: so is the command that asked for it, or gave it its price."""
    order, offer = here.state.order, here.state.offer
    if order is not None:
        done, update = _done(order, "succeeded", vend_id=vend.vend_id), {"order": None}
    elif offer is not None and offer.order.command == vend.command:
        done, update = _done(offer.order, "succeeded", vend_id=vend.vend_id), {"offer": None}
    else:
        return here
    return Step(here.state.model_copy(update=update), (*here.events, done), here.effects)


def command_failed(here: Step, vend: Vend, why: str) -> Step:
    """Nothing fell: a vend that was paid elsewhere is over, and its money comes back from there. An offer stands."""
    order = here.state.order
    if order is None:
        return here
    done = _done(order, "failed", why, vend.vend_id)
    return Step(here.state.model_copy(update={"order": None}), (*here.events, done), here.effects)


def _mismatch(state: MachineState, wish: VendPaid | CouponOffer) -> str:
    """Why the machine cannot do what was shown to the customer elsewhere; empty when it can."""
    row = state.slot(wish.slot)
    locked = why_locked(state, wish.slot)
    if row is None or locked:
        return locked
    if row.product_id != wish.product_id:
        return "other_product"
    if row.price_minor != wish.list_minor or state.currency != wish.currency:
        return "other_price"
    return ""


def _refused(state: MachineState, order: Order, outcome: Outcome, why: str) -> Step:
    return Step(state.model_copy(update={"last_command": order.n}), (_done(order, outcome, why),))


def _taken(order: Order) -> events.CommandTaken:
    return events.CommandTaken(command=order.command, n=order.n, name=order.name)


def _done(order: Order, outcome: Outcome, why: str = "", vend_id: str = "") -> events.CommandDone:
    return events.CommandDone(
        command=order.command, n=order.n, name=order.name, outcome=outcome, why=why, vend_id=vend_id
    )
