"""Tests of devices: a coil turns and coins come in without a customer. Pure; part of the state machine.

As with a sale, the intent is in the state, and so on the disk, before the motor turns; a restart in the middle is
resolved by the sensors and never by turning again. What falls leaves the books of its slot. Nothing is tested while a
customer has money in the machine, nor with the door open: a hand may be in the spirals.
"""

from typing import Final

from edge.service.device_inputs import DeviceTestAsked, DeviceTestEnded, StaffReported
from edge.service.memory import CHECK
from edge.service.visits import noted
from edge.vend import inputs as i
from edge.vend.state import DeviceTest, MachineState, Phase, Tested
from edge.vend.step import Context, Step, add_fault, clear_fault
from protocol import events

COIL_FAULTS: Final = ("slot.jammed", "slot.not_home", "slot.missing")
"""A coil that turned once and came home has none of these."""
SHOWN: Final = 8
"""Coins of a test that are kept to be shown."""
COIN_TEST_WHERE: Final = "coin acceptor"


def why_not(state: MachineState, test: str, slot: str = "") -> str:
    """Why this cannot be tested now: `busy`, `door`, `beam`, `empty`, `disk`; empty when it can."""
    if state.phase is not Phase.IDLE:
        return "busy"
    if state.door_open:
        return "door"
    if state.has_fault("store.full"):
        return "disk"
    if test == "coin":
        return ""
    if state.has_fault("drop_sensor.blocked"):
        return "beam"
    return "empty" if test == "vend" and not state.on_hand.get(slot, 0) else ""


def begin_test(state: MachineState, ask: DeviceTestAsked, context: Context) -> Step:
    """Write the intent; with that on disk the motor may turn, or coins come in."""
    if why_not(state, ask.test, ask.slot):
        return Step(state)
    test = DeviceTest(test=ask.test, slot=ask.slot, staff=ask.staff, visit=ask.visit)
    update = {"phase": Phase.SERVICING, "test": test, "chosen": "", "armed_on": context.host_boot}
    effects = () if ask.test == "coin" else (i.TurnCoil(ask.slot),)
    return Step(state.model_copy(update=update), (), effects)


def unit_fell(state: MachineState, outcome: i.Delivered, _: Context) -> Step:
    """A unit is in the tray: staff take it, and the slot has one less. One that nobody knew of is counted first."""
    test, slot = state.open_test, state.open_test.slot
    believed = state.on_hand.get(slot, 0)
    who = {"staff": test.staff, "visit": test.visit}
    product, left = state.product_in(slot), max(0, believed - 1)
    found = events.SlotCounted(slot=slot, product_id=product, counted=1, believed=0, on_hand=1, **who)
    taken = events.SlotRemoved(slot=slot, product_id=product, removed=1, why="test", on_hand=left, **who)
    after = state.model_copy(
        update={
            "on_hand": state.on_hand | {slot: left},
            "no_drop_streak": state.no_drop_streak | {slot: 0},
        }
    )
    if after.visit is not None:
        after = noted(after, CHECK, units_removed=after.visit.units_removed + 1)
    here = Step(after, (taken,) if believed else (found, taken))
    here = here.then(_ended(here.state, ok=not outcome.fault, detail=outcome.fault or "dropped"))
    if outcome.fault:
        return add_fault(here, outcome.fault, slot)
    return _cleared(here, (*COIL_FAULTS, "slot.no_drop"), slot, test)


def nothing_fell(state: MachineState, outcome: i.NotDelivered, _: Context) -> Step:
    """That is well when only the motor was to turn. A slot that lets nothing fall in a test is locked."""
    test = state.open_test
    is_home = outcome.reason == "no_drop"
    here = _ended(state, ok=is_home and test.test == "motor", detail=outcome.reason)
    if is_home and test.test == "motor":
        return _cleared(here, COIL_FAULTS, test.slot, test)
    return add_fault(here, "slot.no_drop" if is_home else outcome.fault, test.slot)


def coin_tested(inside: MachineState, coin: i.CoinIn) -> Step:
    """A coin of staff's: the machine has it from now on, and nobody has credit. `inside`: with the coin counted."""
    test = inside.open_test
    newest = ((coin.amount, coin.routed_to), *test.newest)[:SHOWN]
    counted = test.model_copy(
        update={"coins": test.coins + 1, "worth": test.worth + coin.amount, "newest": newest},
    )
    told = events.CoinTested(
        amount_minor=coin.amount,
        currency=inside.currency,
        routed_to=coin.routed_to,
        counter=coin.counter,
        staff=test.staff,
        visit=test.visit,
    )
    return Step(inside.model_copy(update={"test": counted}), (told,))


def end_test(state: MachineState, _: DeviceTestEnded, __: Context) -> Step:
    """End a test of coins: asked to, too long without one, the door, a restart. Others end with their outcome."""
    test = state.test
    if test is None or test.test != "coin":
        return Step(state)
    return _ended(state, ok=test.coins > 0, detail=f"{test.coins} coins, {test.worth} {state.currency}")


def reported(state: MachineState, report: StaffReported, _: Context) -> Step:
    """Tell the cloud; a knob stays as it was turned."""
    event = report.event
    if isinstance(event, events.MachineAdjusted):
        state = state.model_copy(update={event.name: event.value})
    if isinstance(event, events.DeviceTested):
        state = noted(state, CHECK)
    return Step(state, (event,))


def _ended(state: MachineState, *, ok: bool, detail: str) -> Step:
    test = state.open_test
    told = events.DeviceTested(
        test=test.test,
        where=test.slot or COIN_TEST_WHERE,
        ok=ok,
        detail=detail,
        staff=test.staff,
        visit=test.visit,
    )
    tested = Tested(test=test.test, slot=test.slot, ok=ok, detail=detail)
    after = state.model_copy(update={"test": None, "tested": tested, "phase": state.resting_phase})
    return Step(noted(after, CHECK), (told,))


def _cleared(here: Step, codes: tuple[str, ...], slot: str, test: DeviceTest) -> Step:
    """The test has shown that these are gone."""
    for code in codes:
        here = clear_fault(here, code, slot, staff=test.staff, visit=test.visit)
    return here
