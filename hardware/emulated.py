"""A whole machine without hardware: real drivers, simulated wires and pins, and a simulated world behind them.

A composition root: the only file in `hardware` that knows both drivers and simulated peers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, cast

from hardware.bill_validator.simulated import SimulatedBillValidator
from hardware.board import SimulatedBoard
from hardware.cashless_reader.simulated import SimulatedCashlessReader
from hardware.coin_acceptor.cctalk import CcTalkCoinAcceptor
from hardware.coin_acceptor.port import CoinAcceptor
from hardware.coin_acceptor.simulated import SimulatedCoinAcceptor
from hardware.coin_changer.adapters import ChangerAcceptor, ChangerTube
from hardware.coin_changer.port import TUBE, CoinChanger
from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.coin_hopper.cctalk import CcTalkCoinHopper
from hardware.coin_hopper.port import CoinHopper
from hardware.coin_hopper.simulated import SimulatedCoinHopper
from hardware.dispenser.gpio import GpioDispenser
from hardware.dispenser.port import Dispenser
from hardware.door.gpio import GpioDoor
from hardware.door.port import Door
from hardware.drop_sensor.gpio import GpioDropSensor
from hardware.drop_sensor.port import DropSensor
from hardware.gpio import PinFactory, PinMap, open_pin_factory
from hardware.wire.cctalk_host import CcTalkBus
from hardware.wire.cctalk_peer import PeerLine
from hardware.wire.link import ByteLink
from hardware.wire.null_modem import LineFaults, NullModemEnd, null_modem
from hardware.wire.pty_link import PtyLink
from hardware.wire.serial_link import SerialLink
from hardware.world import World
from hardware.world_state import WorldState
from protocol.money import yen

ACCEPTOR_ADDRESS: Final = 2
HOPPER_ADDRESSES: Final = {10: 3, 50: 4, 100: 5, 500: 6}
"""Denomination in yen -> ccTalk address of its hopper."""
SORTER_PATHS: Final = {10: 1, 50: 2, 100: 3, 500: 4}
"""Denomination in yen -> sorter path above its hopper. Every other path ends in the cash box."""


@dataclass(frozen=True, slots=True)
class EmulatedMachine:
    """Drivers for the runtime, and the world for whoever plays customer, staff or bad luck."""

    acceptor: CoinAcceptor
    hoppers: dict[int, CoinHopper]
    """By denomination in yen; the tubes, if there is a coin changer."""
    hopper_paths: frozenset[int]
    """Paths that `acceptor` tells for coins that went into one of `hoppers`."""
    dispenser: Dispenser
    drop_sensor: DropSensor
    door: Door
    bus: CcTalkBus
    world: World
    line: PeerLine
    acceptor_peer: SimulatedCoinAcceptor
    hopper_peers: dict[int, SimulatedCoinHopper]
    board: SimulatedBoard
    pins: PinFactory
    bill_validator: SimulatedBillValidator | None
    """At port depth, as driver and device in one; None when the machine has none."""
    cashless_reader: SimulatedCashlessReader | None
    """At port depth; None when the machine has none."""
    coin_changer: SimulatedCoinChanger | None
    """At port depth; None when the machine has none. If it has one, `acceptor` and `hoppers` are its slot and tubes."""

    def close(self) -> None:
        """Let go of everything at once, as when the process ends; close the drivers first for an orderly end.

        Safe to call twice.
        """
        self.dispenser.close()
        self.drop_sensor.close()
        self.door.close()
        self.bus.close()
        self.line.close()
        for hopper in self.hopper_peers.values():
            hopper.close()
        if self.bill_validator is not None:
            self.bill_validator.halt()
        if self.cashless_reader is not None:
            self.cashless_reader.halt()
        if self.coin_changer is not None:
            self.coin_changer.halt()
        self.world.close()
        self.pins.close()


def emulate(  # noqa: PLR0913 - one keyword per thing a machine may have or be made of
    state: WorldState,
    *,
    pin_map: PinMap | None = None,
    pins: Literal["mock", "fake_rpi"] = "mock",
    wire: Literal["memory", "pty"] = "memory",
    faults: LineFaults | None = None,
    echo: bool = True,
    save: Callable[[WorldState], None] | None = None,
    bills: bool = True,
    cards: bool = True,
    changer: bool = False,
) -> EmulatedMachine:
    """Build a machine around `state`. Needs a running event loop; nothing is started or asked yet.

    Args:
        state: where every coin and unit is; changed from now on.
        pin_map: defaults to the standard cabinet, A1…C4.
        pins: gpiozero's mock pins, or fake-rpi's `RPi.GPIO` behind gpiozero's factory (one machine per process).
        wire: in memory (works in virtual time), or a real pseudo-terminal with pyserial (needs real time).
        faults: of the wire in memory.
        echo: the host hears itself, as on the real one-wire bus.
        save: see `World`.
        bills: it has a bill validator.
        cards: it has a cashless reader.
        changer: it has a coin changer, with the tubes of `state`, and every coin goes there: the acceptor sees none.

    Raises:
        DeviceError: pins or wire cannot be opened.
        ValueError: a coil of `state` has no wires in `pin_map`.
    """
    pin_map = pin_map or PinMap()
    world = World(state, save)
    world.sorter = {path: value for value, path in SORTER_PATHS.items()}
    factory = open_pin_factory(pins)
    board = cast("SimulatedBoard", factory)
    world.attach(board, pin_map)

    acceptor_peer = SimulatedCoinAcceptor(world, ACCEPTOR_ADDRESS)
    hopper_peers = {
        value: SimulatedCoinHopper(world, value, address)
        for value, address in HOPPER_ADDRESSES.items()
        if value in state.hoppers
    }
    host, device = _open_wire(wire, faults or LineFaults(), echo=echo)
    if isinstance(host, NullModemEnd):
        world.on_news = host.tell_news
    bus = CcTalkBus(host)
    coin_changer = SimulatedCoinChanger(world) if changer else None
    acceptor, hoppers = _coin_drivers(bus, coin_changer, state)
    return EmulatedMachine(
        acceptor=acceptor,
        hoppers=hoppers,
        hopper_paths=frozenset({TUBE} if changer else SORTER_PATHS.values()),
        dispenser=GpioDispenser(pin_map, factory),
        drop_sensor=GpioDropSensor(pin_map, factory),
        door=GpioDoor(pin_map, factory),
        bus=bus,
        world=world,
        line=PeerLine(device, [acceptor_peer, *hopper_peers.values()]),
        acceptor_peer=acceptor_peer,
        hopper_peers=hopper_peers,
        board=board,
        pins=factory,
        bill_validator=SimulatedBillValidator(world) if bills else None,
        cashless_reader=SimulatedCashlessReader(world) if cards else None,
        coin_changer=coin_changer,
    )


def _coin_drivers(
    bus: CcTalkBus, changer: CoinChanger | None, state: WorldState
) -> tuple[CoinAcceptor, dict[int, CoinHopper]]:
    if changer is not None:
        slot = ChangerAcceptor(changer)
        return slot, {value: ChangerTube(changer, slot, yen(value)) for value in state.changer.tubes}
    acceptor = CcTalkCoinAcceptor(bus, ACCEPTOR_ADDRESS, "JPY", SORTER_PATHS)
    fitted = {value: address for value, address in HOPPER_ADDRESSES.items() if value in state.hoppers}
    return acceptor, {value: CcTalkCoinHopper(bus, address, yen(value)) for value, address in fitted.items()}


def _open_wire(wire: Literal["memory", "pty"], faults: LineFaults, *, echo: bool) -> tuple[ByteLink, ByteLink]:
    if wire == "memory":
        return null_modem(faults, echo=echo)
    device = PtyLink(echo=echo)
    return SerialLink(device.port), device
