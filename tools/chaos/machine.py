"""One machine in virtual time: real runtime, drivers and store on a simulated world, with a supply that can fail.

Not responsible for what is done to it (`hands.py`). It watches the world from outside and writes the log that the
checker reads.
"""

import asyncio
import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

from edge.clock import LoopClock
from edge.devices import Devices
from edge.runtime import Runtime
from hardware.emulated import SORTER_PATHS, EmulatedMachine, emulate
from hardware.gpio import PinMap
from hardware.wire.null_modem import LineFaults
from hardware.world_state import HopperState, Spiral, WorldState
from tools.chaos.power import Cut, Power, PowerCutError, PoweredDevice, PoweredStore
from tools.chaos.record import Record, Seen
from tools.chaos.scenario import PRICES, STOCK

MACHINE: Final = "vm-chaos-0001"
START_WALL_MS: Final = 1_795_000_000_000
NO_MAINS: Final = frozenset({"mains", "amnesia"})
"""Cuts that take the power of every device; after `amnesia` the hoppers count from 0."""
IDLE_RETURN_S: Final = 20.0
"""Shorter than on the street: the wait is idle time."""
BOOTS_PER_RUN: Final = 200
PIN_MAP: Final = PinMap(rows={"A": 5}, columns={1: 16, 2: 19, 3: 20}, home={1: 22, 2: 23, 3: 24})

RuntimeMaker = Callable[[PoweredStore, Devices], Runtime]


def make_runtime(store: PoweredStore, devices: Devices) -> Runtime:
    """The runtime as it is sold."""
    return Runtime(store, devices, "chaos", idle_return_s=IDLE_RETURN_S)


class ChaosMachine:
    """Machine, world and supply of one run.

    Args:
        folder: for the store.
        seed: for the ids of the store.
        faults: of the coin wire.
        make: builds the runtime; a planted bug builds another one.
        store: class of the store; a planted bug has another one.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        faults: LineFaults,
        make: RuntimeMaker = make_runtime,
        store: type[PoweredStore] = PoweredStore,
    ) -> None:
        self._path = folder / "store.db"
        self._random = random.Random(seed)  # noqa: S311 - ids must repeat
        self._faults = faults
        self._make = make
        self._store_class = store
        self._last_cut: Cut | None = None
        self._boots = 0
        self.world_state = WorldState(
            spirals={slot: Spiral(capacity=STOCK) for slot in PRICES},
            hoppers={value: HopperState() for value in SORTER_PATHS},
        )
        self._units = dict.fromkeys(PRICES, 0)
        self._coins = dict.fromkeys(SORTER_PATHS, 0)
        self.jammed: set[str] = set()
        self.stuck: set[str] = set()
        self.is_beam_blocked = False
        self.blind_coins: list[int] = []
        """To be thrown in while the controller is dead."""
        self.record = Record(prices=dict(PRICES))
        self.power = Power(self._cut)
        self.hardware: EmulatedMachine
        self.store: PoweredStore | None = None
        self.runtime: Runtime
        self._task: asyncio.Task[None] | None = None

    # --- power ---------------------------------------------------------------------------------
    async def boot(self) -> None:
        """Start a controller; when it loses power on the way, start the next one."""
        while not await self._try_boot():
            await self._outage()

    async def _try_boot(self) -> bool:
        self._boots += 1
        if self._boots > BOOTS_PER_RUN:
            raise RuntimeError("the controller never comes up")
        loop = asyncio.get_running_loop()
        self.hardware = emulate(self.world_state, pin_map=PIN_MAP, faults=self._faults, save=self._watch)
        self._put_faults_back()
        clock = LoopClock(loop, START_WALL_MS + int(loop.time() * 1000))
        self.power.switch_on()
        self.see("boot")
        self.store = self._store_class.open(self._path, MACHINE, clock, durable=False, draw=self._draw)
        self.store.power = self.power
        try:
            self.runtime = self._make(self.store, self._devices())
            await self.runtime.start()
        except PowerCutError:
            return False
        except Exception as error:  # noqa: BLE001 - any other end of a start is a finding
            self.crash(f"start: {type(error).__name__}: {error}")
            return False
        self._task = loop.create_task(self.runtime.run())
        return True

    async def settle_power(self) -> None:
        """When the controller is dead: wait for the outage to end and start a new one."""
        await asyncio.sleep(0)
        if self._task is not None and self._task.done() and self.power.is_on:
            error = self._task.exception()
            self.crash(f"run: {_first(error)}")
        if not self.power.is_on:
            await self._outage()
            await self.boot()

    def crash(self, why: str) -> None:
        """The controller ended by itself: note it, and treat it as killed."""
        self.record.crashes.append(why)
        if self.power.is_on:
            self.power.is_on = False
            self._cut(Cut("kill", 0, 0, 1000))

    def _cut(self, cut: Cut) -> None:
        """At this moment the controller stops; with the mains, so does everything else."""
        self._last_cut = cut
        hardware = self.hardware
        hardware.dispenser.stop()  # the pins fall back to their pull-downs
        hardware.bus.close()
        self.see(cut.kind)
        if cut.kind in NO_MAINS:
            hardware.world.close()
            hardware.line.close()
            for peer in hardware.hopper_peers.values():
                peer.close()
        if self.store is not None:
            self.store.lose_power()
        if self._task is not None:
            self._task.cancel()

    async def _outage(self) -> None:
        """Let time pass without a controller, then take its remains away."""
        cut = self._last_cut or Cut("kill", 0, 0, 1000)
        if self._task is not None:
            await asyncio.wait({self._task})
            self._task = None
        if cut.kind in NO_MAINS:
            self.hardware.close()
            self._lose_memories(cut)
            await asyncio.sleep(cut.outage_ms / 1000)
        else:
            for value in self.blind_coins:
                self.insert_coin(value)
            self.blind_coins.clear()
            await asyncio.sleep(cut.outage_ms / 1000)
            self.hardware.close()
        if self.store is not None:
            self.store.close()

    def _lose_memories(self, cut: Cut) -> None:
        """Without mains the acceptor forgets, hoppers keep their counters or not, and the latch is a flip-flop."""
        self.hardware.acceptor_peer.power_cycle()
        for peer in self.hardware.hopper_peers.values():
            peer.power_cycle(keeps_counters=cut.kind != "amnesia")
        state = self.world_state
        state.is_drop_latched = False
        state.tray += state.falling
        state.falling.clear()

    def power_off(self) -> None:
        """The end of the run."""
        self.power.is_on = False
        if self._task is not None:
            self._task.cancel()
        self.hardware.close()
        if self.store is not None:
            self.store.close()

    # --- parts ---------------------------------------------------------------------------------
    def _devices(self) -> Devices:
        def powered(inner: Any, name: str) -> Any:
            return PoweredDevice(inner, self.power, name)

        hardware = self.hardware
        return Devices(
            coin_acceptor=powered(hardware.acceptor, "acceptor"),
            hoppers={kind: powered(hopper, "hopper") for kind, hopper in hardware.hoppers.items()},
            hopper_paths=frozenset(SORTER_PATHS.values()),
            dispenser=powered(hardware.dispenser, "dispenser"),
            drop_sensor=powered(hardware.drop_sensor, "drop_sensor"),
            door=hardware.door,
        )

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

    # --- watching ------------------------------------------------------------------------------
    def see(self, what: str, where: str = "", count: int = 1) -> None:
        """Write one line into the log."""
        seq = self.store.last_seq if self.store is not None else 0
        self.record.log.append(Seen(what, seq, asyncio.get_running_loop().time(), where, count))

    def insert_coin(self, value: int) -> None:
        """A coin, from a customer."""
        cup = self.world_state.return_cup
        before = cup.get(value, 0)
        if value in self._coins:
            self._coins[value] = -1  # whatever comes in now is not a payout
        self.hardware.world.insert_coin(value)
        if value in self._coins:
            self._coins[value] = self.world_state.hoppers[value].count
        if cup.get(value, 0) == before:
            self.see("coin", str(value))

    def _watch(self, state: WorldState) -> None:
        for slot, spiral in state.spirals.items():
            if len(spiral.units) != self._units[slot]:
                change = len(spiral.units) - self._units[slot]
                self._units[slot] = len(spiral.units)
                self.see("unit" if change < 0 else "stocked", slot, abs(change))
        for kind, hopper in state.hoppers.items():
            before = self._coins[kind]
            if before >= 0 and hopper.count != before:
                self._coins[kind] = hopper.count
                self.see("paid" if hopper.count < before else "loaded", str(kind), abs(hopper.count - before))

    def drain(self, kind: int) -> None:
        """Coins disappear from a hopper without anybody telling the machine."""
        hopper = self.world_state.hoppers[kind]
        taken, hopper.count = hopper.count, 0
        self._coins[kind] = 0
        pile = self.world_state.coins_taken
        pile[kind] = pile.get(kind, 0) + taken
        self.see("drained", str(kind), taken)

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


def _first(error: BaseException | None) -> str:
    """The first error inside a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
