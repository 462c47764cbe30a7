"""On an emulated machine what staff say they did is done to the world, and nothing appears or vanishes in it."""

from edge.emulated_staff import EmulatedStaff
from edge.service.inputs import CashCounted, FloatFilled, Removal, SlotServiced, StaffIn
from edge.vend import inputs as i
from tests.edge.machine_bench import Bench


async def test_world_when_staff_work_on_the_screens_then_is_what_they_said(bench: Bench) -> None:
    world = bench.machine.world
    bench.runtime.listen(EmulatedStaff(world))
    bench.runtime.apply(StaffIn("st-1", "a" * 32, 0))
    bench.runtime.apply(SlotServiced("A1", found=3, removed=(Removal(2, "expired"),), added=6))
    bench.runtime.apply(FloatFilled(((10, 5), (100, -20))))
    bench.runtime.apply(CashCounted("hopper", ((50, 12), (500, 1))))
    assert len(world.state.spirals["A1"].units) == bench.state.on_hand["A1"] == 7
    assert {kind: pile.count for kind, pile in world.state.hoppers.items()} == bench.state.hoppers
    assert (world.state.units_unaccounted(), world.state.coins_unaccounted()) == ({}, {})


async def test_world_when_cash_is_collected_then_box_and_stacker_are_empty(bench: Bench) -> None:
    world = bench.machine.world
    bench.runtime.listen(EmulatedStaff(world))
    world.state.validator.stacker[1000] = world.state.bills_brought[1000] = 2
    world.state.cash_box[500] = 3
    world.state.coins_brought[500] = world.state.coins_brought.get(500, 0) + 3
    bench.runtime.apply(StaffIn("st-1", "a" * 32, 0))
    bench.runtime.apply(CashCounted("stacker", ((1000, 2),)))
    assert world.state.validator.stacker == {1000: 2}
    bench.runtime.apply(CashCounted("stacker", ((1000, 2),), ((1000, 2),), "B1"))
    bench.runtime.apply(CashCounted("cash_box", ((500, 3),), ((500, 3),), "B2"))
    assert (world.state.validator.stacker, world.state.bills_collected) == ({}, {1000: 2})
    assert (world.state.cash_box, world.state.coins_taken) == ({}, {500: 3})
    assert (world.state.bills_unaccounted(), world.state.coins_unaccounted()) == ({}, {})


async def test_world_when_units_come_without_a_visit_then_is_left_alone(bench: Bench) -> None:
    bench.runtime.listen(EmulatedStaff(bench.machine.world))
    before = len(bench.world_state.spirals["A1"].units)
    bench.runtime.apply(i.Restocked("A1", 2, "first fill"))
    assert len(bench.world_state.spirals["A1"].units) == before
