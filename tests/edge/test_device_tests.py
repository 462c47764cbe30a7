"""Staff test coils and coins: what moves, what the books say, and power cuts in the middle."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.service.device_inputs import DeviceTestAsked, DeviceTestEnded, StaffReported
from edge.service.devices import why_not
from edge.vend import inputs as i
from edge.vend.state import ActiveFault, MachineState, Phase
from edge.vend.step import Step
from protocol import events
from tests.edge.machine_bench import Bench, commits_of, killed_at_each, planogram, play

VISIT = "0" * 31 + "7"


def asked(test: Any, slot: str = "") -> DeviceTestAsked:
    return DeviceTestAsked(test, slot, staff="s-1", visit=VISIT)


def ready(**update: Any) -> MachineState:
    return MachineState(planogram=planogram(), on_hand={"A1": 2, "A2": 0}, hoppers={100: 5}).model_copy(update=update)


def kinds(done: Step) -> list[str]:
    return [event.KIND for event in done.events]


def told(done: Step) -> events.DeviceTested:
    return next(event for event in done.events if isinstance(event, events.DeviceTested))


def test_test_when_asked_then_the_intent_is_in_the_state_and_comes_with_the_order() -> None:
    done = play(ready(), asked("vend", "A1"))
    assert done.effects == (i.TurnCoil("A1"),)
    assert done.state.phase is Phase.SERVICING
    assert done.state.open_test.slot == "A1"


@pytest.mark.parametrize(
    ("update", "test", "slot", "why"),
    [
        ({"phase": Phase.CREDIT, "credit": 100}, "motor", "A1", "busy"),
        ({"phase": Phase.SETTLING}, "coin", "", "busy"),
        ({"door_open": True}, "motor", "A1", "door"),
        ({"door_open": True}, "coin", "", "door"),
        ({"faults": (ActiveFault(code="drop_sensor.blocked"),)}, "vend", "A1", "beam"),
        ({"faults": (ActiveFault(code="drop_sensor.blocked"),)}, "coin", "", ""),
        ({"faults": (ActiveFault(code="store.full"),)}, "coin", "", "disk"),
        ({}, "vend", "A2", "empty"),
        ({}, "motor", "A2", ""),
        ({"faults": (ActiveFault(code="slot.jammed", where="A1"),)}, "motor", "A1", ""),
    ],
)
def test_test_when_it_cannot_be_now_then_nothing_moves_and_it_is_said_why(
    update: dict[str, Any], test: Any, slot: str, why: str
) -> None:
    state = ready(**update)
    assert why_not(state, test, slot) == why
    done = play(state, asked(test, slot))
    assert (done.state is state) == bool(why)
    assert bool(done.effects) == (not why and test != "coin")


def test_vend_test_when_a_unit_falls_then_it_is_taken_out_and_the_slot_sells_again() -> None:
    locked = ready(
        faults=(ActiveFault(code="slot.no_drop", where="A1"), ActiveFault(code="coin_acceptor.fraud")),
        no_drop_streak={"A1": 2},
    )
    done = play(locked, asked("vend", "A1"), i.Delivered(turns=1))
    assert kinds(done) == ["slot.removed", "device.tested", "fault.cleared"]
    taken = done.events[0]
    assert isinstance(taken, events.SlotRemoved)
    assert (taken.removed, taken.why, taken.on_hand, taken.staff, taken.visit) == (1, "test", 1, "s-1", VISIT)
    assert told(done).ok
    assert (done.state.on_hand["A1"], done.state.no_drop_streak["A1"]) == (1, 0)
    assert [fault.code for fault in done.state.faults] == ["coin_acceptor.fraud"]
    assert (done.state.phase, done.state.test) == (Phase.IDLE, None)


def test_motor_run_when_something_falls_that_nobody_knew_of_then_it_is_counted_before_it_is_taken_out() -> None:
    done = play(ready(), asked("motor", "A2"), i.Delivered(turns=1))
    assert kinds(done) == ["slot.counted", "slot.removed", "device.tested"]
    assert done.state.on_hand["A2"] == 0


def test_motor_run_when_it_comes_home_and_nothing_falls_then_is_well() -> None:
    jammed = ready(faults=(ActiveFault(code="slot.jammed", where="A1"), ActiveFault(code="slot.no_drop", where="A1")))
    done = play(jammed, asked("motor", "A1"), i.NotDelivered("no_drop", turned=True))
    assert told(done).ok
    assert [fault.code for fault in done.state.faults] == ["slot.no_drop"]
    assert done.state.on_hand["A1"] == 2


@pytest.mark.parametrize(
    ("test", "outcome", "fault"),
    [
        ("vend", i.NotDelivered("no_drop", turned=True), "slot.no_drop"),
        ("vend", i.NotDelivered("jammed", "slot.jammed"), "slot.jammed"),
        ("motor", i.NotDelivered("jammed", "slot.jammed"), "slot.jammed"),
        ("motor", i.Delivered(1, "slot.not_home"), "slot.not_home"),
        ("motor", i.NotDelivered("uncertain", "vend.uncertain"), "vend.uncertain"),
    ],
)
def test_test_when_it_fails_then_the_slot_is_locked(test: Any, outcome: i.Input, fault: str) -> None:
    done = play(ready(), asked(test, "A1"), outcome)
    assert not told(done).ok
    assert done.state.slot_fault("A1") == fault


def test_coins_when_tested_then_are_the_machines_and_nobody_has_credit() -> None:
    done = play(ready(coins_ever=9), asked("coin"), i.CoinIn(100, "hopper", 3), i.CoinIn(10, "cash_box", 4))
    assert kinds(done) == ["coin.tested", "coin.tested"]
    assert (done.state.credit, done.state.hoppers[100], done.state.coin_counter) == (0, 6, 4)
    assert done.state.coins_ever == 11
    ended = play(done.state, DeviceTestEnded(), i.CoinIn(100, "hopper", 5))
    assert kinds(ended) == ["device.tested", "coin.accepted"]
    assert told(ended).ok
    assert ended.state.credit == 100


def test_money_when_a_coil_is_tested_then_only_coins_in_flight_come_and_they_are_credit() -> None:
    testing = play(ready(), asked("motor", "A1"))
    assert not testing.state.accepts_coins
    done = play(testing.state, i.CoinIn(50, "hopper", 3), i.NotDelivered("no_drop", turned=True))
    assert (done.state.phase, done.state.credit) == (Phase.CREDIT, 50)


def test_selling_when_coins_are_tested_then_stands_still() -> None:
    testing = play(ready(), asked("coin")).state
    assert testing.accepts_coins
    assert not testing.accepts_money
    assert play(testing, i.Select("A1"), i.ReturnCredit("lever")).state == testing


@pytest.mark.parametrize("end", [i.DoorMoved(is_open=True), i.Started("test", {})])
def test_coin_test_when_the_door_opens_or_the_machine_restarts_then_ends(end: i.Input) -> None:
    done = play(ready(), asked("coin"), end)
    assert "device.tested" in kinds(done)
    assert (done.state.phase, done.state.test) == (Phase.IDLE, None)


def test_report_when_staff_tried_a_sensor_then_only_the_cloud_hears_of_it() -> None:
    event = events.DeviceTested(staff="s-1", visit=VISIT, test="sensor", where="drop sensor", ok=True)
    state = ready()
    assert play(state, StaffReported(event)) == Step(state, (event,))


def test_knob_when_turned_then_stays_so() -> None:
    event = events.MachineAdjusted(staff="s-1", visit=VISIT, name="volume", value=40)
    done = play(ready(), StaffReported(event))
    assert (done.state.volume, done.events) == (40, (event,))


# --- on the whole machine ------------------------------------------------------------------------
async def test_vend_test_when_ordered_then_one_unit_falls_and_the_books_agree(bench: Bench) -> None:
    bench.runtime.apply(asked("vend", "A1"))
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A1"]
    assert bench.kinds()[-2:] == ["slot.removed", "device.tested"]
    assert bench.state.on_hand["A1"] == len(bench.world_state.spirals["A1"].units)


async def test_motor_run_when_the_coil_lets_nothing_fall_then_turns_only_once(bench: Bench) -> None:
    bench.machine.world.empty_turn("A1")
    bench.runtime.apply(asked("motor", "A1"))
    await bench.until_idle()
    assert bench.world_state.tray == []
    assert bench.events()[-1].d["ok"]


async def test_door_when_it_opens_while_a_coil_is_tested_then_the_motor_stops(bench: Bench) -> None:
    bench.runtime.apply(asked("motor", "A1"))
    await asyncio.sleep(0.3)
    bench.machine.world.open_door()
    await bench.until_idle()
    assert bench.state.slot_fault("A1") == "slot.not_home"
    assert not bench.machine.world.coils.is_turning("A1")
    assert bench.world_state.tray == []


async def test_coin_test_when_no_coin_comes_for_long_then_ends_by_itself(bench: Bench) -> None:
    bench.runtime.apply(asked("coin"))
    await bench.insert(100, 10)
    assert bench.state.credit == 0
    await asyncio.sleep(70)
    assert bench.state.phase is Phase.IDLE
    await bench.insert(100)
    assert bench.state.credit == 100


async def test_coils_when_looked_at_while_one_turns_then_the_look_waits(bench: Bench) -> None:
    bench.runtime.apply(asked("motor", "A1"))
    await asyncio.sleep(0.3)
    await bench.runtime.look_at_coils("A1", "A2")
    assert bench.state.slot_fault("A1") == ""
    await bench.until_idle()
    assert bench.events()[-1].d["ok"]


async def _tests_a_vend(bench: Bench) -> None:
    bench.runtime.apply(asked("vend", "A1"))
    await bench.until_idle()


async def _tests_coins(bench: Bench) -> None:
    bench.runtime.apply(asked("coin"))
    await bench.insert(100, 10)
    bench.runtime.apply(DeviceTestEnded())


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
async def test_vend_test_when_killed_at_any_step_then_no_coil_turns_twice_and_no_unit_is_lost(
    tmp_path: Path, after: bool
) -> None:
    steps = await commits_of(tmp_path, _tests_a_vend)
    assert steps == 2
    async for where, bench in killed_at_each(tmp_path, steps, _tests_a_vend, after=after):
        await asyncio.sleep(3)
        await bench.until_idle()
        assert bench.state.on_hand["A1"] == len(bench.world_state.spirals["A1"].units), where
        assert len(bench.world_state.tray) == bench.kinds().count("slot.removed") <= 1, where
        assert not bench.world_state.units_unaccounted(), where


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
async def test_coin_test_when_killed_at_any_step_then_each_coin_is_told_once(tmp_path: Path, after: bool) -> None:
    steps = await commits_of(tmp_path, _tests_coins)
    async for where, bench in killed_at_each(tmp_path, steps, _tests_coins, after=after):
        await asyncio.sleep(3)
        assert bench.state.phase in {Phase.IDLE, Phase.CREDIT}, where
        coins = [event for event in bench.events() if event.kind in {"coin.tested", "coin.accepted"}]
        inside = {value: hopper.count for value, hopper in bench.world_state.hoppers.items()}
        assert bench.state.hoppers == inside, where
        credit = sum(event.d["amount_minor"] for event in coins if event.kind == "coin.accepted")
        assert bench.state.credit == credit, where
        brought = sum(bench.world_state.coins_brought.values())
        assert len(coins) == brought - sum(FLOAT_COINS) - sum(bench.world_state.return_cup.values()), where


FLOAT_COINS = (40, 10, 20, 4)
