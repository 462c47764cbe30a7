"""Commands of the cloud: carried out at most once, or refused with a reason; a coupon's price is shown and charged."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.cloud_link.commands import read_command
from edge.screens.customer import CustomerPresenter
from edge.vend import inputs as i
from edge.vend.state import MachineState, Order, Phase
from edge.vend.state_machine import step
from edge.vend.step import Step
from protocol.commands import Command, CouponOffer, VendPaid
from protocol.desired import Planogram
from protocol.envelope import Envelope
from protocol.events import Event
from tests.edge.machine_bench import CONTEXT, Bench, commits_of, killed_at_each, planogram, play


def order(n: int, name: str = "vend.paid") -> Order:
    return Order(command=f"{n:032x}", n=n, name=name)


def paid(n: int = 1, **differs: Any) -> i.PaidVendAsked:
    wish = {"slot": "A1", "product_id": "p-A1", "list_minor": 160, "paid_minor": 160, "payment": "pay-1"} | differs
    return i.PaidVendAsked(order(n), VendPaid.model_validate(wish))


def offer(n: int = 1, **differs: Any) -> i.CouponOffered:
    wish = {"slot": "A1", "product_id": "p-A1", "list_minor": 160, "price_minor": 100, "coupon": "welcome"} | differs
    return i.CouponOffered(order(n, "coupon.offer"), CouponOffer.model_validate(wish), 60_000)


def ready(**update: Any) -> MachineState:
    state = MachineState(planogram=planogram(), on_hand={"A1": 2, "A2": 0, "B1": 1}, hoppers={10: 30, 100: 10})
    return state.model_copy(update=update)


def said(done: Step) -> list[Event]:
    return [event for event in done.events if event.KIND.startswith("command.")]


def outcome(done: Step) -> tuple[str, str]:
    body = said(done)[-1].to_dict()
    return body["outcome"], body["why"]


def last(bench: Bench, kind: str) -> dict[str, Any]:
    return [event.d for event in bench.events() if event.kind == kind][-1]


# --- a sale that is paid elsewhere -----------------------------------------------------------------
def test_paid_sale_when_the_unit_falls_then_is_a_sale_of_that_payment_and_no_credit_moves() -> None:
    done = play(ready(), paid(), i.Delivered(turns=1))
    assert [event.KIND for event in done.events] == ["command.taken", "vend.started", "vend.dispensed", "command.done"]
    sale = done.events[2].to_dict()
    assert (sale["tender"], sale["payment"], sale["price_minor"], sale["command"]) == (
        "remote", "pay-1", 160, order(1).command,
    )  # fmt: skip
    assert outcome(done) == ("succeeded", "")
    assert (done.state.phase, done.state.order, done.state.on_hand["A1"]) == (Phase.IDLE, None, 1)


def test_paid_sale_when_nothing_falls_then_fails_and_the_machine_owes_nothing() -> None:
    done = play(ready(), paid(), i.NotDelivered("jammed", "slot.jammed"))
    assert outcome(done) == ("failed", "jammed")
    assert (done.state.phase, done.state.credit, done.state.payout) == (Phase.IDLE, 0, None)


def test_paid_sale_when_a_coupon_lowered_it_then_names_both_prices() -> None:
    done = play(ready(), paid(paid_minor=110, coupon="spring"), i.Delivered(turns=1))
    sale = done.events[2].to_dict()
    assert (sale["price_minor"], sale["list_minor"], sale["coupon"]) == (110, 160, "spring")


@pytest.mark.parametrize("again", [1, 0])
def test_command_when_its_number_is_not_higher_then_nothing_is_done_and_nothing_is_said(again: int) -> None:
    first = play(ready(), paid(1), i.Delivered(turns=1))
    repeated = step(first.state, replace(paid(1), order=Order(command="f" * 32, n=again, name="vend.paid")), CONTEXT)
    assert (repeated.events, repeated.effects) == ((), ())
    assert repeated.state is first.state


@pytest.mark.parametrize(
    ("ask", "update", "why"),
    [
        (paid(), {"phase": Phase.CREDIT, "credit": 100}, "busy"),
        (paid(), {"door_open": True}, "locked"),
        (paid(slot="A2", product_id="p-A2", list_minor=120), {}, "sold_out"),
        (paid(slot="C9"), {}, "unknown_slot"),
        (paid(product_id="p-B1"), {}, "other_product"),
        (paid(list_minor=150), {}, "other_price"),
        (paid(currency="USD"), {}, "other_price"),
        (offer(price_minor=170), {}, "not_lower"),
        (offer(list_minor=150), {}, "other_price"),
    ],
)
def test_command_when_the_machine_cannot_do_it_then_is_rejected_once_and_for_all(
    ask: i.Input, update: dict[str, Any], why: str
) -> None:
    done = play(ready(**update), ask)
    assert outcome(done) == ("rejected", why)
    assert done.effects == ()
    assert done.state.last_command == 1


def test_paid_sale_when_the_vend_was_interrupted_then_the_sensors_decide_after_the_restart() -> None:
    started = play(ready(), paid(), i.Started("new", {}))
    assert started.effects[-1] == i.ResolveVend("A1", kept_power=True)
    assert outcome(play(started.state, i.Delivered(turns=0))) == ("succeeded", "")
    assert outcome(play(started.state, i.NotDelivered("uncertain", "vend.uncertain"))) == ("failed", "uncertain")


# --- a coupon's price --------------------------------------------------------------------------------
def test_offer_when_the_product_is_bought_then_its_price_is_charged_and_the_offer_is_used() -> None:
    done = play(ready(), offer(), i.CoinIn(100, "hopper", 1), i.Select("A1"), i.Delivered(turns=1))
    sale = next(event for event in done.events if event.KIND == "vend.dispensed").to_dict()
    assert (sale["price_minor"], sale["list_minor"], sale["coupon"], sale["tender"]) == (100, 160, "welcome", "cash")
    assert outcome(done) == ("succeeded", "")
    assert (done.state.credit, done.state.offer, done.state.phase) == (0, None, Phase.IDLE)


def test_offer_when_another_product_is_bought_then_stands() -> None:
    done = play(ready(), offer(), i.CoinIn(500, "hopper", 1), i.Select("B1"), i.Delivered(turns=1))
    assert [event.KIND for event in said(done)] == ["command.taken"]
    assert done.state.offer is not None


def test_offer_when_the_vend_fails_then_may_be_used_again() -> None:
    coin = i.CoinIn(100, "hopper", 1)
    done = play(ready(), offer(), coin, i.Select("A1"), i.NotDelivered("no_drop", turned=True), i.Select("A1"))
    assert done.state.open_vend.price_minor == 100
    assert outcome(play(done.state, i.Delivered(turns=1))) == ("succeeded", "")


def test_offer_when_its_time_is_over_then_the_list_price_counts_again() -> None:
    done = play(ready(), offer(), i.OfferEnded(order(1).command), i.CoinIn(100, "hopper", 1), i.Select("A1"))
    assert outcome(done) == ("expired", "too_late")
    assert (done.state.vend, done.state.credit) == (None, 100)


def test_offer_when_its_time_ends_during_the_vend_then_the_vend_decides() -> None:
    vending = play(ready(), offer(), i.CoinIn(100, "hopper", 1), i.Select("A1"), i.OfferEnded(order(1).command))
    assert [event.KIND for event in said(vending)] == ["command.taken"]
    assert outcome(play(vending.state, i.Delivered(turns=1))) == ("succeeded", "")
    assert outcome(play(vending.state, i.NotDelivered("no_drop"))) == ("expired", "too_late")


def test_offer_when_the_customer_waits_with_enough_money_then_vends_at_once() -> None:
    done = play(ready(), i.Select("A1"), i.CoinIn(100, "hopper", 1), offer())
    assert done.state.phase is Phase.DISPENSING
    assert i.TurnCoil("A1") in done.effects


def test_offer_when_a_second_one_comes_then_takes_its_place() -> None:
    done = play(ready(), offer(1), offer(2, price_minor=90))
    assert [event.to_dict().get("outcome") for event in said(done)] == [None, "expired", None]
    row = done.state.slot("A1")
    assert row is not None
    assert done.state.price_of(row) == 90


def test_offer_when_the_controller_restarts_then_is_over() -> None:
    done = play(ready(), offer(), i.Started("new", {}))
    assert outcome(done) == ("expired", "restarted")


def test_offer_when_the_price_is_changed_then_is_over() -> None:
    rows = [row.model_copy(update={"price_minor": 170}) for row in planogram().slots]
    done = play(ready(), offer(), i.PlanogramArrived(Planogram(rev=2, slots=rows)))
    assert outcome(done) == ("expired", "other_price")


def test_screen_when_there_is_an_offer_then_shows_both_prices_and_says_so() -> None:
    state = play(ready(), offer()).state
    view = CustomerPresenter().view(state, online=True, now=0.0)
    tile = next(tile for tile in view.tiles if tile.slot == "A1")
    assert (tile.price_text, tile.list_price_text) == ("¥100", "¥160")
    assert (view.message.key, "¥100" in view.message.text) == ("coupon_price", True)


# --- reading a command ---------------------------------------------------------------------------------
def command(**differs: Any) -> Command:
    args = paid().wish.to_dict()
    fields = {"id": "0" * 31 + "1", "n": 1, "conn": "ab" * 8, "kind": "vend.paid", "args": args}
    return Command.model_validate(fields | {"issued_ms": 1000, "ttl_ms": 60_000} | differs)


def test_reading_when_the_command_is_understood_then_becomes_its_input() -> None:
    assert read_command(command(), left_ms=1) == paid()


@pytest.mark.parametrize(
    ("differs", "left_ms", "outcome", "why"),
    [
        ({}, 0, "expired", "too_late"),
        ({"kind": "door.open"}, 1, "rejected", "door.open is not known"),
        ({"args": {"slot": "A1"}}, 1, "rejected", "payment: Field required"),
    ],
)
def test_reading_when_it_cannot_be_carried_out_then_says_why(
    differs: dict[str, Any], left_ms: int, outcome: str, why: str
) -> None:
    refused = read_command(command(**differs), left_ms)
    assert isinstance(refused, i.CommandRefused)
    assert refused.outcome == outcome
    assert why in refused.why


# --- on the whole machine ------------------------------------------------------------------------------
async def decided(bench: Bench) -> None:
    """Until nothing is under way, or the controller is dead."""
    async with asyncio.timeout(200):
        while bench.state.phase is not Phase.IDLE and bench.is_alive:
            await asyncio.sleep(0.1)


async def _business(bench: Bench) -> None:
    bench.runtime.apply(paid())
    await decided(bench)


async def test_paid_sale_when_asked_then_one_unit_falls_and_no_coin_moves(bench: Bench) -> None:
    await _business(bench)
    assert bench.world_state.tray == ["p-A1"]
    assert bench.cup() == 0
    assert last(bench, "command.done")["outcome"] == "succeeded"


async def test_offer_when_nobody_uses_it_then_ends_by_itself(bench: Bench) -> None:
    bench.runtime.apply(offer())
    await asyncio.sleep(59)
    assert bench.state.offer is not None
    await asyncio.sleep(2)
    assert bench.state.offer is None
    assert last(bench, "command.done")["outcome"] == "expired"


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
async def test_paid_sale_when_killed_at_any_step_and_asked_again_then_delivers_once_at_most(
    tmp_path: Path, after: bool
) -> None:
    steps = await commits_of(tmp_path, _business)
    assert steps >= 2
    async for where, bench in killed_at_each(tmp_path, steps, _business, after=after):
        await decided(bench)
        await _business(bench)  # the cloud has heard nothing and sends it again
        done = [event.d for event in bench.events() if event.kind == "command.done"]
        assert len(done) == 1, where
        assert len(bench.world_state.tray) == (done[0]["outcome"] == "succeeded"), where
        assert _sales(bench.events()) == len(bench.world_state.tray), where


def _sales(events: list[Envelope]) -> int:
    return sum(event.kind == "vend.dispensed" for event in events)
