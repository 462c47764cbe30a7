"""The hopper's driver against a simulated hopper: an order is taken once, refused, or told apart."""

import asyncio
from collections.abc import Callable

import pytest

from hardware.coin_hopper.cctalk import CcTalkCoinHopper
from hardware.coin_hopper.flags import describe, latched
from hardware.coin_hopper.port import CoinHopper, HopperStatus
from hardware.coin_hopper.simulated import SimulatedCoinHopper
from hardware.emulated import EmulatedMachine
from hardware.errors import DeviceOfflineError, DeviceRefusedError, UnconfirmedError, WrongDeviceError
from hardware.wire.cctalk import Header
from hardware.wire.cctalk_host import CcTalkBus
from hardware.wire.cctalk_peer import PeerLine
from hardware.wire.null_modem import null_modem
from hardware.world import World
from hardware.world_state import WorldState
from protocol.money import yen

Build = Callable[..., EmulatedMachine]


async def started(machine: EmulatedMachine, value: int = 10) -> CoinHopper:
    hopper = machine.hoppers[value]
    await hopper.start()
    return hopper


async def finished(hopper: CoinHopper) -> HopperStatus:
    while (status := await hopper.status()).remaining:
        await asyncio.sleep(0.1)
    return status


async def test_start_when_the_device_is_there_then_names_it_and_leaves_it_disabled(build: Build) -> None:
    machine = build()
    assert await machine.hoppers[10].start() == "AVS SIM-H1 10010"
    assert not machine.world.hopper(10).is_enabled
    assert machine.hoppers[10].denomination == yen(10)


async def test_dispense_when_all_is_well_then_coins_fall_and_the_hopper_is_disabled_again(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    await hopper.dispense(3)
    assert await finished(hopper) == HopperStatus(1, 0, 3, 0)
    assert machine.world.state.return_cup == {10: 3}
    assert machine.world.hopper(10).count == 17
    assert not machine.world.hopper(10).is_enabled


async def test_dispense_when_taken_then_returns_before_the_coins_are_out(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    await hopper.dispense(3)
    assert (await hopper.status()).remaining == 3


async def test_dispense_when_the_hopper_runs_empty_then_the_rest_is_unpaid(build: Build) -> None:
    machine = build()
    hopper = await started(machine, 500)
    await hopper.dispense(5)
    assert await finished(hopper) == HopperStatus(1, 0, 2, 3)
    assert machine.world.state.coins_unaccounted() == {}


async def test_dispense_when_a_coin_jams_midway_then_the_rest_is_unpaid_and_a_restart_clears_it(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    await hopper.dispense(4)
    await asyncio.sleep(0.5)
    machine.world.hopper_jam(10)
    assert await finished(hopper) == HopperStatus(1, 0, 2, 2)
    with pytest.raises(DeviceRefusedError, match="opto blocked during payout"):
        await hopper.dispense(2)
    await hopper.start()
    await hopper.dispense(2)
    assert (await finished(hopper)).paid == 2


async def test_dispense_when_refused_then_nothing_moves(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    machine.hopper_peers[10].refuse_next()
    with pytest.raises(DeviceRefusedError):
        await hopper.dispense(1)
    await asyncio.sleep(1)
    assert machine.world.state.return_cup == {}


async def test_dispense_when_still_paying_then_is_refused(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    await hopper.dispense(5)
    with pytest.raises(DeviceRefusedError, match="still paying 5"):
        await hopper.dispense(1)


async def test_dispense_when_the_answer_is_lost_then_the_counter_tells_it_was_taken(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    machine.line.lose_next("reply", Header.DISPENSE_COINS)
    await hopper.dispense(2)
    assert (await finished(hopper)).paid == 2
    assert machine.world.state.return_cup == {10: 2}


async def test_dispense_when_the_order_is_lost_then_says_offline_and_nothing_moves(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    machine.line.lose_next("request", Header.DISPENSE_COINS)
    with pytest.raises(DeviceOfflineError, match="did not arrive"):
        await hopper.dispense(2)
    await asyncio.sleep(2)
    assert machine.world.state.return_cup == {}
    await hopper.dispense(2)
    assert (await finished(hopper)).paid == 2


async def test_dispense_when_the_hopper_goes_silent_then_is_unconfirmed(build: Build) -> None:
    machine = build()
    hopper = await started(machine)

    def go_silent_after_the_order(speaker: str, raw: bytes) -> None:
        if speaker == "host" and raw[3] == Header.DISPENSE_COINS:
            machine.line.close()

    machine.bus.on_frame = go_silent_after_the_order
    with pytest.raises(UnconfirmedError, match="silent"):
        await hopper.dispense(2)


@pytest.mark.parametrize("keeps_counters", [True, False])
@pytest.mark.parametrize("lost", ["request", "reply"])
async def test_dispense_when_the_hopper_loses_power_around_a_lost_order_then_never_claims_it_failed_wrongly(
    build: Build, keeps_counters: bool, lost: str
) -> None:
    machine = build()
    hopper = await started(machine)
    machine.line.lose_next("request" if lost == "request" else "reply", Header.DISPENSE_COINS)
    loop = asyncio.get_running_loop()
    loop.call_later(0.25, lambda: machine.hopper_peers[10].power_cycle(keeps_counters=keeps_counters))
    if lost == "reply" and keeps_counters:
        await hopper.dispense(3)
        status = await hopper.status()
        assert status.paid + status.unpaid == 3
        assert machine.world.state.return_cup.get(10, 0) == status.paid
    else:
        with pytest.raises(UnconfirmedError, match="reset"):
            await hopper.dispense(3)


async def test_start_when_a_payout_of_before_still_runs_then_leaves_it_running(build: Build, state: WorldState) -> None:
    machine = build()
    hopper = await started(machine)
    await hopper.dispense(5)
    await asyncio.sleep(0.5)
    machine.close()

    again = build(WorldState.model_validate_json(state.model_dump_json()))
    hopper = await started(again)
    assert await finished(hopper) == HopperStatus(1, 0, 5, 0)
    assert again.world.state.return_cup == {10: 5}


@pytest.mark.parametrize("count", [0, 256, -1])
async def test_dispense_when_the_count_is_out_of_range_then_is_refused_before_the_wire(
    build: Build, count: int
) -> None:
    machine = build()
    with pytest.raises(ValueError, match="1 to 255"):
        await machine.hoppers[10].dispense(count)
    assert machine.bus.statistics.requests == 0


async def test_dispense_when_the_model_wants_no_key_then_sends_none(state: WorldState) -> None:
    host, device = null_modem()
    world = World(state)
    peer = SimulatedCoinHopper(world, 50, 4, order_key="none")
    line = PeerLine(device, [peer])
    hopper = CcTalkCoinHopper(CcTalkBus(host), 4, yen(50), order_key="none")
    await hopper.start()
    await hopper.dispense(2)
    assert (await finished(hopper)).paid == 2
    line.close()


async def test_dispense_when_the_key_is_wrong_then_is_refused(state: WorldState) -> None:
    host, device = null_modem()
    line = PeerLine(device, [SimulatedCoinHopper(World(state), 50, 4, order_key="serial")])
    hopper = CcTalkCoinHopper(CcTalkBus(host), 4, yen(50), order_key="none")
    await hopper.start()
    with pytest.raises(DeviceRefusedError):
        await hopper.dispense(2)
    line.close()


async def test_start_when_another_device_answers_then_says_so(build: Build) -> None:
    machine = build()
    with pytest.raises(WrongDeviceError, match="Coin Acceptor"):
        await CcTalkCoinHopper(machine.bus, 2, yen(10)).start()


async def test_emergency_stop_when_paying_then_the_rest_is_unpaid(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    await hopper.dispense(5)
    await asyncio.sleep(0.5)
    assert await machine.bus.request(3, Header.EMERGENCY_STOP) == bytes([3])
    assert await hopper.status() == HopperStatus(1, 0, 2, 3)


async def test_close_when_called_twice_then_the_hopper_is_disabled(build: Build) -> None:
    machine = build()
    hopper = await started(machine)
    await hopper.dispense(1)
    await asyncio.sleep(1)
    await hopper.close()
    await hopper.close()
    assert not machine.world.hopper(10).is_enabled


def test_flags_when_read_then_have_names_and_only_some_need_a_reset() -> None:
    assert describe(bytes([0b0000_0010, 0])) == "payout timeout, often simply empty"
    assert describe(b"\0\0") == "no flag"
    assert latched(bytes([0b1100_0110, 0b1000_0110])) == frozenset()
    assert latched(bytes([0b0010_0000, 0])) == {(0, 5)}
