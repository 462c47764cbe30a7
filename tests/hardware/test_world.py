"""The simulated world: nothing appears, nothing vanishes, and a killed process finds it as it was."""

import asyncio
import contextlib
import json
import random
from collections.abc import Callable

import pytest

from hardware.dispenser.port import Turn
from hardware.emulated import EmulatedMachine
from hardware.errors import DeviceError
from hardware.gpio import PinMap
from hardware.world import World
from hardware.world_state import Spiral, WorldState

Build = Callable[..., EmulatedMachine]


SLOTS = ("A1", "A2", "B1", "C4")


async def live(machine: EmulatedMachine, seed: int, actions: int) -> None:
    """Random customers, staff and mishaps; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    await machine.acceptor.start(None)
    await machine.acceptor.set_accepting(accepting=True)
    for hopper in machine.hoppers.values():
        await hopper.start()
    for _ in range(actions):
        await dice.choice([use_hands, use_hands, run_devices, run_devices, have_bad_luck])(machine, dice)
        await asyncio.sleep(dice.random())


async def use_hands(machine: EmulatedMachine, dice: random.Random) -> None:
    world = machine.world
    dice.choice(
        [
            lambda: world.insert_coin(dice.choice([1, 10, 50, 100, 500])),
            world.take_coins,
            world.take_products,
            lambda: world.load("B1", "yokan", dice.randint(0, 1)) if len(world.state.spirals["B1"].units) < 8 else None,
            lambda: world.load_hopper(10, dice.randint(0, 3)),
        ]
    )()


async def run_devices(machine: EmulatedMachine, dice: random.Random) -> None:
    if dice.random() < 0.5:
        await machine.dispenser.turn(dice.choice(SLOTS))
        return
    # Jammed and busy hoppers refuse; what counts here is that coins do not care.
    with contextlib.suppress(DeviceError):
        await machine.hoppers[dice.choice([10, 50, 100, 500])].dispense(dice.randint(1, 4))


async def have_bad_luck(machine: EmulatedMachine, dice: random.Random) -> None:
    world = machine.world
    if dice.random() < 0.3:
        world.hopper_jam(dice.choice([10, 50]))
    else:
        dice.choice([world.jam, world.repair, world.empty_turn, world.stuck_home])(dice.choice(SLOTS))


@pytest.mark.parametrize("seed", range(6))
async def test_world_when_anything_happens_then_no_coin_and_no_unit_is_lost_or_made(build: Build, seed: int) -> None:
    machine = build()

    def audit() -> None:
        assert machine.world.state.coins_unaccounted() == {}, f"seed {seed}"
        assert machine.world.state.units_unaccounted() == {}, f"seed {seed}"

    machine.world.on_change = audit
    await live(machine, seed, actions=150)
    await asyncio.sleep(60)
    audit()


async def test_world_when_killed_at_any_save_then_the_next_one_goes_on_from_there(build: Build) -> None:
    saved: list[str] = []
    machine = build(save=lambda state: saved.append(state.model_dump_json()))
    await machine.acceptor.start(None)
    await machine.acceptor.set_accepting(accepting=True)
    machine.world.insert_coin(100)
    await machine.dispenser.turn("A1")
    machine.close()
    for text in saved:
        state = WorldState.model_validate_json(text)
        again = build(state)
        assert state.coins_unaccounted() == {}
        await asyncio.sleep(1)
        assert state.units_unaccounted() == {}
        assert state.falling == []
        again.close()


async def test_unit_when_the_process_dies_while_it_falls_then_lands_and_is_latched(build: Build) -> None:
    state = WorldState(falling=["cider"], units_brought={"cider": 1})
    machine = build(state)
    await asyncio.sleep(1)
    assert state.tray == ["cider"]
    assert machine.drop_sensor.has_dropped


async def test_motor_when_the_process_dies_midway_then_stands_where_it_was_saved(build: Build) -> None:
    saved: list[str] = []
    machine = build(save=lambda state: saved.append(state.model_dump_json()))
    turning = asyncio.create_task(machine.dispenser.turn("A1"))
    await asyncio.sleep(1)
    text = saved[-1]
    await turning
    assert WorldState.model_validate_json(text).spirals["A1"].angle == pytest.approx(0.0625)


async def test_faults_when_the_process_dies_then_the_next_one_still_has_them_until_repaired(build: Build) -> None:
    saved: list[str] = []
    machine = build(save=lambda state: saved.append(state.model_dump_json()))
    for harm in (
        lambda: machine.world.jam("A1"),
        lambda: machine.world.stuck_home("A2"),
        lambda: machine.world.empty_turn("C4"),
        machine.world.block_beam,
    ):
        count = len(saved)
        harm()
        assert len(saved) > count
    machine.close()

    again = build(WorldState.model_validate_json(saved[-1]), save=lambda state: saved.append(state.model_dump_json()))
    assert again.world.jammed_slots == ["A1"]
    assert again.world.is_beam_blocked
    assert again.drop_sensor.is_blocked
    assert [await again.dispenser.turn(slot) for slot in ("A1", "A2")] == [Turn.JAMMED, Turn.JAMMED]
    assert await again.dispenser.turn("C4") is Turn.HOME
    assert len(again.world.state.spirals["C4"].units) == 8

    again.world.block_beam(blocked=False)
    for slot in ("A1", "A2"):
        again.world.repair(slot)
    again.close()
    mended = build(WorldState.model_validate_json(saved[-1]))
    assert mended.world.jammed_slots == []
    assert not mended.drop_sensor.is_blocked
    assert [await mended.dispenser.turn(slot) for slot in ("A1", "A2")] == [Turn.HOME, Turn.HOME]


def test_world_state_when_saved_before_faults_were_kept_then_opens_without_any() -> None:
    state = WorldState.model_validate({"spirals": {"A1": {"units": ["tea"], "capacity": 8, "angle": 0.5}}})
    assert not state.is_beam_blocked
    assert (state.spirals["A1"].is_jammed, state.spirals["A1"].turns_held_back) == (False, 0)


async def test_snapshot_when_taken_then_is_plain_json_with_what_the_page_draws(build: Build) -> None:
    machine = build()
    machine.world.insert_coin(100)
    view = json.loads(json.dumps(machine.world.snapshot()))
    assert view["slots"]["A1"] == {"units": 3, "capacity": 8, "turning": False}
    assert view["return_cup"] == {"100": 1}
    assert view["hoppers"] == {"10": 20, "50": 10, "100": 10, "500": 2}
    assert (view["tray"], view["cash_box"], view["door_open"]) == ([], {}, False)
    assert view["coins"] == [10, 50, 100, 500]


async def test_snapshot_when_a_coil_turns_then_shows_it_and_tells(build: Build) -> None:
    machine = build()
    seen: list[bool] = []
    machine.world.on_change = lambda: seen.append(machine.world.snapshot()["slots"]["A1"]["turning"])
    await machine.dispenser.turn("A1")
    assert seen[0] is True
    assert seen[-1] is False


async def test_coin_when_no_acceptor_has_power_then_falls_through(state: WorldState) -> None:
    world = World(state)
    world.insert_coin(500)
    assert world.take_coins() == {500: 1}
    assert state.return_cup == {}


async def test_hands_when_they_take_then_things_are_gone(build: Build) -> None:
    machine = build()
    await machine.dispenser.turn("A1")
    assert machine.world.take_products() == ["green-tea"]
    assert machine.world.take_products() == []
    assert machine.world.state.units_taken == {"green-tea": 1}


async def test_load_when_it_does_not_fit_then_is_refused(build: Build) -> None:
    world = build().world
    with pytest.raises(ValueError, match="room for 5"):
        world.load("A1", "green-tea", 6)
    with pytest.raises(ValueError, match="do not fit"):
        world.load_hopper(10, 181)
    with pytest.raises(KeyError):
        world.load("Z9", "green-tea", 1)


async def test_load_when_it_fits_then_goes_behind_what_is_there(build: Build) -> None:
    machine = build()
    machine.world.load("A2", "green-tea", 2)
    assert machine.world.state.spirals["A2"].units == ["cider", "green-tea", "green-tea"]
    assert machine.world.state.units_unaccounted() == {}


async def test_coil_when_no_wires_lead_to_it_then_the_machine_is_refused(build: Build) -> None:
    with pytest.raises(ValueError, match=r"no wires lead to \['D1'\]"):
        build(WorldState(spirals={"D1": Spiral()}), pin_map=PinMap())


def test_audit_when_a_coin_or_unit_is_missing_then_names_it() -> None:
    state = WorldState(coins_brought={100: 2}, cash_box={100: 1}, tray=["cider"])
    assert state.coins_unaccounted() == {100: 1}
    assert state.units_unaccounted() == {"cider": -1}
