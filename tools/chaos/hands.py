"""The hands of customers, staff and bad luck: carries out the steps of a scenario on a machine.

Not responsible for choosing the steps (`scenario.py`) nor for judging the end (`checker.py`).
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from structlog.testing import capture_logs

from edge.vend import inputs as i
from edge.vend.state import Phase
from hardware.wire.cctalk import Header
from hardware.wire.null_modem import LineFaults
from protocol.desired import Planogram, PlanogramSlot
from tools.chaos.machine import IDLE_RETURN_S, ChaosMachine, RuntimeMaker, make_runtime
from tools.chaos.power import Cut, PowerCutError, PoweredStore
from tools.chaos.record import Record
from tools.chaos.scenario import FLOAT, PRICES, STOCK, Action, Scenario
from tools.simulator.virtual_time import VirtualTimeLoop

BETWEEN_COINS_S: Final = 0.25
SETTLE_LIMIT_S: Final = 400.0
TRIES: Final = 20
HEADERS: Final = {"order": Header.DISPENSE_COINS, "status": Header.HOPPER_STATUS, "credit": Header.READ_CREDIT}
SCRATCH: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


def play(
    scenario: Scenario,
    *,
    make: RuntimeMaker = make_runtime,
    store: type[PoweredStore] = PoweredStore,
    on_step: Callable[[int, Action, ChaosMachine], None] | None = None,
) -> Record:
    """Run one scenario to its end, in virtual time.

    Args:
        scenario: what happens.
        make: builds the runtime.
        store: class of the store.
        on_step: called before each step with its position in the seed's list.
    """
    with (
        capture_logs(),
        tempfile.TemporaryDirectory(dir=SCRATCH if SCRATCH.is_dir() else None) as folder,
        asyncio.Runner(loop_factory=VirtualTimeLoop) as runner,
    ):
        return runner.run(_play(scenario, Path(folder), make, store, on_step))


async def _play(
    scenario: Scenario,
    folder: Path,
    make: RuntimeMaker,
    store: type[PoweredStore],
    on_step: Callable[[int, Action, ChaosMachine], None] | None,
) -> Record:
    machine = ChaosMachine(folder, scenario.seed, _wire(scenario), make, store)
    hands = Hands(machine)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: hands.callback_failed(context))
    await machine.boot()
    await hands.staff()
    for position, step in scenario.numbered():
        if on_step is not None:
            on_step(position, step, machine)
        await ACTIONS[step.name](hands, *step.args)
        await machine.settle_power()
    await hands.end()
    machine.power_off()
    machine.record.virtual_s = loop.time()
    return machine.finish()


def _wire(scenario: Scenario) -> LineFaults:
    for step in scenario.steps:
        if step.name == "wire":
            loss, corruption, seed = (int(value) for value in step.args)
            return LineFaults(loss=loss / 1000, corruption=corruption / 1000, split=0.05, delay_s=0.002, seed=seed)
    return LineFaults()


def _planogram() -> Planogram:
    return Planogram(
        rev=1,
        slots=[
            PlanogramSlot(
                slot=slot,
                product_id=f"p-{slot}",
                name_ja="茶",
                name_en="tea",
                price_minor=price,
                capacity=STOCK,
                par_level=4,
            )
            for slot, price in PRICES.items()
        ],
    )


class Hands:
    """Everything a scenario may do; each method is one action."""

    def __init__(self, machine: ChaosMachine) -> None:
        self._machine = machine

    def callback_failed(self, context: dict[str, Any]) -> None:
        """A callback of the loop raised: a power cut, or a finding."""
        error = context.get("exception")
        if not isinstance(error, PowerCutError):
            self._machine.crash(f"callback: {type(error).__name__}: {error}")

    def _wish(self, wish: i.Input) -> None:
        """Something a person asks of the controller; a dead one hears nothing."""
        if not self._machine.power.is_on:
            return
        try:
            self._machine.runtime.apply(wish)
        except PowerCutError:
            return
        except Exception as error:  # noqa: BLE001 - an input that breaks the controller is a finding
            self._machine.crash(f"{type(wish).__name__}: {type(error).__name__}: {error}")

    # --- customers
    async def coin(self, value: int) -> None:
        """A coin of this value, any coin."""
        self._machine.insert_coin(value)
        await asyncio.sleep(BETWEEN_COINS_S)

    async def choose(self, slot: str) -> None:
        """Press the button of a slot."""
        self._wish(i.Select(slot))

    async def clear(self) -> None:
        """Take the choice back."""
        self._wish(i.Clear())

    async def lever(self) -> None:
        """Ask for the money back."""
        self._wish(i.ReturnCredit("lever"))

    async def pause(self, milliseconds: int) -> None:
        """Do nothing for a while."""
        await asyncio.sleep(milliseconds / 1000)

    async def settle(self) -> None:
        """Wait until nothing moves any more."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLE_LIMIT_S
        while loop.time() < deadline:
            await self._machine.settle_power()
            if self._machine.runtime.state.phase not in {Phase.DISPENSING, Phase.SETTLING}:
                return
            await asyncio.sleep(BETWEEN_COINS_S)
        self._machine.record.crashes.append(f"nothing ends: still {self._machine.runtime.state.phase.value}")

    async def leave(self) -> None:
        """Walk away; the machine gives credit back by itself."""
        await asyncio.sleep(IDLE_RETURN_S + 3)
        await self.settle()

    async def take(self) -> None:
        """Empty tray and return cup."""
        self._machine.hardware.world.take_products()
        self._machine.hardware.world.take_coins()

    # --- staff
    async def door(self) -> None:
        """Somebody opens the door for a moment."""
        self._machine.hardware.world.open_door()
        await asyncio.sleep(0.3)
        self._machine.hardware.world.close_door()
        await asyncio.sleep(0.3)

    async def staff(self) -> None:
        """Open, repair, fill, close; tell the machine exactly what was filled in."""
        machine = self._machine
        await self.settle()
        machine.hardware.world.open_door()
        await asyncio.sleep(0.5)
        await machine.settle_power()
        self._repair()
        if machine.runtime.state.planogram is None:
            await self._told(
                lambda: machine.runtime.offer_planogram(_planogram()),
                lambda: machine.runtime.state.planogram is not None,
            )
        for slot in PRICES:
            await self._fill(slot)
        for kind, wanted in FLOAT.items():
            await self._fill_hopper(kind, wanted)
        machine.hardware.world.close_door()
        await asyncio.sleep(0.5)

    def _repair(self) -> None:
        machine = self._machine
        machine.jammed.clear()
        machine.stuck.clear()
        self._free_beam()
        for slot, spiral in machine.world_state.spirals.items():
            spiral.angle = 0.0  # turned home by hand
            machine.hardware.world.repair(slot)

    async def _fill(self, slot: str) -> None:
        machine = self._machine
        missing = STOCK - len(machine.world_state.spirals[slot].units)
        if missing <= 0:
            return
        before = machine.runtime.state.on_hand.get(slot, 0)
        machine.hardware.world.load(slot, f"p-{slot}", missing)
        await self._told(
            lambda: self._wish(i.Restocked(slot, missing)),
            lambda: machine.runtime.state.on_hand.get(slot, 0) != before,
        )

    async def _fill_hopper(self, kind: int, wanted: int) -> None:
        machine = self._machine
        missing = wanted - machine.world_state.hoppers[kind].count
        if missing <= 0:
            return
        before = machine.runtime.state.hoppers.get(kind, 0)
        machine.hardware.world.load_hopper(kind, missing)
        await self._told(
            lambda: self._wish(i.FloatLoaded(kind, missing)),
            lambda: machine.runtime.state.hoppers.get(kind, 0) != before,
        )

    async def _told(self, tell: Callable[[], None], is_known: Callable[[], bool]) -> None:
        """Tell the machine, and after a power cut look whether it knows before telling it again."""
        for _ in range(TRIES):
            if is_known():
                return
            with suppress(PowerCutError):
                tell()
            await self._machine.settle_power()
        raise RuntimeError("the machine does not listen to staff")

    # --- bad luck
    async def cut(self, kind: str, ticks: int, delay_ms: int, outage_ms: int) -> None:
        """The power goes at the n-th tick from here, or so much later."""
        self._machine.power.arm(Cut(kind, ticks, delay_ms, outage_ms))

    async def blind_coin(self, value: int) -> None:
        """A coin that falls while the controller is dead."""
        self._machine.blind_coins.append(value)

    async def wire(self, *_: int) -> None:
        """The wire of the whole run, laid before the first boot."""

    async def jam(self, slot: str) -> None:
        """The motor stalls until staff come."""
        self._machine.jammed.add(slot)
        self._machine.hardware.world.jam(slot)

    async def stuck_home(self, slot: str) -> None:
        """The home contact stays closed until staff come."""
        self._machine.stuck.add(slot)
        self._machine.hardware.world.stuck_home(slot)

    async def empty_turn(self, slot: str, turns: int) -> None:
        """The next turns let nothing fall."""
        self._machine.hardware.world.empty_turn(slot, turns)

    async def beam(self, for_ms: int, after_ms: int) -> None:
        """Something hangs in the beam for a while."""
        loop = asyncio.get_running_loop()
        loop.call_later(after_ms / 1000, self._block_beam)
        loop.call_later((after_ms + for_ms) / 1000, self._free_beam)

    def _block_beam(self) -> None:
        self._machine.is_beam_blocked = True
        self._machine.see("beam")
        self._machine.hardware.world.block_beam()

    def _free_beam(self) -> None:
        if self._machine.is_beam_blocked:
            self._machine.is_beam_blocked = False
            self._machine.see("beam")
            self._machine.hardware.world.block_beam(blocked=False)

    async def hopper_jam(self, kind: int) -> None:
        """A coin jams the exit."""
        self._machine.hardware.world.hopper_jam(kind)

    async def hopper_empty(self, kind: int) -> None:
        """Coins are gone that the machine believes in."""
        self._machine.drain(kind)

    async def hopper_refuse(self, kind: int) -> None:
        """The next order is refused."""
        self._machine.hardware.hopper_peers[kind].refuse_next()

    async def lose(self, what: str, which: str) -> None:
        """One frame is lost on the wire."""
        self._machine.hardware.line.lose_next("request" if what == "request" else "reply", HEADERS[which])

    async def silent_hoppers(self, requests: int) -> None:
        """The hoppers hear nothing of the next requests for their status."""
        for _ in range(requests):
            self._machine.hardware.line.lose_next("request", Header.HOPPER_STATUS)

    async def acceptor_restart(self) -> None:
        """The acceptor loses its power for a moment."""
        self._machine.see("acceptor_restart")
        self._machine.hardware.acceptor_peer.power_cycle()

    # --- the end
    async def end(self) -> None:
        """No more bad luck; everybody leaves, and the machine comes to rest."""
        machine = self._machine
        machine.power.disarm()
        await machine.settle_power()
        self._free_beam()
        await asyncio.sleep(6)
        await self.settle()
        await self.leave()
        if machine.runtime.state.phase is Phase.CREDIT:
            await self.leave()


ACTIONS: Final[dict[str, Callable[..., Awaitable[None]]]] = {
    name: getattr(Hands, name)
    for name in (
        "coin", "choose", "clear", "lever", "pause", "settle", "leave", "take", "door", "staff", "cut", "blind_coin",
        "wire", "jam", "stuck_home", "empty_turn", "beam", "hopper_jam", "hopper_empty", "hopper_refuse", "lose",
        "silent_hoppers", "acceptor_restart",
    )
}  # fmt: skip
