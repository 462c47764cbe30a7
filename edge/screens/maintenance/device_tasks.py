"""The second half of the desk's menu: devices, what is wrong with them, and what the machine knows of itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.cloud_link.standing import Standing
from edge.screens.maintenance.about import LanguagePage, LogPage, Software, SoundLight, UpdatePage
from edge.screens.maintenance.audit import AuditPage, Book
from edge.screens.maintenance.coils import CoilTask
from edge.screens.maintenance.coin_test import CoinTest
from edge.screens.maintenance.faults import FaultList, LookAgain, RaisedMs
from edge.screens.maintenance.jam import JamGuide
from edge.screens.maintenance.network import NetworkPage
from edge.screens.maintenance.sensors import SensorPage, Sensors
from edge.screens.maintenance.task import Machine, TaskKind


@dataclass(frozen=True, slots=True)
class Workshop:
    """What these tasks need of the machine besides its state."""

    machine: Machine
    slots: Sequence[str]
    """With a motor, in the order in which they are shown."""
    sensors: Sensors
    raised_ms: RaisedMs
    look_again: LookAgain
    book: Book
    link: Callable[[], Standing]
    log_lines: Callable[[], tuple[str, ...]]
    software: Software
    set_language: Callable[[str], None]


def devices(shop: Workshop) -> tuple[TaskKind, ...]:
    """Rows of the menu."""
    machine = shop.machine
    return (
        TaskKind(
            "faults",
            lambda session: FaultList(machine, session, shop.raised_ms, shop.look_again),
            badge=lambda: str(len(machine.state.faults) or ""),
        ),
        TaskKind("jam", lambda session: JamGuide(machine, shop.slots, shop.sensors, session), right="devices"),
        TaskKind("sensors", lambda session: SensorPage(machine, shop.sensors, session)),
        TaskKind("motors", lambda session: CoilTask(machine, shop.slots, "motors", session), right="devices"),
        TaskKind("test_vend", lambda session: CoilTask(machine, shop.slots, "test_vend", session), right="devices"),
        TaskKind("coin_test", lambda session: CoinTest(machine, session), right="devices"),
        TaskKind("audit", lambda session: AuditPage(machine, shop.book, session), right="cash"),
        TaskKind("network", lambda _: NetworkPage(shop.link)),
        TaskKind("sound_light", lambda session: SoundLight(machine, session), right="devices"),
        TaskKind("language", lambda _: LanguagePage(shop.set_language)),
        TaskKind("logs", lambda _: LogPage(shop.log_lines), right="devices"),
        TaskKind(
            "update",
            lambda session: UpdatePage(machine, shop.software, session),
            badge=lambda: "1" if shop.software.waiting() else "",
            right="update",
        ),
    )
