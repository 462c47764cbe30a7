"""A machine-year in virtual time: the whole machine, every byte and pin, journal on, one core."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

from edge.clock import LoopClock
from edge.devices import Devices
from edge.runtime import Runtime
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import Phase
from hardware.emulated import SORTER_PATHS, EmulatedMachine, emulate
from hardware.world_state import HopperState, Spiral, WorldState
from protocol.desired import Planogram, PlanogramSlot
from tools.bench.figures import Figure
from tools.simulator.virtual_time import VirtualTimeLoop

VENDS_A_YEAR: Final = 36_500
SECONDS_A_YEAR: Final = 365 * 86_400
SLOTS: Final = tuple(f"{row}{column}" for row in "ABC" for column in range(1, 5))
PRICE: Final = 130


def measure(*, quick: bool) -> list[Figure]:
    """Seconds of real time for a year of 100 vends a day, each with two coins and change."""
    share = 50 if quick else 1
    loop = VirtualTimeLoop()
    begun = time.perf_counter()
    vends = loop.run_until_complete(_live(loop, VENDS_A_YEAR // share, SECONDS_A_YEAR / share))
    took = (time.perf_counter() - begun) * share
    loop.close()
    rate = vends * share / took
    return [
        Figure("virtual time: one machine-year of 36,500 vends", took, "s", took, took, "≤ 120 s"),
        Figure("virtual time: vends with journal, one core", rate, "vends/s", rate, rate, ""),
    ]


async def _live(loop: VirtualTimeLoop, vends: int, seconds: float) -> int:
    machine = emulate(
        WorldState(
            spirals={slot: Spiral(capacity=200) for slot in SLOTS},
            hoppers={value: HopperState(capacity=10_000) for value in SORTER_PATHS},
        )
    )
    devices = Devices(
        coin_acceptor=machine.acceptor,
        hoppers=machine.hoppers,
        hopper_paths=frozenset(SORTER_PATHS.values()),
        dispenser=machine.dispenser,
        drop_sensor=machine.drop_sensor,
        door=machine.door,
    )
    with tempfile.TemporaryDirectory() as folder:
        clock = LoopClock(loop, 1_795_000_000_000)
        store = Store.open(Path(folder) / "store.db", "vm-bench-0001", clock, durable=False)
        runtime = Runtime(store, devices, "bench")
        await runtime.start()
        running = loop.create_task(runtime.run())
        runtime.offer_planogram(_planogram())
        await _customers(machine, runtime, vends, seconds / vends)
        sold = runtime.state.vend_count
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        store.close()
        machine.close()
    return sold


def _planogram() -> Planogram:
    rows = [
        PlanogramSlot(slot=s, product_id=s, name_ja=s, name_en=s, price_minor=PRICE, capacity=200, par_level=200)
        for s in SLOTS
    ]
    return Planogram(rev=1, slots=rows)


async def _customers(machine: EmulatedMachine, runtime: Runtime, vends: int, every_s: float) -> None:
    loop = asyncio.get_running_loop()
    idle = asyncio.Event()
    runtime.listen(lambda step: idle.set() if step.state.phase is Phase.IDLE else idle.clear())
    for number in range(vends):
        slot = SLOTS[number % len(SLOTS)]
        if not runtime.state.on_hand.get(slot):
            _visit(machine, runtime)
        came_at = loop.time()
        for coin in (100, 50):
            machine.world.insert_coin(coin)
            await asyncio.sleep(1)
        idle.clear()
        runtime.apply(i.Select(slot))
        await idle.wait()
        machine.world.take_products()
        machine.world.take_coins()
        await asyncio.sleep(max(1.0, every_s - (loop.time() - came_at)))


def _visit(machine: EmulatedMachine, runtime: Runtime) -> None:
    """Staff fills every coil and keeps the hopper that pays the change full."""
    for slot in SLOTS:
        room = 200 - len(machine.world.state.spirals[slot].units)
        if room:
            machine.world.load(slot, slot, room)
            runtime.apply(i.Restocked(slot, room))
    room = 10_000 - machine.world.state.hoppers[10].count
    machine.world.load_hopper(10, room)
    runtime.apply(i.FloatLoaded(10, room))
