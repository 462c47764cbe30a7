"""The real processes with one emulated machine, a customer at its page, and an auditor behind it."""

import asyncio
import contextlib
import json
import signal
import sqlite3
from contextlib import closing
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

from edge.emulated import FIRST_FLOAT
from hardware.world_state import WorldState
from tools.smoke import Cloud, Page, SmokeError
from tools.stack import Stack

PILES = ("tray", "return_cup", "bill_mouth", "card")
REACH_S = 1.0
COMES_UP_S = 120.0
FLOAT_YEN = sum(value * coins for value, coins in FIRST_FLOAT.items())


class Shop:
    """A customer at the machine and an auditor behind it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.pages: list[Page] = []

    async def page(self, make: type[Page] = Page) -> Page:
        """Connect to the machine's page, however long it takes to come up on a busy computer."""
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + COMES_UP_S
        while loop.time() < patient_until:
            self._revive()
            try:
                socket = await connect(
                    f"ws://127.0.0.1:{self.stack.ports.front}/ws",
                    additional_headers={"Authorization": f"Bearer {self.stack.local_token}"},
                    max_size=2**20,
                )
            except (OSError, InvalidHandshake):
                await asyncio.sleep(0.05)
                continue
            self.pages.append(make(socket))
            return self.pages[-1]
        raise SmokeError(f"the machine's page does not come up:\n{self.stack.tail('machine')}")

    def _revive(self) -> None:
        """Start a machine that was killed, as a service manager would; one that ended by itself is a bug."""
        ended = self.stack.running["machine"].poll()
        if ended == -signal.SIGKILL:
            self.stack.start("machine")
        elif ended is not None:
            raise SmokeError(f"the machine ended by itself with code {ended}:\n{self.stack.tail('machine', 60)}")

    async def close(self) -> None:
        for page in self.pages:
            await page.close()

    async def pay_and_choose(self, page: Page, slot: str) -> None:
        await page.until("stock", lambda p: p.tile(slot).get("state") in {"available", "affordable"})
        await page.insert(100)
        await page.insert(100)
        await page.say(type="intent", intent="select", slot=slot)
        await page.until("the coil turns", lambda p: p.world["slots"][slot]["turning"])

    async def settle(self, page: Page) -> None:
        """Until nothing moves, no money is left in the machine, and the customer has taken everything."""
        await page.say(type="world", do="remove_card")
        await page.say(type="intent", intent="clear")
        await page.until("the vend is decided", lambda p: p.view["screen"] != "vending")
        await self._money_back(page)
        await self._take_all(page)

    async def _take_all(self, page: Page) -> None:
        """Reach for everything, and again: a bill may still be on its way out."""
        for _ in range(20):
            for hand in ("take_products", "take_coins", "take_bills"):
                await page.say(type="world", do=hand)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REACH_S):
                    await page.until("everything is taken", lambda p: not any(p.world[pile] for pile in PILES))
                return
        raise SmokeError(f"something lies there for ever: { {pile: page.world[pile] for pile in PILES} }")

    async def _money_back(self, page: Page) -> None:
        """Pull the lever as often as it takes: after a restart a coin may be credited a moment later than others."""
        while True:
            await page.until(
                "nothing is owed, or the lever works", lambda p: not p.view["credit"]["minor"] or can_return(p)
            )
            if not page.view["credit"]["minor"]:
                return
            await page.say(type="intent", intent="return_coins")
            await page.until("the lever is heard", lambda p: not can_return(p))

    # --- what is true afterwards -----------------------------------------------------------------
    def events(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.stack.folder / "machine" / "store.db")) as db:
            return [json.loads(body) for (body,) in db.execute("SELECT body FROM outbox ORDER BY seq")]

    def world(self) -> WorldState:
        return WorldState.model_validate_json((self.stack.folder / "machine" / "world.json").read_bytes())

    async def audit(self) -> None:
        """Coins, bills, cards, goods, the machine's events and the cloud's books tell one story."""
        events, world = self.events(), self.world()
        sold = [event["d"] for event in events if event["kind"] == "vend.dispensed"]
        assert sum(world.units_taken.values()) == len(sold)
        assert not world.units_unaccounted()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        _audit_cash(events, world)
        _audit_cards(events, world)
        await self._audit_cloud(sold, events[-1]["seq"])

    async def _audit_cloud(self, sold: list[dict[str, Any]], last_seq: int) -> None:
        cloud = await asyncio.to_thread(Cloud, self.stack.cloud_url, self.stack.password)
        await cloud.until(
            "every event is understood",
            "/api/v1/monitoring/streams",
            lambda page: any(row["stream"]["interpreted_upto"] == last_seq for row in page["items"]),
        )
        path = "/api/v1/transactions?status=completed&limit=500"
        sales = cloud.get(path)["items"]
        assert sorted(sale["vend_id"] for sale in sales) == sorted(sale["vend_id"] for sale in sold)
        trial = cloud.get("/api/v1/accounting/trial-balance")
        assert trial["debit"] == trial["credit"]
        revenue = next((line for line in trial["lines"] if line["code"] == "4001"), None)
        output_tax = next((line for line in trial["lines"] if line["code"] == "2050"), None)
        booked = sum(line["credit"] - line["debit"] for line in (revenue, output_tax) if line)
        assert booked == sum(sale["price_minor"] for sale in sold)


def can_return(page: Page) -> bool:
    """The lever works: the customer has credit, and nothing is under way."""
    return any(button["intent"] == "return_coins" and button["enabled"] for button in page.view["buttons"])


def _audit_cash(events: list[dict[str, Any]], world: WorldState) -> None:
    accepted = _total(events, "coin.accepted", "amount_minor")
    stacked = _total(events, "bill.stacked", "amount_minor")
    sold = sum(event["d"]["price_minor"] for event in events if _is_cash_sale(event))
    paid = sum(event["d"].get("paid_minor", 0) for event in events)
    owed = sum(event["d"].get("short_minor", 0) for event in events)
    assert not any(event["d"].get("uncertain_minor") or event["d"].get("unpaid_minor") for event in events)
    assert accepted + stacked == sold + paid + owed
    inserted = _yen(world.coins_brought) - FLOAT_YEN
    assert _yen(world.coins_taken) == paid + inserted - accepted
    assert not world.coins_unaccounted()
    assert _yen(world.validator.stacker) == stacked
    assert _yen(world.bills_taken) == _yen(world.bills_brought) - stacked
    assert not world.bills_unaccounted()


def _audit_cards(events: list[dict[str, Any]], world: WorldState) -> None:
    sold = {
        event["d"]["payment"]: event["d"]["price_minor"]
        for event in events
        if event["kind"] == "vend.dispensed" and event["d"]["tender"] == "card"
    }
    charged = {key: amount for card in world.cards.values() for key, amount in card.charges.items()}
    assert charged == sold
    assert not any(card.reserved or card.refunds for card in world.cards.values())
    assert not any(event["d"].get("outcome") == "claim" for event in events if event["kind"] == "payment.settled")
    assert not world.cards_unaccounted()


def _is_cash_sale(event: dict[str, Any]) -> bool:
    return bool(event["kind"] == "vend.dispensed" and event["d"]["tender"] == "cash")


def _total(events: list[dict[str, Any]], kind: str, field: str) -> int:
    return sum(int(event["d"][field]) for event in events if event["kind"] == kind)


def _yen(pile: dict[int, int]) -> int:
    return sum(value * count for value, count in pile.items())
