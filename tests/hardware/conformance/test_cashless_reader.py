"""What every cashless reader must do, whatever wire it hangs on. Written against the port.

A wire driver joins by adding its test stand to `STANDS`.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest

from hardware.cashless_reader.port import (
    Approved,
    CashlessEvent,
    CashlessReader,
    Denied,
    SessionBegun,
    SessionEnded,
)
from hardware.cashless_reader.simulated import SimulatedCashlessReader
from hardware.errors import DeviceOfflineError, DeviceRefusedError
from hardware.port_faults import Fault
from hardware.world import World
from hardware.world_state import WorldState
from protocol.money import yen

CARD = "card-1"
VERDICT_S = 5.0
LONGER_THAN_ANY_TIME_OUT_S = 300.0


class Stand(Protocol):
    """A reader and what a person at the test stand can do to it."""

    reader: CashlessReader
    world: World

    def fail_next(self, fault: Fault, command: str) -> None: ...
    def ignore_next(self) -> None: ...
    def power_cycle(self) -> None: ...
    def unplug(self) -> None: ...
    def replace_controller(self) -> None: ...


class SimulatedStand:
    def __init__(self) -> None:
        self.world = World(WorldState())
        self.reader = SimulatedCashlessReader(self.world)

    def fail_next(self, fault: Fault, command: str) -> None:
        self.reader.fail_next(fault, command)

    def ignore_next(self) -> None:
        self.reader.ignore_next()

    def power_cycle(self) -> None:
        self.reader.power_cycle()

    def unplug(self) -> None:
        self.reader.power_off()

    def replace_controller(self) -> None:
        self.reader.halt()
        self.world = World(WorldState.model_validate_json(self.world.state.model_dump_json()))
        self.reader = SimulatedCashlessReader(self.world)


STANDS: list[Callable[[], Stand]] = [SimulatedStand]


@pytest.fixture(params=STANDS)
async def stand(request: pytest.FixtureRequest) -> Stand:
    made: Stand = request.param()
    made.world.issue_card(CARD, 500)
    await made.reader.start()
    await made.reader.set_accepting(accepting=True)
    return made


async def begun(stand: Stand) -> str:
    stand.world.present_card(CARD)
    (event,) = await stand.reader.poll()
    assert isinstance(event, SessionBegun)
    return event.session


async def answer(stand: Stand, wait_s: float = VERDICT_S) -> list[CashlessEvent]:
    await asyncio.sleep(wait_s)
    return await stand.reader.poll()


async def approved(stand: Stand, amount: int = 150) -> Approved:
    await stand.reader.request(await begun(stand), yen(amount), "A1")
    (event,) = await answer(stand)
    assert isinstance(event, Approved)
    return event


async def state_of(stand: Stand, reference: str) -> str:
    return (await stand.reader.payment(reference)).state


def balance(stand: Stand) -> int:
    return stand.world.state.cards[CARD].balance


async def test_start_when_it_is_there_then_names_it_and_refuses_cards(stand: Stand) -> None:
    assert len((await stand.reader.start()).split()) >= 3
    stand.world.present_card(CARD)
    assert await answer(stand) == []


async def test_card_when_presented_then_a_session_begins_with_its_funds(stand: Stand) -> None:
    stand.world.present_card(CARD)
    (event,) = await stand.reader.poll()
    assert isinstance(event, SessionBegun)
    assert event.funds in {yen(500), None}


async def test_session_when_begun_again_then_has_another_id(stand: Stand) -> None:
    first = await begun(stand)
    stand.world.remove_card()
    assert await stand.reader.poll() == [SessionEnded(first)]
    assert await begun(stand) != first


async def test_request_when_there_is_enough_then_is_reserved_and_not_charged(stand: Stand) -> None:
    event = await approved(stand)
    assert event.amount == yen(150)
    assert await state_of(stand, event.reference) == "reserved"
    assert stand.world.state.cards[CARD].charges == {}
    assert balance(stand) == 350


async def test_confirm_when_repeated_then_charges_once(stand: Stand) -> None:
    event = await approved(stand)
    await stand.reader.confirm(event.reference)
    await stand.reader.confirm(event.reference)
    assert await state_of(stand, event.reference) == "charged"
    assert stand.world.state.cards[CARD].charges == {event.reference: 150}


async def test_fail_when_repeated_then_releases_once(stand: Stand) -> None:
    event = await approved(stand)
    await stand.reader.fail(event.reference)
    await stand.reader.fail(event.reference)
    assert await state_of(stand, event.reference) == "released"
    assert balance(stand) == 500


async def test_fail_when_charged_already_then_is_refused(stand: Stand) -> None:
    event = await approved(stand)
    await stand.reader.confirm(event.reference)
    with pytest.raises(DeviceRefusedError):
        await stand.reader.fail(event.reference)
    assert balance(stand) == 350


async def test_confirm_when_released_already_then_is_refused(stand: Stand) -> None:
    event = await approved(stand)
    await stand.reader.fail(event.reference)
    with pytest.raises(DeviceRefusedError):
        await stand.reader.confirm(event.reference)
    assert balance(stand) == 500


async def test_settling_when_the_reference_is_unknown_then_is_refused(stand: Stand) -> None:
    with pytest.raises(DeviceRefusedError):
        await stand.reader.confirm("nothing")
    with pytest.raises(DeviceRefusedError):
        await stand.reader.fail("nothing")
    assert await state_of(stand, "nothing") == "unknown"


async def test_request_when_there_is_too_little_then_is_denied_and_may_be_asked_again(stand: Stand) -> None:
    session = await begun(stand)
    await stand.reader.request(session, yen(501), "A1")
    assert [type(event) for event in await answer(stand)] == [Denied]
    await stand.reader.request(session, yen(500), "A1")
    assert [type(event) for event in await answer(stand)] == [Approved]


async def test_request_when_the_session_is_another_then_is_refused(stand: Stand) -> None:
    await begun(stand)
    with pytest.raises(DeviceRefusedError):
        await stand.reader.request("nothing", yen(100), "A1")


async def test_request_when_one_is_under_way_then_is_refused(stand: Stand) -> None:
    session = await begun(stand)
    await stand.reader.request(session, yen(100), "A1")
    with pytest.raises(DeviceRefusedError):
        await stand.reader.request(session, yen(100), "A1")
    assert [type(event) for event in await answer(stand)] == [Approved]


async def test_request_when_never_answered_then_the_session_ends_and_nothing_is_held(stand: Stand) -> None:
    session = await begun(stand)
    stand.ignore_next()
    await stand.reader.request(session, yen(100), "A1")
    assert await answer(stand, LONGER_THAN_ANY_TIME_OUT_S) == [SessionEnded(session)]
    assert balance(stand) == 500


async def test_session_when_nobody_asks_then_ends(stand: Stand) -> None:
    session = await begun(stand)
    assert await answer(stand, LONGER_THAN_ANY_TIME_OUT_S) == [SessionEnded(session)]


async def test_reservation_when_the_machine_says_nothing_then_is_released(stand: Stand) -> None:
    event = await approved(stand)
    assert await answer(stand, LONGER_THAN_ANY_TIME_OUT_S) == [SessionEnded(event.session)]
    assert await state_of(stand, event.reference) == "released"
    assert balance(stand) == 500


async def test_session_when_one_vend_is_done_then_serves_another(stand: Stand) -> None:
    event = await approved(stand)
    await stand.reader.confirm(event.reference)
    await stand.reader.request(event.session, yen(100), "A1")
    (again,) = await answer(stand)
    assert isinstance(again, Approved)
    assert again.reference != event.reference
    assert [item.state for item in await stand.reader.payments_of(event.session)] == ["charged", "reserved"]


async def test_card_when_removed_before_the_answer_then_is_denied_and_over(stand: Stand) -> None:
    session = await begun(stand)
    await stand.reader.request(session, yen(100), "A1")
    stand.world.remove_card()
    assert [type(event) for event in await answer(stand)] == [Denied, SessionEnded]
    assert balance(stand) == 500


async def test_card_when_removed_after_the_approval_then_the_vend_can_still_be_charged(stand: Stand) -> None:
    event = await approved(stand)
    stand.world.remove_card()
    await stand.reader.confirm(event.reference)
    assert await stand.reader.poll() == [SessionEnded(event.session)]
    assert stand.world.state.cards[CARD].spent == 150


async def test_end_session_when_repeated_then_no_request_is_taken_any_more(stand: Stand) -> None:
    session = await begun(stand)
    await stand.reader.end_session(session)
    await stand.reader.end_session(session)
    with pytest.raises(DeviceRefusedError):
        await stand.reader.request(session, yen(100), "A1")


async def test_end_session_when_money_is_reserved_then_it_can_still_be_settled(stand: Stand) -> None:
    event = await approved(stand)
    await stand.reader.end_session(event.session)
    await stand.reader.confirm(event.reference)
    assert stand.world.state.cards[CARD].spent == 150


async def test_set_accepting_when_off_then_the_session_under_way_goes_on(stand: Stand) -> None:
    session = await begun(stand)
    await stand.reader.set_accepting(accepting=False)
    await stand.reader.request(session, yen(100), "A1")
    assert [type(event) for event in await answer(stand)] == [Approved]


@pytest.mark.parametrize("command", ["confirm", "fail", "payment"])
@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.LOST_REPLY])
async def test_command_when_the_line_fails_then_is_offline_and_can_be_repeated(
    stand: Stand, command: str, fault: Fault
) -> None:
    event = await approved(stand)
    stand.fail_next(fault, command)
    with pytest.raises(DeviceOfflineError):
        await getattr(stand.reader, command)(event.reference)
    await getattr(stand.reader, command)(event.reference)
    expected = {"confirm": "charged", "fail": "released", "payment": "reserved"}[command]
    assert await state_of(stand, event.reference) == expected
    assert stand.world.state.cards_unaccounted() == {}


async def test_poll_when_its_reply_is_lost_then_nothing_is_consumed(stand: Stand) -> None:
    stand.world.present_card(CARD)
    stand.fail_next(Fault.LOST_REPLY, "poll")
    with pytest.raises(DeviceOfflineError):
        await stand.reader.poll()
    assert [type(event) for event in await stand.reader.poll()] == [SessionBegun]


async def test_request_when_its_reply_is_lost_then_the_payment_is_found_by_its_session(stand: Stand) -> None:
    session = await begun(stand)
    stand.fail_next(Fault.LOST_REPLY, "request")
    with pytest.raises(DeviceOfflineError):
        await stand.reader.request(session, yen(100), "A1")
    await asyncio.sleep(VERDICT_S)
    assert [item.state for item in await stand.reader.payments_of(session)] == ["reserved"]


async def test_unplugged_when_asked_then_is_offline_and_no_session_begins(stand: Stand) -> None:
    stand.unplug()
    stand.world.present_card(CARD)
    with pytest.raises(DeviceOfflineError):
        await stand.reader.poll()


async def test_restart_when_a_session_is_open_then_it_is_over_and_the_next_card_is_served(stand: Stand) -> None:
    session = await begun(stand)
    stand.power_cycle()
    assert await stand.reader.poll() == [SessionEnded(session)]
    stand.world.remove_card()
    await begun(stand)


@pytest.mark.parametrize("cut_s", [0.1, 10.0])
async def test_controller_when_replaced_after_a_request_then_no_money_is_lost(stand: Stand, cut_s: float) -> None:
    session = await begun(stand)
    await stand.reader.request(session, yen(100), "A1")
    await asyncio.sleep(cut_s)
    stand.replace_controller()
    await stand.reader.start()
    for item in await stand.reader.payments_of(session):
        await stand.reader.fail(item.reference)
    await asyncio.sleep(LONGER_THAN_ANY_TIME_OUT_S)
    assert balance(stand) == 500
    assert await stand.reader.poll() == []


async def test_controller_when_replaced_after_the_approval_then_can_confirm_it(stand: Stand) -> None:
    event = await approved(stand)
    stand.replace_controller()
    await stand.reader.start()
    await stand.reader.confirm(event.reference)
    assert stand.world.state.cards[CARD].charges == {event.reference: 150}


async def test_controller_when_replaced_and_says_nothing_then_the_reservation_still_times_out(stand: Stand) -> None:
    event = await approved(stand)
    stand.replace_controller()
    await stand.reader.start()
    await asyncio.sleep(LONGER_THAN_ANY_TIME_OUT_S)
    assert await state_of(stand, event.reference) == "released"
    assert balance(stand) == 500


async def test_on_news_when_the_wire_can_tell_then_a_card_is_told(stand: Stand) -> None:
    calls: list[None] = []
    if not stand.reader.on_news(lambda: calls.append(None)):
        pytest.skip("this wire is polled")
    stand.world.present_card(CARD)
    assert calls


async def test_close_when_done_twice_then_refuses_cards(stand: Stand) -> None:
    await stand.reader.close()
    await stand.reader.close()
    stand.world.present_card(CARD)
    assert await stand.reader.poll() == []


async def test_close_when_nothing_answers_then_is_quiet(stand: Stand) -> None:
    stand.unplug()
    await stand.reader.close()
