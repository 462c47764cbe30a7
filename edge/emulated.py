"""What an emulated machine has around it: the world on disk, hands for the browser, a tap on the coin wire.

Part of the composition root (`edge/main.py`); nothing that sells imports it.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from edge.runtime import Runtime
from edge.vend.inputs import FloatLoaded, Restocked
from hardware.emulated import HOPPER_ADDRESSES
from hardware.gpio import PinMap
from hardware.wire.cctalk import describe
from hardware.world import World
from hardware.world_state import ChangerState, HopperState, Spiral, TubeState, WorldState

DEMO_CARD: Final = "demo-card"
DEMO_BALANCE: Final = 10_000
"""Yen on the card that lies beside an emulated machine."""
FIRST_FLOAT: Final = {10: 60, 50: 20, 100: 40, 500: 10}
"""Coins put into each hopper or tube by the first visit; 9,600 yen."""
TUBE_CAPACITY: Final = 80

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


class EmulatedCabinet:
    """Hands at the emulated machine: what the browser may do to the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._actions: dict[str, Callable[[], object]] = {
            "take_products": world.take_products,
            "take_coins": world.take_coins,
            "open_door": world.open_door,
            "close_door": world.close_door,
            "take_bills": world.take_bills,
            "present_card": lambda: world.present_card(DEMO_CARD),
            "remove_card": world.remove_card,
        }
        if DEMO_CARD not in world.state.cards:
            world.issue_card(DEMO_CARD, DEMO_BALANCE)

    def snapshot(self) -> dict[str, Any]:
        """What one would see through the glass; a changer's tubes stand where hoppers would."""
        tubes = self._world.state.changer.tubes
        counts = {"hoppers": {str(value): tube.count for value, tube in tubes.items()}} if tubes else {}
        return dict(self._world.snapshot()) | counts

    def do(self, action: str, value: int) -> None:
        """Move a hand.

        Raises:
            ValueError: no such action; the message lists those there are.
        """
        if action == "insert_coin":
            self._world.insert_coin(value)
        elif action == "insert_bill":
            self._world.insert_bill(value)
        elif action in self._actions:
            self._actions[action]()
        else:
            known = ", ".join(["insert_coin", "insert_bill", *self._actions])
            raise ValueError(f"unknown action {action!r}; there are {known}")


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
