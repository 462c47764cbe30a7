"""The simulated cashless reader's own tricks, and the money on the cards of the world."""

import asyncio

import pytest

from hardware.cashless_reader.port import Approved, Denied, SessionBegun, SessionEnded
from hardware.cashless_reader.simulated import PowerLoss, SimulatedCashlessReader
from hardware.errors import DeviceOfflineError, DeviceRefusedError
from hardware.port_faults import Fault
from hardware.world import World
from hardware.world_state import Card, WorldState
from protocol.money import yen


@pytest.fixture
def world() -> World:
    made = World(WorldState())
    made.issue_card("card-1", 500)
    return made


@pytest.fixture
async def reader(world: World) -> SimulatedCashlessReader:
    made = SimulatedCashlessReader(world)
    await made.set_accepting(accepting=True)
    return made


async def ask(reader: SimulatedCashlessReader, world: World) -> str:
    world.present_card("card-1")
    (event,) = await reader.poll()
    assert isinstance(event, SessionBegun)
    await reader.request(event.session, yen(150), "A1")
    await asyncio.sleep(5)
    return event.session


async def approved(reader: SimulatedCashlessReader, world: World) -> Approved:
    await ask(reader, world)
    (event,) = await reader.poll()
    assert isinstance(event, Approved)
    return event


@pytest.mark.parametrize(
    ("outcome", "state", "spent"),
    [(PowerLoss.KEEPS, "reserved", 0), (PowerLoss.CHARGES, "charged", 150), (PowerLoss.RELEASES, "released", 0)],
)
async def test_power_cut_when_money_is_reserved_then_the_outcome_is_told(
    reader: SimulatedCashlessReader, world: World, outcome: PowerLoss, state: str, spent: int
) -> None:
    event = await approved(reader, world)
    reader.power_cycle(outcome)
    assert (await reader.payment(event.reference)).state == state
    assert world.state.cards["card-1"].spent == spent
    assert await reader.poll() == ([] if state == "reserved" else [SessionEnded(event.session)])


async def test_power_cut_when_the_approval_was_never_read_then_nothing_is_charged(
    reader: SimulatedCashlessReader, world: World
) -> None:
    session = await ask(reader, world)
    await reader.start()
    reader.power_cycle(PowerLoss.CHARGES)
    assert [item.state for item in await reader.payments_of(session)] == ["released"]
    assert world.state.cards["card-1"].balance == 500


async def test_power_cut_when_the_reader_forgets_then_the_payment_is_unknown_and_the_card_knows(
    reader: SimulatedCashlessReader, world: World
) -> None:
    event = await approved(reader, world)
    reader.power_cycle(PowerLoss.CHARGES, remembers=False)
    assert (await reader.payment(event.reference)).state == "unknown"
    with pytest.raises(DeviceRefusedError):
        await reader.confirm(event.reference)
    assert world.state.cards["card-1"].charges == {event.reference: 150}


async def test_power_cut_when_it_forgets_and_keeps_then_is_an_error(reader: SimulatedCashlessReader) -> None:
    with pytest.raises(ValueError, match="cannot keep"):
        reader.power_cycle(PowerLoss.KEEPS, remembers=False)


async def test_power_cut_when_money_is_kept_then_its_time_out_still_releases_it(
    reader: SimulatedCashlessReader, world: World
) -> None:
    event = await approved(reader, world)
    reader.power_off()
    await asyncio.sleep(500)
    reader.power_on()
    assert (await reader.payment(event.reference)).state == "reserved"
    await asyncio.sleep(500)
    assert (await reader.payment(event.reference)).state == "released"


async def test_request_when_told_to_deny_then_says_why_once(reader: SimulatedCashlessReader, world: World) -> None:
    reader.deny_next("card blocked")
    session = await ask(reader, world)
    assert await reader.poll() == [Denied(session, "card blocked")]
    await reader.request(session, yen(150), "A1")
    await asyncio.sleep(5)
    assert [type(event) for event in await reader.poll()] == [Approved]


async def test_approval_when_for_another_amount_then_that_is_charged(
    reader: SimulatedCashlessReader, world: World
) -> None:
    reader.approve_next(140)
    event = await approved(reader, world)
    await reader.confirm(event.reference)
    assert event.amount == yen(140)
    assert world.state.cards["card-1"].spent == 140


async def test_fail_when_the_refund_is_lost_then_is_refused_and_charged(
    reader: SimulatedCashlessReader, world: World
) -> None:
    event = await approved(reader, world)
    reader.lose_next_refund()
    with pytest.raises(DeviceRefusedError):
        await reader.fail(event.reference)
    assert (await reader.payment(event.reference)).state == "charged"


async def test_refusal_when_its_reply_is_lost_then_is_offline(reader: SimulatedCashlessReader) -> None:
    reader.fail_next(Fault.LOST_REPLY, "confirm")
    with pytest.raises(DeviceOfflineError):
        await reader.confirm("nothing")


async def test_refusal_when_a_question_comes_first_then_waits_for_an_order(
    reader: SimulatedCashlessReader, world: World
) -> None:
    event = await approved(reader, world)
    reader.fail_next(Fault.REFUSAL)
    assert await reader.poll() == []
    with pytest.raises(DeviceRefusedError):
        await reader.confirm(event.reference)
    assert (await reader.payment(event.reference)).state == "reserved"


async def test_request_when_for_nothing_then_is_a_value_error(reader: SimulatedCashlessReader, world: World) -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        await reader.request("session-1", yen(0), "A1")


async def test_session_when_the_reader_does_not_tell_funds_then_they_are_unknown(world: World) -> None:
    reader = SimulatedCashlessReader(world, tells_funds=False)
    await reader.set_accepting(accepting=True)
    world.present_card("card-1")
    assert await reader.poll() == [SessionBegun("session-1", None)]


async def test_refund_when_charged_then_the_card_has_it_back_once(
    reader: SimulatedCashlessReader, world: World
) -> None:
    event = await approved(reader, world)
    await reader.confirm(event.reference)
    world.refund_card(event.reference)
    assert (world.state.cards["card-1"].balance, world.state.cards["card-1"].spent) == (500, 0)
    assert world.state.cards_unaccounted() == {}
    with pytest.raises(ValueError, match="already"):
        world.refund_card(event.reference)


def test_refund_when_nothing_was_charged_then_is_a_key_error(world: World) -> None:
    with pytest.raises(KeyError):
        world.refund_card("nothing")


def test_card_when_unknown_or_issued_twice_then_is_an_error(world: World) -> None:
    with pytest.raises(KeyError):
        world.present_card("card-2")
    with pytest.raises(ValueError, match="already"):
        world.issue_card("card-1", 1)


def test_audit_when_money_on_a_card_is_missing_then_names_it() -> None:
    card = Card(brought=500, balance=300, reserved={"a": 100}, charges={"b": 50})
    assert WorldState(cards={"card-1": card}).cards_unaccounted() == {"card-1": 50}
