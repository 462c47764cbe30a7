"""The vend: every path a customer, a coil and a hopper can take."""

from collections.abc import Iterable
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.service.device_inputs import DeviceTestAsked, DeviceTestEnded
from edge.vend import inputs as i
from edge.vend.state import MachineState, Phase
from edge.vend.state_machine import ANYTIME, TABLE, UnexpectedInputError, step
from edge.vend.step import Context
from protocol import events
from protocol.desired import Planogram, PlanogramSlot
from protocol.ids import claim_code
from tests.edge.machine_bench import CONTEXT, play

FLOAT = {10: 30, 50: 10, 100: 10, 500: 2}


def planogram(rev: int = 1, **prices: int) -> Planogram:
    prices = prices or {"A1": 160, "A2": 130}
    return Planogram(
        rev=rev,
        slots=[
            PlanogramSlot(
                slot=slot,
                product_id=f"p-{slot}",
                name_ja="茶",
                name_en="tea",
                price_minor=price,
                capacity=8,
                par_level=6,
            )
            for slot, price in prices.items()
        ],
    )


def ready(**update: Any) -> MachineState:
    state = MachineState(planogram=planogram(), on_hand={"A1": 2, "A2": 0}, hoppers=dict(FLOAT))
    return state.model_copy(update=update)


def coin(amount: int, counter: int = 1, routed_to: str = "hopper") -> i.CoinIn:
    return i.CoinIn(amount, routed_to, counter)


def kinds(found: Iterable[events.Event]) -> list[str]:
    return [event.KIND for event in found]


def test_sale_when_paid_with_too_much_then_dispenses_and_pays_change() -> None:
    done = play(ready(), coin(100), coin(100, 2), i.Select("A1"), i.Delivered(turns=1), i.LegReady(7), i.LegDone(4))
    assert kinds(done.events) == [
        "coin.accepted", "coin.accepted", "selection.made", "vend.started", "vend.dispensed", "change.paid",
    ]  # fmt: skip
    assert done.effects == (i.TurnCoil("A1"), i.ReadHopper(10), i.OrderCoins(10, 4))
    assert (done.state.phase, done.state.credit, done.state.on_hand["A1"]) == (Phase.IDLE, 0, 1)
    assert done.state.hoppers == FLOAT | {100: 12, 10: 26}


def test_sale_when_paid_exactly_then_pays_no_change() -> None:
    done = play(ready(), coin(100), coin(50), coin(10), i.Select("A1"), i.Delivered(turns=1))
    assert done.state.phase is Phase.IDLE
    assert "change.paid" not in kinds(done.events)


def test_intent_when_a_vend_starts_then_comes_with_the_order_and_not_after_it() -> None:
    done = play(ready(credit=200, phase=Phase.CREDIT), i.Select("A1"))
    assert kinds(done.events) == ["selection.made", "vend.started"]
    assert done.effects == (i.TurnCoil("A1"),)
    assert done.state.vend is not None


@pytest.mark.parametrize(
    ("update", "slot", "why"),
    [
        ({"credit": 500}, "A2", "sold_out"),
        ({"credit": 150}, "A1", "too_little_credit"),
        ({"credit": 500}, "A9", "unknown_slot"),
        ({"credit": 500, "hoppers": {100: 1, 10: 0}}, "A1", "no_change"),
        ({"credit": 500, "door_open": True}, "A1", "locked"),
    ],
)
def test_selection_when_it_cannot_be_sold_then_says_why_and_keeps_the_credit(
    update: dict[str, Any], slot: str, why: str
) -> None:
    state = ready(phase=Phase.CREDIT, **update)
    done = play(state, i.Select(slot))
    assert [e.refused for e in done.events if isinstance(e, events.SelectionMade)] == [why]
    assert done.effects == ()
    assert done.state.credit == state.credit


def test_chosen_when_the_last_coin_comes_then_vends_by_itself() -> None:
    done = play(ready(), i.Select("A1"), coin(100), coin(50), coin(10))
    assert done.effects == (i.TurnCoil("A1"),)
    assert kinds(done.events)[-1] == "vend.started"


def test_chosen_when_taken_back_then_the_coin_is_only_credit() -> None:
    done = play(ready(), i.Select("A1"), i.Clear(), coin(500))
    assert done.effects == ()
    assert done.state.credit == 500


def test_failed_vend_when_nothing_fell_then_credit_stays_and_units_stay() -> None:
    done = play(ready(), coin(500), i.Select("A1"), i.NotDelivered("jammed", "slot.jammed"))
    assert (done.state.credit, done.state.on_hand["A1"], done.state.phase) == (500, 2, Phase.CREDIT)
    assert kinds(done.events)[-2:] == ["vend.failed", "fault.raised"]
    assert play(done.state, i.Select("A1")).effects == ()


def test_slot_when_two_vends_in_a_row_drop_nothing_then_is_locked() -> None:
    nothing = i.NotDelivered("no_drop", turned=True)
    done = play(ready(), coin(500), i.Select("A1"), nothing, i.Select("A1"), nothing)
    assert done.state.slot_fault("A1") == "slot.no_drop"


def test_slot_when_a_unit_falls_although_the_coil_jams_then_is_a_sale_and_locked() -> None:
    done = play(ready(), coin(500), i.Select("A1"), i.Delivered(turns=1, fault="slot.not_home"))
    assert "vend.dispensed" in kinds(done.events)
    assert done.state.slot_fault("A1") == "slot.not_home"


def test_coin_when_it_comes_while_the_coil_turns_then_is_credit_and_comes_back() -> None:
    done = play(ready(), coin(100), coin(100), i.Select("A1"), coin(100, 3), i.Delivered(turns=1))
    assert done.state.payout is not None
    assert done.state.payout.owed == 140


def test_coin_when_it_comes_during_the_payout_then_is_new_credit() -> None:
    done = play(ready(), coin(100), coin(100), i.Select("A1"), i.Delivered(1), coin(50), i.LegReady(1), i.LegDone(4))
    assert (done.state.phase, done.state.credit) == (Phase.CREDIT, 50)


def test_lever_when_pulled_then_returns_all_credit() -> None:
    done = play(ready(), coin(100), i.ReturnCredit("lever"), i.LegReady(1), i.LegDone(1))
    returned = done.events[-1]
    assert isinstance(returned, events.CreditReturned)
    assert (returned.owed_minor, returned.paid_minor, returned.coins) == (100, 100, {"100": 1})


def test_payout_when_a_hopper_runs_short_then_pays_the_rest_from_another() -> None:
    done = play(ready(), coin(500), i.Select("A1"), i.Delivered(1))
    assert done.effects[-1] == i.ReadHopper(100)  # 340 = 3 x 100 + 4 x 10
    short = play(done.state, i.LegReady(1), i.LegDone(1))
    assert short.state.has_fault("coin_hopper.short", "hopper 100")
    assert short.effects[-1] == i.ReadHopper(50)
    rest = play(short.state, i.LegReady(1), i.LegDone(4), i.LegReady(1), i.LegDone(4))
    paid = rest.events[-1]
    assert isinstance(paid, events.ChangePaid)
    assert (paid.owed_minor, paid.paid_minor, paid.short_minor) == (340, 340, 0)
    assert paid.coins == {"100": 1, "50": 4, "10": 4}


def test_payout_when_no_coin_is_left_then_records_the_debt() -> None:
    state = ready(hoppers={10: 4})
    done = play(state, coin(100, routed_to="cash_box"), coin(100, routed_to="cash_box"), i.Select("A1"))
    done = play(done.state, i.Delivered(1), i.LegReady(1), i.LegDone(3))
    paid = done.events[-1]
    assert isinstance(paid, events.ChangePaid)
    assert (paid.paid_minor, paid.short_minor) == (30, 10)


def test_debt_when_recorded_then_has_a_claim_code_of_its_own() -> None:
    state = ready(hoppers={})
    coins = (coin(100, routed_to="cash_box"), i.ReturnCredit("lever"))
    done = play(state, *coins, *coins)
    claims = [event.claim for event in done.events if isinstance(event, events.CreditReturned)]
    assert claims == [claim_code(CONTEXT.epoch, 1), claim_code(CONTEXT.epoch, 2)]
    assert claims[0] != claims[1]


def test_multi_vend_when_set_then_credit_stays_for_the_next_sale() -> None:
    context = Context(CONTEXT.epoch, is_multi_vend=True)
    bought = (coin(500), i.Select("A1"), i.Delivered(1), i.Select("A2"), i.Delivered(1))
    here = play(ready(on_hand={"A1": 2, "A2": 2}), *bought, context=context)
    assert kinds(here.events).count("vend.dispensed") == 2
    assert (here.state.phase, here.state.credit) == (Phase.CREDIT, 210)


def test_multi_vend_when_the_credit_is_used_up_then_ends_without_a_payout() -> None:
    context = Context(CONTEXT.epoch, is_multi_vend=True)
    here = play(ready(), coin(100), coin(50), coin(10), i.Select("A1"), i.Delivered(1), context=context)
    assert here.state.phase is Phase.IDLE


def test_payout_when_the_hopper_refuses_then_another_pays() -> None:
    done = play(ready(), coin(100), i.ReturnCredit("lever"), i.LegRefused("NAK"))
    assert done.effects[-1] == i.ReadHopper(50)


def test_payout_when_nobody_knows_then_is_never_paid_again_but_recorded() -> None:
    done = play(ready(), coin(100), i.ReturnCredit("lever"), i.LegReady(3), i.LegUncertain("no answer"))
    returned = done.events[-1]
    assert isinstance(returned, events.CreditReturned)
    assert (returned.paid_minor, returned.short_minor, returned.uncertain_minor) == (0, 100, 100)
    assert done.state.has_fault("payout.uncertain", "hopper 100")


def test_restart_when_a_vend_is_open_then_asks_the_sensors_and_turns_nothing() -> None:
    state = play(ready(), coin(500), i.Select("A1")).state
    again = play(MachineState.model_validate_json(state.model_dump_json()), i.Started("1", {}))
    assert again.effects == (i.ResolveVend("A1", kept_power=True),)


def test_restart_when_an_order_is_open_then_asks_the_counter_and_pays_nothing() -> None:
    state = play(ready(), coin(100), i.ReturnCredit("lever"), i.LegReady(9)).state
    again = play(MachineState.model_validate_json(state.model_dump_json()), i.Started("1", {}))
    assert again.effects == (i.ResolveLeg(100, 1, 9),)


def test_restart_when_an_order_was_not_written_yet_then_begins_it() -> None:
    state = play(ready(), coin(100), i.ReturnCredit("lever")).state
    assert play(state, i.Started("1", {})).effects == (i.ReadHopper(100),)


def test_planogram_when_a_slot_gets_another_product_then_the_units_that_stand_there_lock_it() -> None:
    new = planogram(2)
    other = new.model_copy(update={"slots": [new.slots[0].model_copy(update={"product_id": "x"}), new.slots[1]]})
    done = play(ready(), i.PlanogramArrived(other))
    assert done.state.on_hand == {"A1": 2, "A2": 0}
    assert done.state.slot_fault("A1") == "slot.changing"


def test_planogram_when_not_newer_then_changes_nothing() -> None:
    state = ready()
    assert play(state, i.PlanogramArrived(planogram(1, A1=1))).state == state


def test_fault_when_seen_twice_then_is_raised_once_and_cleared_once() -> None:
    seen, gone = i.FaultSeen("slot.jammed", "A1"), i.FaultGone("slot.jammed", "A1")
    done = play(ready(), seen, seen, gone, gone)
    assert kinds(done.events) == ["fault.raised", "fault.cleared"]


def test_float_when_loaded_then_the_hopper_is_used_again() -> None:
    state = play(ready(), coin(100), i.ReturnCredit("lever"), i.LegReady(1), i.LegDone(0)).state
    assert 100 not in state.payable
    assert play(state, i.FloatLoaded(100, 5)).state.payable[100] == 16


@given(st.sampled_from(list(Phase)), st.sampled_from([i.Delivered(1), i.LegDone(1), i.LegReady(1)]))
def test_input_when_the_phase_does_not_list_it_then_is_refused_loudly(phase: Phase, happened: i.Input) -> None:
    if (phase, type(happened)) in TABLE or type(happened) in ANYTIME:
        return
    with pytest.raises(UnexpectedInputError, match=phase.value):
        step(ready(phase=phase), happened, CONTEXT)


class Conservation(RuleBasedStateMachine):
    """Whatever happens in whatever order: money in = goods + money back + credit + debt."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ready(on_hand={"A1": 5, "A2": 5})
        self.money_in = self.sold = self.paid = self.owed = self.lost = self.tested = 0
        self.units = 10
        self.counter = 0

    def _do(self, happened: i.Input) -> None:
        done = step(self.state, happened, CONTEXT)
        self.state = done.state
        for event in done.events:
            if isinstance(event, events.VendDispensed):
                self.units -= 1
                self.sold += event.price_minor
                self.lost += event.unpaid_minor
            if isinstance(event, events.ChangePaid | events.CreditReturned):
                self.paid += event.paid_minor
                self.owed += event.short_minor
            if isinstance(event, events.CoinTested):
                self.tested += event.amount_minor
            if isinstance(event, events.SlotRemoved):
                self.units -= event.removed
            if isinstance(event, events.SlotCounted):
                self.units += event.counted - event.believed

    @rule(amount=st.sampled_from([10, 50, 100, 500]), routed_to=st.sampled_from(["hopper", "cash_box"]))
    def put_coin(self, amount: int, routed_to: str) -> None:
        self.money_in += amount
        self.counter = self.counter % 255 + 1
        self._do(i.CoinIn(amount, routed_to, self.counter))

    @precondition(lambda self: self.state.bill is None and self.state.accepts_money)
    @rule(amount=st.sampled_from([1000, 2000]))
    def put_bill(self, amount: int) -> None:
        self._do(i.BillHeld(amount, 7))

    @precondition(lambda self: self.state.bill is not None)
    @rule(where=st.sampled_from(["stacked", "returned", "unknown"]))
    def bill_moves(self, where: str) -> None:
        """By order or by itself; an order may end the other way round, too."""
        assert self.state.bill is not None
        value, unpaid = self.state.bill.value, self.state.bill.unpaid
        if where == "returned":
            self.lost += unpaid
            self._do(i.BillBack(value))
        else:
            self.money_in += value  # of a bill nobody finds the claim is recorded, so it counts as taken
            self._do(i.BillIn(value) if where == "stacked" else i.BillUncertain("?"))

    @rule(slot=st.sampled_from(["A1", "A2", "A3"]))
    def choose(self, slot: str) -> None:
        self._do(i.Select(slot))

    @rule()
    def pull_lever(self) -> None:
        self._do(i.ReturnCredit("lever"))

    @precondition(lambda self: self.state.phase is Phase.DISPENSING)
    @rule(
        outcome=st.sampled_from(
            [
                i.Delivered(1),
                i.Delivered(1, "slot.not_home"),
                i.NotDelivered("jammed"),
                i.NotDelivered("no_drop", "", True),
            ]
        )
    )
    def finish_vend(self, outcome: i.Input) -> None:
        self._do(outcome)

    @rule(test=st.sampled_from(["vend", "motor", "coin"]), slot=st.sampled_from(["A1", "A2", "A3"]))
    def staff_test(self, test: Literal["vend", "motor", "coin"], slot: str) -> None:
        """Refused, and then nothing happens, unless the machine is idle."""
        self._do(DeviceTestAsked(test, "" if test == "coin" else slot, "st-1"))

    @precondition(lambda self: self.state.phase is Phase.SERVICING)
    @rule(
        outcome=st.sampled_from(
            [
                i.Delivered(1),
                i.Delivered(0, "slot.not_home"),
                i.NotDelivered("jammed", "slot.jammed"),
                i.NotDelivered("no_drop", "", True),
                i.NotDelivered("uncertain", "vend.uncertain"),
            ]
        )
    )
    def finish_test(self, outcome: i.Input) -> None:
        self._do(DeviceTestEnded() if self.state.is_testing_coins else outcome)

    @precondition(lambda self: self.state.phase is Phase.SETTLING and self.state.payout is not None)
    @rule(share=st.integers(0, 3), answer=st.sampled_from(["done", "refused", "uncertain"]))
    def finish_leg(self, share: int, answer: str) -> None:
        assert self.state.payout is not None
        count = self.state.payout.legs[0].count
        if answer == "refused":
            self._do(i.LegRefused("no"))
            return
        self._do(i.LegReady(1))
        self._do(i.LegDone(max(0, count - share)) if answer == "done" else i.LegUncertain("?"))

    @rule()
    def restart(self) -> None:
        self.state = MachineState.model_validate_json(self.state.model_dump_json())

    @rule(kind=st.sampled_from([10, 50, 100, 500]))
    def load_float(self, kind: int) -> None:
        self._do(i.FloatLoaded(kind, 5))

    @invariant()
    def money_is_conserved(self) -> None:
        in_payout = self.state.payout.owed - self.state.payout.paid if self.state.payout else 0
        paid_so_far = self.state.payout.paid if self.state.payout else 0
        to_come = self.state.bill.unpaid if self.state.bill else 0
        taken = self.money_in + self.lost + to_come
        held = self.state.credit + self.state.doubtful + in_payout + paid_so_far
        assert taken == self.sold + self.paid + self.owed + self.tested + held
        assert all(count >= 0 for count in self.state.hoppers.values())

    @invariant()
    def units_are_conserved(self) -> None:
        assert sum(self.state.on_hand.values()) == self.units

    @invariant()
    def a_test_is_open_only_while_servicing(self) -> None:
        assert (self.state.test is not None) == (self.state.phase is Phase.SERVICING)


TestConservation = Conservation.TestCase
