"""Buy a drink at the emulated machine and follow the money into the books, from outside, step by step.

Everything goes through what customers and operators have: the machine's page, the coin wire, the cloud's API.
"""

import asyncio
import contextlib
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

from tools.stack import MACHINE, OPERATOR, Stack

STEP_S: Final = 20.0
COIN_TRIES: Final = 50
"""A machine that was just started, on a busy computer, may need seconds until it takes coins."""
AGAIN_S: Final = 0.2
"""Before a coin that fell through is put in again."""
SLOT: Final = "A1"
PRICE: Final = 160
COINS: Final = (100, 100)


class SmokeError(AssertionError):
    """A step did not happen; the message says which and what was seen instead."""


class Page:
    """The machine's page as a program sees it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.view: dict[str, Any] = {}
        self.world: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        """Press something."""
        await self._socket.send(json.dumps(message))

    async def close(self) -> None:
        """Close the page."""
        await self._socket.close()

    async def until(self, what: str, check: Callable[["Page"], bool]) -> None:
        """Look at the page until `check` holds.

        Raises:
            SmokeError: it did not within `STEP_S`.
        """
        try:
            async with asyncio.timeout(STEP_S):
                while not (self.view and self.world and check(self)):
                    self._take(json.loads(await self._socket.recv()))
        except TimeoutError:
            raise SmokeError(f"{what}: did not happen; the screen says {self.said}") from None

    async def look_on(self, seconds: float) -> None:
        """Watch the page for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._take(json.loads(await self._socket.recv()))

    async def insert(self, value: int) -> None:
        """Put a coin in, and again when it falls through (the machine was not taking coins that moment).

        Raises:
            SmokeError: it never became credit.
        """
        due = self.view["credit"]["minor"] + value
        for _ in range(COIN_TRIES):
            cup = _worth(self.world["return_cup"])
            await self.say(type="world", do="insert_coin", value=value)
            await self.until(f"the coin of {value} is credited or falls through", _coin_settled(due, cup + value))
            if self.view["credit"]["minor"] >= due:
                return
            await self.look_on(AGAIN_S)
        raise SmokeError(f"a coin of {value} falls through every time; the screen says {self.said}")

    @property
    def said(self) -> str:
        """The sentence on the screen, with the notice."""
        return f"{self.view.get('message', {}).get('text')!r} {self.view.get('notice', '')}".strip()

    def tile(self, slot: str) -> dict[str, Any]:
        """One product on the screen; empty when it is not there."""
        return next((tile for tile in self.view["tiles"] if tile["slot"] == slot), {})

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "view":
                self.view = message["view"]
            case "world":
                self.world = message["world"]
            case "wire":
                self.frames.append(message)
            case "error":
                raise SmokeError(f"the machine refused: {message['why']}")


class Cloud:
    """The cloud's API, logged in."""

    def __init__(self, url: str, password: str) -> None:
        self._url = url
        self._token = ""
        answer = self._call("/api/v1/admin/login", {"email": OPERATOR, "password": password})
        self._token = answer["access_token"]

    def get(self, path: str) -> Any:
        """One answer."""
        return self._call(path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask for something new."""
        return self._call(path, body, method="POST")

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Put a document in the place of the one that is there."""
        return self._call(path, body, method="PUT")

    def _call(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            self._url + path,
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self._token}"} if self._token else {}),
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return json.load(response)

    async def until(self, what: str, path: str, check: Callable[[Any], bool]) -> Any:
        """Ask again until the answer is right.

        Raises:
            SmokeError: it never was within `STEP_S`.
        """
        answer: Any = None
        end = time.monotonic() + STEP_S
        while time.monotonic() < end:
            answer = await asyncio.to_thread(self.get, path)
            if check(answer):
                return answer
            await asyncio.sleep(0.1)
        raise SmokeError(f"{what}: did not happen; {path} says {json.dumps(answer, ensure_ascii=False)[:400]}")


async def buy(stack: Stack, tell: Callable[[str], None]) -> None:
    """The whole way of one sale.

    Args:
        stack: running.
        tell: called with a line after each step that is proven.

    Raises:
        SmokeError: at the first step that did not happen.
    """
    cloud = await asyncio.to_thread(Cloud, stack.cloud_url, stack.password)
    before = cloud.get("/api/v1/transactions?status=completed&limit=500")["items"]
    url = f"ws://127.0.0.1:{stack.ports.front}/ws"
    headers = {"Authorization": f"Bearer {stack.local_token}"}
    async with connect(url, additional_headers=headers, max_size=2**20) as socket:
        page = Page(socket)
        await page.until("machine is online with stock", lambda p: bool(p.tile(SLOT)) and not p.view["notice"])
        await page.until(f"{SLOT} can be bought", lambda p: p.tile(SLOT)["state"] in {"available", "affordable"})
        tell(f"machine {MACHINE} is online; {SLOT} is {page.tile(SLOT)['name']} for {page.tile(SLOT)['price_text']}")
        await _pay(page, tell)
        await _receive(page, tell)
        await _open_door(page, tell)
    await _books(cloud, len(before), tell)


async def _pay(page: Page, tell: Callable[[str], None]) -> None:
    for coin in COINS:
        page.frames.clear()
        await page.insert(coin)
        spoken = [frame for frame in page.frames if frame["direction"] == "device"]
        if not spoken:
            raise SmokeError(f"a coin of {coin} was credited without a byte on the wire")
        tell(f"coin {coin} yen on the wire: {spoken[-1]['hex']} ({spoken[-1]['meaning']})")


def _coin_settled(credit: int, cup: int) -> Callable[[Page], bool]:
    return lambda page: page.view["credit"]["minor"] >= credit or _worth(page.world["return_cup"]) >= cup


async def _receive(page: Page, tell: Callable[[str], None]) -> None:
    tray, cup = len(page.world["tray"]), _worth(page.world["return_cup"])
    await page.say(type="intent", intent="select", slot=SLOT)
    await page.until("the coil turns", lambda p: p.world["slots"][SLOT]["turning"])
    tell(f"{SLOT} chosen: the coil turns")
    await page.until("the product is in the tray", lambda p: len(p.world["tray"]) == tray + 1)
    tell(f"{page.world['tray'][-1]} fell into the tray")
    change = sum(COINS) - PRICE
    await page.until("the change is in the cup", lambda p: _worth(p.world["return_cup"]) == cup + change)
    tell(f"change of {change} yen fell into the cup; the screen says {page.said}")
    await page.say(type="world", do="take_products")
    await page.say(type="world", do="take_coins")


async def _open_door(page: Page, tell: Callable[[str], None]) -> None:
    """Whoever opens the door is asked which of the machine's people it is: the cloud's list has arrived."""
    await page.say(type="world", do="open_door")
    await page.until("the open door asks for one of the staff by name", lambda p: bool(_people(p)))
    tell(f"door opened: the machine knows {', '.join(_people(page))}")
    await page.say(type="world", do="close_door")
    await page.say(type="intent", intent="maintenance", do="close")
    await page.until("the customer's screen is back", lambda p: p.view["maintenance"] is None)


def _people(page: Page) -> list[str]:
    blocks = (page.view["maintenance"] or {"page": {"blocks": []}})["page"]["blocks"]
    return [block["text"] for block in blocks if block.get("action", "").startswith("person:")]


def _worth(cup: dict[str, int]) -> int:
    return sum(int(value) * count for value, count in cup.items())


async def _books(cloud: Cloud, sales_before: int, tell: Callable[[str], None]) -> None:
    sales = await cloud.until(
        "the sale is in the cloud",
        "/api/v1/transactions?status=completed&limit=500",
        lambda page: len(page["items"]) == sales_before + 1,
    )
    sale = sales["items"][0]
    tell(
        f"sale {sale['id']} in the cloud: gross {sale['gross_minor']}, tax {sale['tax_minor']}, net {sale['net_minor']}"
    )
    journal = cloud.get("/api/v1/accounting/journal?limit=10")
    found = {leg["account_code"] for entry in journal["items"] for leg in entry["postings"]}
    if not {"1001", "4001", "2050", "5002", "1101"} <= found:
        raise SmokeError(f"the newest entries touch only accounts {sorted(found)}; sale, tax or cost is missing")
    trial = cloud.get("/api/v1/accounting/trial-balance")
    totals = trial["debit"], trial["credit"]
    if totals[0] != totals[1]:
        raise SmokeError(f"the trial balance does not balance: {totals}")
    tell(f"books: sale, tax and cost of goods posted; trial balance {totals[0]:,} = {totals[1]:,}")
    metrics = await cloud.until(
        "the dashboard shows it",
        "/api/v1/dashboard/metrics/realtime",
        lambda shown: shown["sales"]["today_transactions"] >= sales_before + 1,
    )
    tell(f"dashboard: {metrics['sales']['today_transactions']} sales, {metrics['sales']['today_revenue']:,} yen today")
