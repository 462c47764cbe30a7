"""Test stands for whatever takes and pays coins: the ccTalk devices, and a coin changer in both roles.

A new driver joins by adding its stand to `STANDS`.
"""

from collections.abc import Callable
from typing import Protocol

from hardware.coin_acceptor.port import CoinAcceptor
from hardware.coin_changer.simulated import SimulatedCoinChanger
from hardware.coin_hopper.port import CoinHopper
from hardware.emulated import EmulatedMachine, emulate
from hardware.port_faults import Fault
from hardware.wire.cctalk import Header
from hardware.world import World
from hardware.world_state import ChangerState, TubeState, WorldState

COINS = {10: 20, 50: 10, 100: 10}
"""What is in the hoppers."""
CAPACITY = 60
RETRIES = 3


class Stand(Protocol):
    """Devices with 20, 10 and 10 coins of 10, 50 and 100 yen, and what a person at the test stand can do to them."""

    acceptor: CoinAcceptor
    hoppers: dict[int, CoinHopper]
    hopper_paths: frozenset[int]
    world: World

    def fill_up(self, value: int) -> None: ...
    def jam(self, value: int) -> None: ...
    def lose_poll_reply(self) -> None: ...
    def lose_order(self) -> None: ...
    def lose_order_reply(self) -> None: ...
    def go_silent_after_order(self) -> None: ...
    def refuse_order(self, value: int) -> None: ...
    def power_cycle(self) -> None: ...
    def unplug(self) -> None: ...
    def replace_controller(self) -> None: ...
    def close(self) -> None: ...


class _EmulatedStand:
    is_changer = False

    def __init__(self, state: WorldState) -> None:
        self._assemble(state)

    def _assemble(self, state: WorldState) -> None:
        self.machine: EmulatedMachine = emulate(state, changer=self.is_changer)
        self.acceptor = self.machine.acceptor
        self.hoppers = self.machine.hoppers
        self.hopper_paths = self.machine.hopper_paths
        self.world = self.machine.world

    def replace_controller(self) -> None:
        self.machine.close()
        self._assemble(WorldState.model_validate_json(self.world.state.model_dump_json()))

    def close(self) -> None:
        self.machine.close()


class CcTalkStand(_EmulatedStand):
    def __init__(self) -> None:
        super().__init__(WorldState.stocked({}, COINS, hopper_capacity=CAPACITY))

    def fill_up(self, value: int) -> None:
        self.world.hopper(value).capacity = self.world.hopper(value).count

    def jam(self, value: int) -> None:
        self.world.hopper_jam(value)

    def lose_poll_reply(self) -> None:
        for _ in range(RETRIES):
            self.machine.line.lose_next("reply", Header.READ_CREDIT)

    def lose_order(self) -> None:
        self.machine.line.lose_next("request", Header.DISPENSE_COINS)

    def lose_order_reply(self) -> None:
        self.machine.line.lose_next("reply", Header.DISPENSE_COINS)

    def go_silent_after_order(self) -> None:
        def listen(speaker: str, raw: bytes) -> None:
            if speaker == "host" and raw[3] == Header.DISPENSE_COINS:
                self.machine.line.close()

        self.machine.bus.on_frame = listen

    def refuse_order(self, value: int) -> None:
        self.machine.hopper_peers[value].refuse_next()

    def power_cycle(self) -> None:
        self.machine.acceptor_peer.power_cycle()

    def unplug(self) -> None:
        self.machine.line.close()


class ChangerStand(_EmulatedStand):
    is_changer = True

    def __init__(self) -> None:
        tubes = {value: TubeState(capacity=CAPACITY) for value in COINS}
        super().__init__(WorldState(changer=ChangerState(tubes=tubes)))
        for value, count in COINS.items():
            self.world.load_tube(value, count)

    @property
    def changer(self) -> SimulatedCoinChanger:
        assert self.machine.coin_changer is not None
        return self.machine.coin_changer

    def fill_up(self, value: int) -> None:
        tube = self.world.state.changer.tubes[value]
        tube.capacity = tube.count

    def jam(self, value: int) -> None:
        self.world.tube_jam(value)

    def lose_poll_reply(self) -> None:
        self.changer.fail_next(Fault.LOST_REPLY, "poll")

    def lose_order(self) -> None:
        self.changer.fail_next(Fault.SILENCE, "pay")

    def lose_order_reply(self) -> None:
        self.changer.fail_next(Fault.LOST_REPLY, "pay")

    def go_silent_after_order(self) -> None:
        self.changer.fail_next(Fault.LOST_REPLY, "pay")
        self.changer.fail_next(Fault.SILENCE, "pay_after")

    def refuse_order(self, value: int) -> None:
        self.changer.fail_next(Fault.REFUSAL, "pay")

    def power_cycle(self) -> None:
        self.changer.power_cycle()

    def unplug(self) -> None:
        self.changer.power_off()


STANDS: list[Callable[[], Stand]] = [CcTalkStand, ChangerStand]
