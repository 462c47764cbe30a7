"""One machine in virtual time: real runtime, drivers and store on a simulated world, with a supply that can fail.

Not responsible for what is done to it (`hands/`) nor for writing the log (`watch.py`).
"""

import asyncio
import json
import random
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from edge.clock import LoopClock
from edge.cloud_link.link import CloudLink
from edge.devices import Devices
from edge.runtime import Runtime
from edge.store.errors import StoreFullError
from edge.vend.state import Phase
from hardware.bill_validator.simulated import SimulatedBillValidator
from hardware.cashless_reader.simulated import SimulatedCashlessReader
from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.emulated import EmulatedMachine, emulate
from hardware.gpio import PinMap
from hardware.world_state import HopperState, TubeState
from tools.chaos.cloud import BadNetwork, TinyCloud
from tools.chaos.disk import Disk
from tools.chaos.fittings import Setup, empty_world, forget, get_mains, lose_mains, powered_devices
from tools.chaos.power import Cut, Power, PowerCutError, PoweredStore
from tools.chaos.record import Record, Seen
from tools.chaos.steps import PRICES
from tools.chaos.watch import Watch

MACHINE: Final = "vm-chaos-0001"
START_WALL_MS: Final = 1_795_000_000_000
NO_MAINS: Final = frozenset({"mains", "amnesia"})
"""Cuts that take the power of every device; after `amnesia` each forgets what it may forget."""
IDLE_RETURN_S: Final = 20.0
"""Shorter than on the street: the wait is idle time."""
BOOTS_PER_RUN: Final = 200
LOOK_S: Final = 0.25
"""From the moment nothing moves to the next thing somebody does."""
SETTLE_LIMIT_S: Final = 400.0
BUSY: Final = frozenset({Phase.APPROVING, Phase.DISPENSING, Phase.SETTLING})
PIN_MAP: Final = PinMap(rows={"A": 5}, columns={1: 16, 2: 19, 3: 20}, home={1: 22, 2: 23, 3: 24})

RuntimeMaker = Callable[[PoweredStore, Devices, str], Runtime]
"""Makes a runtime of a store, devices, and the name of the computer's start (`edge.clock.host_boot`)."""


def make_runtime(store: PoweredStore, devices: Devices, host_boot: str) -> Runtime:
    """The runtime as it is sold."""
    return Runtime(store, devices, "chaos", idle_return_s=IDLE_RETURN_S, host_boot=host_boot)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a machine is made of; a planted bug is another part."""

    make: RuntimeMaker = make_runtime
    store: type[PoweredStore] = PoweredStore
    cloud: type[TinyCloud] = TinyCloud


AS_SOLD: Final = Parts()


class NeverUpError(Exception):
    """One start of the controller after the other fails: a finding, and the end of the run."""


class ShiftedClock(LoopClock):
    """Virtual time, with a wall clock that somebody sets."""

    shift_ms = 0

    def wall_ms(self) -> int:
        """See `Clock`."""
        return super().wall_ms() + self.shift_ms


class ChaosMachine:
    """Machine, world and supply of one run."""

    def __init__(self, folder: Path, seed: int, setup: Setup, parts: Parts) -> None:
        """Put it together, without power.

        Args:
            folder: for the store.
            seed: for the ids of the store.
            setup: what it is fitted with.
            parts: what it is made of.
        """
        self._path = folder / "store.db"
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - ids must repeat
        self._setup = setup
        self._parts = parts
        self._last_cut: Cut | None = None
        self._boots = 0
        self._host_boots = 1
        """Starts of the computer, as opposed to its controller."""
        self.world_state = empty_world(has_changer=setup.has_changer)
        self.jammed: set[str] = set()
        self.stuck: set[str] = set()
        self.is_beam_blocked = False
        self.shift_ms = 0
        """Of the wall clock."""
        self.while_dead: list[Callable[[], None]] = []
        """What customers do while the controller is dead and the devices are not."""
        self.record = Record(prices=dict(PRICES), cloud=setup.cloud.end if setup.cloud else None)
        self.watch = Watch(self.world_state, self.see)
        self.power = Power(self._cut)
        self.disk = Disk(self._path.with_name("store.reserve"))
        self.cloud = setup.cloud
        self.hardware: EmulatedMachine
        self.store: PoweredStore | None = None
        self.runtime: Runtime
        self._task: asyncio.Task[None] | None = None
        self._link: asyncio.Task[None] | None = None
        self._clock: ShiftedClock | None = None
        self._moved = asyncio.Event()
        """The controller made a step, or lost its power."""

    # --- power ---------------------------------------------------------------------------------
    async def boot(self) -> None:
        """Start a controller; when it loses power on the way, start the next one."""
        while not await self._try_boot():
            await self._outage()

    async def _try_boot(self) -> bool:
        self._boots += 1
        if self._boots > BOOTS_PER_RUN:
            raise NeverUpError
        loop = asyncio.get_running_loop()
        self.hardware = emulate(
            self.world_state,
            pin_map=PIN_MAP,
            faults=self._setup.wire,
            save=self.watch.changed,
            changer=self._setup.has_changer,
        )
        if self._last_cut is not None and self._last_cut.kind in NO_MAINS:
            get_mains(self.hardware, self.world_state, remembers=self._last_cut.kind == "mains")
        self._put_faults_back()
        self._clock = ShiftedClock(loop, START_WALL_MS + int(loop.time() * 1000))
        self._clock.shift_ms = self.shift_ms
        self.power.switch_on()
        self.see("boot")
        try:
            self._open_store(self._clock)
            self.runtime = self._parts.make(
                self._opened(), powered_devices(self.hardware, self.power), f"host-{self._host_boots}"
            )
            self.runtime.listen(lambda _: self._moved.set())
            await self.runtime.start()
        except PowerCutError:
            return False
        except Exception as error:  # noqa: BLE001 - any other end of a start is a finding
            self.crash("start", error)
            return False
        self._task = self._begin(self.runtime.run())
        self._start_link()
        return True

    def _open_store(self, clock: ShiftedClock) -> None:
        store = self._parts.store.open(self._path, MACHINE, clock, durable=False, draw=self._draw, free=self.disk.free)
        store.power, store.disk = self.power, self.disk
        self.store = store

    def _opened(self) -> PoweredStore:
        if self.store is None:
            raise RuntimeError("the store is not open")
        return self.store

    def _start_link(self) -> None:
        if self.cloud is None:
            return
        runtime, store = self.runtime, self._opened()
        link = CloudLink(
            store,
            BadNetwork(self.cloud),
            software="chaos",
            applied=dict,
            on_planogram=runtime.offer_planogram,
            apply=runtime.apply,
            seed=self._seed,
        )
        runtime.listen(lambda step: link.wake() if step.events else None)
        self._link = self._begin(link.run())

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of the controller; when it ends by itself, so does the controller, at once."""

        def ended(task: asyncio.Task[None]) -> None:
            if self.power.is_on and not task.cancelled():
                self.crash("run", _first(task.exception()))

        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(ended)
        return task

    async def settle_power(self) -> None:
        """When the controller is dead: wait for the outage to end and start a new one."""
        await asyncio.sleep(0)
        if not self.power.is_on:
            await self._outage()
            await self.boot()

    async def settle(self) -> None:
        """Wait until nothing moves any more."""
        try:
            async with asyncio.timeout(SETTLE_LIMIT_S):
                while True:
                    await self.settle_power()
                    if self.runtime.state.phase not in BUSY:
                        break
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            self.record.crashes.append(f"nothing ends: still {self.runtime.state.phase.value}")
        await asyncio.sleep(LOOK_S)

    def crash(self, where: str, error: BaseException) -> None:
        """The controller ended by itself: note it, and treat it as killed."""
        if isinstance(error, StoreFullError) and self.disk.is_used_up:
            self.see("disk_end")
        else:
            self.record.crashes.append(f"{where}: {type(error).__name__}: {error}")
        if self.power.is_on:
            self.power.is_on = False
            self._cut(Cut("kill", 0, 0, 1000))

    def _cut(self, cut: Cut) -> None:
        """At this moment the controller stops; with the mains, so does everything else."""
        self._last_cut = cut
        self._moved.set()
        hardware = self.hardware
        hardware.dispenser.stop()  # the pins fall back to their pull-downs
        hardware.bus.close()
        self.see(cut.kind)
        if cut.kind in NO_MAINS:
            lose_mains(hardware)
        if self.store is not None:
            self.store.lose_power()
        for task in (self._task, self._link):
            if task is not None:
                task.cancel()

    async def _outage(self) -> None:
        """Let time pass without a controller, then take its remains away."""
        cut = self._last_cut or Cut("kill", 0, 0, 1000)
        remains = {task for task in (self._task, self._link) if task is not None}
        if remains:
            await asyncio.wait(remains)
            for task in remains:
                if not task.cancelled():
                    task.exception()
        self._task = self._link = None
        if cut.kind in NO_MAINS:
            self.hardware.close()
            self._lose_memories(cut)
            await asyncio.sleep(cut.outage_ms / 1000)
        else:
            for act in self.while_dead:
                act()
            self.while_dead.clear()
            await asyncio.sleep(cut.outage_ms / 1000)
            self.hardware.close()
        if self.store is not None:
            self.store.close()
            self.store = None

    def _lose_memories(self, cut: Cut) -> None:
        """Without mains the acceptor forgets, hoppers keep their counters or not, and the latch is a flip-flop."""
        forget(self.hardware, keeps_counters=cut.kind != "amnesia")
        self._host_boots += 1
        state = self.world_state
        state.is_drop_latched = False
        state.tray += state.falling
        state.falling.clear()

    @property
    def has_mains(self) -> bool:
        """The devices have power, whatever the controller has."""
        return self.power.is_on or self._last_cut is None or self._last_cut.kind not in NO_MAINS

    def power_off(self) -> None:
        """The end of the run."""
        self.power.is_on = False
        for task in (self._task, self._link):
            if task is not None:
                task.cancel()
        if self.cloud is not None and self.store is not None:
            self.cloud.end.acknowledged = self.store.acknowledged
        self.hardware.close()
        if self.store is not None:
            self.store.close()

    # --- parts ---------------------------------------------------------------------------------
    @property
    def validator(self) -> SimulatedBillValidator:
        """The bill validator of now."""
        return cast("SimulatedBillValidator", self.hardware.bill_validator)

    @property
    def reader(self) -> SimulatedCashlessReader:
        """The cashless reader of now."""
        return cast("SimulatedCashlessReader", self.hardware.cashless_reader)

    @property
    def changer(self) -> SimulatedCoinChanger | None:
        """The coin changer of now; None where there are hoppers."""
        return self.hardware.coin_changer

    @property
    def floats(self) -> Mapping[int, HopperState | TubeState]:
        """Hoppers or tubes by denomination in yen, whichever it has."""
        return self.world_state.changer.tubes or self.world_state.hoppers

    def _put_faults_back(self) -> None:
        world = self.hardware.world
        for slot in self.jammed:
            world.jam(slot)
        for slot in self.stuck:
            world.stuck_home(slot)
        if self.is_beam_blocked:
            world.block_beam()

    def _draw(self, count: int) -> str:
        return self._random.randbytes(count).hex()

    def set_clock(self, shift_ms: int) -> None:
        """Somebody sets the wall clock, so far from the true time."""
        self.shift_ms = shift_ms
        if self._clock is not None:
            self._clock.shift_ms = shift_ms

    # --- what is known at the end --------------------------------------------------------------
    def see(self, what: str, where: str = "", count: int = 1) -> None:
        """Write one line into the log."""
        seq = self.store.last_seq if self.store is not None else self._last_seq()
        self.record.log.append(Seen(what, seq, asyncio.get_running_loop().time(), where, count))

    def _last_seq(self) -> int:
        return self.record.log[-1].seq if self.record.log else 0

    def finish(self) -> Record:
        """Everything the checker may see. Call after `power_off`."""
        with sqlite3.connect(self._path) as db:
            self.record.events = [body.decode() for (body,) in db.execute("SELECT body FROM outbox ORDER BY seq")]
            row = db.execute("SELECT state FROM journal ORDER BY id DESC LIMIT 1").fetchone()
        db.close()
        self.record.books = cast("dict[str, Any]", json.loads(row[0])) if row else {}
        self.record.world = self.world_state.model_dump(mode="json")
        self.record.cuts = list(self.power.struck)
        self.record.ticks = self.power.ticks
        return self.record


def _first(error: BaseException | None) -> BaseException:
    """The first error inside a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error or RuntimeError("it ended without an error")
