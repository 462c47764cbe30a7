"""The simulated bill validator's own tricks: what only a simulation can be asked to do."""

import asyncio

import pytest

from hardware.bill_validator.port import (
    BillEscrowed,
    BillRefused,
    BillReturned,
    BillStacked,
    Escrow,
    EscrowStatus,
    ValidatorReady,
    ValidatorTrouble,
)
from hardware.bill_validator.simulated import SimulatedBillValidator
from hardware.errors import DeviceRefusedError
from hardware.world import World
from hardware.world_state import WorldState
from protocol.money import yen


@pytest.fixture
async def validator() -> SimulatedBillValidator:
    made = SimulatedBillValidator(World(WorldState()))
    await made.set_accepting(accepting=True)
    return made


@pytest.fixture
def world(validator: SimulatedBillValidator) -> World:
    return validator._world


async def hold(validator: SimulatedBillValidator, world: World) -> None:
    world.insert_bill(1000)
    await asyncio.sleep(5)
    assert await validator.poll() == [BillEscrowed(yen(1000))]


async def test_restart_when_it_forgets_a_bill_that_left_then_it_cannot_tell(
    validator: SimulatedBillValidator, world: World
) -> None:
    await hold(validator, world)
    await validator.stack()
    await asyncio.sleep(0.8)
    validator.power_cycle(remembers=False)
    await asyncio.sleep(5)
    assert await validator.status() == EscrowStatus(Escrow.UNKNOWN, None, 0)
    assert world.state.validator.stacker == {1000: 1}
    assert world.state.bills_unaccounted() == {}


async def test_restart_when_it_forgets_a_bill_still_there_then_it_holds_it(
    validator: SimulatedBillValidator, world: World
) -> None:
    await hold(validator, world)
    await validator.stack()
    await asyncio.sleep(0.3)
    validator.power_cycle(remembers=False)
    await asyncio.sleep(5)
    assert await validator.status() == EscrowStatus(Escrow.HOLDING, yen(1000), 0)


async def test_repair_when_it_cannot_tell_then_it_starts_afresh(
    validator: SimulatedBillValidator, world: World
) -> None:
    await hold(validator, world)
    await validator.give_back()
    await asyncio.sleep(0.8)
    validator.power_cycle(remembers=False)
    await asyncio.sleep(5)
    validator.repair()
    assert (await validator.status()).escrow is Escrow.EMPTY


async def test_repair_when_jammed_then_is_ready_and_the_bill_can_move(
    validator: SimulatedBillValidator, world: World
) -> None:
    await hold(validator, world)
    world.bill_jam()
    await validator.give_back()
    await asyncio.sleep(5)
    validator.repair()
    assert await validator.poll() == [ValidatorTrouble("jammed"), ValidatorReady()]
    await validator.give_back()
    await asyncio.sleep(5)
    assert world.take_bills() == {1000: 1}


async def test_stacker_when_emptied_then_staff_have_the_bills_and_it_is_ready_again(
    validator: SimulatedBillValidator, world: World
) -> None:
    await hold(validator, world)
    await validator.stack()
    await asyncio.sleep(5)
    assert validator.remove_stacker() == {1000: 1}
    validator.insert_stacker()
    assert await validator.poll() == [BillStacked(yen(1000), 1), ValidatorTrouble("stacker removed"), ValidatorReady()]
    assert world.state.bills_collected == {1000: 1}
    assert world.state.bills_unaccounted() == {}
    assert (await validator.status()).stacked == 1


async def test_stack_when_the_stacker_is_out_then_is_refused_and_the_bill_can_go_back(
    validator: SimulatedBillValidator, world: World
) -> None:
    await hold(validator, world)
    validator.remove_stacker()
    with pytest.raises(DeviceRefusedError, match="no room"):
        await validator.stack()
    await validator.give_back()
    await asyncio.sleep(5)
    assert BillReturned(yen(1000)) in await validator.poll()


async def test_stacker_when_pulled_while_the_bill_moves_then_it_stays_in_escrow(
    validator: SimulatedBillValidator, world: World
) -> None:
    await hold(validator, world)
    await validator.stack()
    validator.remove_stacker()
    await asyncio.sleep(5)
    assert (await validator.status()).escrow is Escrow.HOLDING
    assert world.state.validator.stacker == {}


async def test_bill_when_the_device_gives_up_then_comes_back(validator: SimulatedBillValidator, world: World) -> None:
    await hold(validator, world)
    validator.give_up()
    validator.give_up()
    await asyncio.sleep(5)
    assert await validator.poll() == [BillReturned(yen(1000))]


async def test_bill_when_it_looks_forged_then_is_refused_once(validator: SimulatedBillValidator, world: World) -> None:
    validator.refuse_next_bill("thread missing", is_fraud_suspected=True)
    world.insert_bill(1000)
    assert await validator.poll() == [BillRefused("thread missing", is_fraud_suspected=True)]
    await hold(validator, world)


async def test_start_when_trouble_lasts_then_tells_it_again(validator: SimulatedBillValidator) -> None:
    validator.remove_stacker()
    assert await validator.start() == "AVS SIM-B1 3001"
    assert await validator.poll() == [ValidatorTrouble("stacker removed")]


async def test_bill_when_the_machine_has_no_validator_then_stays_outside() -> None:
    world = World(WorldState())
    world.insert_bill(1000)
    assert world.take_bills() == {1000: 1}
    assert world.state.bills_unaccounted() == {}


def test_audit_when_a_bill_is_missing_then_names_it() -> None:
    assert WorldState(bills_brought={1000: 2}, bill_mouth={1000: 1}).bills_unaccounted() == {1000: 1}
