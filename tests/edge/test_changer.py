"""A machine with a coin changer: sales, tubes that run empty, keys pressed by hand, and power cuts at every step."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.emulated import (
    FIRST_FLOAT,
    CoinDevice,
    EmulatedCabinet,
    OtherMachineError,
    first_fill,
    load_world,
    save_world,
)
from edge.vend import inputs as i
from edge.vend.state import Phase, hopper_name
from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.emulated import EmulatedMachine, emulate
from hardware.port_faults import Fault
from hardware.world_state import ChangerState, Spiral, TubeState, WorldState
from tests.edge.machine_bench import FLOAT, PRICES, Bench, Business, commits_of, killed_at_each, planogram

FLOAT_YEN = sum(value * count for value, count in FLOAT.items())


class ChangerBench(Bench):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        tubes = {value: TubeState(capacity=80) for value in FLOAT}
        self.world_state = WorldState(spirals={slot: Spiral() for slot in PRICES}, changer=ChangerState(tubes=tubes))

        self.keyed = 0
        """Yen that fell because a key was pressed."""

    def assemble(self) -> EmulatedMachine:
        return emulate(self.world_state, changer=True)

    def load_coins(self, value: int, coins: int) -> None:
        self.machine.world.load_tube(value, coins)

    @property
    def changer(self) -> SimulatedCoinChanger:
        assert self.machine.coin_changer is not None
        return self.machine.coin_changer

    def press_key(self, value: int) -> None:
        self.changer.press_key(value)
        self.keyed += value

    def counted(self) -> dict[int, int]:
        return {value: tube.count for value, tube in self.world_state.changer.tubes.items()}

    def loads(self) -> list[tuple[int, int, str]]:
        """What became of the tubes besides sales, after the first fill."""
        loaded = [event.d for event in self.events() if event.kind == "float.loaded"][len(FLOAT) :]
        return [(load["denomination_minor"], load["added"], load["staff"]) for load in loaded]

    async def pull_lever(self) -> None:
        self.runtime.apply(i.ReturnCredit("lever"))
        await self.until_idle()

    async def visit(self) -> None:
        """Staff open the door and close it."""
        self.machine.world.open_door()
        await asyncio.sleep(1)
        self.machine.world.close_door()
        await asyncio.sleep(1)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[ChangerBench]:
    made = ChangerBench(tmp_path)
    await made.power_on()
    await made.fill()
    yield made
    made.power_off()


# --- sales ---------------------------------------------------------------------------------------
async def test_sale_when_paid_with_coins_then_product_and_change_come_out(bench: ChangerBench) -> None:
    await bench.insert(100, 100)
    bench.select("A1")
    await bench.until_idle()
    assert bench.world_state.tray == ["p-A1"]
    assert bench.world_state.return_cup == {10: 4}
    assert bench.state.phase is Phase.IDLE
    assert bench.state.hoppers == bench.counted() == FLOAT | {10: 36, 100: 22}


async def test_change_when_it_takes_several_tubes_then_each_pays_its_part(bench: ChangerBench) -> None:
    await bench.insert(500)
    bench.select("A2")
    await bench.until_idle()
    assert bench.world_state.return_cup == {100: 3, 50: 1, 10: 3}
    assert bench.state.hoppers == bench.counted()
    assert bench.events()[-1].d["paid_minor"] == 380


async def test_coin_when_its_tube_is_full_then_goes_to_the_cash_box_and_is_no_change(bench: ChangerBench) -> None:
    bench.world_state.changer.tubes[100].capacity = FLOAT[100] + 1
    await bench.insert(100, 100)
    accepted = [event.d["routed_to"] for event in bench.events() if event.kind == "coin.accepted"]
    assert accepted == ["hopper", "cash_box"]
    assert bench.world_state.cash_box == {100: 1}
    assert bench.state.hoppers == bench.counted()


async def test_sale_when_the_tubes_cannot_make_the_change_then_is_refused(bench: ChangerBench) -> None:
    for value in FLOAT:
        bench.world_state.changer.tubes[value].count = 0
    await bench.visit()
    assert bench.state.hoppers == dict.fromkeys(FLOAT, 0)
    await bench.insert(500)
    bench.select("A1")
    assert bench.events()[-1].d["refused"] == "no_change"
    await bench.pull_lever()
    assert bench.cup() == 500


@pytest.mark.parametrize("trouble", ["empty", "jammed"])
async def test_change_when_no_tube_lets_go_of_it_then_is_a_debt_with_a_claim_code(
    bench: ChangerBench, trouble: str
) -> None:
    await bench.insert(100, 100)
    for value, tube in bench.world_state.changer.tubes.items():
        tube.is_jammed = trouble == "jammed"
        if trouble == "empty":
            bench.world_state.coins_taken[value] = tube.count
            tube.count = 0
    bench.select("A1")
    await bench.until_idle()
    paid = bench.events()[-1]
    assert (paid.kind, paid.d["paid_minor"], paid.d["short_minor"]) == ("change.paid", 0, 40)
    assert paid.d["uncertain_minor"] == 0
    assert paid.d["claim"]
    assert bench.cup() == 0
    assert bench.state.has_fault("coin_hopper.short", hopper_name(10))


async def test_change_when_one_tube_jams_then_another_pays_and_a_visit_brings_it_back(bench: ChangerBench) -> None:
    bench.machine.world.tube_jam(50)
    await bench.insert(10, 50, 100, 50)
    bench.select("A1")
    await bench.until_idle()
    await bench.insert(50)
    await bench.pull_lever()
    assert bench.world_state.return_cup == {10: 5 + 5}
    assert bench.state.has_fault("coin_hopper.short", hopper_name(50))
    bench.machine.world.tube_jam(50, jammed=False)
    await bench.visit()
    assert not bench.state.has_fault("coin_hopper.short", hopper_name(50))
    await bench.insert(50)
    await bench.pull_lever()
    assert bench.world_state.return_cup[50] == 1


# --- the device is gone --------------------------------------------------------------------------
async def test_changer_when_it_loses_power_then_takes_no_coins_and_promises_no_change(bench: ChangerBench) -> None:
    await bench.insert(100, 100)
    bench.changer.power_off()
    await asyncio.sleep(2)
    assert bench.state.has_fault("coin_acceptor.offline")
    bench.select("A1")
    assert bench.events()[-1].d["refused"] == "no_change"
    await bench.insert(100)
    assert bench.cup() == 100
    bench.changer.power_on()
    await asyncio.sleep(3)
    assert [fault.code for fault in bench.state.faults if fault.code.startswith("coin")] == []
    bench.select("A1")
    await bench.until_idle()
    assert bench.cup() == 140


async def test_changer_when_silent_in_a_payout_then_the_payout_is_told_when_it_is_back(bench: ChangerBench) -> None:
    await bench.insert(100, 100)
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(0.2)
    for _ in range(3):
        bench.changer.fail_next(Fault.SILENCE, "status")
    await bench.until_idle()
    assert bench.events()[-1].d["paid_minor"] == 200
    assert bench.cup() == 200


@pytest.mark.parametrize(("fault", "cup"), [(Fault.SILENCE, 0), (Fault.LOST_REPLY, 200)])
async def test_payout_when_nobody_can_tell_whether_it_was_taken_then_is_never_repeated(
    bench: ChangerBench, fault: Fault, cup: int
) -> None:
    await bench.insert(100, 100)
    bench.changer.fail_next(fault, "pay")
    bench.changer.fail_next(Fault.SILENCE, "pay_after")
    await bench.pull_lever()
    await asyncio.sleep(5)
    told = next(event.d for event in bench.events() if event.kind == "credit.returned")
    assert (told["paid_minor"], told["uncertain_minor"], bool(told["claim"])) == (0, 200, True)
    assert bench.cup() == cup
    await bench.visit()  # a person was there, and the tubes say what is true
    assert bench.state.hoppers == bench.counted()
    assert not bench.state.has_fault("payout.uncertain", hopper_name(100))


@pytest.mark.parametrize("remembers", [True, False])
async def test_payout_when_the_changer_loses_power_in_it_then_no_coin_is_paid_twice(
    bench: ChangerBench, remembers: bool
) -> None:
    await bench.insert(100, 100, 100, 10)
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(0.5)
    bench.changer.power_cycle(remembers=remembers)
    await bench.until_idle()
    await asyncio.sleep(2)
    told = next(event.d for event in bench.events() if event.kind == "credit.returned")
    assert told["paid_minor"] + told["short_minor"] == 310
    if remembers:
        assert (bench.cup(), told["paid_minor"]) == (310, 310)
    else:
        assert told["paid_minor"] <= bench.cup() <= told["paid_minor"] + told["uncertain_minor"]
        assert (told["paid_minor"], told["uncertain_minor"], bench.cup()) == (10, 300, 110)
    assert bench.state.hoppers == bench.counted()


async def test_first_payout_when_killed_before_it_was_taken_then_goes_out_after_the_restart(tmp_path: Path) -> None:
    bench = ChangerBench(tmp_path)
    await bench.power_on()
    await bench.fill()
    await bench.insert(100)
    bench.changer.fail_next(Fault.SILENCE, "pay_before")
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(0.05)
    assert bench.state.payout is not None
    assert bench.state.payout.legs[0].counter_before is not None
    bench.power_off()
    await bench.power_on()
    await asyncio.sleep(0.1)
    await bench.until_idle()
    assert (bench.cup(), bench.events()[-1].d["uncertain_minor"]) == (100, 0)
    bench.power_off()


# --- the books of the tubes ----------------------------------------------------------------------
async def test_key_when_pressed_by_staff_then_the_books_know_the_coin_is_gone(bench: ChangerBench) -> None:
    bench.changer.press_key(50)
    await asyncio.sleep(0.5)
    assert bench.loads() == [(50, -1, "changer key")]
    assert bench.state.hoppers == bench.counted()
    assert bench.state.phase is Phase.IDLE


@pytest.mark.parametrize("after", [False, True])
async def test_key_when_the_controller_is_killed_around_each_write_then_the_coin_is_told_once(
    tmp_path: Path, *, after: bool
) -> None:
    async def business(bench: Bench) -> None:
        assert isinstance(bench, ChangerBench)
        bench.press_key(50)
        await asyncio.sleep(0.5)

    steps = await commits_of(tmp_path, business, ChangerBench)
    assert steps
    async for where, bench in killed_at_each(tmp_path, steps, business, after=after, make=ChangerBench):
        assert isinstance(bench, ChangerBench)
        await asyncio.sleep(0.5)
        assert bench.loads() == [(50, -1, "changer key")], where
        assert bench.state.hoppers == bench.counted(), where


async def test_tubes_when_staff_changed_them_then_are_counted_once_the_door_is_closed(bench: ChangerBench) -> None:
    bench.machine.world.open_door()
    await asyncio.sleep(1)
    bench.machine.world.load_tube(500, 6)
    bench.world_state.changer.tubes[10].count -= 3
    await asyncio.sleep(1)
    assert bench.loads() == []
    bench.machine.world.close_door()
    await asyncio.sleep(1)
    assert bench.loads() == [(10, -3, "changer"), (500, 6, "changer")]
    assert bench.state.hoppers == bench.counted()


async def test_tubes_when_the_door_is_open_then_are_not_counted_even_after_a_power_cut(bench: ChangerBench) -> None:
    bench.machine.world.open_door()
    await asyncio.sleep(1)
    bench.world_state.changer.tubes[10].count -= 3
    bench.changer.power_cycle()
    await asyncio.sleep(1)
    assert bench.loads() == []
    bench.machine.world.close_door()
    await asyncio.sleep(1)
    assert bench.loads() == [(10, -3, "changer")]


async def test_payout_when_killed_and_somebody_else_used_the_changer_then_only_its_own_coins_count(
    bench: ChangerBench,
) -> None:
    await bench.insert(10, 10, 10)
    bench.changer.fail_next(Fault.SILENCE, "pay_before")
    bench.runtime.apply(i.ReturnCredit("lever"))
    await asyncio.sleep(0.05)
    assert bench.state.payout is not None
    assert bench.state.payout.legs[0].counter_before is not None
    bench.power_off()
    bench.machine = bench.assemble()
    await bench.changer.pay({100: 2})  # a service tool, while the controller is dead
    await asyncio.sleep(2)
    bench.machine.close()
    await bench.power_on()
    await asyncio.sleep(0.1)
    await bench.until_idle()
    told = next(event.d for event in bench.events() if event.kind == "credit.returned")
    assert told["paid_minor"] + told["short_minor"] == 30
    assert bench.cup() - 200 == told["paid_minor"]
    assert told["uncertain_minor"] == 0


async def test_tubes_when_a_payout_is_open_then_are_counted_only_after_it(bench: ChangerBench) -> None:
    await bench.insert(*[100] * 4, *[10] * 4)
    bench.world_state.changer.tubes[50].count += 2
    bench.runtime.apply(i.ReturnCredit("lever"))
    bench.machine.world.open_door()
    await asyncio.sleep(0.5)
    bench.machine.world.close_door()
    await asyncio.sleep(0.5)
    assert not bench.state.door_open
    assert bench.state.phase is Phase.SETTLING
    assert bench.loads() == []
    await bench.until_idle()
    await asyncio.sleep(1)
    assert bench.loads() == [(50, 2, "changer")]
    assert bench.state.hoppers == bench.counted()


async def test_tubes_when_changed_while_the_controller_was_off_then_are_counted_at_the_start(
    bench: ChangerBench,
) -> None:
    bench.power_off()
    bench.world_state.changer.tubes[100].count -= 5
    await bench.power_on()
    await asyncio.sleep(1)
    assert bench.loads() == [(100, -5, "changer")]
    assert bench.state.hoppers == bench.counted()


@pytest.mark.parametrize("delay_ms", range(0, 60, 5))
async def test_coin_when_it_falls_around_a_count_then_is_in_the_books_once(bench: ChangerBench, delay_ms: int) -> None:
    bench.changer.power_cycle()  # the tubes are counted after it
    await asyncio.sleep(delay_ms / 1000)
    bench.machine.world.insert_coin(100)
    await asyncio.sleep(2)
    assert bench.state.hoppers == bench.counted()
    assert bench.state.credit == (100 if bench.counted()[100] > FLOAT[100] else 0)
    assert bench.loads() == []


@pytest.mark.parametrize("coins_after", [0, 1, 2, 3])
@pytest.mark.parametrize("coins_before", [1, 2])
async def test_coins_when_the_changer_counts_from_0_again_then_each_is_credited_once(
    bench: ChangerBench, coins_before: int, coins_after: int
) -> None:
    """The counter of the last journaled coin means another coin now, and the controller was off meanwhile."""
    await bench.insert(*[100] * coins_before)
    bench.power_off()
    bench.world_state.changer.is_accepting = True
    world = bench.machine.world
    changer = bench.changer
    world.state = bench.world_state
    changer._wants_coins = True
    changer.power_cycle()
    changer.halt()
    for _ in range(coins_after):
        world.insert_coin(10)
    await bench.power_on()
    await asyncio.sleep(1)
    assert bench.state.credit == 100 * coins_before + 10 * coins_after
    assert bench.state.hoppers == bench.counted()


# --- the emulated machine ------------------------------------------------------------------------
async def test_first_fill_when_there_is_a_changer_then_its_tubes_are_filled_and_shown(tmp_path: Path) -> None:
    bench = ChangerBench(tmp_path)
    bench.world_state = load_world(tmp_path / "world.json", "changer")
    await bench.power_on()
    filling = asyncio.create_task(first_fill(bench.runtime, bench.machine.world))
    bench.runtime.offer_planogram(planogram())
    await asyncio.sleep(2)
    assert bench.counted() == bench.state.hoppers == FIRST_FLOAT
    assert bench.loads() == []
    shown = EmulatedCabinet(bench.machine.world).snapshot()["hoppers"]
    assert shown == {str(value): count for value, count in FIRST_FLOAT.items()}
    filling.cancel()
    bench.power_off()


@pytest.mark.parametrize(("made", "wanted"), [("changer", "hoppers"), ("hoppers", "changer")])
async def test_world_when_it_has_other_coin_devices_then_is_refused(
    tmp_path: Path, made: CoinDevice, wanted: CoinDevice
) -> None:
    file = tmp_path / "world.json"
    save_world(file, load_world(file, made))
    assert load_world(file, made) == load_world(tmp_path / "none.json", made)
    with pytest.raises(OtherMachineError, match=f"COIN_DEVICE={made}"):
        load_world(file, wanted)


# --- power cuts ----------------------------------------------------------------------------------
async def _sale(bench: Bench) -> None:
    """Pays 500 for a drink of 120; the change comes from three tubes."""
    await bench.insert(500)
    bench.select("A2")
    await bench.until_idle()


async def _key(bench: Bench) -> None:
    """Two coins come in, and staff press a key between them."""
    assert isinstance(bench, ChangerBench)
    await bench.insert(100)
    bench.press_key(100)
    await bench.insert(100)


async def _restart(bench: Bench) -> None:
    """The changer loses its power between two coins. Not together with the controller: then it forgets the coin."""
    assert isinstance(bench, ChangerBench)
    await bench.insert(100)
    if bench.is_alive:
        bench.changer.power_cycle()
    await bench.insert(100, 50)


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize(("business", "least"), [(_sale, 9), (_key, 3), (_restart, 4)])
async def test_changer_when_the_controller_is_killed_at_any_step_then_money_and_tubes_are_right(
    tmp_path: Path, business: Business, least: int, after: bool
) -> None:
    steps = await commits_of(tmp_path, business, ChangerBench)
    assert steps >= least
    async for where, bench in killed_at_each(tmp_path, steps, business, after=after, make=ChangerBench):
        assert isinstance(bench, ChangerBench)
        await _judge(where, bench)


async def _judge(where: str, bench: ChangerBench) -> None:
    await asyncio.sleep(3)
    await bench.until_idle()
    if bench.state.credit:
        await bench.pull_lever()
    world = bench.world_state
    sold = [event.d["price_minor"] for event in bench.events() if event.kind == "vend.dispensed"]
    inserted = sum(value * count for value, count in world.coins_brought.items()) - FLOAT_YEN
    assert len(world.tray) == len(sold), where
    assert inserted + bench.keyed == sum(sold) + bench.cup(), where
    assert bench.state.hoppers == bench.counted(), where
    assert not world.coins_unaccounted(), where
    assert not any(event.d.get("short_minor") for event in bench.events()), where
