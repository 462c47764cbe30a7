"""`vend machine`: the controller's composition root. Reads settings, picks adapters, starts tasks; nothing else.

The only file of `edge` that knows concrete devices. An emulated machine runs the same drivers as a real one,
on simulated wires and pins.
"""

import asyncio
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

import structlog

from edge.audit.book import AuditBook
from edge.backlight import Backlight
from edge.clerk.port import Clerk
from edge.clerk.websocket import WebSocketClerk
from edge.clock import Clock, SystemClock, host_boot
from edge.cloud_link.link import CloudLink
from edge.cloud_link.mqtt import MqttTransport
from edge.cloud_link.standing import LinkWatch
from edge.devices import Devices
from edge.emulated import CuttableLine, EmulatedCabinet, WireTap, first_fill, load_world, save_world
from edge.emulated_staff import EmulatedStaff
from edge.front.server import Cabinet, FrontServer
from edge.log_ring import LogRing
from edge.runtime import Runtime
from edge.screens.display import Display
from edge.screens.maintenance.desk import MaintenanceDesk
from edge.screens.maintenance.device_tasks import Workshop, devices
from edge.screens.maintenance.task import TaskKind
from edge.screens.maintenance.tasks import Fittings, goods_and_cash
from edge.sensor_watch import SensorWatch
from edge.service.inputs import RestockListArrived, StaffListArrived
from edge.settings import MachineSettings
from edge.store.health import replace_damaged
from edge.store.history import History
from edge.store.store import Store
from edge.updating import Updates
from hardware.coin_acceptor.cctalk import CcTalkCoinAcceptor
from hardware.coin_hopper.cctalk import CcTalkCoinHopper
from hardware.dispenser.gpio import GpioDispenser
from hardware.door.gpio import GpioDoor
from hardware.drop_sensor.gpio import GpioDropSensor
from hardware.emulated import EmulatedMachine, emulate
from hardware.gpio import PinMap, open_pin_factory
from hardware.wire.cctalk_host import CcTalkBus
from hardware.wire.serial_link import SerialLink
from protocol.desired import Document, RestockList, StaffList
from protocol.kit.logs import setup_logging
from protocol.kit.process import run_process, run_together
from protocol.money import yen

_log = structlog.get_logger(__name__)

SOFTWARE = version("ai-vending-system")
LOG = LogRing()
"""Of this process; filled once `run` has set up the logs."""


class AlreadyRunningError(RuntimeError):
    """Another controller uses this machine's folder; two would fight over motors and coins."""


@dataclass(frozen=True, slots=True)
class Rig:
    """Devices, and for an emulated machine the world around them."""

    devices: Devices
    let_go: Callable[[], None]
    """Release wires and pins, after the drivers have been closed."""
    emulated: EmulatedMachine | None = None
    line: CuttableLine | None = None
    """To the broker, on an emulated machine."""


def run(settings: MachineSettings, *, new_store: bool = False) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        settings: checked.
        new_store: an operator's order to put a new store in the place of a damaged one, which is kept aside.

    Raises:
        SystemExit: with code 1 when a task dies; the store knows where it was.
    """
    started = time.monotonic()
    secret = [settings.machine_secret.get_secret_value(), settings.maintenance_pin.get_secret_value()]
    setup_logging(secret, log_format=settings.log_format, also=LOG)
    run_process("machine", lambda stop: run_machine(settings, stop, started, new_store=new_store))


async def run_machine(
    settings: MachineSettings, stop: asyncio.Event, started: float, *, new_store: bool = False
) -> None:
    """One machine, from cold start to a clean end.

    Args:
        settings: checked.
        stop: set it to end the machine.
        started: `time.monotonic()` when the process began, for the log.
        new_store: as in `run`.

    Raises:
        AlreadyRunningError: the folder is in use.
        StoreDamagedError: the store cannot be trusted.
        OtherMachineError: the emulated machine of this folder has other coin devices.
    """
    settings.machine_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as cleanup:
        cleanup.callback(_lock(settings.machine_dir / "lock").close)
        rig = _emulated(settings) if settings.devices == "simulated" else _real(settings)
        cleanup.callback(rig.let_go)
        cleanup.push_async_callback(rig.devices.close)
        clock = SystemClock()
        store = _open_store(settings, clock, is_new=new_store)
        cleanup.callback(store.close)
        runtime = Runtime(
            store,
            rig.devices,
            SOFTWARE,
            idle_return_s=settings.idle_return_s,
            is_multi_vend=settings.multi_vend,
            host_boot=host_boot(),
        )
        link = _link(settings, store, runtime, rig)
        clerk = _clerk(settings)
        watch = SensorWatch(runtime, rig.devices)
        shop = _workshop(settings, runtime, store, link, watch, lambda code: desk.set_language(code))  # noqa: PLW0108 - the desk is made of it
        desk = _desk(settings, runtime, link, clock, (*goods_and_cash(runtime, _fittings(rig)), *devices(shop)))
        front = _front(settings, runtime, link, rig, clerk, desk)
        await runtime.start()
        await front.start()
        cleanup.push_async_callback(front.close)
        ready_ms = round((time.monotonic() - started) * 1000)
        _log.info(
            "ready to sell", machine=settings.machine_id, url=f"http://{settings.front_host}:{front.port}/", ms=ready_ms
        )
        tasks = {"runtime": runtime.run(), "link": link.run(), "front": front.watch(), "sensors": watch.run()}
        if clerk is not None:
            tasks["clerk"] = clerk.run()
        if rig.emulated is not None and settings.first_fill:
            tasks["first_fill"] = first_fill(runtime, rig.emulated.world)
        await run_together(stop, **tasks)


def _open_store(settings: MachineSettings, clock: SystemClock, *, is_new: bool) -> Store:
    file = settings.machine_dir / "store.db"
    if is_new:
        kept = replace_damaged(file, settings.machine_id, clock)
        _log.warning("a new store was ordered; the damaged one is kept aside", kept=str(kept))
    return Store.open(file, settings.machine_id, clock)


def _lock(path: Path) -> IO[str]:
    """Hold the machine's folder for as long as the returned file is open."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise AlreadyRunningError(f"another controller is running in {path.parent}; stop it first") from error
    return file


def _transport(settings: MachineSettings) -> MqttTransport:
    return MqttTransport(settings.mqtt_url, settings.machine_id, settings.machine_secret.get_secret_value())


def _link(settings: MachineSettings, store: Store, runtime: Runtime, rig: Rig) -> CloudLink:
    link = CloudLink(
        store,
        rig.line or _transport(settings),
        software=SOFTWARE,
        applied=lambda: runtime.state.applied,
        on_planogram=runtime.offer_planogram,
        apply=runtime.apply,
    )
    link.take_documents(lambda _, document: _take(runtime, document))
    runtime.listen(lambda step: link.wake() if step.events else None)
    return link


def _take(runtime: Runtime, document: Document) -> None:
    """Documents for staff touch no customer, so they are in force at once."""
    if isinstance(document, StaffList):
        runtime.apply(StaffListArrived(document))
    elif isinstance(document, RestockList):
        runtime.apply(RestockListArrived(document))


def _workshop(
    settings: MachineSettings,
    runtime: Runtime,
    store: Store,
    link: CloudLink,
    watch: SensorWatch,
    set_language: Callable[[str], None],
) -> Workshop:
    """What staff's tasks on devices need, and what follows the machine's steps for them."""
    clock = SystemClock()
    book = AuditBook(store, settings.machine_dir, SOFTWARE, clock.wall_ms, settings.export_dir)
    runtime.listen(book.stepped)
    if settings.backlight_dir is not None:
        light = Backlight(settings.backlight_dir)
        light.follow(runtime.state)
        runtime.listen(light.stepped)
    return Workshop(
        machine=runtime,
        slots=watch.slots,
        sensors=watch,
        raised_ms=History(store).raised_ms,
        look_again=runtime.look_again,
        book=book,
        link=LinkWatch(link, settings.mqtt_url).standing,
        log_lines=LOG.lines,
        software=Updates(SOFTWARE, settings.machine_dir, settings.update_dir, clock.wall_ms),
        set_language=set_language,
    )


def _clerk(settings: MachineSettings) -> WebSocketClerk | None:
    if not settings.cloud_url:
        return None
    url = f"ws{settings.cloud_url.removeprefix('http')}/m/{settings.machine_id}/screen"
    return WebSocketClerk(url, settings.machine_id, settings.machine_secret.get_secret_value())


def _fittings(rig: Rig) -> Fittings:
    devices = rig.devices
    return Fittings(tuple(devices.hoppers), devices.bill_validator is not None, devices.coin_changer is not None)


def _desk(
    settings: MachineSettings, runtime: Runtime, link: CloudLink, clock: Clock, kinds: Sequence[TaskKind]
) -> MaintenanceDesk:
    return MaintenanceDesk(
        runtime,
        kinds,
        is_online=lambda: link.is_online,
        wall_ms=clock.wall_ms,
        local_pin=settings.maintenance_pin.get_secret_value(),
    )


def _front(
    settings: MachineSettings,
    runtime: Runtime,
    link: CloudLink,
    rig: Rig,
    clerk: Clerk | None,
    desk: MaintenanceDesk,
) -> FrontServer:
    cabinet: Cabinet | None = EmulatedCabinet(rig.emulated.world, rig.line) if rig.emulated else None
    phone_page = f"{settings.cloud_url}/m/{settings.machine_id}" if settings.cloud_url else ""
    display = Display(
        runtime,
        is_online=lambda: link.is_online,
        clerk=clerk,
        phone_page=phone_page,
        ways=rig.devices.ways_to_pay,
        desk=desk,
    )
    front = FrontServer(
        runtime,
        display,
        host=settings.front_host,
        port=settings.front_port,
        token=_local_token(settings.machine_dir / "local_token"),
        cabinet=cabinet,
    )
    if clerk is not None:
        clerk.listen(lambda _: front.refresh())
    link.on_change(lambda _: front.refresh())
    if rig.emulated is not None:
        rig.emulated.world.on_change = front.refresh
        runtime.listen(EmulatedStaff(rig.emulated.world))
        rig.emulated.bus.on_frame = WireTap(front.wire)
    return front


def _local_token(path: Path) -> str:
    """The secret for programs of this computer that talk to the controller; made once, readable by its owner only."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text("ascii")


def _emulated(settings: MachineSettings) -> Rig:
    world_file = settings.machine_dir / "world.json"
    machine = emulate(
        load_world(world_file, settings.coin_device),
        pins="fake_rpi" if settings.pin_factory == "fake_rpi" else "mock",
        wire=settings.simulated_wire,
        save=lambda state: save_world(world_file, state),
        changer=settings.coin_device == "changer",
    )
    devices = Devices(
        coin_acceptor=machine.acceptor,
        hoppers=machine.hoppers,
        hopper_paths=machine.hopper_paths,
        dispenser=machine.dispenser,
        drop_sensor=machine.drop_sensor,
        door=machine.door,
        bill_validator=machine.bill_validator,
        cashless_reader=machine.cashless_reader,
        coin_changer=machine.coin_changer,
    )
    return Rig(devices, machine.close, machine, CuttableLine(_transport(settings)))


def _real(settings: MachineSettings) -> Rig:
    pin_map = PinMap()
    pins = open_pin_factory(settings.pin_factory)
    bus = CcTalkBus(SerialLink(str(settings.cctalk_port)))
    devices = Devices(
        coin_acceptor=CcTalkCoinAcceptor(
            bus, settings.acceptor_address, "JPY", settings.sorter_paths, settings.acceptor_count_order
        ),
        hoppers={
            value: CcTalkCoinHopper(bus, address, yen(value)) for value, address in settings.hopper_addresses.items()
        },
        hopper_paths=frozenset(settings.sorter_paths.values()),
        dispenser=GpioDispenser(pin_map, pins),
        drop_sensor=GpioDropSensor(pin_map, pins),
        door=GpioDoor(pin_map, pins),
    )

    def let_go() -> None:
        bus.close()
        pins.close()

    return Rig(devices, let_go)
