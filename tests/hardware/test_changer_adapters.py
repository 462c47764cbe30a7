"""What only a changer in two roles can get wrong: parts that share one device, one counter and one start."""

import asyncio

import pytest

from hardware.coin_acceptor.port import CoinAccepted, CoinDispensedByHand
from hardware.coin_changer.adapters import ChangerAcceptor, ChangerTube
from hardware.coin_changer.port import TUBE
from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.coin_hopper.port import HopperStatus
from hardware.errors import DeviceRefusedError, WrongDeviceError
from hardware.world import World
from hardware.world_state import ChangerState, TubeState, WorldState
from protocol.money import yen


class Parts:
    """One changer with 20 coins of 10 and of 100 yen, and its two roles."""

    def __init__(self) -> None:
        tubes = {10: TubeState(), 100: TubeState()}
        self.world = World(WorldState(changer=ChangerState(tubes=tubes)))
        for value in tubes:
            self.world.load_tube(value, 20)
        self.changer = SimulatedCoinChanger(self.world)
        self.slot = ChangerAcceptor(self.changer)
        self.tens = ChangerTube(self.changer, self.slot, yen(10))
        self.hundreds = ChangerTube(self.changer, self.slot, yen(100))


@pytest.fixture
async def parts() -> Parts:
    return Parts()


async def at_rest(tube: ChangerTube) -> HopperStatus:
    async with asyncio.timeout(60):
        while (status := await tube.status()).remaining:
            await asyncio.sleep(0.1)
    return status


async def test_status_when_somebody_else_made_another_tube_pay_then_its_coins_are_not_this_ones(parts: Parts) -> None:
    before = (await parts.tens.status()).event_counter
    await parts.changer.pay({100: 3})
    assert (await parts.tens.status()).remaining
    assert await at_rest(parts.tens) == HopperStatus(before % 255 + 1, 0, 0, 0)
    assert (await parts.hundreds.status()).paid == 3


async def test_status_when_it_never_paid_then_its_counter_is_certain(parts: Parts) -> None:
    assert (await parts.tens.status()).event_counter == 1
    await parts.slot.start(None)
    parts.changer.power_cycle(remembers=False)
    assert await parts.tens.status() == HopperStatus(1, 0, None, 0)


async def test_dispense_when_another_tube_pays_then_waits_for_it(parts: Parts) -> None:
    await parts.hundreds.dispense(3)
    await parts.tens.dispense(2)
    assert parts.world.state.return_cup == {100: 3}
    assert await at_rest(parts.tens) == HopperStatus(3, 0, 2, 0)


async def test_dispense_when_another_tube_never_ends_then_is_refused_by_the_changer(parts: Parts) -> None:
    await parts.hundreds.dispense(3)
    parts.changer.halt()  # it stands still, and says it is busy
    with pytest.raises(DeviceRefusedError, match="paying already"):
        await parts.tens.dispense(1)


async def test_start_of_a_tube_when_the_slot_takes_coins_then_it_goes_on_taking_them(parts: Parts) -> None:
    await parts.slot.start(None)
    await parts.slot.set_accepting(accepting=True)
    assert await parts.tens.start() == await parts.slot.identify()
    parts.world.insert_coin(100)
    assert await parts.slot.poll() == [CoinAccepted(yen(100), TUBE, 1)]


async def test_start_of_a_tube_when_there_is_none_then_says_so(parts: Parts) -> None:
    with pytest.raises(WrongDeviceError, match="no tube of 500"):
        await ChangerTube(parts.changer, parts.slot, yen(500)).start()


async def test_key_when_pressed_then_the_slot_tells_it_once(parts: Parts) -> None:
    await parts.slot.start(None)
    parts.changer.press_key(10)
    assert await parts.slot.poll() == [CoinDispensedByHand(yen(10), 1)]
    assert await parts.slot.poll() == []
    await parts.slot.start(1)
    assert await parts.slot.poll() == []
