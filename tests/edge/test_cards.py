"""Cards on the whole machine: reserved, delivered, charged; or released."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.vend import inputs as i
from edge.vend.state import Card, MachineState, Phase
from edge.vend.state_machine import step
from edge.vend.step import Context, Step
from hardware.cashless_reader.simulated import PowerLoss, SimulatedCashlessReader
from hardware.port_faults import Fault
from tests.edge.machine_bench import Bench, commits_of, killed_at_each

CARD = "card-1"
CONTEXT = Context("5f0c9b1e7a2d4c68b3e1f0a9d8c7b6a5")


def reader(bench: Bench) -> SimulatedCashlessReader:
    assert bench.machine.cashless_reader is not None
    return bench.machine.cashless_reader


async def present(bench: Bench, balance: int = 1000) -> None:
    if CARD not in bench.world_state.cards:
        bench.machine.world.issue_card(CARD, balance)
    bench.machine.world.present_card(CARD)
    await asyncio.sleep(1)


async def decided(bench: Bench) -> None:
    """Until nothing is under way, or the controller is dead."""
    async with asyncio.timeout(200):
        while bench.state.phase in {Phase.APPROVING, Phase.DISPENSING, Phase.SETTLING} and bench.is_alive:
            await asyncio.sleep(0.1)


def last(bench: Bench, kind: str) -> dict[str, Any]:
    return [event.d for event in bench.events() if event.kind == kind][-1]


def spent(bench: Bench) -> int:
    return bench.world_state.cards[CARD].spent


async def test_card_when_approved_and_delivered_then_is_charged_once(bench: Bench) -> None:
    await present(bench)
    bench.select("A1")
    await decided(bench)
    assert bench.world_state.tray == ["p-A1"]
    assert spent(bench) == 160
    sold, settled = last(bench, "vend.dispensed"), last(bench, "payment.settled")
    assert (sold["tender"], sold["payment"]) == ("card", settled["payment"])
    assert settled["outcome"] == "charged"
    assert bench.state.phase is Phase.IDLE


async def test_card_when_nothing_falls_then_is_released(bench: Bench) -> None:
    bench.machine.world.jam("A1")
    await present(bench)
    bench.select("A1")
    await decided(bench)
    assert spent(bench) == 0
    assert not bench.world_state.cards[CARD].reserved
    assert last(bench, "payment.settled")["outcome"] == "released"


async def test_card_when_denied_then_nothing_is_delivered_and_the_reason_is_kept(bench: Bench) -> None:
    reader(bench).deny_next("stolen")
    await present(bench)
    bench.select("A1")
    await decided(bench)
    assert bench.world_state.tray == []
    assert last(bench, "payment.denied")["why"] == "stolen"
    assert bench.state.vend is None


async def test_card_when_its_funds_are_too_small_then_says_so_before_asking(bench: Bench) -> None:
    await present(bench, balance=100)
    bench.select("A1")
    await asyncio.sleep(1)
    assert last(bench, "selection.made")["refused"] == "too_little_credit"


async def test_card_when_the_reader_does_not_answer_the_request_then_nothing_is_delivered(bench: Bench) -> None:
    reader(bench).ignore_next()
    await present(bench)
    bench.select("A1")
    await decided(bench)
    await asyncio.sleep(200)
    assert bench.world_state.tray == []
    assert spent(bench) == 0
    assert not bench.world_state.cards[CARD].reserved


async def test_card_when_cash_covers_the_price_then_cash_pays(bench: Bench) -> None:
    await present(bench)
    await bench.insert(100, 50, 10)
    bench.select("A1")
    await decided(bench)
    assert spent(bench) == 0
    assert last(bench, "vend.dispensed")["tender"] == "cash"


async def test_card_when_chosen_first_then_presenting_it_buys(bench: Bench) -> None:
    bench.select("A2")
    await present(bench)
    await decided(bench)
    assert spent(bench) == 120
    assert bench.world_state.tray == ["p-A2"]


async def test_card_when_cash_lies_in_the_machine_too_then_comes_back_after_the_sale(bench: Bench) -> None:
    await present(bench)
    await bench.insert(100)
    bench.select("A1")
    await decided(bench)
    assert spent(bench) == 160
    assert bench.cup() == 100


async def test_card_when_the_lever_is_pulled_then_the_session_ends(bench: Bench) -> None:
    await present(bench)
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(1)
    assert (bench.state.card, bench.state.phase) == (None, Phase.IDLE)


async def test_card_when_the_reader_is_silent_after_a_failed_vend_then_the_customer_gets_a_claim(bench: Bench) -> None:
    bench.machine.world.jam("A1")
    await present(bench)
    bench.select("A1")
    async with asyncio.timeout(30):
        while bench.state.phase is not Phase.DISPENSING:
            await asyncio.sleep(0.05)
    reader(bench).power_off()
    await decided(bench)
    settled = last(bench, "payment.settled")
    assert (settled["outcome"], settled["owed_to"]) == ("claim", "customer")
    assert settled["claim"]
    assert bench.state.has_fault("payment.claim")


async def _business(bench: Bench) -> None:
    await present(bench)
    bench.select("A1")
    await decided(bench)


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
async def test_card_when_killed_at_any_step_then_is_charged_for_goods_and_for_nothing_else(
    tmp_path: Path, after: bool
) -> None:
    steps = await commits_of(tmp_path, _business)
    assert steps >= 5
    async for where, bench in killed_at_each(tmp_path, steps, _business, after=after):
        await _judge(where, bench)


async def _judge(where: str, bench: Bench) -> None:
    await asyncio.sleep(300)
    await decided(bench)
    goods = len(bench.world_state.tray)
    assert spent(bench) == 160 * goods, where
    assert not bench.world_state.cards[CARD].reserved, where
    assert bench.kinds().count("vend.dispensed") == goods, where


@pytest.mark.parametrize("fault", [None, Fault.LOST_REPLY])
async def test_card_when_a_late_approval_is_charged_instead_of_released_then_the_customer_has_a_claim(
    bench: Bench, fault: Fault | None
) -> None:
    await present(bench)
    reader(bench).lose_next_refund()
    if fault is not None:
        reader(bench).fail_next(fault, "fail")
    bench.select("A1")
    for _ in range(25):
        reader(bench).fail_next(Fault.SILENCE, "poll")
    await asyncio.sleep(45)
    assert last(bench, "payment.denied")["why"] == "timeout"
    assert (spent(bench), bench.world_state.tray) == (160, [])
    settled = last(bench, "payment.settled")
    assert (settled["outcome"], settled["owed_to"], settled["amount_minor"]) == ("claim", "customer", 160)
    assert settled["claim"]


@pytest.mark.parametrize("silent_polls", [25, 30])
@pytest.mark.parametrize("silent_answers", [1, 3, 5])
async def test_card_when_a_silent_reader_tells_late_of_what_it_charged_then_is_one_claim(
    bench: Bench, silent_polls: int, silent_answers: int
) -> None:
    await present(bench)
    reader(bench).lose_next_refund()
    bench.select("A1")
    for _ in range(silent_polls):
        reader(bench).fail_next(Fault.SILENCE, "poll")
    for _ in range(silent_answers):
        reader(bench).fail_next(Fault.SILENCE, "payments_of")
    await asyncio.sleep(180)
    assert spent(bench) == 160
    assert bench.kinds().count("payment.settled") == 1
    assert bench.state.taken_back == ()


def test_approval_when_its_payment_has_its_outcome_or_is_said_twice_then_changes_nothing() -> None:
    approved = i.CardApproved("s1", "r1", 160)
    settled = MachineState(settled=("r1",))
    assert step(settled, approved, CONTEXT) == Step(settled)
    paying = MachineState(phase=Phase.DISPENSING, card=Card(session="s1", reference="r1", amount=160, vend_id="v-1"))
    assert step(paying, approved, CONTEXT) == Step(paying)


async def test_card_when_its_approval_was_never_written_down_and_the_reader_charged_it_then_is_a_claim_once(
    bench: Bench,
) -> None:
    await present(bench)
    bench.select("A1")
    await asyncio.sleep(1)
    bench.power_off()
    unseen = bench.assemble()
    assert unseen.cashless_reader is not None
    await asyncio.sleep(2)
    await unseen.cashless_reader.poll()  # the approval is read, and the controller dies
    unseen.cashless_reader.power_cycle(PowerLoss.CHARGES)
    unseen.close()
    await bench.power_on()
    await asyncio.sleep(5)
    claims = [event.d for event in bench.events() if event.kind == "payment.settled"]
    assert [(claim["outcome"], claim["amount_minor"]) for claim in claims] == [("claim", 160)]


async def test_card_when_the_charge_is_refused_after_the_goods_fell_then_only_the_machine_has_a_claim(
    bench: Bench,
) -> None:
    reader(bench).fail_next(Fault.REFUSAL, "confirm")
    reader(bench).lose_next_refund()
    await present(bench)
    bench.select("A1")
    await decided(bench)
    await asyncio.sleep(5)
    settled = [event.d for event in bench.events() if event.kind == "payment.settled"]
    assert [(claim["outcome"], claim["owed_to"]) for claim in settled] == [("claim", "machine")]


async def test_card_when_the_controller_dies_after_a_denial_then_the_reader_is_told_again_after_the_restart(
    bench: Bench,
) -> None:
    await present(bench)
    reader(bench).ignore_next()
    bench.select("A1")
    await asyncio.sleep(1)
    session = bench.state.card.session if bench.state.card else ""
    reader(bench).fail_next(Fault.SILENCE, "payments_of")
    bench.runtime.apply(i.CardDenied(session, "timeout"))
    await asyncio.sleep(0.1)
    assert [asked.session for asked in bench.state.taken_back] == [session]
    bench.power_off()
    await bench.power_on()
    await asyncio.sleep(5)
    assert bench.state.taken_back == ()
