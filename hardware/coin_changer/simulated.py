"""A coin changer that is not there: the port itself over a simulated world, no bytes.

Driver and device in one. Tubes, counters and a payout under way live in the world's state, so a payout that was
running when the controller died goes on for the next one.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Final

from hardware.coin_acceptor.events import next_counter
from hardware.coin_acceptor.port import (
    AcceptorRestarted,
    CoinAccepted,
    CoinDispensedByHand,
    CoinEvent,
    CoinPath,
    CoinRejected,
)
from hardware.coin_changer.port import CASH_BOX, TUBE, PayoutStatus, Tube
from hardware.errors import DeviceOfflineError, DeviceRefusedError, UnconfirmedError
from hardware.port_faults import Fault, FaultyLine
from hardware.world import COINS, TUBE_PATH, World
from hardware.world_state import ChangerState, CoinNews
from protocol.money import yen

COIN_S: Final = 0.3
"""From one paid coin to the next."""
CASH_BOX_PATH: Final = 5
"""A path of no hopper, whatever stands below the sorter."""
COIN_JAM: Final = 12
"""Source: MDB/ICP 4.3 section 5, POLL: status 0Ch."""
REJECTIONS: Final = {1: "unknown coin", 2: "not accepting", COIN_JAM: "coin jam"}
_DEVICE: Final = "coin changer"


class SimulatedCoinChanger:
    """A `CoinChanger`, and the hands that play tricks on it. Takes over the world's coin slot.

    Args:
        world: whose coins it takes and pays; `state.changer.tubes` are its tubes.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._line = FaultyLine(_DEVICE, lambda: self._memory.is_powered)
        self._timer: asyncio.TimerHandle | None = None
        self._listener: Callable[[], None] | None = None
        self._wants_coins = False
        self._told = 0
        """Events the last poll returned: the next one acknowledges them."""
        world.judge_coin = self._judge
        world.sorter = {}
        self._go_on()

    # --- the port

    @property
    def poll_interval_s(self) -> float:
        """See `CoinChanger`."""
        return 0.1

    async def start(self) -> str:
        """See `CoinChanger`."""

        def begin() -> str:
            self._told = 0
            self._wants_coins = self._memory.is_accepting = False
            self._world.changed()
            return "AVS SIM-C1 5001"

        return await self._line.ask("start", begin)

    async def set_accepting(self, *, accepting: bool) -> None:
        """See `CoinChanger`."""

        def change() -> None:
            self._wants_coins = self._memory.is_accepting = accepting
            self._world.changed()

        await self._line.ask("set_accepting", change)

    async def poll(self) -> list[CoinEvent]:
        """See `CoinChanger`."""

        def tell() -> list[CoinNews]:
            if self._told:
                del self._memory.news[: self._told]
                self._told = 0
                self._world.changed()
            return _up_to_restart(self._memory.news)

        news = await self._line.ask("poll", tell)
        self._told = len(news)
        if self._told < len(self._memory.news):
            self._call()
        return [_event(item) for item in news]

    def on_news(self, listener: Callable[[], None]) -> bool:
        """See `CoinChanger`."""
        self._listener = listener
        return True

    async def tubes(self) -> Mapping[int, Tube]:
        """See `CoinChanger`."""

        def tell() -> Mapping[int, Tube]:
            tubes = self._memory.tubes.items()
            return {value: Tube(tube.count, tube.count >= tube.capacity) for value, tube in tubes}

        return await self._line.ask("tubes", tell)

    async def pay(self, coins: Mapping[int, int]) -> None:
        """See `CoinChanger`."""
        wanted = {value: count for value, count in coins.items() if count}
        if not wanted or min(wanted.values()) < 0:
            raise ValueError(f"{dict(coins)} cannot be paid; name at least one coin")
        before = await self._line.ask("pay_before", lambda: self._memory.payouts)
        try:
            await self._line.order("pay", lambda: self._begin_payout(wanted))
        except DeviceOfflineError as error:
            try:
                after = await self._line.ask("pay_after", lambda: self._memory.payouts)
            except DeviceOfflineError:
                raise UnconfirmedError(_DEVICE, f"nothing tells whether payout {before + 1} was taken") from error
            if after == before:
                raise

    async def status(self) -> PayoutStatus:
        """See `CoinChanger`."""

        def tell() -> PayoutStatus:
            memory = self._memory
            return PayoutStatus(memory.payouts, memory.is_busy, None if memory.paid is None else dict(memory.paid))

        return await self._line.ask("status", tell)

    async def close(self) -> None:
        """See `CoinChanger`."""
        self._listener = None
        with contextlib.suppress(DeviceOfflineError):
            await self.set_accepting(accepting=False)

    # --- tricks

    def fail_next(self, fault: Fault, command: str | None = None) -> None:
        """Let the next command meet a fault of the line.

        Args:
            fault: what happens to it.
            command: a method's name, or a step of `pay`: "pay_before" reads its counter, "pay" orders, "pay_after"
                reads the counter again when the order was not answered.
        """
        self._line.fail_next(fault, command)

    def repair_line(self) -> None:
        """No command fails any more."""
        self._line.repair()

    def press_key(self, value: int) -> None:
        """A hand inside the door presses the key of a tube: one coin falls, unless there is a reason against it."""
        memory = self._memory
        tube = memory.tubes[value]
        if memory.is_powered and not memory.is_busy and not tube.is_jammed and tube.count:
            self._world.eject_from_tube(value)
            self._tell(CoinNews(kind="dispensed", value=value))
            self._world.changed()

    def power_off(self) -> None:
        """It loses power: a payout stops, and what it had to tell is lost."""
        self.halt()
        memory = self._memory
        memory.is_powered = memory.is_accepting = memory.is_busy = False
        memory.to_pay.clear()
        memory.news.clear()
        memory.counter = self._told = 0
        self._call()
        self._world.changed()

    def power_on(self, *, remembers: bool = True) -> None:
        """It gets power; the payout it was at is over.

        Args:
            remembers: it knows which coins the last payout paid; else only the tubes tell.
        """
        memory = self._memory
        memory.is_powered, memory.is_accepting = True, self._wants_coins
        if not remembers:
            memory.paid = None
        memory.news.append(CoinNews(kind="restarted"))
        self._call()
        self._world.changed()

    def power_cycle(self, *, remembers: bool = True) -> None:
        """It loses power for a moment. See `power_on`."""
        self.power_off()
        self.power_on(remembers=remembers)

    def halt(self) -> None:
        """Pay no more coins in this process. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- the device

    @property
    def _memory(self) -> ChangerState:
        return self._world.state.changer

    def _judge(self, value: int) -> int | None:
        """A coin rolls past the sensors. See `World.judge_coin`."""
        memory = self._memory
        if not memory.is_powered:
            return None
        if value not in COINS or not memory.is_accepting:
            self._tell(CoinNews(kind="rejected", code=1 if value not in COINS else 2))
            return None
        if self._world.state.is_coin_path_blocked:
            self._tell(CoinNews(kind="rejected", code=COIN_JAM))
            return None
        tube = memory.tubes.get(value)
        has_room = tube is not None and tube.count < tube.capacity and not tube.is_jammed
        self._tell(CoinNews(kind="accepted", value=value, is_in_tube=has_room))
        return TUBE_PATH if has_room else CASH_BOX_PATH

    def _begin_payout(self, coins: dict[int, int]) -> None:
        memory = self._memory
        if memory.is_busy or not coins.keys() <= memory.tubes.keys():
            raise DeviceRefusedError(_DEVICE, "it is paying already" if memory.is_busy else f"no tubes for {coins}")
        memory.payouts += 1
        memory.to_pay, memory.paid, memory.is_busy = dict(coins), {}, True
        self._go_on()
        self._world.changed()

    def _go_on(self) -> None:
        self.halt()
        if self._memory.is_busy:
            self._timer = asyncio.get_running_loop().call_later(COIN_S, self._pay_one)

    def _pay_one(self) -> None:
        """One coin, the highest first; or the end."""
        memory = self._memory
        value = max(memory.to_pay, default=None)
        if value is None:
            memory.is_busy = False
        elif memory.tubes[value].is_jammed or not memory.tubes[value].count:
            del memory.to_pay[value]
        else:
            self._world.eject_from_tube(value)
            paid = memory.paid or {}
            memory.paid = paid | {value: paid.get(value, 0) + 1}
            memory.to_pay[value] -= 1
            if not memory.to_pay[value]:
                del memory.to_pay[value]
        self._go_on()
        self._world.changed()

    def _tell(self, news: CoinNews) -> None:
        memory = self._memory
        news.counter = memory.counter = next_counter(memory.counter)
        memory.news.append(news)
        self._call()

    def _call(self) -> None:
        if self._listener is not None:
            self._listener()


def _up_to_restart(news: list[CoinNews]) -> list[CoinNews]:
    """What one poll tells. See `CoinChanger.poll`."""
    restart = next((place for place, item in enumerate(news) if item.kind == "restarted"), len(news))
    return news[: restart + 1]


def _event(news: CoinNews) -> CoinEvent:
    match news.kind:
        case "accepted":
            return CoinAccepted(yen(news.value), TUBE if news.is_in_tube else CASH_BOX, news.counter)
        case "rejected":
            path: CoinPath = "jammed" if news.code == COIN_JAM else "free"
            return CoinRejected(news.code, REJECTIONS[news.code], False, news.counter, path)
        case "dispensed":
            return CoinDispensedByHand(yen(news.value), news.counter)
        case _:
            return AcceptorRestarted()
