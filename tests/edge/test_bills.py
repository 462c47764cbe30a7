"""Bills on the whole machine: held until the vend is decided, found again after every power cut."""

import asyncio
from pathlib import Path

import pytest

from edge.vend import inputs as i
from edge.vend.state import Phase
from hardware.port_faults import Fault
from tests.edge.machine_bench import Bench, commits_of, killed_at_each


async def put_bill(bench: Bench, value: int = 1000) -> None:
    bench.machine.world.insert_bill(value)
    await asyncio.sleep(2)


def bills_out(bench: Bench) -> int:
    """Worth of bills the customer has back or finds in the slot."""
    state = bench.world_state
    piles = (state.bill_mouth, state.bills_taken)
    return sum(value * count for pile in piles for value, count in pile.items())


async def test_bill_when_the_vend_succeeds_then_is_stacked_and_the_change_is_paid(bench: Bench) -> None:
    await put_bill(bench)
    assert (bench.state.spendable, bench.state.credit) == (1000, 0)
    bench.select("A1")
    await bench.until_idle()
    assert bench.world_state.validator.stacker == {1000: 1}
    assert bench.cup() == 840
    assert bench.kinds()[-6:] == [
        "bill.held", "selection.made", "vend.started", "vend.dispensed", "bill.stacked", "change.paid",
    ]  # fmt: skip


async def test_bill_when_the_vend_fails_then_is_still_held_and_goes_back_as_the_same_bill(bench: Bench) -> None:
    bench.machine.world.jam("A1")
    await put_bill(bench)
    bench.select("A1")
    await bench.until_idle()
    assert bench.state.spendable == 1000
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()
    assert bills_out(bench) == 1000
    assert bench.world_state.validator.stacker == {}
    assert bench.state.phase is Phase.IDLE


async def test_bill_when_coins_are_enough_then_is_given_back_and_only_coins_pay(bench: Bench) -> None:
    await bench.insert(100, 100)
    await put_bill(bench)
    bench.select("A1")
    await bench.until_idle()
    assert bills_out(bench) == 1000
    assert bench.cup() == 40


async def test_bill_when_change_cannot_be_paid_then_the_vend_is_refused(bench: Bench) -> None:
    await put_bill(bench, 10_000)
    bench.select("A1")
    await bench.until_idle()
    assert bench.events()[-1].d["refused"] == "no_change"
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()
    assert bills_out(bench) == 10_000


async def test_second_bill_when_one_is_held_then_is_refused(bench: Bench) -> None:
    await put_bill(bench)
    await put_bill(bench)
    assert bench.state.spendable == 1000


async def test_bill_when_the_validator_gives_it_back_by_itself_then_is_no_credit(bench: Bench) -> None:
    await put_bill(bench)
    assert bench.machine.bill_validator is not None
    bench.machine.bill_validator.give_up()
    await asyncio.sleep(3)
    assert (bench.state.spendable, bench.state.phase) == (0, Phase.IDLE)


async def test_bill_when_nobody_can_find_it_then_the_customer_gets_a_claim_code(bench: Bench) -> None:
    await put_bill(bench)
    assert bench.machine.bill_validator is not None
    bench.machine.bill_validator.power_off()
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(60)
    returned = next(event for event in bench.events() if event.kind == "credit.returned")
    assert (returned.kind, returned.d["short_minor"], returned.d["uncertain_minor"]) == ("credit.returned", 1000, 1000)
    assert returned.d["claim"]
    assert bench.state.has_fault("bill.uncertain")


async def _business(bench: Bench) -> None:
    """Pays 1,000 for a drink of 160 and waits for the change."""
    await put_bill(bench)
    bench.select("A1")
    await bench.until_idle()


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
async def test_bill_when_killed_at_any_step_then_it_is_in_the_sale_or_given_back(tmp_path: Path, after: bool) -> None:
    steps = await commits_of(tmp_path, _business)
    assert steps >= 8
    async for where, bench in killed_at_each(tmp_path, steps, _business, after=after):
        await _judge(where, bench)


async def _judge(where: str, bench: Bench) -> None:
    await asyncio.sleep(4)
    await bench.until_idle()
    if bench.state.phase is Phase.CREDIT:
        bench.runtime.apply(i.ReturnCredit("lever"))
        await bench.until_idle()
    sold = sum(event.d["price_minor"] for event in bench.events() if event.kind == "vend.dispensed")
    assert len(bench.world_state.tray) == (1 if sold else 0), where
    stacked = sum(value * count for value, count in bench.world_state.validator.stacker.items())
    assert stacked == sold + bench.cup(), where
    assert stacked + bills_out(bench) == 1000, where


async def lose_a_bill(bench: Bench) -> None:
    """A bill of 1,000 jams on its way back; nobody can find it, and the customer has a claim code."""
    await put_bill(bench)
    bench.machine.world.bill_jam()
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(40)
    assert bench.state.has_fault("bill.uncertain")


async def test_lost_bill_when_the_controller_restarts_and_finds_it_then_is_not_credited_as_well(bench: Bench) -> None:
    await lose_a_bill(bench)
    bench.power_off()
    await bench.power_on()
    await asyncio.sleep(5)
    assert (bench.state.spendable, bench.kinds().count("bill.held")) == (0, 1)
    assert not bench.world_state.validator.is_accepting


async def test_lost_bill_when_it_was_known_before_a_restart_then_is_not_credited_as_well(bench: Bench) -> None:
    await put_bill(bench)
    bench.power_off()
    await bench.power_on()
    bench.machine.world.bill_jam()
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(40)
    assert bench.state.has_fault("bill.uncertain")
    assert bench.state.spendable == 0


async def test_lost_bill_when_staff_have_seen_to_it_then_bills_are_taken_again(bench: Bench) -> None:
    await lose_a_bill(bench)
    world, validator = bench.machine.world, bench.machine.bill_validator
    assert validator is not None
    world.open_door()
    await asyncio.sleep(1)
    validator.repair()
    world.close_door()
    await asyncio.sleep(3)
    assert bench.state.has_fault("bill.uncertain"), "it is still between the rollers"
    validator.give_up()
    await asyncio.sleep(3)
    assert not bench.state.has_fault("bill.uncertain")
    await put_bill(bench, 2000)
    assert bench.state.spendable == 2000


async def test_second_bill_when_nobody_can_find_it_either_then_is_an_event_of_its_own(bench: Bench) -> None:
    await lose_a_bill(bench)
    bench.runtime.apply(i.BillHeld(2000, 0))
    bench.runtime.apply(i.BillUncertain("gone"))
    raised = [event.d["detail"] for event in bench.events() if event.kind == "fault.raised"]
    assert [detail.split(",")[0] for detail in raised if "unpaid" in detail] == ["1000", "2000"]


async def test_bill_when_another_lies_in_its_place_after_a_restart_then_each_is_worth_what_it_is(bench: Bench) -> None:
    await put_bill(bench)
    assert bench.machine.bill_validator is not None
    bench.power_off()
    dead = bench.assemble()
    assert dead.bill_validator is not None
    dead.bill_validator.give_up()
    await asyncio.sleep(3)
    await dead.bill_validator.set_accepting(accepting=True)
    dead.world.insert_bill(5000)
    await asyncio.sleep(3)
    dead.close()
    await bench.power_on()
    await asyncio.sleep(3)
    assert bench.state.spendable == 5000
    told = [(event.kind, event.d["amount_minor"]) for event in bench.events() if event.kind.startswith("bill.")]
    assert told == [("bill.held", 1000), ("bill.returned", 1000), ("bill.held", 5000)]


async def test_bill_when_the_validator_goes_silent_right_after_telling_of_it_then_is_held_later(bench: Bench) -> None:
    assert bench.machine.bill_validator is not None
    bench.machine.bill_validator.fail_next(Fault.SILENCE, "status")
    await put_bill(bench)
    await asyncio.sleep(3)
    assert bench.state.spendable == 1000


@pytest.mark.parametrize("remembers", [True, False])
async def test_bill_when_it_comes_unheard_and_the_validator_restarts_then_is_held_and_not_forgotten(
    bench: Bench, remembers: bool
) -> None:
    validator = bench.machine.bill_validator
    assert validator is not None
    bench.machine.world.insert_bill(1000)
    for _ in range(3):
        validator.fail_next(Fault.SILENCE)
    await asyncio.sleep(3)
    assert bench.world_state.validator.escrow == 1000
    assert bench.state.spendable == 0
    validator.power_off()  # with it goes what it had to tell
    validator.power_on(remembers=remembers)
    await asyncio.sleep(10)
    assert bench.state.spendable == 1000
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()
    assert bills_out(bench) == 1000
