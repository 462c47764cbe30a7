"""Giving money back, one order to one hopper at a time. Pure; part of the state machine.

An order is written down with the hopper's event counter before it is sent. After a power cut that counter
tells whether it was taken, so that no order is ever repeated blindly. Source: ccTalk part 2, header 166/167.
"""

from typing import Any

from edge.payment.change import plan_change
from edge.vend import inputs as i
from edge.vend.state import Leg, MachineState, Payout, PayoutReason, Phase, hopper_name
from edge.vend.step import Context, Step, add_fault
from protocol import events
from protocol.ids import claim_code


def begin_payout(state: MachineState, reason: PayoutReason, context: Context, vend_id: str = "") -> Step:
    """Give all credit back. The credit moves into the payout, so it cannot be spent meanwhile."""
    owed = state.credit + state.doubtful
    if not owed:
        return Step(state.model_copy(update={"phase": state.resting_phase}))
    number = state.payout_count + 1
    payout = Payout(reason=reason, vend_id=vend_id, number=number, owed=owed, uncertain=state.doubtful)
    update = {"phase": Phase.SETTLING, "payout": payout, "payout_count": number, "credit": 0, "doubtful": 0}
    return _plan(Step(state.model_copy(update=update)), context)


def resume_payout(state: MachineState) -> tuple[i.Effect, ...]:
    """What to do after a restart in the middle of a payout."""
    leg = _payout(state).legs[0]
    if leg.counter_before is None:
        return (i.ReadHopper(leg.denomination),)
    return (i.ResolveLeg(leg.denomination, leg.count, leg.counter_before),)


def leg_ready(state: MachineState, ready: i.LegReady, _: Context) -> Step:
    """Write the order down; only then may it be sent."""
    payout = _payout(state)
    leg = payout.legs[0].model_copy(update={"counter_before": ready.counter_before})
    after = _with(state, legs=(leg, *payout.legs[1:]))
    return Step(after, (), (i.OrderCoins(leg.denomination, leg.count),))


def leg_done(state: MachineState, done: i.LegDone, context: Context) -> Step:
    """Count what was paid; a short leg takes its hopper out of use and the rest is planned anew."""
    payout = _payout(state)
    leg = payout.legs[0]
    kind = leg.denomination
    hoppers = state.hoppers | {kind: max(0, state.hoppers.get(kind, 0) - done.paid)}
    coins = payout.coins | ({kind: payout.coins.get(kind, 0) + done.paid} if done.paid else {})
    after = _with(
        state.model_copy(update={"hoppers": hoppers}),
        paid=payout.paid + kind * done.paid,
        coins=coins,
        legs=payout.legs[1:],
    )
    if done.paid < leg.count:
        return _plan(
            add_fault(Step(after), "coin_hopper.short", hopper_name(kind), f"paid {done.paid} of {leg.count}"), context
        )
    return _next(Step(after), context)


def leg_refused(state: MachineState, refused: i.LegRefused, context: Context) -> Step:
    """Nothing moved: plan without this hopper."""
    kind = _payout(state).legs[0].denomination
    return _plan(add_fault(Step(state), "coin_hopper.offline", hopper_name(kind), refused.why), context)


def leg_uncertain(state: MachineState, unknown: i.LegUncertain, context: Context) -> Step:
    """Nobody knows: never pay it again, record it for a person."""
    payout = _payout(state)
    leg = payout.legs[0]
    after = _with(state, uncertain=payout.uncertain + leg.denomination * leg.count, legs=payout.legs[1:])
    return _plan(add_fault(Step(after), "payout.uncertain", hopper_name(leg.denomination), unknown.why), context)


def _payout(state: MachineState) -> Payout:
    assert state.payout is not None, "settling without a payout"  # noqa: S101 - the phase guarantees it
    return state.payout


def _with(state: MachineState, **update: Any) -> MachineState:
    return state.model_copy(update={"payout": _payout(state).model_copy(update=update)})


def _plan(here: Step, context: Context) -> Step:
    """Plan what is still owed over the hoppers that can be used, and start with the first order."""
    payout = _payout(here.state)
    rest = payout.owed - payout.paid - payout.uncertain
    plan = plan_change(rest, here.state.payable)
    legs = tuple(
        Leg(denomination=kind, count=min(255, count - done))
        for kind, count in plan.coins.items()
        for done in range(0, count, 255)
    )
    return _next(Step(_with(here.state, legs=legs), here.events, here.effects), context)


def _next(here: Step, context: Context) -> Step:
    payout = _payout(here.state)
    if payout.legs:
        return Step(here.state, here.events, (*here.effects, i.ReadHopper(payout.legs[0].denomination)))
    after = here.state.model_copy(update={"payout": None, "phase": here.state.resting_phase})
    return Step(after, (*here.events, _report(payout, here.state.currency, context)), here.effects)


def _report(payout: Payout, currency: str, context: Context) -> events.Event:
    short = payout.owed - payout.paid
    paid: dict[str, Any] = {
        "owed_minor": payout.owed,
        "paid_minor": payout.paid,
        "currency": currency,
        "coins": {str(kind): count for kind, count in payout.coins.items()},
        "short_minor": short,
        "uncertain_minor": payout.uncertain,
        "claim": claim_code(context.epoch, payout.number) if short else "",
    }
    if payout.reason == "change":
        return events.ChangePaid(vend_id=payout.vend_id, **paid)
    return events.CreditReturned(reason=payout.reason, **paid)
