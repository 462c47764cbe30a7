"""What every coin changer must do, whatever wire it hangs on. Written against the port.

A wire driver joins by adding its test stand to `STANDS`.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest

from hardware.coin_acceptor.port import AcceptorRestarted, CoinAccepted, CoinDispensedByHand, CoinRejected
from hardware.coin_changer.port import CASH_BOX, TUBE, CoinChanger, PayoutStatus, Tube
from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.errors import DeviceOfflineError, DeviceRefusedError, UnconfirmedError
from hardware.port_faults import Fault
from hardware.world import World
from hardware.world_state import TubeState, WorldState
from protocol.money import yen


class Stand(Protocol):
    """A changer with tubes 10: 5, 50: 3, 100: 2 of 3, and what a person at the test stand can do to it."""

    changer: CoinChanger
    world: World

    def fail_next(self, fault: Fault, command: str) -> None: ...
    def press_key(self, value: int) -> None: ...
    def power_cycle(self, *, remembers: bool = True) -> None: ...
    def unplug(self) -> None: ...
    def replace_controller(self) -> None: ...


class SimulatedStand:
    def __init__(self) -> None:
        self.world = World(WorldState())
        tubes = self.world.state.changer.tubes
        tubes |= {10: TubeState(), 50: TubeState(), 100: TubeState(capacity=3)}
        for value, count in {10: 5, 50: 3, 100: 2}.items():
            self.world.load_tube(value, count)
        self.changer = SimulatedCoinChanger(self.world)

    def fail_next(self, fault: Fault, command: str) -> None:
        self.changer.fail_next(fault, command)

    def press_key(self, value: int) -> None:
        self.changer.press_key(value)

    def power_cycle(self, *, remembers: bool = True) -> None:
        self.changer.power_cycle(remembers=remembers)

    def unplug(self) -> None:
        self.changer.power_off()

    def replace_controller(self) -> None:
        self.changer.halt()
        self.world = World(WorldState.model_validate_json(self.world.state.model_dump_json()))
        self.changer = SimulatedCoinChanger(self.world)


STANDS: list[Callable[[], Stand]] = [SimulatedStand]


@pytest.fixture(params=STANDS)
async def stand(request: pytest.FixtureRequest) -> Stand:
    made: Stand = request.param()
    await made.changer.start()
    await made.changer.set_accepting(accepting=True)
    return made


async def finished(stand: Stand) -> PayoutStatus:
    async with asyncio.timeout(60):
        while (status := await stand.changer.status()).is_busy:
            await asyncio.sleep(0.1)
    return status


async def test_start_when_it_is_there_then_names_it_and_refuses_coins(stand: Stand) -> None:
    assert len((await stand.changer.start()).split()) >= 3
    stand.world.insert_coin(100)
    assert stand.world.take_coins() == {100: 1}


async def test_tubes_when_asked_then_are_as_filled(stand: Stand) -> None:
    tubes = await stand.changer.tubes()
    assert tubes == {value: Tube(count, is_full=False) for value, count in {10: 5, 50: 3, 100: 2}.items()}


async def test_coin_when_accepted_then_goes_to_its_tube_and_is_told_once(stand: Stand) -> None:
    stand.world.insert_coin(100)
    assert await stand.changer.poll() == [CoinAccepted(yen(100), TUBE, 1)]
    assert await stand.changer.poll() == []
    assert (await stand.changer.tubes())[100] == Tube(3, is_full=True)


async def test_coin_when_its_tube_is_full_then_goes_to_the_cash_box(stand: Stand) -> None:
    stand.world.insert_coin(100)
    stand.world.insert_coin(100)
    events = await stand.changer.poll()
    assert events == [CoinAccepted(yen(100), TUBE, 1), CoinAccepted(yen(100), CASH_BOX, 2)]
    assert stand.world.state.cash_box == {100: 1}


async def test_coin_when_it_has_no_tube_then_goes_to_the_cash_box(stand: Stand) -> None:
    stand.world.insert_coin(500)
    assert await stand.changer.poll() == [CoinAccepted(yen(500), CASH_BOX, 1)]


async def test_coin_when_unknown_then_falls_through_and_is_told(stand: Stand) -> None:
    stand.world.insert_coin(1)
    assert [type(event) for event in await stand.changer.poll()] == [CoinRejected]
    assert stand.world.take_coins() == {1: 1}


async def test_pay_when_all_is_well_then_each_coin_is_reported(stand: Stand) -> None:
    await stand.changer.pay({100: 2, 10: 3})
    assert (await stand.changer.status()).is_busy
    assert await finished(stand) == PayoutStatus(1, is_busy=False, paid={100: 2, 10: 3})
    assert stand.world.take_coins() == {100: 2, 10: 3}
    assert (await stand.changer.tubes())[10].count == 2


async def test_pay_when_a_tube_runs_empty_then_pays_the_rest(stand: Stand) -> None:
    await stand.changer.pay({100: 5, 10: 1})
    assert (await finished(stand)).paid == {100: 2, 10: 1}


async def test_pay_when_a_tube_is_jammed_then_pays_the_rest(stand: Stand) -> None:
    stand.world.tube_jam(50)
    await stand.changer.pay({50: 2, 10: 1})
    assert (await finished(stand)).paid == {10: 1}


async def test_pay_when_it_is_paying_already_then_is_refused(stand: Stand) -> None:
    await stand.changer.pay({10: 3})
    with pytest.raises(DeviceRefusedError):
        await stand.changer.pay({10: 1})
    assert await finished(stand) == PayoutStatus(1, is_busy=False, paid={10: 3})


async def test_pay_when_there_is_no_such_tube_then_is_refused(stand: Stand) -> None:
    with pytest.raises(DeviceRefusedError):
        await stand.changer.pay({500: 1})


@pytest.mark.parametrize("coins", [{}, {10: 0}, {10: -1}])
async def test_pay_when_there_is_nothing_to_pay_then_is_a_value_error(stand: Stand, coins: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="at least one coin"):
        await stand.changer.pay(coins)


async def test_pay_when_the_order_never_arrives_then_is_offline_and_nothing_moves(stand: Stand) -> None:
    stand.fail_next(Fault.SILENCE, "pay")
    with pytest.raises(DeviceOfflineError):
        await stand.changer.pay({10: 1})
    assert await finished(stand) == PayoutStatus(0, is_busy=False, paid={})


async def test_pay_when_only_the_answer_is_lost_then_the_counter_proves_it(stand: Stand) -> None:
    stand.fail_next(Fault.LOST_REPLY, "pay")
    await stand.changer.pay({10: 1})
    assert await finished(stand) == PayoutStatus(1, is_busy=False, paid={10: 1})


@pytest.mark.parametrize(("fault", "paid"), [(Fault.SILENCE, {}), (Fault.LOST_REPLY, {10: 1})])
async def test_pay_when_nothing_answers_any_more_then_is_unconfirmed(
    stand: Stand, fault: Fault, paid: dict[int, int]
) -> None:
    stand.fail_next(fault, "pay")
    stand.fail_next(Fault.SILENCE, "pay_after")
    with pytest.raises(UnconfirmedError):
        await stand.changer.pay({10: 1})
    assert (await finished(stand)).paid == paid


async def test_pay_when_nothing_answers_before_the_order_then_is_offline(stand: Stand) -> None:
    stand.unplug()
    with pytest.raises(DeviceOfflineError):
        await stand.changer.pay({10: 1})


async def test_key_when_pressed_then_a_coin_falls_and_is_told_as_no_payout(stand: Stand) -> None:
    stand.press_key(50)
    assert await stand.changer.poll() == [CoinDispensedByHand(yen(50), 1)]
    assert stand.world.take_coins() == {50: 1}
    assert (await stand.changer.status()).payouts == 0


async def test_poll_when_its_reply_is_lost_then_nothing_is_consumed(stand: Stand) -> None:
    stand.world.insert_coin(10)
    stand.fail_next(Fault.LOST_REPLY, "poll")
    with pytest.raises(DeviceOfflineError):
        await stand.changer.poll()
    assert await stand.changer.poll() == [CoinAccepted(yen(10), TUBE, 1)]


async def test_controller_when_replaced_after_a_poll_then_the_event_comes_again_with_its_counter(stand: Stand) -> None:
    stand.world.insert_coin(10)
    told = await stand.changer.poll()
    stand.replace_controller()
    await stand.changer.start()
    assert await stand.changer.poll() == told == [CoinAccepted(yen(10), TUBE, 1)]


@pytest.mark.parametrize("cut_s", [0.1, 0.4, 0.7, 1.3])
async def test_controller_when_replaced_while_paying_then_the_payout_ends(stand: Stand, cut_s: float) -> None:
    await stand.changer.pay({50: 2, 10: 2})
    await asyncio.sleep(cut_s)
    stand.replace_controller()
    await stand.changer.start()
    assert await finished(stand) == PayoutStatus(1, is_busy=False, paid={50: 2, 10: 2})
    assert stand.world.state.coins_unaccounted() == {}


async def test_restart_when_paying_then_stops_and_tells_what_it_paid(stand: Stand) -> None:
    await stand.changer.pay({50: 2, 10: 2})
    await asyncio.sleep(0.7)
    stand.power_cycle()
    status = await finished(stand)
    assert (status.payouts, status.paid) == (1, stand.world.take_coins())
    assert status.paid is not None
    assert sum(status.paid.values()) < 4
    assert await stand.changer.poll() == [AcceptorRestarted()]


async def test_restart_when_accepting_then_takes_coins_again(stand: Stand) -> None:
    stand.power_cycle()
    stand.world.insert_coin(10)
    assert await stand.changer.poll() == [AcceptorRestarted()]
    assert await stand.changer.poll() == [CoinAccepted(yen(10), TUBE, 1)]


async def test_restart_when_it_is_told_then_what_came_after_it_is_told_by_the_next_poll(stand: Stand) -> None:
    stand.world.insert_coin(100)
    stand.power_cycle()
    stand.world.insert_coin(10)
    assert await stand.changer.poll() == [AcceptorRestarted()]
    stand.replace_controller()  # nothing was acknowledged yet
    await stand.changer.start()
    assert await stand.changer.poll() == [AcceptorRestarted()]
    assert await stand.changer.poll() == [CoinAccepted(yen(10), TUBE, 1)]
    assert await stand.changer.poll() == []


async def test_restart_when_it_forgets_its_payout_then_says_so(stand: Stand) -> None:
    await stand.changer.pay({50: 2})
    await asyncio.sleep(0.4)
    stand.power_cycle(remembers=False)
    assert await stand.changer.status() == PayoutStatus(1, is_busy=False, paid=None)
    await stand.changer.pay({10: 1})
    assert await finished(stand) == PayoutStatus(2, is_busy=False, paid={10: 1})


async def test_unplugged_when_a_coin_comes_then_it_falls_through(stand: Stand) -> None:
    stand.unplug()
    stand.world.insert_coin(100)
    assert stand.world.take_coins() == {100: 1}


async def test_on_news_when_the_wire_can_tell_then_a_coin_is_told(stand: Stand) -> None:
    calls: list[None] = []
    if not stand.changer.on_news(lambda: calls.append(None)):
        pytest.skip("this wire is polled")
    stand.world.insert_coin(10)
    assert calls


async def test_close_when_done_twice_then_refuses_coins(stand: Stand) -> None:
    await stand.changer.close()
    await stand.changer.close()
    stand.world.insert_coin(100)
    assert stand.world.take_coins() == {100: 1}


async def test_close_when_nothing_answers_then_is_quiet(stand: Stand) -> None:
    stand.unplug()
    await stand.changer.close()
