"""What every bill validator must do, whatever wire it hangs on. Written against the port.

A bench says how to put one of each on a test stand: a wire driver joins by adding its bench to `BENCHES`.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest

from hardware.bill_validator.port import (
    BillEscrowed,
    BillEvent,
    BillRefused,
    BillReturned,
    BillStacked,
    BillValidator,
    Escrow,
    EscrowStatus,
    ValidatorReady,
    ValidatorTrouble,
)
from hardware.bill_validator.simulated import SimulatedBillValidator
from hardware.errors import DeviceOfflineError, DeviceRefusedError
from hardware.port_faults import Fault
from hardware.world import World
from hardware.world_state import ValidatorState, WorldState
from protocol.money import yen

LONG_ENOUGH_S = 5.0


class Stand(Protocol):
    """A validator and what a person at the test stand can do to it."""

    validator: BillValidator
    world: World

    def fail_next(self, fault: Fault, command: str) -> None: ...
    def power_cycle(self) -> None: ...
    def unplug(self) -> None: ...
    def replace_controller(self) -> None: ...


class SimulatedStand:
    def __init__(self) -> None:
        self.world = World(WorldState(validator=ValidatorState(capacity=3)))
        self.validator = SimulatedBillValidator(self.world)

    def fail_next(self, fault: Fault, command: str) -> None:
        self.validator.fail_next(fault, command)

    def power_cycle(self) -> None:
        self.validator.power_cycle()

    def unplug(self) -> None:
        self.validator.power_off()

    def replace_controller(self) -> None:
        self.validator.halt()
        self.world = World(WorldState.model_validate_json(self.world.state.model_dump_json()))
        self.validator = SimulatedBillValidator(self.world)


BENCHES: list[Callable[[], Stand]] = [SimulatedStand]


@pytest.fixture(params=BENCHES)
async def stand(request: pytest.FixtureRequest) -> Stand:
    made: Stand = request.param()
    await made.validator.start()
    await made.validator.set_accepting(accepting=True)
    return made


async def events(stand: Stand, seconds: float = LONG_ENOUGH_S) -> list[BillEvent]:
    await asyncio.sleep(seconds)
    return await stand.validator.poll()


async def hold(stand: Stand, value: int = 1000) -> None:
    stand.world.insert_bill(value)
    assert await events(stand) == [BillEscrowed(yen(value))]


async def status(stand: Stand) -> EscrowStatus:
    return await stand.validator.status()


async def test_start_when_it_is_there_then_names_it_and_refuses_bills(stand: Stand) -> None:
    assert len((await stand.validator.start()).split()) >= 3
    stand.world.insert_bill(1000)
    assert [type(event) for event in await events(stand)] == [BillRefused]
    assert stand.world.take_bills() == {1000: 1}


async def test_bill_when_accepting_then_is_held_and_is_not_yet_ours(stand: Stand) -> None:
    await hold(stand)
    assert await status(stand) == EscrowStatus(Escrow.HOLDING, yen(1000), 0)
    assert stand.world.state.validator.stacker == {}


async def test_stack_when_a_bill_is_held_then_it_is_counted_and_told_once(stand: Stand) -> None:
    await hold(stand)
    await stand.validator.stack()
    assert await events(stand) == [BillStacked(yen(1000), counter=1)]
    assert await events(stand) == []
    assert await status(stand) == EscrowStatus(Escrow.EMPTY, None, 1)
    assert stand.world.state.validator.stacker == {1000: 1}


async def test_give_back_when_a_bill_is_held_then_the_customer_has_it(stand: Stand) -> None:
    await hold(stand)
    await stand.validator.give_back()
    assert await events(stand) == [BillReturned(yen(1000))]
    assert await status(stand) == EscrowStatus(Escrow.EMPTY, None, 0)
    assert stand.world.take_bills() == {1000: 1}


async def test_order_when_nothing_is_held_then_is_refused(stand: Stand) -> None:
    with pytest.raises(DeviceRefusedError):
        await stand.validator.stack()
    with pytest.raises(DeviceRefusedError):
        await stand.validator.give_back()


async def test_order_when_the_bill_moves_already_then_is_refused_and_status_is_unknown(stand: Stand) -> None:
    await hold(stand)
    await stand.validator.stack()
    assert (await status(stand)).escrow is Escrow.UNKNOWN
    with pytest.raises(DeviceRefusedError):
        await stand.validator.give_back()
    assert await events(stand) == [BillStacked(yen(1000), counter=1)]


async def test_bill_when_another_is_held_then_stays_outside(stand: Stand) -> None:
    await hold(stand)
    stand.world.insert_bill(5000)
    assert [type(event) for event in await events(stand)] == [BillRefused]
    assert (await status(stand)).value == yen(1000)
    assert stand.world.take_bills() == {5000: 1}


async def test_bill_when_unknown_then_is_refused(stand: Stand) -> None:
    stand.world.insert_bill(777)
    assert [type(event) for event in await events(stand)] == [BillRefused]


async def test_set_accepting_when_off_then_a_held_bill_stays(stand: Stand) -> None:
    await hold(stand)
    await stand.validator.set_accepting(accepting=False)
    await stand.validator.set_accepting(accepting=False)
    assert (await status(stand)).escrow is Escrow.HOLDING


async def test_stacker_when_full_then_is_trouble_and_no_bill_goes_in(stand: Stand) -> None:
    for _ in range(2):
        await hold(stand)
        await stand.validator.stack()
        await events(stand)
    await hold(stand)
    await stand.validator.stack()
    assert [type(event) for event in await events(stand)] == [BillStacked, ValidatorTrouble]
    stand.world.insert_bill(1000)
    assert [type(event) for event in await events(stand)] == [BillRefused]


async def test_jam_when_stacking_then_the_bill_is_still_held_and_cannot_be_moved(stand: Stand) -> None:
    await hold(stand)
    stand.world.bill_jam()
    await stand.validator.stack()
    assert await events(stand) == [ValidatorTrouble("jammed")]
    assert await status(stand) == EscrowStatus(Escrow.HOLDING, yen(1000), 0)
    with pytest.raises(DeviceRefusedError):
        await stand.validator.give_back()


@pytest.mark.parametrize("command", ["poll", "status", "stack", "give_back", "start", "set_accepting"])
async def test_command_when_the_line_is_silent_then_is_offline(stand: Stand, command: str) -> None:
    await hold(stand)
    stand.fail_next(Fault.SILENCE, command)
    options = {"accepting": False} if command == "set_accepting" else {}
    with pytest.raises(DeviceOfflineError):
        await getattr(stand.validator, command)(**options)
    assert await status(stand) == EscrowStatus(Escrow.HOLDING, yen(1000), 0)


async def test_poll_when_its_reply_is_lost_then_nothing_is_consumed(stand: Stand) -> None:
    stand.world.insert_bill(1000)
    await asyncio.sleep(LONG_ENOUGH_S)
    stand.fail_next(Fault.LOST_REPLY, "poll")
    with pytest.raises(DeviceOfflineError):
        await stand.validator.poll()
    assert await stand.validator.poll() == [BillEscrowed(yen(1000))]


async def test_stack_when_its_reply_is_lost_then_status_tells_that_it_moved(stand: Stand) -> None:
    await hold(stand)
    stand.fail_next(Fault.LOST_REPLY, "stack")
    with pytest.raises(DeviceOfflineError):
        await stand.validator.stack()
    assert (await status(stand)).escrow is Escrow.UNKNOWN
    assert await events(stand) == [BillStacked(yen(1000), counter=1)]


async def test_stack_when_refused_then_nothing_moved(stand: Stand) -> None:
    await hold(stand)
    stand.fail_next(Fault.REFUSAL, "stack")
    with pytest.raises(DeviceRefusedError):
        await stand.validator.stack()
    assert (await status(stand)).escrow is Escrow.HOLDING


async def test_unplugged_when_asked_then_is_offline_and_bills_stay_outside(stand: Stand) -> None:
    stand.unplug()
    with pytest.raises(DeviceOfflineError):
        await stand.validator.poll()
    stand.world.insert_bill(1000)
    assert stand.world.take_bills() == {1000: 1}


async def test_restart_when_a_bill_is_held_then_it_is_held_and_the_device_ready_again(stand: Stand) -> None:
    await hold(stand)
    stand.power_cycle()
    assert await events(stand) == [ValidatorTrouble("restarted"), ValidatorReady()]
    assert await status(stand) == EscrowStatus(Escrow.HOLDING, yen(1000), 0)
    await stand.validator.give_back()
    assert await events(stand) == [BillReturned(yen(1000))]
    await hold(stand, 2000)


@pytest.mark.parametrize("cut_s", [0.1, 0.5, 0.7, 0.9])
async def test_restart_when_stacking_then_the_bill_is_stacked_and_counted_once(stand: Stand, cut_s: float) -> None:
    await hold(stand)
    await stand.validator.stack()
    await asyncio.sleep(cut_s)
    stand.power_cycle()
    assert (await status(stand)).escrow is Escrow.UNKNOWN
    assert BillStacked(yen(1000), counter=1) in await events(stand)
    assert await status(stand) == EscrowStatus(Escrow.EMPTY, None, 1)
    assert stand.world.state.validator.stacker == {1000: 1}


async def test_restart_when_the_bill_was_not_read_yet_then_it_comes_back(stand: Stand) -> None:
    stand.world.insert_bill(1000)
    await asyncio.sleep(0.5)
    stand.power_cycle()
    assert not any(isinstance(event, BillEscrowed) for event in await events(stand))
    assert stand.world.take_bills() == {1000: 1}


@pytest.mark.parametrize("cut_s", [0.1, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("command", ["stack", "give_back"])
async def test_controller_when_replaced_in_the_middle_then_the_movement_ends(
    stand: Stand, command: str, cut_s: float
) -> None:
    await hold(stand)
    await getattr(stand.validator, command)()
    await asyncio.sleep(cut_s)
    stand.replace_controller()
    await stand.validator.start()
    assert len(await events(stand)) == 1
    assert (await status(stand)).stacked == (1 if command == "stack" else 0)
    assert stand.world.state.bills_unaccounted() == {}


async def test_controller_when_replaced_after_the_event_then_status_still_tells(stand: Stand) -> None:
    await hold(stand)
    await stand.validator.stack()
    await asyncio.sleep(LONG_ENOUGH_S)
    stand.replace_controller()
    await stand.validator.start()
    assert await events(stand) == []
    assert await status(stand) == EscrowStatus(Escrow.EMPTY, None, 1)


async def test_on_news_when_the_wire_can_tell_then_a_bill_is_told(stand: Stand) -> None:
    calls: list[None] = []
    if not stand.validator.on_news(lambda: calls.append(None)):
        pytest.skip("this wire is polled")
    stand.world.insert_bill(1000)
    await asyncio.sleep(LONG_ENOUGH_S)
    assert calls


async def test_close_when_done_twice_then_refuses_bills(stand: Stand) -> None:
    await stand.validator.close()
    await stand.validator.close()
    stand.world.insert_bill(1000)
    assert stand.world.take_bills() == {1000: 1}


async def test_close_when_nothing_answers_then_is_quiet(stand: Stand) -> None:
    stand.unplug()
    await stand.validator.close()
