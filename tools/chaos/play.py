"""Run one scenario to its end, in virtual time, and bring home what is known of it."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from structlog.testing import capture_logs

from edge.vend.state import Phase
from hardware.wire.null_modem import LineFaults
from tools.chaos.cloud import TinyCloud, Weather
from tools.chaos.fittings import Setup
from tools.chaos.hands.bills import Bills
from tools.chaos.hands.cards import Cards
from tools.chaos.hands.changer import Changer
from tools.chaos.hands.coins import Coins
from tools.chaos.hands.computer import Computer
from tools.chaos.hands.goods import Goods
from tools.chaos.hands.phone import Phone
from tools.chaos.hands.staff import Staff
from tools.chaos.machine import AS_SOLD, ChaosMachine, NeverUpError, Parts
from tools.chaos.power import PowerCutError
from tools.chaos.record import Record
from tools.chaos.scenario import Scenario
from tools.chaos.steps import Action
from tools.simulator.virtual_time import VirtualTimeLoop

SCRATCH: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
REST_S: Final = 6.0
"""Nothing of the bad luck goes on for longer once everybody has left."""
RESERVATION_S: Final = 125.0
"""A reader gives back by then what nobody charged."""
LINK_LIMIT_S: Final = 900.0
"""A link left in peace has delivered everything by then."""
TENDERS: Final = (Bills, Cards, Phone)
"""Beside coins. Another way to pay is another file of hands, and a row here."""

OnStep = Callable[[int, Action, ChaosMachine], None]


def play(scenario: Scenario, parts: Parts = AS_SOLD, on_step: OnStep | None = None) -> Record:
    """Run one scenario to its end.

    Args:
        scenario: what happens.
        parts: what the machine is made of.
        on_step: called before each step with its position in the seed's list.
    """
    with (
        capture_logs(),
        tempfile.TemporaryDirectory(dir=SCRATCH if SCRATCH.is_dir() else None) as folder,
        asyncio.Runner(loop_factory=VirtualTimeLoop) as runner,
    ):
        return runner.run(_play(scenario, Path(folder), parts, on_step))


async def _play(scenario: Scenario, folder: Path, parts: Parts, on_step: OnStep | None) -> Record:
    setup = Setup(_wire(scenario), _cloud(scenario, parts), has_changer=_has_changer(scenario))
    machine = ChaosMachine(folder, scenario.seed, setup, parts)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: _callback_failed(machine, context))
    coins = Changer(machine) if setup.has_changer else Coins(machine)
    others = [Computer(machine), Goods(machine), coins, *(tender(machine) for tender in TENDERS)]
    staff = Staff(machine, others)
    actions: dict[str, Callable[..., Awaitable[None]]] = {
        name: getattr(hand, name) for hand in (staff, *others) for name in hand.ACTIONS
    }
    try:
        await machine.boot()
        await staff.staff()
        for position, step in scenario.numbered():
            if on_step is not None:
                on_step(position, step, machine)
            await actions[step.name](*step.args)
            await machine.settle_power()
        for hand in others:
            await hand.end()
        await _come_to_rest(machine, staff)
        await _deliver(machine)
    except NeverUpError:
        machine.record.crashes.append("the controller never comes up")
    machine.power_off()
    machine.record.virtual_s = loop.time()
    return machine.finish()


async def _come_to_rest(machine: ChaosMachine, staff: Staff) -> None:
    """No more bad luck: staff come once more, everybody leaves, and everything that was begun ends."""
    await machine.settle_power()
    await asyncio.sleep(REST_S)
    machine.hardware.world.remove_card()
    await staff.staff()
    await staff.leave()
    if machine.runtime.state.phase is Phase.CREDIT:
        await staff.leave()
    if any(card.reserved for card in machine.world_state.cards.values()):
        await asyncio.sleep(RESERVATION_S)


async def _deliver(machine: ChaosMachine) -> None:
    """Leave the link in peace until the cloud has everything."""
    if machine.cloud is None or machine.store is None:
        return
    machine.cloud.weather.loss = machine.cloud.weather.crash = 0.0
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LINK_LIMIT_S
    while machine.store.acknowledged < machine.store.last_seq and loop.time() < deadline:  # noqa: ASYNC110 - any speed
        await asyncio.sleep(1.0)


def _callback_failed(machine: ChaosMachine, context: dict[str, Any]) -> None:
    """A callback of the loop raised: a power cut, or a finding."""
    error = context.get("exception")
    if not isinstance(error, PowerCutError):
        machine.crash("callback", error or RuntimeError(str(context.get("message"))))


def _has_changer(scenario: Scenario) -> bool:
    return any(step.name == "changer" for step in scenario.steps)


def _wire(scenario: Scenario) -> LineFaults:
    for step in scenario.steps:
        if step.name == "wire":
            loss, corruption, seed = (int(value) for value in step.args)
            return LineFaults(loss=loss / 1000, corruption=corruption / 1000, split=0.05, delay_s=0.002, seed=seed)
    return LineFaults()


def _cloud(scenario: Scenario, parts: Parts) -> TinyCloud | None:
    for step in scenario.steps:
        if step.name == "cloud":
            loss, crash, seed = (int(value) for value in step.args)
            return parts.cloud(Weather(loss / 1000, crash / 1000), seed)
    return None
