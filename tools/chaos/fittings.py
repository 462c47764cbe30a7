"""What one machine is fitted with: its world, its devices behind ports that tick, and the mains that feed them."""

from dataclasses import dataclass, field
from typing import Any, Final

from edge.devices import Devices
from hardware.cashless_reader.simulated import PowerLoss
from hardware.coin_changer.adapters import ChangerAcceptor, ChangerTube
from hardware.emulated import SORTER_PATHS, EmulatedMachine
from hardware.wire.null_modem import LineFaults
from hardware.world_state import ChangerState, HopperState, Spiral, TubeState, WorldState
from protocol.money import yen
from tools.chaos.cloud import TinyCloud
from tools.chaos.power import Power, PoweredDevice
from tools.chaos.steps import FLOAT, PRICES, STOCK

ROOM: Final = 3
"""Coins that fit into a tube beyond the float that staff keep there; what comes then falls into the cash box."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is there before the first boot, for the whole run."""

    wire: LineFaults = field(default_factory=LineFaults)
    """Of the coin wire, where there is one."""
    cloud: TinyCloud | None = None
    """What the machine reports to, if anything."""
    has_changer: bool = False
    """Coins go to a coin changer with tubes, instead of an acceptor and hoppers."""


def empty_world(*, has_changer: bool) -> WorldState:
    """A machine before staff came for the first time."""
    tubes = {kind: TubeState(capacity=count + ROOM) for kind, count in FLOAT.items()}
    return WorldState(
        spirals={slot: Spiral(capacity=STOCK) for slot in PRICES},
        hoppers={} if has_changer else {kind: HopperState() for kind in SORTER_PATHS},
        changer=ChangerState(tubes=tubes if has_changer else {}),
    )


def powered_devices(hardware: EmulatedMachine, power: Power) -> Devices:
    """Drivers as the runtime gets them: each command ticks, before and after."""

    def powered(inner: Any, name: str) -> Any:
        return PoweredDevice(inner, power, name)

    if hardware.coin_changer is None:
        changer, acceptor = None, powered(hardware.acceptor, "acceptor")
        hoppers: Any = {kind: powered(hopper, "hopper") for kind, hopper in hardware.hoppers.items()}
    else:  # under its two roles, so that a cut also strikes between two commands of one order
        changer = powered(hardware.coin_changer, "changer")
        acceptor = ChangerAcceptor(changer)
        hoppers = {kind: ChangerTube(changer, acceptor, yen(kind)) for kind in hardware.hoppers}
    return Devices(
        coin_acceptor=acceptor,
        hoppers=hoppers,
        hopper_paths=hardware.hopper_paths,
        dispenser=powered(hardware.dispenser, "dispenser"),
        drop_sensor=powered(hardware.drop_sensor, "drop_sensor"),
        door=hardware.door,
        bill_validator=powered(hardware.bill_validator, "validator"),
        cashless_reader=powered(hardware.cashless_reader, "reader"),
        coin_changer=changer,
    )


def lose_mains(hardware: EmulatedMachine) -> None:
    """No device has power."""
    for device in (hardware.bill_validator, hardware.cashless_reader, hardware.coin_changer):
        if device is not None:
            device.power_off()
    hardware.world.close()
    hardware.line.close()
    for peer in hardware.hopper_peers.values():
        peer.close()


def forget(hardware: EmulatedMachine, *, keeps_counters: bool) -> None:
    """What the devices of the coin wire do not know any more when they get power: the acceptor forgets always."""
    hardware.acceptor_peer.power_cycle()
    for peer in hardware.hopper_peers.values():
        peer.power_cycle(keeps_counters=keeps_counters)


def get_mains(hardware: EmulatedMachine, world: WorldState, *, remembers: bool) -> None:
    """Validator, reader and changer get power too, and remember what they did or not."""
    if hardware.bill_validator is not None and not world.validator.is_powered:
        hardware.bill_validator.power_on(remembers=remembers)
    if hardware.cashless_reader is not None and not world.reader.is_powered:
        hardware.cashless_reader.power_on(PowerLoss.KEEPS if remembers else PowerLoss.RELEASES, remembers=remembers)
    if hardware.coin_changer is not None and not world.changer.is_powered:
        hardware.coin_changer.power_on(remembers=remembers)
