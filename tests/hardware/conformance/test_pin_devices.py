"""Dispenser, drop sensor and door on every pin library: one suite, two libraries."""

import asyncio
from collections.abc import Callable

import pytest

from hardware.dispenser.port import SlotCondition, Turn
from hardware.emulated import EmulatedMachine
from hardware.gpio import PinMap
from hardware.world_state import WorldState

PINS = PinMap()


@pytest.fixture(params=["mock", "fake_rpi"])
async def machine(request: pytest.FixtureRequest, build: Callable[..., EmulatedMachine]) -> EmulatedMachine:
    return build(pins=request.param)


def turning_now(machine: EmulatedMachine) -> list[str]:
    return [slot for slot, view in machine.world.snapshot()["slots"].items() if view["turning"]]


def now() -> float:
    return asyncio.get_running_loop().time()


# --- dispenser


async def test_start_when_coils_stand_at_home_then_says_so(machine: EmulatedMachine) -> None:
    conditions = await machine.dispenser.start()
    assert conditions.keys() == machine.dispenser.slots == PINS.slots.keys()
    fitted = {slot for slot, condition in conditions.items() if condition is SlotCondition.HOME}
    assert fitted == {"A1", "A2", "B1", "C4"}


async def test_turn_when_all_is_well_then_is_one_turn_and_one_unit(machine: EmulatedMachine) -> None:
    began = now()
    assert await machine.dispenser.turn("A1") is Turn.HOME
    assert now() - began == pytest.approx(2.417, abs=0.01)
    assert machine.world.state.tray == ["green-tea"]
    assert len(machine.world.state.spirals["A1"].units) == 2


async def test_turn_when_repeated_then_coils_stay_aligned(machine: EmulatedMachine) -> None:
    for _ in range(8):
        assert await machine.dispenser.turn("C4") is Turn.HOME
    assert machine.world.state.tray == ["corn-soup"] * 8
    assert machine.world.state.spirals["C4"].angle < 0.01


async def test_turn_when_it_is_over_then_no_motor_has_power(machine: EmulatedMachine) -> None:
    await machine.dispenser.turn("A1")
    angle = machine.world.state.spirals["A1"].angle
    await asyncio.sleep(10)
    assert machine.world.state.spirals["A1"].angle == angle


async def test_turn_when_running_then_only_the_selected_coil_moves(machine: EmulatedMachine) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A2"))
    await asyncio.sleep(1)
    assert turning_now(machine) == ["A2"]
    await turning
    assert turning_now(machine) == []


async def test_turn_when_the_motor_is_stuck_then_is_jammed_after_a_second(machine: EmulatedMachine) -> None:
    machine.world.jam("A1")
    began = now()
    assert await machine.dispenser.turn("A1") is Turn.JAMMED
    assert now() - began == pytest.approx(1.0, abs=0.01)


async def test_turn_when_the_motor_stalls_midway_then_is_not_home_after_four_more_seconds(
    machine: EmulatedMachine,
) -> None:
    asyncio.get_running_loop().call_later(1.0, machine.world.jam, "A1")
    began = now()
    assert await machine.dispenser.turn("A1") is Turn.NOT_HOME
    assert now() - began == pytest.approx(0.167 + 4.0, abs=0.01)
    assert await machine.dispenser.check("A1") is SlotCondition.NOT_HOME


async def test_turn_when_the_coil_stands_half_way_then_brings_it_home(machine: EmulatedMachine) -> None:
    machine.world.state.spirals["A1"].angle = 0.5
    assert await machine.dispenser.check("A1") is SlotCondition.NOT_HOME
    assert await machine.dispenser.turn("A1") is Turn.HOME
    assert await machine.dispenser.check("A1") is SlotCondition.HOME
    assert machine.world.state.tray == ["green-tea"]


async def test_turn_when_the_home_contact_sticks_then_is_jammed(machine: EmulatedMachine) -> None:
    machine.world.stuck_home("A1")
    assert await machine.dispenser.turn("A1") is Turn.JAMMED


async def test_turn_when_the_home_line_answers_unasked_then_is_missing_and_not_started(
    machine: EmulatedMachine,
) -> None:
    machine.board.drive_input(PINS.home[1], False)
    assert await machine.dispenser.turn("A1") is Turn.MISSING
    assert machine.world.state.spirals["A1"].angle == 0.0


async def test_turn_when_the_contact_closes_then_the_motor_stops_before_the_event_loop_gets_its_turn(
    machine: EmulatedMachine,
) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(1)
    machine.board.drive_input(PINS.home[1], False)
    assert turning_now(machine) == []
    await asyncio.sleep(0.05)
    assert await turning is Turn.HOME


async def test_turn_when_a_spike_looks_like_home_then_the_coil_turns_on(machine: EmulatedMachine) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(1)
    machine.board.drive_input(PINS.home[1], False)
    machine.board.drive_input(PINS.home[1], True)
    assert turning_now(machine) == ["A1"]
    assert await turning is Turn.HOME
    assert machine.world.state.tray == ["green-tea"]


async def test_turn_when_the_contact_bounces_on_leaving_then_is_one_whole_turn(machine: EmulatedMachine) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(0.16)
    for _ in range(3):
        machine.board.drive_input(PINS.home[1], False)
        machine.board.drive_input(PINS.home[1], True)
    assert turning_now(machine) == ["A1"]
    assert await turning is Turn.HOME
    assert machine.world.state.tray == ["green-tea"]


async def test_turn_when_the_caller_is_cancelled_then_ends_whole_before_it_raises(machine: EmulatedMachine) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(0.5)
    turning.cancel()
    await asyncio.sleep(0.5)
    turning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turning
    assert turning_now(machine) == []
    assert await machine.dispenser.check("A1") is SlotCondition.HOME
    assert machine.world.state.tray == ["green-tea"]


async def test_turn_when_another_coil_turns_then_is_refused(machine: EmulatedMachine) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(0.5)
    with pytest.raises(RuntimeError, match="another coil"):
        await machine.dispenser.turn("A2")
    assert await turning is Turn.HOME


async def test_turn_when_stopped_then_the_motor_is_off_at_once(machine: EmulatedMachine) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(0.5)
    machine.dispenser.stop()
    assert turning_now(machine) == []
    assert await turning is Turn.NOT_HOME


@pytest.mark.parametrize("after_s", [0.0, 0.001])
async def test_turn_when_stopped_before_the_motor_has_power_then_it_never_gets_any(
    machine: EmulatedMachine, after_s: float
) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(after_s)
    machine.dispenser.stop()
    assert await turning is Turn.JAMMED
    assert machine.world.state.spirals["A1"].angle == 0.0


async def test_turn_when_the_slot_does_not_exist_then_is_a_key_error(machine: EmulatedMachine) -> None:
    with pytest.raises(KeyError):
        await machine.dispenser.turn("Z9")


async def test_close_when_a_coil_turns_then_it_stops(machine: EmulatedMachine) -> None:
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(0.5)
    machine.dispenser.close()
    machine.dispenser.close()
    assert turning_now(machine) == []
    assert await turning is Turn.NOT_HOME


# --- drop sensor


async def test_drop_when_a_unit_falls_then_is_latched_until_armed_again(machine: EmulatedMachine) -> None:
    machine.drop_sensor.arm()
    assert not machine.drop_sensor.has_dropped
    await machine.dispenser.turn("A1")
    assert machine.drop_sensor.has_dropped
    machine.drop_sensor.arm()
    assert not machine.drop_sensor.has_dropped


async def test_wait_drop_when_a_unit_falls_then_returns_as_it_falls(machine: EmulatedMachine) -> None:
    began = now()
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    assert await machine.drop_sensor.wait_drop(10)
    assert now() - began == pytest.approx(2.29, abs=0.01)
    await turning


async def test_wait_drop_when_nothing_falls_then_gives_up_in_time(machine: EmulatedMachine) -> None:
    machine.world.empty_turn("A1")
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    began = now()
    assert not await machine.drop_sensor.wait_drop(3.0)
    assert now() - began == pytest.approx(3.0)
    assert await turning is Turn.HOME
    assert machine.world.state.tray == []


async def test_wait_drop_when_latched_already_then_returns_at_once(machine: EmulatedMachine) -> None:
    await machine.dispenser.turn("A1")
    assert await machine.drop_sensor.wait_drop(0)


async def test_beam_when_something_hangs_in_it_then_is_blocked_and_cannot_be_armed(machine: EmulatedMachine) -> None:
    assert not machine.drop_sensor.is_blocked
    machine.world.block_beam()
    assert machine.drop_sensor.is_blocked
    machine.drop_sensor.arm()
    assert machine.drop_sensor.has_dropped
    machine.world.block_beam(blocked=False)
    machine.drop_sensor.arm()
    assert not machine.drop_sensor.is_blocked
    assert not machine.drop_sensor.has_dropped


async def test_latch_when_the_controller_restarts_then_still_remembers(
    machine: EmulatedMachine, state: WorldState, build: Callable[..., EmulatedMachine]
) -> None:
    machine.drop_sensor.arm()
    await machine.dispenser.turn("A1")
    machine.close()
    assert build(WorldState.model_validate_json(state.model_dump_json())).drop_sensor.has_dropped


# --- door


async def test_door_when_opened_and_shut_then_reports_both_debounced(machine: EmulatedMachine) -> None:
    heard: list[tuple[bool, float]] = []
    machine.door.on_change(lambda is_open: heard.append((is_open, now())))
    assert not machine.door.is_open
    machine.world.open_door()
    assert not machine.door.is_open
    await asyncio.sleep(1)
    assert machine.door.is_open
    machine.world.close_door()
    await asyncio.sleep(1)
    assert heard == [(True, pytest.approx(0.08)), (False, pytest.approx(1.08))]


async def test_door_when_it_bounces_then_reports_once(machine: EmulatedMachine) -> None:
    heard: list[bool] = []
    machine.door.on_change(heard.append)
    for level in (True, False, True, False, True):
        machine.board.drive_input(PINS.door, level)
        await asyncio.sleep(0.02)
    await asyncio.sleep(1)
    assert heard == [True]


async def test_door_when_open_at_the_start_then_is_open(
    state: WorldState, build: Callable[..., EmulatedMachine]
) -> None:
    state.is_door_open = True
    assert build().door.is_open
