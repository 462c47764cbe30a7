"""The acceptor's driver against a simulated acceptor: every coin once, whatever the wire and the power do."""

import asyncio
from collections.abc import Callable

import pytest

from hardware.coin_acceptor.cctalk import CcTalkCoinAcceptor
from hardware.coin_acceptor.port import (
    AcceptorRestarted,
    CoinAccepted,
    CoinAcceptor,
    CoinEvent,
    CoinRejected,
    EventsLost,
)
from hardware.emulated import EmulatedMachine
from hardware.errors import DeviceOfflineError, DeviceRefusedError, WrongDeviceError
from hardware.wire.cctalk import Header
from hardware.wire.cctalk_host import CcTalkBus
from hardware.wire.cctalk_peer import Identity, PeerLine, Reply
from hardware.wire.null_modem import LineFaults, null_modem
from hardware.world_state import WorldState
from protocol.money import yen

Build = Callable[..., EmulatedMachine]


async def started(machine: EmulatedMachine, last_counter: int | None = None) -> CoinAcceptor:
    await machine.acceptor.start(last_counter)
    await machine.acceptor.set_accepting(accepting=True)
    return machine.acceptor


def values(events: list[CoinEvent]) -> list[int]:
    return [event.value.minor for event in events if isinstance(event, CoinAccepted)]


async def test_start_when_the_device_is_there_then_names_it_and_refuses_coins(build: Build) -> None:
    machine = build()
    assert await machine.acceptor.start(None) == "AVS SIM-A1 1001"
    machine.world.insert_coin(100)
    assert await machine.acceptor.poll() == [CoinRejected(2, "inhibited coin", False, 1)]
    assert machine.world.state.return_cup == {100: 1}


async def test_start_when_the_device_is_there_then_knows_its_coins_and_pace(build: Build) -> None:
    machine = build()
    acceptor = CcTalkCoinAcceptor(machine.bus)
    await acceptor.start(None)
    assert acceptor.coins == {1: yen(10), 3: yen(50), 4: yen(100), 5: yen(500)}
    assert acceptor.poll_interval_s == 0.1


async def test_poll_when_coins_came_in_then_reports_each_once_oldest_first(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.world.insert_coin(100)
    machine.world.insert_coin(50)
    assert await acceptor.poll() == [CoinAccepted(yen(100), 3, 1), CoinAccepted(yen(50), 2, 2)]
    assert await acceptor.poll() == []


async def test_poll_when_a_coin_is_unknown_then_reports_it_refused(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.world.insert_coin(1)
    assert await acceptor.poll() == [CoinRejected(1, "unknown coin", False, 1)]
    assert machine.world.state.return_cup == {1: 1}


async def test_poll_when_a_hopper_is_full_then_reports_the_path_to_the_cash_box(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.world.hopper(10).capacity = 20
    machine.world.insert_coin(10)
    assert await acceptor.poll() == [CoinAccepted(yen(10), 5, 1)]
    assert machine.world.state.cash_box == {10: 1}


async def test_poll_when_more_than_five_happened_then_says_how_many_are_lost(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    for _ in range(7):
        machine.world.insert_coin(10)
    events = await acceptor.poll()
    assert events[0] == EventsLost(2, 2)
    assert values(events) == [10] * 5


async def test_poll_when_300_coins_come_one_by_one_then_each_is_credited_once(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    credited = []
    for _ in range(300):
        machine.world.insert_coin(10)
        credited += values(await acceptor.poll())
    assert credited == [10] * 300


async def test_poll_when_the_reply_is_lost_then_the_coin_is_reported_next_time(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.world.insert_coin(500)
    for _ in range(3):
        machine.line.lose_next("reply", Header.READ_CREDIT)
    with pytest.raises(DeviceOfflineError):
        await acceptor.poll()
    assert values(await acceptor.poll()) == [500]


async def test_start_when_the_journal_is_empty_then_history_is_not_credited(build: Build) -> None:
    machine = build()
    await started(machine)
    machine.world.insert_coin(100)
    acceptor = await started(machine, None)
    assert await acceptor.poll() == []


async def test_start_when_the_journal_is_empty_then_counter_is_the_one_to_journal(build: Build) -> None:
    machine = build()
    await started(machine)
    machine.world.insert_coin(100)
    acceptor = await started(machine, None)
    assert acceptor.counter == 1


async def test_start_when_a_coin_came_after_the_last_journaled_one_then_is_credited(
    build: Build, state: WorldState
) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.world.insert_coin(100)
    await acceptor.poll()
    machine.world.insert_coin(500)
    machine.close()

    again = build(WorldState.model_validate_json(state.model_dump_json()))
    acceptor = await started(again, 1)
    assert await acceptor.poll() == [CoinAccepted(yen(500), 4, 2)]


async def test_poll_when_the_device_was_reset_then_says_so_and_takes_coins_again(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.world.insert_coin(100)
    await acceptor.poll()
    machine.acceptor_peer.power_cycle()
    assert await acceptor.poll() == [AcceptorRestarted()]
    machine.world.insert_coin(100)
    assert await acceptor.poll() == [CoinAccepted(yen(100), 3, 1)]


async def test_poll_when_the_device_was_reset_before_its_first_event_then_is_found_out_in_seconds(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.acceptor_peer.power_cycle()
    assert await acceptor.poll() == []
    await asyncio.sleep(3.1)
    assert await acceptor.poll() == [AcceptorRestarted()]
    machine.world.insert_coin(100)
    assert values(await acceptor.poll()) == [100]


async def test_poll_when_a_reset_device_refuses_a_coin_then_is_found_out_at_once(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    for _ in range(9):
        machine.world.insert_coin(10)
        await acceptor.poll()
    machine.acceptor_peer.power_cycle()
    machine.world.insert_coin(100)
    assert await acceptor.poll() == [AcceptorRestarted(), CoinRejected(2, "inhibited coin", False, 1)]


async def test_start_when_the_device_was_reset_meanwhile_then_says_so_and_loses_nothing(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.acceptor_peer.power_cycle()
    machine.world.insert_coin(1)
    acceptor = await started(machine, 200)
    assert await acceptor.poll() == [AcceptorRestarted(), CoinRejected(1, "unknown coin", False, 1)]


async def test_poll_when_setting_up_after_a_reset_fails_then_goes_on_with_it_next_time(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.world.insert_coin(100)
    await acceptor.poll()
    machine.acceptor_peer.power_cycle()
    for _ in range(3):
        machine.line.lose_next("request", Header.MODIFY_INHIBITS)
    with pytest.raises(DeviceOfflineError):
        await acceptor.poll()
    assert await acceptor.poll() == [AcceptorRestarted()]
    machine.world.insert_coin(100)
    assert values(await acceptor.poll()) == [100]


async def test_poll_when_the_order_to_accept_got_lost_then_is_repeated_without_alarm(build: Build) -> None:
    machine = build()
    await machine.acceptor.start(None)
    for _ in range(3):
        machine.line.lose_next("request", Header.MODIFY_MASTER_INHIBIT)
    with pytest.raises(DeviceOfflineError):
        await machine.acceptor.set_accepting(accepting=True)
    await asyncio.sleep(3.1)
    assert await machine.acceptor.poll() == []
    machine.world.insert_coin(50)
    assert values(await machine.acceptor.poll()) == [50]


async def test_close_when_called_twice_then_the_device_refuses_coins(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    await acceptor.close()
    await acceptor.close()
    assert not machine.world.state.acceptor.is_accepting


@pytest.mark.parametrize("seed", range(4))
async def test_coins_when_the_line_is_bad_then_none_is_credited_twice_or_lost(build: Build, seed: int) -> None:
    faults = LineFaults(split=0.3, delay_s=0.01, loss=0.06, corruption=0.06, garbage=0.05, seed=seed)
    machine = build(faults=faults)
    for attempt in range(50):
        try:
            await started(machine)
        except (DeviceOfflineError, DeviceRefusedError):
            assert attempt < 49
            continue
        break
    coins = [(10, 50, 100, 500)[number % 4] for number in range(60)]
    credited: list[int] = []
    for coin in coins:
        machine.world.insert_coin(coin)
        try:
            credited += values(await machine.acceptor.poll())
        except DeviceOfflineError:
            credited += values(await machine.acceptor.poll())
    assert credited == coins


class OtherDevice:
    """Answers identity and self-check only."""

    address = 2

    def __init__(self, category: str, fault: int) -> None:
        self._identity = Identity(category, "X", "Y", 1)
        self._fault = fault

    def answer(self, header: int, data: bytes) -> Reply | None:
        return Reply(bytes([self._fault])) if header == Header.SELF_CHECK else self._identity.answer(header)


@pytest.mark.parametrize(
    ("category", "fault", "error", "words"),
    [
        ("Payout", 0, WrongDeviceError, "Payout"),
        ("Coin_Acceptor ", 3, DeviceRefusedError, "credit sensor"),
        ("Coin Acceptor", 0, DeviceOfflineError, "no answer"),
    ],
)
async def test_start_when_the_device_is_not_fit_then_says_why(
    category: str, fault: int, error: type[Exception], words: str
) -> None:
    host, device = null_modem()
    line = PeerLine(device, [OtherDevice(category, fault)])
    with pytest.raises(error, match=words):
        await CcTalkCoinAcceptor(CcTalkBus(host)).start(None)
    line.close()


async def test_start_when_no_coin_is_of_our_currency_then_says_so(build: Build) -> None:
    machine = build()
    with pytest.raises(WrongDeviceError, match="no EUR coins"):
        await CcTalkCoinAcceptor(machine.bus, currency="EUR").start(None)


async def test_count_of_coins_when_the_power_was_lost_then_still_tells_every_coin(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    before = await acceptor.accepted_ever()
    for value in (100, 1, 50):
        machine.world.insert_coin(value)
    machine.acceptor_peer.power_cycle()
    assert before == 0
    assert await acceptor.accepted_ever() == 2


async def test_count_of_coins_when_the_maker_sends_the_high_byte_first_then_is_read_so(build: Build) -> None:
    machine = build()
    machine.world.state.acceptor.accepted = 0x010203
    acceptor = CcTalkCoinAcceptor(machine.bus, count_order="big")
    await acceptor.start(None)
    assert await acceptor.accepted_ever() == 0x030201


async def test_count_of_coins_when_the_device_keeps_none_then_is_none() -> None:
    host, device = null_modem()
    line = PeerLine(device, [OtherDevice("Coin Acceptor", 0)])
    acceptor = CcTalkCoinAcceptor(CcTalkBus(host))
    assert await acceptor.accepted_ever() is None
    line.close()
    assert await acceptor.accepted_ever() is None


async def test_count_of_coins_when_nothing_answers_then_is_offline_and_not_none(build: Build) -> None:
    machine = build()
    acceptor = await started(machine)
    machine.line.close()
    with pytest.raises(DeviceOfflineError):
        await acceptor.accepted_ever()
