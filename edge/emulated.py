"""What an emulated machine has around it: the world on disk, hands for the browser, a tap on the coin wire.

Part of the composition root (`edge/main.py`); nothing that sells imports it.
"""

import asyncio
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from edge.cloud_link.mqtt import MqttConnection, MqttTransport
from edge.cloud_link.transport import CannotConnectError, Connection
from edge.runtime import Runtime
from edge.vend.inputs import FloatLoaded, Restocked
from hardware.emulated import HOPPER_ADDRESSES
from hardware.gpio import PinMap
from hardware.wire.cctalk import describe
from hardware.world import World
from hardware.world_staff import take_payout_coins
from hardware.world_state import ChangerState, HopperState, Spiral, TubeState, WorldState

DEMO_CARD: Final = "demo-card"
DEMO_BALANCE: Final = 10_000
"""Yen on the card that lies beside an emulated machine."""
FIRST_FLOAT: Final = {10: 60, 50: 20, 100: 40, 500: 10}
"""Coins put into each hopper or tube by the first visit; 9,600 yen."""
TUBE_CAPACITY: Final = 80
COLD_CELSIUS: Final = 5.0
HOT_CELSIUS: Final = 55.0
"""Set points of a street machine's shelves in Japan."""
ROOM_CELSIUS: Final = 24.0
WARMING_S: Final = 240.0
"""After so long with an open door, two thirds of the way to the room's temperature."""

CoinDevice = Literal["hoppers", "changer"]


class OtherMachineError(RuntimeError):
    """The emulated machine of this folder has other coin devices than the settings say, and coins in them."""


def load_world(path: Path, coin_device: CoinDevice = "hoppers") -> WorldState:
    """The physical world as the last controller left it; an empty, wired cabinet where there is none.

    Raises:
        OtherMachineError: it was made with other coin devices.
    """
    if not path.exists():
        return _new_world(coin_device)
    state = WorldState.model_validate_json(path.read_bytes())
    has = "changer" if state.changer.tubes else "hoppers"
    if has != coin_device:
        raise OtherMachineError(f"{path} has {has}; set COIN_DEVICE={has}, or another MACHINE_DIR for a new machine")
    return state


def _new_world(coin_device: CoinDevice) -> WorldState:
    spirals = {slot: Spiral() for slot in PinMap().slots}
    if coin_device == "changer":
        tubes = {value: TubeState(capacity=TUBE_CAPACITY) for value in FIRST_FLOAT}
        return WorldState(spirals=spirals, changer=ChangerState(tubes=tubes))
    return WorldState(spirals=spirals, hoppers={value: HopperState() for value in HOPPER_ADDRESSES})


def save_world(path: Path, state: WorldState) -> None:
    """Write the world so that it outlives a killed controller, as iron and coins do."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(state.model_dump_json(), "utf-8")
    os.replace(draft, path)  # noqa: PTH105 - called per physical change; the shortest way there is


async def first_fill(runtime: Runtime, world: World) -> None:
    """Do what the first staff visit would: fill every empty coil to its par level, and the hoppers or tubes.

    Waits for the planogram; does nothing on a machine that has ever sold. Ends never, as every task here.
    """
    arrived = asyncio.Event()
    runtime.listen(lambda step: arrived.set() if step.state.planogram else None)
    if runtime.state.planogram is None:
        await arrived.wait()
    planogram = runtime.state.planogram
    if planogram is not None and runtime.state.vend_count == 0:
        for row in planogram.slots:
            if not runtime.state.on_hand.get(row.slot):
                world.load(row.slot, row.product_id, row.par_level)
                runtime.apply(Restocked(row.slot, row.par_level, "first fill"))
        load = world.load_tube if world.state.changer.tubes else world.load_hopper
        for value, coins in FIRST_FLOAT.items():
            if not runtime.state.hoppers.get(value):
                load(value, coins)
                runtime.apply(FloatLoaded(value, coins, "first fill"))
    await asyncio.Event().wait()


class CuttableLine:
    """A way to the broker that a hand can cut."""

    def __init__(self, transport: MqttTransport) -> None:
        self._transport = transport
        self._open: MqttConnection | None = None
        self.is_cut = False

    async def connect(self, last_will: bytes) -> Connection:
        """See `Transport`."""
        if self.is_cut:
            raise CannotConnectError("the line to the broker is cut")
        self._open = await self._transport.connect(last_will)
        return self._open

    def set_cut(self, *, is_cut: bool) -> None:
        """Cut it without a goodbye, or join it again."""
        self.is_cut = is_cut
        if is_cut and self._open is not None:
            self._open.cut()


class Climate:
    """How warm a shelf is: towards its set point while the door is shut, towards the room's while it is open."""

    def __init__(self, celsius: float) -> None:
        """Begin at the set point; needs a running event loop."""
        self._set_point = self._from = self._toward = celsius
        self._since = 0.0

    def celsius(self, now: float) -> float:
        """At this moment, monotonic seconds."""
        return self._toward + (self._from - self._toward) * math.exp((self._since - now) / WARMING_S)

    def door(self, now: float, *, is_open: bool) -> None:
        """The door was opened or shut."""
        toward = ROOM_CELSIUS if is_open else self._set_point
        if toward != self._toward:
            self._from, self._since, self._toward = self.celsius(now), now, toward

    def is_changing(self, now: float) -> bool:
        """Will a screen show something else soon?"""
        return abs(self.celsius(now) - self._toward) > 0.05


def kill_process() -> None:
    """The power is gone for this process: no clean-up. Whoever watches it (`vend demo`, systemd) starts it again."""
    os.kill(os.getpid(), signal.SIGKILL)


class EmulatedCabinet:
    """Hands at the emulated machine: what the browser may do to the world, and how it may break it."""

    def __init__(
        self, world: World, line: CuttableLine | None = None, cut_power: Callable[[], None] = kill_process
    ) -> None:
        """Stand before `world`.

        Args:
            world: the machine's.
            line: to the broker; None: there is none to cut.
            cut_power: ends the controller at once.
        """
        self._world = world
        self._line = line
        self._cold, self._hot = Climate(COLD_CELSIUS), Climate(HOT_CELSIUS)
        self._tick: asyncio.TimerHandle | None = None
        self._taken_out: dict[int, int] = {}
        self._actions: dict[str, Callable[[], object]] = {
            "take_products": world.take_products,
            "take_coins": world.take_coins,
            "open_door": world.open_door,
            "close_door": world.close_door,
            "take_bills": world.take_bills,
            "present_card": lambda: world.present_card(DEMO_CARD),
            "remove_card": world.remove_card,
            "break_beam": lambda: world.block_beam(blocked=True),
            "mend_beam": lambda: world.block_beam(blocked=False),
            "break_change": self._take_change,
            "mend_change": self._put_change_back,
            "break_coins": lambda: self._jam_coins(jammed=True),
            "mend_coins": lambda: self._jam_coins(jammed=False),
            "break_power": cut_power,
        }
        if line is not None:
            self._actions |= {
                "break_line": lambda: line.set_cut(is_cut=True),
                "mend_line": lambda: line.set_cut(is_cut=False),
            }
        self._with_value: dict[str, Callable[[int], object]] = {
            "insert_coin": world.insert_coin,
            "insert_bill": world.insert_bill,
        }
        self._with_slot: dict[str, Callable[[str], object]] = {"break_slot": world.jam, "mend_slot": world.repair}
        if DEMO_CARD not in world.state.cards:
            world.issue_card(DEMO_CARD, DEMO_BALANCE)

    def snapshot(self) -> dict[str, Any]:
        """What one would see through the glass; a changer's tubes stand where hoppers would."""
        tubes = self._world.state.changer.tubes
        counts = {"hoppers": {str(value): tube.count for value, tube in tubes.items()}} if tubes else {}
        return dict(self._world.snapshot()) | counts | {"broken": self._broken(), "celsius": self._celsius()}

    def _broken(self) -> dict[str, Any]:
        state = self._world.state
        coins = [tube.count for tube in state.changer.tubes.values()]
        coins += [hopper.count for hopper in state.hoppers.values()]
        broken = {
            "slots": self._world.jammed_slots,
            "beam": self._world.is_beam_blocked,
            "change": not any(coins),
            "coins": state.is_coin_path_blocked,
        }
        return broken | ({"line": self._line.is_cut} if self._line is not None else {})

    def _celsius(self) -> dict[str, float]:
        loop = asyncio.get_running_loop()
        for climate in (self._cold, self._hot):
            climate.door(loop.time(), is_open=self._world.state.is_door_open)
        if self._tick is None and any(one.is_changing(loop.time()) for one in (self._cold, self._hot)):
            self._tick = loop.call_later(1.0, self._show_again)
        return {"cold": round(self._cold.celsius(loop.time()), 1), "hot": round(self._hot.celsius(loop.time()), 1)}

    def _show_again(self) -> None:
        self._tick = None
        if self._world.on_change is not None:
            self._world.on_change()

    def do(self, action: str, value: int, slot: str = "") -> None:
        """Move a hand.

        Raises:
            ValueError: no such action, or no such coil; the message lists those there are.
        """
        if action in self._with_value:
            self._with_value[action](value)
        elif action in self._with_slot and slot in self._world.state.spirals:
            self._with_slot[action](slot)
            self._world.changed()
        elif action in self._with_slot:
            raise ValueError(f"there is no coil {slot!r}; there are {', '.join(self._world.state.spirals)}")
        elif action in self._actions:
            self._actions[action]()
            self._world.changed()
        else:
            known = ", ".join([*self._with_value, *self._with_slot, *self._actions])
            raise ValueError(f"unknown action {action!r}; there are {known}")

    # --- change ----------------------------------------------------------------------------------
    @property
    def _kinds(self) -> list[int]:
        return list(self._world.state.changer.tubes or self._world.state.hoppers)

    def _take_change(self) -> None:
        """Somebody has emptied what change is paid from; the machine does not know."""
        for value in self._kinds:
            taken = take_payout_coins(self._world, value, sys.maxsize)
            self._taken_out[value] = self._taken_out.get(value, 0) + taken

    def _put_change_back(self) -> None:
        """The coins that were taken, or after a restart as many as on the first visit."""
        load = self._world.load_tube if self._world.state.changer.tubes else self._world.load_hopper
        for value in self._kinds:
            load(value, self._taken_out.pop(value, FIRST_FLOAT.get(value, 0)))

    def _jam_coins(self, *, jammed: bool) -> None:
        """On their way in and on their way out."""
        self._world.state.is_coin_path_blocked = jammed
        for value in self._world.state.changer.tubes:
            self._world.tube_jam(value, jammed=jammed)
        for value in self._world.state.hoppers:
            self._world.hopper_jam(value, jammed=jammed)


class WireTap:
    """Show the frames on the coin wire, without the polls that bring nothing new."""

    def __init__(self, show: Callable[[str, bytes, str], None]) -> None:
        """`show(direction, frame, meaning)`."""
        self._show = show
        self._asked = b""
        self._answers: dict[bytes, bytes] = {}

    def __call__(self, direction: str, frame: bytes) -> None:
        """One frame went by."""
        if direction == "host":
            self._asked = frame
            return
        if self._answers.get(self._asked) == frame:
            return
        self._answers[self._asked] = frame
        question = describe(self._asked)
        self._show("host", self._asked, question)
        self._show("device", frame, f"{describe(frame)}: {question}")
