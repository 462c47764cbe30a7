"""Customers and staff from a seed at the emulated machine, and somebody who kills its controller at drawn moments.

Not responsible for what must be true afterwards: `Shop.audit` is.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from edge.emulated import CoinDevice, load_world, save_world
from tests.journeys.shop import Shop, can_return
from tools.smoke import AGAIN_S, Cloud, Page, SmokeError
from tools.stack import MACHINE, ORDER, Stack

PAR_LEVEL: Final = 20
"""Units in each of the twelve coils: more than are sold."""
TURN_S: Final = 1.5
"""As the quickest real motors. A quicker one passes its home contact before a busy computer sees it: two units fall."""
COIN_S: Final = 0.05
BILL: Final = 1000
KILL_SHARE: Final = 0.4
"""Of the customers who meet a kill."""
AGAIN_SHARE: Final = 0.2
"""Of the kills after which the new controller is killed as well, while it comes up."""
PATIENCE_S: Final = 1.0
"""How long a customer waits for an answer before trying anew, or leaving."""
LONGEST_DELAY_S: Final = 0.5

ANCHORS: Final[dict[str, Callable[[Page], bool]]] = {
    "it is looked at": lambda _: True,
    "there is credit": lambda page: page.view["credit"]["minor"] > 0,
    "a card is there": lambda page: bool(page.world["card"]),
    "the coil turns": lambda page: any(slot["turning"] for slot in page.world["slots"].values()),
    "a product has fallen": lambda page: bool(page.world["tray"]),
    "coins fall": lambda page: bool(page.world["return_cup"]),
}
"""States of the page after which a kill comes; how long after is drawn."""


def open_shop(stack: Stack, coin_device: CoinDevice) -> None:
    """Start everything, with a machine that is big and quick, and whose hoppers have paid before."""
    stack.seed()
    for name in ORDER[:-1]:
        stack.start(name)
        stack.wait_ready(name)
    cloud = Cloud(stack.cloud_url, stack.password)
    path = f"/api/v1/vending/machines/{MACHINE}/planogram"
    planogram = cloud.get(path)
    slots = [slot | {"capacity": PAR_LEVEL, "par_level": PAR_LEVEL} for slot in planogram["slots"]]
    cloud.put(path, planogram | {"rev": planogram["rev"] + 1, "slots": slots})
    file = stack.folder / "machine" / "world.json"
    file.parent.mkdir(exist_ok=True)
    world = load_world(file, coin_device)
    for spiral in world.spirals.values():
        spiral.capacity, spiral.turn_s = PAR_LEVEL, TURN_S
    for hopper in world.hoppers.values():
        hopper.coin_s, hopper.event_counter = COIN_S, 7  # a payout that was killed from a counter of 0 stays uncertain
    save_world(file, world)
    stack.start("machine")
    stack.wait_ready("machine")


class Reaper:
    """Kills the machine's controller once per plan, at a drawn time after the page has shown a drawn state."""

    def __init__(self, stack: Stack, dice: random.Random) -> None:
        self._stack = stack
        self._dice = dice
        self._anchor = ""
        self._delay_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.kills = 0
        self.last = "none yet"

    def plan(self) -> None:
        """Draw the next moment; a plan that is still waiting for its moment stays."""
        self._delay_s = self._dice.random() * LONGEST_DELAY_S
        anchor = self._dice.choice(list(ANCHORS))
        if self._timer is None:
            self._anchor = anchor

    def look(self, page: Page) -> None:
        """The page has changed."""
        if self._anchor and page.view and page.world and ANCHORS[self._anchor](page):
            self._strike_in(self._delay_s, self._anchor)

    def look_at_start(self) -> None:
        """A new controller is coming up; sometimes it is killed as well."""
        if self._timer is None and self._dice.random() < AGAIN_SHARE:
            self._strike_in(self._dice.random(), "it was started again")

    def stop(self) -> None:
        """No more kills."""
        self._anchor = ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _strike_in(self, delay_s: float, anchor: str) -> None:
        self._anchor = ""
        moment = f"{delay_s * 1000:.0f} ms after: {anchor}"
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._strike, moment)

    def _strike(self, moment: str) -> None:
        self._timer = None
        self._stack.kill("machine")
        self.kills += 1
        self.last = moment


class Crowd:
    """Customers, one after the other, until so many products are sold."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._seed = seed
        self.reaper = Reaper(shop.stack, random.Random(f"kills {seed}"))  # noqa: S311 - same
        self._page: Page | None = None
        self._deck: list[str] = []
        """How the next customers pay."""
        self.customers = 0
        self.tenders: set[str] = set()

    async def buy(self, sales: int) -> None:
        """Let customers come until `sales` products are sold.

        Raises:
            AssertionError: something did not happen; the message has the seed, the sale and the last kill.
        """
        try:
            page = await self._enter()
            await page.until("the first fill", lambda p: all(tile["state"] == "available" for tile in p.view["tiles"]))
            while self.sold < sales:
                self.customers += 1
                page = await self._serve(page)
            self.reaper.stop()
            page = await self._leave(page)
            await self._shop.pay_and_choose(page, self._in_stock(page)[0]["slot"])  # whatever came late is told by now
            await self._leave(page)
        except SmokeError as error:
            raise AssertionError(f"{self.where}: {error}") from error

    @property
    def sold(self) -> int:
        """Products that customers took."""
        return sum(self._shop.world().units_taken.values())

    @property
    def where(self) -> str:
        """For a failure's message."""
        return f"seed {self._seed}, sale {self.sold + 1}, kill {self.reaper.kills} ({self.reaper.last})"

    async def _serve(self, page: Page) -> Page:
        if self._dice.random() < KILL_SHARE:
            self.reaper.plan()
        try:
            await self._visit(page)
        except ConnectionClosed:
            page = await self._enter()
        return await self._leave(page)

    async def _enter(self) -> Page:
        """Come to the machine, whoever kills it meanwhile."""
        reaper = self.reaper

        class WatchedPage(Page):
            def _take(self, message: dict[str, Any]) -> None:
                super()._take(message)
                reaper.look(self)

        reaper.look_at_start()
        while True:
            self._turn_home()
            page = await self._shop.page(WatchedPage)
            with contextlib.suppress(ConnectionClosed):
                await page.until("stock", lambda p: bool(p.view["tiles"]))
                self._page = page
                return page

    def _turn_home(self) -> None:
        """While the controller is dead staff turn coils home by hand: those that an earlier kill left half way."""
        if self._page is None or self._shop.stack.running["machine"].poll() is None:
            return
        world, file = self._shop.world(), self._shop.stack.folder / "machine" / "world.json"
        for tile in self._page.view["tiles"]:
            if tile["state"] == "locked":
                world.spirals[tile["slot"]].angle = 0.0
        save_world(file, world)

    async def _leave(self, page: Page) -> Page:
        """Take everything, whoever kills the machine meanwhile."""
        while True:
            try:
                await self._shop.settle(page)
            except ConnectionClosed:
                page = await self._enter()
            else:
                return page

    # --- one customer ----------------------------------------------------------------------------
    async def _visit(self, page: Page) -> None:
        tile = self._dice.choice(self._in_stock(page))
        tender = self._next_tender()
        self.tenders.add(tender)
        if tender == "card":
            await self._hold_card(page, tile["slot"])
        elif tender == "bill":
            await self._put_bill(page)
        else:
            await self._put_coins(page, tile["price_minor"])
        await self._choose(page, tile["slot"])

    def _next_tender(self) -> str:
        if not self._deck:
            self._deck = ["coins"] * 8 + ["bill", "card"]
            self._dice.shuffle(self._deck)
        return self._deck.pop()

    def _in_stock(self, page: Page) -> list[dict[str, Any]]:
        return [tile for tile in page.view["tiles"] if tile["state"] in {"available", "affordable"}]

    async def _put_coins(self, page: Page, price: int) -> None:
        """Often exactly the price, sometimes more than enough, until the machine shows it as credit."""
        generous = self._dice.choice([500, 100, 0, 0])
        for _ in range(100):
            credit = page.view["credit"]["minor"]
            if credit >= price and can_return(page):
                return
            missing = max(10, price - credit)
            await page.say(
                type="world", do="insert_coin", value=generous or next(c for c in (100, 50, 10) if c <= missing)
            )
            if not await _sees(page, _changed(page)) or page.view["credit"]["minor"] <= credit:
                await page.look_on(AGAIN_S)
        raise SmokeError(f"{price} yen in coins are never credited; the screen says {page.said}")

    async def _choose(self, page: Page, slot: str) -> None:
        """A machine that is busy does not answer; then the customer leaves."""
        await page.say(type="intent", intent="select", slot=slot)
        if await _sees(page, lambda p: p.view["screen"] == "vending"):
            await page.until("the vend is decided", lambda p: p.view["screen"] != "vending")

    async def _hold_card(self, page: Page, slot: str) -> None:
        """Hold it to the reader, and again: the reader is not reading at every moment."""
        for _ in range(10):
            await page.say(type="world", do="present_card")
            if await _sees(page, lambda p: p.tile(slot)["state"] == "affordable"):
                return
            await page.say(type="world", do="remove_card")
            await page.until("the card is away", lambda p: not p.world["card"])
        raise SmokeError(f"the card is never read; the screen says {page.said}")

    async def _put_bill(self, page: Page) -> None:
        """Hold it to the slot until the machine takes it: not while it still pays the change of the one before."""
        for _ in range(100):
            await page.say(type="world", do="insert_bill", value=BILL)
            await page.until(
                "the bill is credited or comes back",
                lambda p: p.view["credit"]["minor"] >= BILL or bool(p.world["bill_mouth"]),
            )
            if page.view["credit"]["minor"] >= BILL:
                return
            await page.say(type="world", do="take_bills")
            await page.until("the bill is taken", lambda p: not p.world["bill_mouth"])
            await page.look_on(AGAIN_S)
        raise SmokeError(f"a bill comes back every time; the screen says {page.said}")


async def _sees(page: Page, check: Callable[[Page], bool]) -> bool:
    """Does this happen while a customer has patience?"""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await page.until("", check)
        return True
    return False


def _changed(page: Page) -> Callable[[Page], bool]:
    before = page.view["credit"], page.world["return_cup"]
    return lambda p: (p.view["credit"], p.world["return_cup"]) != before
