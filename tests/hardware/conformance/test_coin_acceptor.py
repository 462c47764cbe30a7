"""What every coin acceptor must do, whatever wire it hangs on. Written against the port."""

from collections.abc import AsyncIterator

import pytest

from hardware.coin_acceptor.port import AcceptorRestarted, CoinAccepted, CoinEvent, CoinRejected
from hardware.errors import DeviceOfflineError
from protocol.money import yen
from tests.hardware.conformance.coin_stands import COINS, STANDS, Stand


@pytest.fixture(params=STANDS)
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    made: Stand = request.param()
    await made.acceptor.start(None)
    await made.acceptor.set_accepting(accepting=True)
    yield made
    made.close()


def values(events: list[CoinEvent]) -> list[int]:
    return [event.value.minor for event in events if isinstance(event, CoinAccepted)]


async def journaled(stand: Stand) -> list[int]:
    """What a controller that is replaced now has written down: values of its last poll."""
    return values(await stand.acceptor.poll())


async def restarted(stand: Stand, last_counter: int | None) -> None:
    stand.replace_controller()
    await stand.acceptor.start(last_counter)
    await stand.acceptor.set_accepting(accepting=True)


async def test_start_when_it_is_there_then_names_it_and_refuses_coins(stand: Stand) -> None:
    assert len((await stand.acceptor.start(None)).split()) >= 3
    stand.world.insert_coin(100)
    assert stand.world.take_coins() == {100: 1}
    assert values(await stand.acceptor.poll()) == []


async def test_start_when_nothing_answers_then_is_offline(stand: Stand) -> None:
    stand.unplug()
    with pytest.raises(DeviceOfflineError):
        await stand.acceptor.start(None)


async def test_coin_when_accepted_then_goes_to_its_hopper_and_is_told_once(stand: Stand) -> None:
    stand.world.insert_coin(100)
    (event,) = await stand.acceptor.poll()
    assert isinstance(event, CoinAccepted)
    assert (event.value, event.counter) == (yen(100), 1)
    assert event.path in stand.hopper_paths
    assert await stand.acceptor.poll() == []
    assert stand.world.state.cash_box == {}
    assert stand.acceptor.counter == 1


async def test_coin_when_its_hopper_is_full_then_the_path_is_not_a_hoppers(stand: Stand) -> None:
    stand.fill_up(10)
    stand.world.insert_coin(10)
    (event,) = await stand.acceptor.poll()
    assert isinstance(event, CoinAccepted)
    assert event.path not in stand.hopper_paths
    assert stand.world.state.cash_box == {10: 1}


async def test_coin_when_unknown_then_falls_through_and_is_counted(stand: Stand) -> None:
    stand.world.insert_coin(1)
    (event,) = await stand.acceptor.poll()
    assert isinstance(event, CoinRejected)
    assert (event.counter, stand.acceptor.counter) == (1, 1)
    assert stand.world.take_coins() == {1: 1}


async def test_coin_when_the_way_in_is_blocked_then_falls_through_and_the_device_says_that_it_was_not_the_coin(
    stand: Stand,
) -> None:
    stand.world.state.is_coin_path_blocked = True
    stand.world.insert_coin(100)
    (event,) = await stand.acceptor.poll()
    assert isinstance(event, CoinRejected)
    assert event.path in {"doubtful", "jammed"}
    assert stand.world.take_coins() == {100: 1}


async def test_coins_when_several_came_then_are_told_oldest_first(stand: Stand) -> None:
    for value in (100, 50, 10):
        stand.world.insert_coin(value)
    assert values(await stand.acceptor.poll()) == [100, 50, 10]


async def test_poll_when_its_reply_is_lost_then_nothing_is_consumed(stand: Stand) -> None:
    stand.world.insert_coin(50)
    stand.lose_poll_reply()
    with pytest.raises(DeviceOfflineError):
        await stand.acceptor.poll()
    assert values(await stand.acceptor.poll()) == [50]


async def test_accepting_when_switched_off_then_coins_fall_through(stand: Stand) -> None:
    await stand.acceptor.set_accepting(accepting=False)
    await stand.acceptor.set_accepting(accepting=False)
    stand.world.insert_coin(50)
    assert stand.world.take_coins() == {50: 1}
    await stand.acceptor.set_accepting(accepting=True)
    stand.world.insert_coin(50)
    assert values(await stand.acceptor.poll()) == [50]


async def test_start_when_the_journal_is_empty_then_the_past_is_no_credit_and_the_next_coin_is(stand: Stand) -> None:
    stand.world.insert_coin(100)
    await restarted(stand, None)
    assert await stand.acceptor.poll() == []
    noted = stand.acceptor.counter
    stand.world.insert_coin(50)
    await restarted(stand, noted)  # killed before it polled
    assert values(await stand.acceptor.poll()) == [50]


async def test_start_when_all_is_journaled_then_nothing_is_told_again(stand: Stand) -> None:
    stand.world.insert_coin(100)
    assert await journaled(stand) == [100]
    await restarted(stand, 1)
    assert await stand.acceptor.poll() == []
    assert stand.acceptor.counter == 1


async def test_start_when_only_the_first_coin_is_journaled_then_the_second_is_told(stand: Stand) -> None:
    stand.world.insert_coin(100)
    stand.world.insert_coin(50)
    assert await journaled(stand) == [100, 50]
    await restarted(stand, 1)  # killed between the two credits
    assert values(await stand.acceptor.poll()) == [50]
    assert await stand.acceptor.poll() == []


async def test_start_when_a_coin_fell_meanwhile_then_is_told(stand: Stand) -> None:
    stand.world.insert_coin(100)
    assert await journaled(stand) == [100]
    stand.world.insert_coin(10)
    await restarted(stand, 1)
    assert values(await stand.acceptor.poll()) == [10]


@pytest.mark.parametrize("every", [1, 3, 255])
async def test_coins_when_the_controller_is_replaced_again_and_again_then_each_is_told_once(
    stand: Stand, every: int
) -> None:
    credited: list[int] = []
    for number in range(1, 301):
        stand.world.insert_coin(10)
        credited += await journaled(stand)
        if number % every == 0:
            await restarted(stand, stand.acceptor.counter)
    assert credited == [10] * 300
    held = sum(hopper.count for value, hopper in stand.world.state.hoppers.items() if value == 10)
    held += sum(tube.count for value, tube in stand.world.state.changer.tubes.items() if value == 10)
    assert held + stand.world.state.cash_box.get(10, 0) == COINS[10] + 300


async def test_restart_when_told_then_counts_from_0_and_the_next_coin_is_new(stand: Stand) -> None:
    stand.world.insert_coin(100)
    await stand.acceptor.poll()
    stand.power_cycle()
    assert await stand.acceptor.poll() == [AcceptorRestarted()]
    assert stand.acceptor.counter == 0
    await stand.acceptor.set_accepting(accepting=True)
    stand.world.insert_coin(50)
    (event,) = await stand.acceptor.poll()
    assert isinstance(event, CoinAccepted)
    assert (event.value, event.counter) == (yen(50), 1)


async def test_unplugged_when_polled_then_is_offline(stand: Stand) -> None:
    stand.unplug()
    with pytest.raises(DeviceOfflineError):
        await stand.acceptor.poll()


async def test_on_news_when_the_wire_can_tell_then_a_coin_is_told(stand: Stand) -> None:
    calls: list[None] = []
    if not stand.acceptor.on_news(lambda: calls.append(None)):
        pytest.skip("this wire is polled")
    stand.world.insert_coin(10)
    assert calls


async def test_close_when_done_twice_then_refuses_coins(stand: Stand) -> None:
    await stand.acceptor.close()
    await stand.acceptor.close()
    stand.world.insert_coin(100)
    assert stand.world.take_coins() == {100: 1}


async def test_close_when_nothing_answers_then_is_quiet(stand: Stand) -> None:
    stand.unplug()
    await stand.acceptor.close()
