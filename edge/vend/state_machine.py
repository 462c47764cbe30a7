"""The vend as a pure function: `step(state, input) -> Step(state, events, effects)`.

Not responsible for carrying anything out: the runtime writes the new state and the events in one
transaction and only then carries out the effects. `TABLE` says which input means what in which phase; an
input that is not listed is a bug and is refused loudly, never ignored.
"""

from collections.abc import Callable
from typing import Any

from edge.service.cash import float_loaded
from edge.service.changeover import take_over
from edge.service.device_inputs import DeviceTestAsked, DeviceTestEnded, StaffReported
from edge.service.devices import begin_test, coin_tested, end_test, nothing_fell, reported, unit_fell
from edge.service.slots import restocked
from edge.service.table import SERVICE
from edge.vend import inputs as i
from edge.vend.bills import (
    bill_back,
    bill_held,
    bill_in,
    bill_uncertain,
    end_business,
    resume_bill,
)
from edge.vend.cards import (
    card_approved,
    card_begun,
    card_denied,
    card_ended,
    card_settled,
    card_taken_back,
    card_unsettled,
    resume_card,
    resume_taking_back,
)
from edge.vend.choosing import attempt, vend_if_chosen
from edge.vend.commands import (
    command_refused,
    coupon_offered,
    offer_ended,
    settle_offer,
    vend_paid,
    withdraw_offer,
)
from edge.vend.outcome import delivered, not_delivered
from edge.vend.payout import leg_done, leg_ready, leg_refused, leg_uncertain, resume_payout
from edge.vend.state import MachineState, Phase
from edge.vend.step import Context, Step, add_fault, clear_fault
from protocol import events

COUNTS_TO = 2**24
"""The acceptor's count of coins has three bytes."""
MOST_MISSED = 255
"""More cannot fall unread; a count that is further away is another device's."""


class UnexpectedInputError(RuntimeError):
    """An input the current phase does not list: the runtime and the state machine disagree."""

    def __init__(self, phase: Phase, happened: i.Input) -> None:
        self.phase = phase
        self.happened = happened
        super().__init__(f"{type(happened).__name__} cannot happen while {phase.value}: {happened}")


Handler = Callable[[MachineState, Any, Context], Step]


def step(state: MachineState, happened: i.Input, context: Context) -> Step:
    """Decide what an input means.

    Raises:
        UnexpectedInputError: the input is not listed for the phase; nothing was decided.
    """
    handler = TABLE.get((state.phase, type(happened))) or ANYTIME.get(type(happened))
    if handler is None:
        raise UnexpectedInputError(state.phase, happened)
    return settle_offer(handler(state, happened, context))


# --- money in ----------------------------------------------------------------------------------
def _coin_in(state: MachineState, coin: i.CoinIn, context: Context) -> Step:
    where = "hoppers" if coin.routed_to == "hopper" else "cash_box"
    pile: dict[int, int] = getattr(state, where)
    ever = None if state.coins_ever is None else (state.coins_ever + 1) % COUNTS_TO
    counted = pile | {coin.amount: pile.get(coin.amount, 0) + 1}
    inside = state.model_copy(update={"coin_counter": coin.counter, "coins_ever": ever, where: counted})
    if state.is_testing_coins:
        return coin_tested(inside, coin)
    phase = Phase.CREDIT if state.phase is Phase.IDLE else state.phase
    after = inside.model_copy(update={"credit": state.credit + coin.amount, "phase": phase})
    accepted = events.CoinAccepted(
        amount_minor=coin.amount,
        currency=state.currency,
        credit_minor=after.spendable,
        routed_to=coin.routed_to,
        counter=coin.counter,
    )
    return vend_if_chosen(Step(after, (accepted,)), context)


def _bill_held(state: MachineState, held: i.BillHeld, context: Context) -> Step:
    return vend_if_chosen(bill_held(state, held, context), context)


def _card_begun(state: MachineState, begun: i.CardBegun, context: Context) -> Step:
    return vend_if_chosen(card_begun(state, begun, context), context)


def _coin_counter(state: MachineState, moved: i.CoinCounterMoved, _: Context) -> Step:
    return Step(state.model_copy(update={"coin_counter": moved.counter}))


def _coins_counted(state: MachineState, counted: i.CoinsCounted, _: Context) -> Step:
    """Coins that the machine never read are recorded: how many, and that nobody knows what they are worth."""
    known = state.coins_ever
    missed = 0 if known is None else (counted.total - known) % COUNTS_TO
    if known is not None and COUNTS_TO - missed <= MOST_MISSED:
        return Step(state)  # read a moment before the newest coin
    here = Step(state.model_copy(update={"coins_ever": counted.total}))
    if not 0 < missed <= MOST_MISSED:
        return here  # the first count, or another device's
    here = clear_fault(here, "coin_acceptor.lost_events")
    return add_fault(here, "coin_acceptor.lost_events", detail=f"{missed} accepted and never read")


# --- choosing ----------------------------------------------------------------------------------
def _select(state: MachineState, choice: i.Select, context: Context) -> Step:
    return attempt(state, choice.slot, context, announce=True)


def _clear(state: MachineState, _: i.Clear, __: Context) -> Step:
    return Step(state.model_copy(update={"chosen": ""}))


def _busy(state: MachineState, _: i.Input, __: Context) -> Step:
    """A finger was faster than the screen: nothing can be chosen now, and nothing is lost."""
    return Step(state)


# --- giving money back -------------------------------------------------------------------------
def _return_credit(state: MachineState, wish: i.ReturnCredit, context: Context) -> Step:
    effects = (i.AbandonCard(state.card.session),) if state.card else ()
    here = Step(state.model_copy(update={"chosen": "", "card": None}), (), effects)
    return here.then(end_business(here.state, wish.reason, context))


# --- the machine itself ------------------------------------------------------------------------
def _door(state: MachineState, door: i.DoorMoved, context: Context) -> Step:
    if door.is_open == state.door_open:
        return Step(state)
    event = events.DoorOpened() if door.is_open else events.DoorClosed()
    here = Step(state.model_copy(update={"door_open": door.is_open, "chosen": ""}), (event,))
    return here.then(end_test(here.state, DeviceTestEnded(), context))


def _fault_seen(state: MachineState, seen: i.FaultSeen, _: Context) -> Step:
    return add_fault(Step(state), seen.code, seen.where, seen.detail)


def _fault_gone(state: MachineState, gone: i.FaultGone, _: Context) -> Step:
    return clear_fault(Step(state), gone.code, gone.where, staff=gone.staff, visit=gone.visit)


def _planogram(state: MachineState, arrived: i.PlanogramArrived, _: Context) -> Step:
    """Take the new document. What stands in a slot stays there until staff change it."""
    new = arrived.planogram
    if state.planogram is not None and new.rev <= state.planogram.rev:
        return Step(state)
    here = take_over(state, new)
    shown = here.state.slot(state.offer.slot) if state.offer else None
    if shown is None or here.state.offer_for(shown) is None:
        here = withdraw_offer(here, "other_price")
    return clear_fault(here, "planogram.missing")


def _settings_refused(state: MachineState, refused: i.SettingsRefused, _: Context) -> Step:
    event = events.SettingsApplied(name=refused.name, rev=refused.rev, ok=False, why=refused.why)
    return Step(state, (event,))


def _started(state: MachineState, started: i.Started, context: Context) -> Step:
    """Begin a boot: say so, and take up whatever was left open. Nothing is repeated blindly."""
    here = Step(state, (events.Booted(software=started.software, devices=started.devices, resumed=state.phase.value),))
    if state.planogram is None:
        here = add_fault(here, "planogram.missing")
    here = withdraw_offer(here, "restarted")
    here = here.then(end_test(here.state, DeviceTestEnded(), context))
    turning = state.vend if state.phase is Phase.DISPENSING else here.state.test
    if turning is not None:
        resolve = (i.ResolveVend(turning.slot, kept_power=state.armed_on == context.host_boot),)
        return Step(here.state, here.events, resume_bill(state) + resolve + resume_taking_back(state))
    here = here.then(resume_card(here.state, context))
    effects = resume_bill(state) + (resume_payout(state) if state.payout else ()) + resume_taking_back(state)
    return Step(here.state, here.events, here.effects + effects)


ANYTIME: dict[type, Handler] = {
    i.CoinIn: _coin_in,
    i.CoinCounterMoved: _coin_counter,
    i.CoinsCounted: _coins_counted,
    i.BillHeld: _bill_held,
    i.BillIn: bill_in,
    i.BillBack: bill_back,
    i.BillUncertain: bill_uncertain,
    i.CardBegun: _card_begun,
    i.CardEnded: card_ended,
    i.CardApproved: card_approved,
    i.CardDenied: card_denied,
    i.CardSettled: card_settled,
    i.CardUnsettled: card_unsettled,
    i.CardTakenBack: card_taken_back,
    i.Clear: _clear,
    i.DoorMoved: _door,
    i.FaultSeen: _fault_seen,
    i.FaultGone: _fault_gone,
    i.SettingsRefused: _settings_refused,
    i.Restocked: restocked,
    i.FloatLoaded: float_loaded,
    i.PaidVendAsked: vend_paid,
    i.CouponOffered: coupon_offered,
    i.CommandRefused: command_refused,
    i.OfferEnded: offer_ended,
    DeviceTestAsked: begin_test,
    DeviceTestEnded: end_test,
    StaffReported: reported,
    i.Started: _started,
    **SERVICE,
}
"""Inputs that mean the same in every phase. Money is money whenever it comes."""

TABLE: dict[tuple[Phase, type], Handler] = {
    (Phase.IDLE, i.Select): _select,
    (Phase.IDLE, i.ReturnCredit): _busy,
    (Phase.IDLE, i.PlanogramArrived): _planogram,
    (Phase.CREDIT, i.Select): _select,
    (Phase.CREDIT, i.ReturnCredit): _return_credit,
    (Phase.APPROVING, i.Select): _busy,
    (Phase.APPROVING, i.ReturnCredit): _busy,
    (Phase.DISPENSING, i.Select): _busy,
    (Phase.DISPENSING, i.ReturnCredit): _busy,
    (Phase.DISPENSING, i.Delivered): delivered,
    (Phase.DISPENSING, i.NotDelivered): not_delivered,
    (Phase.SETTLING, i.Select): _busy,
    (Phase.SETTLING, i.ReturnCredit): _busy,
    (Phase.SETTLING, i.LegReady): leg_ready,
    (Phase.SETTLING, i.LegDone): leg_done,
    (Phase.SETTLING, i.LegRefused): leg_refused,
    (Phase.SETTLING, i.LegUncertain): leg_uncertain,
    (Phase.SERVICING, i.Select): _busy,
    (Phase.SERVICING, i.ReturnCredit): _busy,
    (Phase.SERVICING, i.Delivered): unit_fell,
    (Phase.SERVICING, i.NotDelivered): nothing_fell,
}
"""One row: in this phase, this input is handled so."""
