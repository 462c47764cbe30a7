"""A bill validator that is not there: the port itself over a simulated world, no bytes.

Driver and device in one. What the device knows and holds lives in the world's state, so a bill that moved when the
controller died moves on for the next one. A bill is always in one place: outside, between the rollers, or stacked.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from hardware.bill_validator.port import (
    BillEscrowed,
    BillEvent,
    BillRefused,
    BillReturned,
    BillStacked,
    Escrow,
    EscrowStatus,
    ValidatorReady,
    ValidatorTrouble,
)
from hardware.errors import DeviceOfflineError, DeviceRefusedError
from hardware.port_faults import Fault, FaultyLine
from hardware.world import World
from hardware.world_state import BillNews, Movement, ValidatorState
from protocol.money import yen

BILLS: Final = (1000, 2000, 5000, 10000)
"""Yen bills it can read."""
ENTER_S: Final = 1.5
"""From the slot into escrow, read."""
PASS_S: Final = 0.6
"""From the order until the bill has left the rollers."""
END_S: Final = 0.4
"""From there until the device has counted it."""
CHECK_S: Final = 3.0
"""From power until it takes bills again."""
_DEVICE: Final = "bill validator"


class SimulatedBillValidator:
    """A `BillValidator`, and the hands that play tricks on it.

    Args:
        world: whose bills it takes.
        values: bills it knows, in yen; every other is refused.
    """

    def __init__(self, world: World, values: tuple[int, ...] = BILLS) -> None:
        self._world = world
        self._values = values
        self._line = FaultyLine(_DEVICE, lambda: self._memory.is_powered)
        self._timer: asyncio.TimerHandle | None = None
        self._listener: Callable[[], None] | None = None
        self._wants_bills = False
        self._next_refusal: BillNews | None = None
        world.bill_slot = self._draw_in
        self._go_on()

    # --- the port

    @property
    def poll_interval_s(self) -> float:
        """See `BillValidator`."""
        return 0.1

    async def start(self) -> str:
        """See `BillValidator`."""

        def begin() -> str:
            memory = self._memory
            self._wants_bills = memory.is_accepting = False
            memory.news.clear()
            if trouble := self._trouble():
                self._tell(BillNews(kind="trouble", why=trouble))
            self._world.changed()
            return "AVS SIM-B1 3001"

        return await self._line.ask("start", begin)

    async def set_accepting(self, *, accepting: bool) -> None:
        """See `BillValidator`."""

        def change() -> None:
            self._wants_bills = accepting
            self._memory.is_accepting = accepting and not self._memory.is_checking
            self._world.changed()

        await self._line.ask("set_accepting", change)

    async def poll(self) -> list[BillEvent]:
        """See `BillValidator`."""
        news = await self._line.ask("poll", lambda: list(self._memory.news))
        if news:
            del self._memory.news[: len(news)]
            self._world.changed()
        return [_event(item) for item in news]

    def on_news(self, listener: Callable[[], None]) -> bool:
        """See `BillValidator`."""
        self._listener = listener
        return True

    async def status(self) -> EscrowStatus:
        """See `BillValidator`."""
        return await self._line.ask("status", self._status)

    async def stack(self) -> None:
        """See `BillValidator`."""

        def begin() -> None:
            value = self._held()
            if self._memory.is_stacker_out or self._memory.is_full:
                raise DeviceRefusedError(_DEVICE, "there is no room in the stacker")
            self._move(value, "stacking")

        await self._line.order("stack", begin)

    async def give_back(self) -> None:
        """See `BillValidator`."""

        def begin() -> None:
            self._move(self._held(), "returning")

        await self._line.order("give_back", begin)

    async def close(self) -> None:
        """See `BillValidator`."""
        self._listener = None
        with contextlib.suppress(DeviceOfflineError):
            await self.set_accepting(accepting=False)

    # --- tricks

    def fail_next(self, fault: Fault, command: str | None = None) -> None:
        """Let the next command, or the next of this name, meet a fault of the line."""
        self._line.fail_next(fault, command)

    def refuse_next_bill(self, why: str = "unreadable", *, is_fraud_suspected: bool = False) -> None:
        """The next bill it would take is pushed out again."""
        self._next_refusal = BillNews(kind="refused", why=why, is_fraud_suspected=is_fraud_suspected)

    def give_up(self) -> None:
        """It gives the bill in escrow back by itself, as some do when nobody decides."""
        with contextlib.suppress(DeviceRefusedError):
            self._move(self._held(), "returning")

    def power_off(self) -> None:
        """It loses power: whatever moves stops where it is, and what it had to tell is lost."""
        self.halt()
        memory = self._memory
        memory.is_powered = memory.is_accepting = memory.is_checking = False
        memory.news.clear()
        self._world.changed()

    def power_on(self, *, remembers: bool = True) -> None:
        """It gets power and looks itself over for `CHECK_S`.

        Args:
            remembers: it knows what it was doing and goes on; else it holds a bill it finds, and if it finds none
                it can say nothing of the last one until the next bill comes or staff repair it.
        """
        memory = self._memory
        memory.is_powered = memory.is_checking = True
        memory.is_forgetful = not remembers
        self._tell(BillNews(kind="trouble", why="restarted"))
        self._later(CHECK_S, self._checked)
        self._world.changed()

    def power_cycle(self, *, remembers: bool = True) -> None:
        """It loses power for a moment."""
        self.power_off()
        self.power_on(remembers=remembers)

    def repair(self) -> None:
        """Staff clear the bill path; a bill in escrow stays in it, to be stacked or given back."""
        memory = self._memory
        was_in_trouble = memory.is_jammed
        memory.is_jammed = memory.will_jam = memory.has_lost_track = False
        self._end_trouble(was_in_trouble=was_in_trouble)

    def remove_stacker(self) -> dict[int, int]:
        """Staff pull the stacker out and empty it. Returns denomination -> bills."""
        memory, collected = self._memory, self._world.state.bills_collected
        taken = dict(memory.stacker)
        memory.stacker.clear()
        memory.is_stacker_out = True
        for value, count in taken.items():
            collected[value] = collected.get(value, 0) + count
        self._tell(BillNews(kind="trouble", why="stacker removed"))
        self._world.changed()
        return taken

    def insert_stacker(self) -> None:
        """Staff put the empty stacker back."""
        was_in_trouble = self._memory.is_stacker_out
        self._memory.is_stacker_out = False
        self._end_trouble(was_in_trouble=was_in_trouble)

    def halt(self) -> None:
        """Move no more bills in this process. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- the device

    @property
    def _memory(self) -> ValidatorState:
        return self._world.state.validator

    def _status(self) -> EscrowStatus:
        memory = self._memory
        if memory.movement in {"stacking", "returning"} or memory.has_lost_track:
            return EscrowStatus(Escrow.UNKNOWN, None, memory.stacked)
        if memory.escrow is None or memory.movement == "entering":
            return EscrowStatus(Escrow.EMPTY, None, memory.stacked)
        return EscrowStatus(Escrow.HOLDING, yen(memory.escrow), memory.stacked)

    def _held(self) -> int:
        """The bill an order may move, or the refusal of that order."""
        memory = self._memory
        if memory.movement != "rest" or memory.escrow is None:
            raise DeviceRefusedError(_DEVICE, "no bill rests in escrow")
        if memory.is_jammed or memory.is_checking:
            raise DeviceRefusedError(_DEVICE, "it cannot move a bill now")
        return memory.escrow

    def _draw_in(self, value: int) -> bool:
        """A bill is at the slot."""
        memory = self._memory
        if not memory.is_powered:
            return False
        if refusal := self._refusal(value):
            self._tell(refusal)
            return False
        memory.escrow = value
        memory.has_lost_track = False
        self._move(value, "entering")
        return True

    def _refusal(self, value: int) -> BillNews | None:
        memory = self._memory
        if memory.escrow is not None or memory.movement != "rest":
            return BillNews(kind="refused", value=value, why="busy")
        if not memory.is_accepting or self._trouble():
            return BillNews(kind="refused", value=value, why="not accepting")
        if value not in self._values:
            return BillNews(kind="refused", value=value, why="unknown bill")
        refusal, self._next_refusal = self._next_refusal, None
        return refusal

    def _trouble(self) -> str:
        memory = self._memory
        kinds = {
            "restarted": memory.is_checking,
            "jammed": memory.is_jammed,
            "stacker removed": memory.is_stacker_out,
            "stacker full": memory.is_full,
        }
        return next((why for why, is_so in kinds.items() if is_so), "")

    def _end_trouble(self, *, was_in_trouble: bool) -> None:
        if was_in_trouble and not self._trouble():
            self._tell(BillNews(kind="ready"))
        self._world.changed()

    def _move(self, value: int, movement: Movement) -> None:
        memory = self._memory
        memory.moving, memory.movement = value, movement
        self._go_on()
        self._world.changed()

    def _go_on(self) -> None:
        """Whatever was under way goes on: after an order, a restart of the controller, or a self-check."""
        memory = self._memory
        if not memory.is_powered:
            return
        if memory.is_checking:
            self._later(CHECK_S, self._checked)
        elif memory.movement == "entering":
            self._later(ENTER_S, self._entered)
        elif memory.movement != "rest":
            is_between_rollers = memory.escrow is not None
            self._later(PASS_S if is_between_rollers else END_S, self._passed if is_between_rollers else self._ended)

    def _entered(self) -> None:
        memory = self._memory
        memory.movement = "rest"
        self._tell(BillNews(kind="escrowed", value=memory.moving))
        self._stick()
        self._world.changed()

    def _stick(self) -> bool:
        """A jam that lay in wait stops the bill where it is."""
        memory = self._memory
        if memory.will_jam:
            memory.will_jam, memory.is_jammed = False, True
            self._tell(BillNews(kind="trouble", why="jammed"))
        return memory.is_jammed

    def _passed(self) -> None:
        """The bill leaves the rollers, or sticks in them."""
        memory = self._memory
        if self._stick():
            memory.movement = "rest"
        elif memory.movement == "stacking" and memory.is_stacker_out:
            memory.movement = "rest"
            self._tell(BillNews(kind="trouble", why="stacker removed"))
        elif memory.escrow is not None:
            pile = memory.stacker if memory.movement == "stacking" else self._world.state.bill_mouth
            pile[memory.escrow] = pile.get(memory.escrow, 0) + 1
            memory.escrow = None
            self._go_on()
        self._world.changed()

    def _ended(self) -> None:
        """The device has counted the bill that left."""
        memory = self._memory
        if memory.movement == "stacking":
            memory.stacked += 1
            self._tell(BillNews(kind="stacked", value=memory.moving, counter=memory.stacked))
            if memory.is_full:
                self._tell(BillNews(kind="trouble", why="stacker full"))
        else:
            self._tell(BillNews(kind="returned", value=memory.moving))
        memory.movement = "rest"
        self._world.changed()

    def _checked(self) -> None:
        """The self-check after a power cut is over."""
        memory = self._memory
        memory.is_checking = False
        if memory.movement == "entering" and memory.escrow is not None:
            self._push_out_unread(memory.escrow)
        elif memory.is_forgetful and memory.movement != "rest":
            memory.movement = "rest"
            memory.has_lost_track = memory.escrow is None
        memory.is_accepting = self._wants_bills
        self._tell(BillNews(kind="trouble", why=self._trouble()) if self._trouble() else BillNews(kind="ready"))
        self._go_on()
        self._world.changed()

    def _push_out_unread(self, value: int) -> None:
        memory, mouth = self._memory, self._world.state.bill_mouth
        mouth[value] = mouth.get(value, 0) + 1
        self._tell(BillNews(kind="refused", value=value, why="power was lost"))
        memory.escrow, memory.movement = None, "rest"

    def _later(self, delay_s: float, step: Callable[[], None]) -> None:
        self.halt()
        self._timer = asyncio.get_running_loop().call_later(delay_s, step)

    def _tell(self, news: BillNews) -> None:
        if not self._memory.is_powered:
            return
        self._memory.news.append(news)
        if self._listener is not None:
            self._listener()


def _event(news: BillNews) -> BillEvent:
    match news.kind:
        case "escrowed":
            return BillEscrowed(yen(news.value))
        case "stacked":
            return BillStacked(yen(news.value), news.counter)
        case "returned":
            return BillReturned(yen(news.value))
        case "refused":
            return BillRefused(news.why, news.is_fraud_suspected)
        case "trouble":
            return ValidatorTrouble(news.why)
        case _:
            return ValidatorReady()
