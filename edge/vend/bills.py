"""Bills: the last one is held in escrow until the vend is decided. Pure; part of the state machine.

A bill in escrow can be spent and can be given back as the same bill. It is stacked only when it is needed to
pay a product that has been delivered. An order is written down with the validator's counter before it is sent, so
that after a power cut the counter tells whether the bill was stacked; the money is never counted twice.
Source: MDB/ICP 4.3 section 6 (ESCROW); docs/decisions/0008.
"""

from edge.vend import inputs as i
from edge.vend.payout import begin_payout
from edge.vend.state import Bill, Ending, MachineState, PayoutReason, Phase
from edge.vend.step import Context, Step, add_fault
from protocol import events


def end_business(state: MachineState, reason: PayoutReason, context: Context, vend_id: str = "") -> Step:
    """Bring the customer's business to its end: the bill first, where there is one, then the coins."""
    if state.bill is None:
        return begin_payout(state, reason, context, vend_id)
    bill = state.bill.model_copy(update={"order": "stack" if state.bill.unpaid else "give_back"})
    ending = Ending(reason=reason, vend_id=vend_id)
    after = state.model_copy(update={"phase": Phase.SETTLING, "bill": bill, "ending": ending})
    return Step(after, (), resume_bill(after))


def resume_bill(state: MachineState) -> tuple[i.Effect, ...]:
    """What is to be done about the bill in escrow, now or after a restart; `edge/bill_orders.py` may do it again."""
    bill = state.bill
    if bill is None:
        return ()
    if bill.order:
        return (i.MoveBill(bill.order, bill.value, bill.stacked_before),)
    return (i.FindBill(bill.value, bill.stacked_before),)


def bill_held(state: MachineState, held: i.BillHeld, _: Context) -> Step:
    """A bill may be spent from now on."""
    if state.bill is not None:
        return Step(state)  # seen again after a restart
    phase = Phase.CREDIT if state.phase is Phase.IDLE else state.phase
    after = state.model_copy(
        update={"bill": Bill(value=held.amount, stacked_before=held.stacked_before), "phase": phase}
    )
    event = events.BillHeld(amount_minor=held.amount, currency=state.currency, credit_minor=after.spendable)
    return Step(after, (event,))


def bill_in(state: MachineState, stacked: i.BillIn, context: Context) -> Step:
    """It is the machine's now: it pays what is unpaid, and the rest is credit."""
    if state.bill is None:
        return Step(state)  # said twice
    credit = state.credit + stacked.amount - state.bill.unpaid
    phase = Phase.CREDIT if state.phase is Phase.IDLE else state.phase
    stacker = state.stacker | {stacked.amount: state.stacker.get(stacked.amount, 0) + 1}
    after = state.model_copy(update={"bill": None, "credit": credit, "phase": phase, "stacker": stacker})
    event = events.BillStacked(amount_minor=stacked.amount, currency=state.currency, credit_minor=credit)
    return Step(after, (event,)).then(_go_on(after, context))


def bill_back(state: MachineState, back: i.BillBack, context: Context) -> Step:
    """The customer has it again."""
    if state.bill is None:
        return Step(state)  # said twice
    unpaid = state.bill.unpaid
    after = state.model_copy(update={"bill": None})
    if state.phase is Phase.CREDIT:
        after = after.model_copy(update={"phase": after.resting_phase})
    event = events.BillReturned(
        amount_minor=back.amount, currency=state.currency, credit_minor=state.credit, unpaid_minor=unpaid
    )
    here = Step(after, (event,))
    if unpaid:
        here = add_fault(here, "bill.lost", detail=f"{unpaid} unpaid")
    return here.then(_go_on(here.state, context))


def bill_uncertain(state: MachineState, unknown: i.BillUncertain, context: Context) -> Step:
    """A person has to look. What it is worth is neither spent nor paid out, but the customer gets a claim code."""
    if state.bill is None:
        return Step(state)
    bill = state.bill
    after = state.model_copy(update={"bill": None, "doubtful": state.doubtful + bill.value - bill.unpaid})
    detail = f"{bill.value}, {bill.unpaid} unpaid: {unknown.why}"
    here = add_fault(Step(after), "bill.uncertain", detail=detail, again=True)
    if state.phase is Phase.CREDIT:
        return here.then(begin_payout(here.state, "bill", context))
    return here.then(_go_on(here.state, context))


def _go_on(state: MachineState, context: Context) -> Step:
    """With the bill settled, the coins are next."""
    if state.ending is None or state.phase is not Phase.SETTLING:
        return Step(state)
    ending = state.ending
    return begin_payout(state.model_copy(update={"ending": None}), ending.reason, context, ending.vend_id)
