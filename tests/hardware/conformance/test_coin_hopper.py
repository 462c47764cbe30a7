"""What every coin hopper must do, whatever wire it hangs on. Written against the port."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hardware.coin_hopper.port import CoinHopper, HopperStatus
from hardware.errors import DeviceOfflineError, DeviceRefusedError, UnconfirmedError
from protocol.money import yen
from tests.hardware.conformance.coin_stands import COINS, STANDS, Stand


@pytest.fixture(params=STANDS)
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    made: Stand = request.param()
    for hopper in made.hoppers.values():
        await hopper.start()
    yield made
    made.close()


async def finished(hopper: CoinHopper) -> HopperStatus:
    async with asyncio.timeout(60):
        while (status := await hopper.status()).remaining:
            await asyncio.sleep(0.1)
    return status


async def counter_of(hopper: CoinHopper) -> int:
    return (await hopper.status()).event_counter


async def test_start_when_it_is_there_then_names_it_and_moves_nothing(stand: Stand) -> None:
    for value, hopper in stand.hoppers.items():
        assert hopper.denomination == yen(value)
        assert len((await hopper.start()).split()) >= 3
    await asyncio.sleep(5)
    assert stand.world.take_coins() == {}


async def test_start_when_nothing_answers_then_is_offline(stand: Stand) -> None:
    stand.replace_controller()
    stand.unplug()
    with pytest.raises(DeviceOfflineError):
        await stand.hoppers[10].start()


async def test_dispense_when_all_is_well_then_coins_fall_and_the_counter_moves_by_one(stand: Stand) -> None:
    hopper = stand.hoppers[10]
    before = await counter_of(hopper)
    await hopper.dispense(3)
    assert await finished(hopper) == HopperStatus(before % 255 + 1, 0, 3, 0)
    assert stand.world.take_coins() == {10: 3}


async def test_dispense_when_taken_then_returns_before_the_coins_are_out(stand: Stand) -> None:
    await stand.hoppers[10].dispense(3)
    assert (await stand.hoppers[10].status()).remaining == 3


async def test_dispense_when_it_runs_empty_then_the_rest_is_unpaid(stand: Stand) -> None:
    hopper = stand.hoppers[100]
    await hopper.dispense(COINS[100] + 2)
    status = await finished(hopper)
    assert (status.paid, status.unpaid) == (COINS[100], 2)
    assert stand.world.state.coins_unaccounted() == {}


async def test_dispense_when_it_jams_midway_then_the_rest_is_unpaid(stand: Stand) -> None:
    hopper = stand.hoppers[10]
    await hopper.dispense(4)
    await asyncio.sleep(0.7)
    stand.jam(10)
    status = await finished(hopper)
    assert status.paid is not None
    assert 0 < status.paid < 4
    assert status.paid + status.unpaid == 4
    assert stand.world.take_coins() == {10: status.paid}


async def test_dispense_when_refused_then_nothing_moves(stand: Stand) -> None:
    hopper = stand.hoppers[10]
    before = await hopper.status()
    stand.refuse_order(10)
    with pytest.raises(DeviceRefusedError):
        await hopper.dispense(1)
    await asyncio.sleep(1)
    assert await hopper.status() == before
    assert stand.world.take_coins() == {}


async def test_dispense_when_still_paying_then_is_refused(stand: Stand) -> None:
    hopper = stand.hoppers[10]
    await hopper.dispense(5)
    with pytest.raises(DeviceRefusedError):
        await hopper.dispense(1)
    assert (await finished(hopper)).paid == 5


async def test_dispense_when_the_order_is_lost_then_says_offline_and_is_safe_to_repeat(stand: Stand) -> None:
    hopper = stand.hoppers[10]
    stand.lose_order()
    with pytest.raises(DeviceOfflineError):
        await hopper.dispense(2)
    await asyncio.sleep(2)
    assert stand.world.take_coins() == {}
    await hopper.dispense(2)
    assert (await finished(hopper)).paid == 2


async def test_dispense_when_only_the_answer_is_lost_then_the_counter_proves_it(stand: Stand) -> None:
    hopper = stand.hoppers[10]
    before = await counter_of(hopper)
    stand.lose_order_reply()
    await hopper.dispense(2)
    assert await finished(hopper) == HopperStatus(before % 255 + 1, 0, 2, 0)
    assert stand.world.take_coins() == {10: 2}


async def test_dispense_when_it_goes_silent_then_is_unconfirmed(stand: Stand) -> None:
    stand.go_silent_after_order()
    with pytest.raises(UnconfirmedError):
        await stand.hoppers[10].dispense(2)


async def test_dispense_when_another_hopper_has_paid_then_counts_its_own_coins_only(stand: Stand) -> None:
    await stand.hoppers[10].dispense(2)
    await stand.hoppers[50].dispense(1)
    assert (await finished(stand.hoppers[50])).paid == 1
    await finished(stand.hoppers[10])
    before = await counter_of(stand.hoppers[10])
    await stand.hoppers[10].dispense(4)
    assert await finished(stand.hoppers[10]) == HopperStatus(before % 255 + 1, 0, 4, 0)
    assert stand.world.take_coins() == {10: 6, 50: 1}


async def test_dispense_when_ordered_300_times_then_the_counter_never_shows_0(stand: Stand) -> None:
    hopper = stand.hoppers[10]
    last = await counter_of(hopper)
    for _ in range(300):
        await hopper.dispense(1)
        status = await finished(hopper)
        assert (status.event_counter, status.paid) == (last % 255 + 1, 1)
        last = status.event_counter
        _put_back(stand)
    assert stand.world.state.coins_unaccounted() == {}


def _put_back(stand: Stand) -> None:
    """The coin that was paid goes back into its hopper, by the hand of staff."""
    state = stand.world.state
    (state.changer.tubes[10] if state.changer.tubes else state.hoppers[10]).count += 1
    state.return_cup[10] -= 1


@pytest.mark.parametrize("cut_s", [0.05, 0.3, 0.9])
async def test_controller_when_replaced_while_paying_then_the_payout_ends(stand: Stand, cut_s: float) -> None:
    before = await counter_of(stand.hoppers[10])
    await stand.hoppers[10].dispense(5)
    await asyncio.sleep(cut_s)
    stand.replace_controller()
    await stand.hoppers[10].start()
    assert await finished(stand.hoppers[10]) == HopperStatus(before % 255 + 1, 0, 5, 0)
    assert stand.world.take_coins() == {10: 5}


@pytest.mark.parametrize("count", [0, 256, -1])
async def test_dispense_when_the_count_is_out_of_range_then_is_a_value_error(stand: Stand, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 255"):
        await stand.hoppers[10].dispense(count)


async def test_unplugged_when_asked_or_ordered_then_is_offline(stand: Stand) -> None:
    stand.unplug()
    with pytest.raises(DeviceOfflineError):
        await stand.hoppers[10].status()
    with pytest.raises(DeviceOfflineError):
        await stand.hoppers[10].dispense(1)


async def test_close_when_done_twice_then_a_payout_still_ends(stand: Stand) -> None:
    await stand.hoppers[10].dispense(2)
    await stand.hoppers[10].close()
    await stand.hoppers[10].close()
    assert (await finished(stand.hoppers[10])).paid == 2
