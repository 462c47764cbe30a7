"""The software's share of a vend: from the coin's event decoded to the motor's pin on.

The whole emulated machine on the real clock: ccTalk over an in-memory wire, gpiozero's mock pins, a durable
store on this computer's disk. The slot is chosen first, so the last coin starts the vend.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.progress import track

from edge.clock import SystemClock
from edge.devices import Devices
from edge.runtime import Runtime
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import Phase
from hardware.coin_acceptor.port import CoinAccepted, CoinAcceptor, CoinEvent
from hardware.emulated import SORTER_PATHS, emulate
from hardware.world_state import HopperState, Spiral, WorldState
from protocol.desired import Planogram, PlanogramSlot
from tools.bench.figures import Figure, median, percentile

SLOT = "A1"
PRICE = 100


class TimedAcceptor:
    """The acceptor, noting when it handed over a credit."""

    def __init__(self, inner: CoinAcceptor) -> None:
        self._inner = inner
        self.decoded_at = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def poll(self) -> list[CoinEvent]:
        """As the acceptor; notes the time when a coin is among the events."""
        events = await self._inner.poll()
        if any(isinstance(event, CoinAccepted) for event in events):
            self.decoded_at = time.perf_counter()
        return events


def measure(*, quick: bool) -> list[Figure]:
    """p50 and p99 of the delay, in milliseconds."""
    delays = asyncio.run(_run(10 if quick else 60))
    p50 = median("vend: credit decoded → motor pin on, p50", delays, "ms", "")
    p99 = percentile(delays, 99)
    return [p50, Figure("vend: credit decoded → motor pin on, p99", p99, "ms", min(delays), max(delays), "≤ 20 ms")]


async def _run(vends: int) -> list[float]:
    machine = emulate(
        WorldState(spirals={SLOT: Spiral(capacity=vends)}, hoppers={10: HopperState(), 100: HopperState()})
    )
    acceptor = TimedAcceptor(machine.acceptor)
    motor_on: asyncio.Queue[float] = asyncio.Queue()

    def changed() -> None:
        if machine.world.snapshot()["slots"][SLOT]["turning"]:
            motor_on.put_nowait(time.perf_counter())

    machine.world.on_change = changed
    devices = Devices(
        coin_acceptor=acceptor,
        hoppers=machine.hoppers,
        hopper_paths=frozenset(SORTER_PATHS.values()),
        dispenser=machine.dispenser,
        drop_sensor=machine.drop_sensor,
        door=machine.door,
    )
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "store.db", "vm-bench-0001", SystemClock())
        runtime = Runtime(store, devices, "bench")
        await runtime.start()
        running = asyncio.create_task(runtime.run())
        row = PlanogramSlot(
            slot=SLOT, product_id="p", name_ja="p", name_en="p", price_minor=PRICE, capacity=vends, par_level=vends
        )
        runtime.offer_planogram(Planogram(rev=1, slots=[row]))
        machine.world.load(SLOT, "p", vends)
        runtime.apply(i.Restocked(SLOT, vends))
        idle = asyncio.Event()
        runtime.listen(lambda step: idle.set() if step.state.phase is Phase.IDLE else idle.clear())
        delays = [
            await _vend(runtime, machine.world.insert_coin, acceptor, motor_on, idle)
            for _ in track(range(vends), description="vends", transient=True)
        ]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        store.close()
        machine.close()
    return delays


async def _vend(
    runtime: Runtime,
    insert: Callable[[int], None],
    acceptor: TimedAcceptor,
    motor_on: asyncio.Queue[float],
    idle: asyncio.Event,
) -> float:
    while not motor_on.empty():
        motor_on.get_nowait()
    runtime.apply(i.Select(SLOT))
    await asyncio.sleep(0.3)  # polls go on; the coin comes at no special moment
    idle.clear()
    insert(PRICE)
    delay_ms = (await motor_on.get() - acceptor.decoded_at) * 1000
    await idle.wait()
    return delay_ms
