"""Sales on the whole machine, and power cuts in the middle of them."""

import asyncio
from pathlib import Path

import pytest

from edge.vend import inputs as i
from edge.vend.state import Phase
from tests.edge.machine_bench import Bench, PowerCutError, commits_of, killed_at_each


async def test_sale_when_coins_come_over_the_wire_then_product_and_change_come_out(bench: Bench) -> None:
    await bench.insert(100, 100)
    assert bench.state.credit == 200
    bench.select("A1")
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A1"]
    assert bench.cup() == 40
    assert bench.state.phase is Phase.IDLE
    assert bench.kinds()[-6:] == [
        "coin.accepted", "coin.accepted", "selection.made", "vend.started", "vend.dispensed", "change.paid",
    ]  # fmt: skip


async def test_sale_when_chosen_before_paying_then_the_last_coin_starts_it(bench: Bench) -> None:
    bench.select("A2")
    await bench.insert(100, 10, 10)
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A2"]


async def test_coin_when_unknown_then_falls_through_and_gives_no_credit(bench: Bench) -> None:
    await bench.insert(1)
    assert bench.world_state.return_cup == {1: 1}
    assert bench.state.credit == 0


async def test_coin_when_put_in_while_the_coil_turns_then_comes_back(bench: Bench) -> None:
    await bench.insert(100, 50, 10)
    bench.select("A1")
    await asyncio.sleep(0.5)
    await bench.insert(100)
    await bench.until_idle()
    assert bench.cup() == 100


async def test_vend_when_the_coil_jams_then_the_lever_returns_the_money(bench: Bench) -> None:
    bench.machine.world.jam("A1")
    await bench.insert(100, 100)
    bench.select("A1")
    await bench.until_idle()
    assert bench.state.slot_fault("A1") == "slot.jammed"
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()
    assert bench.cup() == 200
    assert bench.world_state.tray == []


async def test_vend_when_the_first_turn_drops_nothing_then_turns_once_more(bench: Bench) -> None:
    bench.machine.world.empty_turn("A1")
    await bench.insert(100, 50, 10)
    bench.select("A1")
    await bench.until_idle()
    dispensed = bench.events()[-1]
    assert (dispensed.kind, dispensed.d["turns"]) == ("vend.dispensed", 2)


async def test_vend_when_the_beam_is_blocked_then_sells_nothing_until_it_is_clear(bench: Bench) -> None:
    bench.machine.world.block_beam()
    await bench.insert(100, 50, 10)
    bench.select("A1")
    await bench.until_idle()
    assert bench.state.blocked_by == "drop_sensor.blocked"
    bench.machine.world.block_beam(blocked=False)
    await asyncio.sleep(2)
    assert bench.state.blocked_by == ""
    assert bench.state.credit == 160


async def test_credit_when_nobody_touches_it_then_is_returned(bench: Bench) -> None:
    await bench.insert(500)
    await asyncio.sleep(70)
    await bench.until_idle()
    assert bench.cup() == 500
    assert bench.events()[-1].d["reason"] == "idle"


async def test_door_when_open_then_coins_are_refused_and_selling_stops(bench: Bench) -> None:
    bench.machine.world.open_door()
    await asyncio.sleep(0.5)
    await bench.insert(100)
    assert bench.cup() == 100
    assert bench.state.blocked_by == "door"
    bench.machine.world.close_door()
    await asyncio.sleep(1)
    await bench.insert(100)
    assert bench.state.credit == 100


async def test_door_when_its_step_cannot_be_written_then_the_controller_ends_loudly(bench: Bench) -> None:
    bench.store.fuse = bench.store.commits + 1
    bench.machine.world.open_door()
    await asyncio.sleep(1)
    assert bench.task is not None
    assert bench.task.done()
    assert isinstance(bench.task.exception(), ExceptionGroup)


async def test_door_when_it_moves_while_the_controller_ends_then_the_end_keeps_its_reason(bench: Bench) -> None:
    loop = asyncio.get_running_loop()
    told: list[str] = []
    loop.set_exception_handler(lambda _, context: told.append(str(context.get("exception"))))

    def close_soon(steps_of_the_loop: int = 4) -> None:
        """While the error ends its task, and with it the others: in each step of the loop until then."""
        bench.runtime._door_moved(is_open=False)
        if steps_of_the_loop:
            loop.call_soon(close_soon, steps_of_the_loop - 1)

    bench.store.fuse = bench.store.commits + 1
    bench.store.on_cut = lambda: loop.call_soon(close_soon)
    bench.machine.world.open_door()
    await asyncio.sleep(1)
    assert bench.task is not None
    reason = bench.task.exception()
    assert isinstance(reason, ExceptionGroup)
    assert [type(error) for error in reason.exceptions] == [PowerCutError]
    assert told == []


async def test_slot_when_staff_took_it_out_of_use_then_closing_the_door_does_not_put_it_back(bench: Bench) -> None:
    bench.runtime.apply(i.FaultSeen("slot.out_of_use", "A1"))
    bench.machine.world.open_door()
    await asyncio.sleep(0.5)
    bench.machine.world.close_door()
    await asyncio.sleep(1)
    assert bench.state.slot_fault("A1") == "slot.out_of_use"


async def test_slot_when_staff_frees_a_jam_then_sells_again_after_the_door_closes(bench: Bench) -> None:
    bench.machine.world.jam("A1")
    await bench.insert(100, 100)
    bench.select("A1")
    await bench.until_idle()
    bench.machine.world.open_door()
    await asyncio.sleep(0.5)
    bench.machine.world.repair("A1")
    bench.machine.world.close_door()
    await asyncio.sleep(1)
    assert bench.state.slot_fault("A1") == ""
    bench.select("A1")
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A1"]


async def test_coin_when_it_falls_while_the_controller_is_down_then_is_credited_after_the_start(bench: Bench) -> None:
    await bench.insert(100)
    world = bench.machine.world
    bench.power_off()
    bench.world_state = world.state
    world.insert_coin(50)
    await bench.power_on()
    await asyncio.sleep(0.5)
    assert bench.state.credit == 150


async def test_acceptor_when_silent_then_is_a_fault_and_recovers(bench: Bench) -> None:
    acceptor = bench.machine.line._peers.pop(2)
    bench.machine.world.news()  # in virtual time the wire is polled when something happens
    await asyncio.sleep(5)
    assert bench.state.has_fault("coin_acceptor.offline")
    bench.machine.line._peers[2] = acceptor
    await asyncio.sleep(5)
    assert not bench.state.has_fault("coin_acceptor.offline")
    await bench.insert(100)
    assert bench.state.credit == 100


async def test_hopper_when_silent_then_others_pay_and_it_comes_back(bench: Bench) -> None:
    hopper = bench.machine.line._peers.pop(5)
    await bench.insert(100)
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()
    assert bench.world_state.return_cup == {50: 2}
    assert bench.state.has_fault("coin_hopper.offline", "hopper 100")
    bench.machine.line._peers[5] = hopper
    await asyncio.sleep(10)
    assert not bench.state.has_fault("coin_hopper.offline", "hopper 100")


async def test_hopper_when_it_forgets_its_payout_then_the_coins_are_uncertain_and_not_paid_again(bench: Bench) -> None:
    await bench.insert(100, 100, 100, 100)
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(0.5)
    assert bench.world_state.return_cup == {100: 2}
    bench.machine.hopper_peers[100].power_cycle(keeps_counters=False)
    await bench.until_idle()
    told = next(event.d for event in bench.events() if event.kind == "credit.returned")
    assert (told["paid_minor"], told["uncertain_minor"], bench.cup()) == (0, 400, 200)


async def _customer(bench: Bench) -> None:
    """Pays 200 for a drink of 160 and, if the machine lets go of the money in between, pulls the lever."""
    await bench.insert(100, 100)
    bench.select("A1")
    await bench.until_idle()


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
async def test_sale_when_killed_at_any_step_then_the_money_is_in_the_sale_or_given_back(
    tmp_path: Path, after: bool
) -> None:
    steps = await commits_of(tmp_path, _customer)
    assert steps == 6  # two coins, the choice, the drop, the order, the coins paid
    async for where, bench in killed_at_each(tmp_path, steps, _customer, after=after):
        await _judge(where, bench)


async def _judge(where: str, bench: Bench) -> None:
    await asyncio.sleep(3)
    await bench.until_idle()
    if bench.state.credit:
        bench.runtime.apply(i.ReturnCredit("lever"))
        await bench.until_idle()
    sold = [event.d["price_minor"] for event in bench.events() if event.kind == "vend.dispensed"]
    inserted = sum(v * n for v, n in bench.world_state.coins_brought.items()) - 40 * 10 - 500 - 2000 - 2000
    assert len(bench.world_state.tray) == len(sold), where
    assert inserted == sum(sold) + bench.cup(), where
    assert not bench.world_state.coins_unaccounted(), where
    assert not bench.world_state.units_unaccounted(), where


def lost_coins(bench: Bench) -> list[str]:
    raised = [event.d for event in bench.events() if event.kind == "fault.raised"]
    return [fault["detail"] for fault in raised if fault["code"] == "coin_acceptor.lost_events"]


async def test_coin_when_the_mains_fail_before_it_is_read_then_is_recorded_as_missed(bench: Bench) -> None:
    await bench.insert(100)
    bench.machine.world.insert_coin(500)
    bench.machine.acceptor_peer.power_cycle()
    bench.power_off()
    await bench.power_on()
    await asyncio.sleep(5)
    assert lost_coins(bench) == ["1 accepted and never read"]
    assert bench.state.credit == 100


async def test_coin_when_another_acceptor_was_fitted_then_its_count_is_only_a_new_beginning(bench: Bench) -> None:
    await bench.insert(100)
    bench.power_off()
    bench.world_state.acceptor.accepted = 70_000
    await bench.power_on()
    await asyncio.sleep(5)
    assert lost_coins(bench) == []
    assert bench.state.coins_ever == 70_000


@pytest.mark.parametrize(("host_boot", "reason"), [("first", "interrupted"), ("second", "uncertain")])
async def test_vend_when_interrupted_before_a_fall_then_only_a_latch_that_kept_its_supply_proves_it(
    bench: Bench, host_boot: str, reason: str
) -> None:
    await bench.insert(100, 100)
    bench.select("A1")
    await asyncio.sleep(0.2)
    bench.power_off()
    bench.host_boot = host_boot
    await bench.power_on()
    await bench.until_idle()
    failed = [event.d for event in bench.events() if event.kind == "vend.failed"]
    assert [vend["reason"] for vend in failed] == [reason]
    assert bench.state.has_fault("vend.uncertain", "A1") == (reason == "uncertain")
    assert bench.state.credit == 200


async def test_acceptor_when_its_count_of_events_began_anew_during_an_outage_then_no_loss_is_invented(
    bench: Bench,
) -> None:
    await bench.insert(100, 100)
    bench.power_off()
    unseen = bench.assemble()
    unseen.acceptor_peer.power_cycle()
    await unseen.acceptor.start(None)
    await unseen.acceptor.set_accepting(accepting=True)
    unseen.world.insert_coin(1)  # refused; an event all the same
    unseen.close()
    await bench.power_on()
    await asyncio.sleep(5)
    assert lost_coins(bench) == []
