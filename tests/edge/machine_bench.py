"""A whole machine in virtual time: real runtime, real drivers, simulated wires, pins and world."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from edge.clock import LoopClock
from edge.devices import Devices
from edge.runtime import Runtime
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState, Phase
from edge.vend.state_machine import step
from edge.vend.step import Context, Step
from hardware.emulated import EmulatedMachine, emulate
from hardware.world_state import HopperState, Spiral, WorldState
from protocol.desired import Planogram, PlanogramSlot
from protocol.envelope import Envelope
from protocol.events import Event

MACHINE = "vm-test-0001"
PRICES = {"A1": 160, "A2": 120, "B1": 180}
CONTEXT = Context("5f0c9b1e7a2d4c68b3e1f0a9d8c7b6a5", "first")
FLOAT = {10: 40, 50: 10, 100: 20, 500: 4}


def planogram() -> Planogram:
    return Planogram(
        rev=1,
        slots=[
            PlanogramSlot(
                slot=slot,
                product_id=f"p-{slot}",
                name_ja="茶",
                name_en="tea",
                price_minor=price,
                capacity=8,
                par_level=4,
            )
            for slot, price in PRICES.items()
        ],
    )


def play(state: MachineState, *happened: i.Input, context: Context = CONTEXT) -> Step:
    """All steps as one, by the pure state machine."""
    here = Step(state)
    for one in happened:
        here = here.then(step(here.state, one, context))
    return here


class PowerCutError(Exception):
    """The controller dies here."""


class FragileStore(Store):
    """Dies right before or right after its n-th commit, as a killed controller would, and stays dead."""

    fuse: int | None = None
    after: bool = False
    commits: int = 0
    on_cut: Callable[[], None] | None = None
    """Called when it dies."""

    def commit(self, happened: i.Input, state: MachineState, events: Sequence[Event]) -> None:
        self.commits += 1
        is_last = self.commits == self.fuse
        if is_last and self.on_cut is not None:
            self.on_cut()
        if self.fuse is not None and self.commits >= self.fuse and not (is_last and self.after):
            raise PowerCutError
        super().commit(happened, state, events)
        if is_last:
            raise PowerCutError


class Bench:
    """One machine on the bench, and the hands of customer and staff."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host_boot = "first"
        self.world_state = WorldState(
            spirals={slot: Spiral() for slot in PRICES},
            hoppers={value: HopperState(event_counter=7) for value in FLOAT},  # not their first payout
        )
        self.machine: EmulatedMachine
        self.store: FragileStore
        self.runtime: Runtime
        self.task: asyncio.Task[None] | None = None

    async def power_on(self, *, fuse: int | None = None, after: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.machine = self.assemble()
        clock = LoopClock(loop, 1_795_000_000_000)
        self.store = FragileStore.open(self.folder / "store.db", MACHINE, clock, durable=False)
        self.store.fuse, self.store.after = fuse, after
        self.runtime = Runtime(self.store, self.devices(), "test", host_boot=self.host_boot)
        await self.runtime.start()
        self.task = loop.create_task(self.runtime.run())

    def assemble(self) -> EmulatedMachine:
        return emulate(self.world_state)

    def devices(self) -> Devices:
        return Devices(
            coin_acceptor=self.machine.acceptor,
            hoppers=self.machine.hoppers,
            hopper_paths=self.machine.hopper_paths,
            dispenser=self.machine.dispenser,
            drop_sensor=self.machine.drop_sensor,
            door=self.machine.door,
            bill_validator=self.machine.bill_validator,
            cashless_reader=self.machine.cashless_reader,
            coin_changer=self.machine.coin_changer,
        )

    async def fill(self) -> None:
        self.runtime.offer_planogram(planogram())
        for slot in PRICES:
            self.machine.world.load(slot, f"p-{slot}", 4)
            self.runtime.apply(i.Restocked(slot, 4))
        for value, coins in FLOAT.items():
            self.load_coins(value, coins)
            self.runtime.apply(i.FloatLoaded(value, coins))
        await asyncio.sleep(0.5)

    def load_coins(self, value: int, coins: int) -> None:
        self.machine.world.load_hopper(value, coins)

    def power_off(self) -> None:
        """No clean-up: what was under way stays as it is in the world."""
        if self.task is not None:
            self.task.cancel()
        self.machine.close()
        self.store.close()
        self.world_state = WorldState.model_validate_json(self.world_state.model_dump_json())

    async def insert(self, *coins: int) -> None:
        for value in coins:
            self.machine.world.insert_coin(value)
            await asyncio.sleep(0.3)

    def select(self, slot: str) -> None:
        self.runtime.apply(i.Select(slot))

    async def until_idle(self, limit_s: float = 60.0) -> None:
        """Until nothing is under way any more (credit may be left)."""
        async with asyncio.timeout(limit_s):
            while self.state.phase in {Phase.DISPENSING, Phase.SETTLING, Phase.SERVICING}:
                await asyncio.sleep(0.1)

    @property
    def is_alive(self) -> bool:
        """The controller has not died."""
        return self.task is not None and not self.task.done()

    @property
    def state(self) -> MachineState:
        return self.runtime.state

    def events(self) -> list[Envelope]:
        return [Envelope.from_bytes(body) for _, body in self.store.read_events(0, 10_000)]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events()]

    def cup(self) -> int:
        return sum(value * count for value, count in self.world_state.return_cup.items())


Business = Callable[[Bench], Awaitable[None]]
"""What one customer does at a filled machine."""


async def commits_of(folder: Path, business: Business, make: Callable[[Path], Bench] = Bench) -> int:
    """How many steps are written while a customer does this."""
    bench = make(folder)
    await bench.power_on()
    await bench.fill()
    before = bench.store.commits
    await business(bench)
    count = bench.store.commits - before
    bench.power_off()
    return count


async def killed_at_each(
    folder: Path, steps: int, business: Business, *, after: bool, make: Callable[[Path], Bench] = Bench
) -> AsyncIterator[tuple[str, Bench]]:
    """For each step a machine that was killed there, right before or after its write, and started again."""
    for fuse in range(1, steps + 1):
        bench = make(folder / f"{fuse}")
        bench.folder.mkdir()
        await bench.power_on()
        await bench.fill()
        bench.store.fuse, bench.store.after = bench.store.commits + fuse, after
        with contextlib.suppress(PowerCutError, TimeoutError):
            await business(bench)
        if bench.task is not None and bench.task.done():
            assert bench.task.exception() is not None
        bench.power_off()
        await bench.power_on()
        yield f"killed at step {fuse}, after={after}", bench
        bench.power_off()
