"""Kill -9 of any one process in the middle of a sale: the money is in the sale or given back, and the books agree."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest
from websockets.asyncio.client import connect

from edge.emulated import FIRST_FLOAT
from hardware.world_state import WorldState
from tools.smoke import Cloud, Page, SmokeError
from tools.stack import ORDER, Stack

pytestmark = pytest.mark.processes

FLOAT_YEN = sum(value * coins for value, coins in FIRST_FLOAT.items())


class Shop:
    """A customer at the machine and an auditor behind it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.pages: list[Page] = []

    async def page(self) -> Page:
        """Connect to the machine's page, however long it takes to come up."""
        for _ in range(100):
            try:
                socket = await connect(
                    f"ws://127.0.0.1:{self.stack.ports.front}/ws",
                    additional_headers={"Authorization": f"Bearer {self.stack.local_token}"},
                    max_size=2**20,
                )
            except OSError:
                await asyncio.sleep(0.1)
                continue
            self.pages.append(Page(socket))
            return self.pages[-1]
        raise SmokeError(f"the machine's page does not come up:\n{self.stack.tail('machine')}")

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
        """Until nothing moves and no credit is left."""
        await page.until("the vend is decided", lambda p: p.view["screen"] != "vending")
        if page.view["credit"]["minor"]:
            await page.say(type="intent", intent="return_coins")
        await page.until("nothing is owed", lambda p: p.view["credit"]["minor"] == 0)
        await page.say(type="world", do="take_products")
        await page.say(type="world", do="take_coins")
        await page.until("empty", lambda p: not p.world["tray"] and not p.world["return_cup"])

    def events(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.stack.folder / "machine" / "store.db")) as db:
            return [json.loads(body) for (body,) in db.execute("SELECT body FROM outbox ORDER BY seq")]

    def world(self) -> WorldState:
        return WorldState.model_validate_json((self.stack.folder / "machine" / "world.json").read_bytes())

    async def audit(self) -> None:
        """Coins, goods, the machine's events and the cloud's books tell one story."""
        events = self.events()
        sold = [event["d"] for event in events if event["kind"] == "vend.dispensed"]
        accepted = sum(event["d"]["amount_minor"] for event in events if event["kind"] == "coin.accepted")
        paid = sum(event["d"].get("paid_minor", 0) for event in events)
        assert accepted == sum(sale["price_minor"] for sale in sold) + paid
        world = self.world()
        assert sum(world.units_taken.values()) == len(sold)
        assert not world.coins_unaccounted()
        assert not world.units_unaccounted()
        inserted = sum(value * count for value, count in world.coins_brought.items()) - FLOAT_YEN
        taken = sum(value * count for value, count in world.coins_taken.items())
        fell_through = inserted - accepted
        assert taken == paid + fell_through
        await self._audit_cloud(sold, events[-1]["seq"])

    async def _audit_cloud(self, sold: list[dict[str, Any]], last_seq: int) -> None:
        cloud = await asyncio.to_thread(Cloud, self.stack.cloud_url, self.stack.password)
        await cloud.until(
            "every event is understood",
            "/api/v1/monitoring/streams",
            lambda streams: any(row["stream"]["interpreted_upto"] == last_seq for row in streams),
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


@pytest.fixture
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    opened = Shop(stack)
    yield opened
    await opened.close()


@pytest.mark.parametrize("name", ORDER)
async def test_sale_when_a_process_is_killed_then_money_and_books_agree(shop: Shop, stack: Stack, name: str) -> None:
    page = await shop.page()
    await shop.pay_and_choose(page, "A1")
    stack.kill(name)
    stack.start(name)
    stack.wait_ready(name)
    if name == "machine":
        page = await shop.page()
    await shop.settle(page)
    await shop.audit()


async def test_machine_when_the_broker_is_gone_then_sells_on_and_each_sale_arrives_once(
    shop: Shop, stack: Stack
) -> None:
    page = await shop.page()
    stack.kill("broker")
    await page.until("the screen says offline", lambda p: bool(p.view["notice"]))
    for slot in ("A2", "A3", "A2"):
        await shop.pay_and_choose(page, slot)
        await shop.settle(page)
    stack.start("broker")
    stack.wait_ready("broker")
    await page.until("online again", lambda p: not p.view["notice"])
    await shop.audit()


async def test_coins_when_the_machine_is_killed_before_a_choice_then_are_still_credit(shop: Shop, stack: Stack) -> None:
    page = await shop.page()
    await page.until("the screen is there", lambda _: True)
    await page.insert(500)
    stack.kill("machine")
    stack.start("machine")
    page = await shop.page()
    await page.until("credit is back", lambda p: p.view["credit"]["minor"] == 500)
    await shop.settle(page)
    await shop.audit()


async def test_logs_when_everything_has_run_then_hold_no_secret(shop: Shop, stack: Stack) -> None:
    page = await shop.page()
    await shop.pay_and_choose(page, "A2")
    await shop.settle(page)
    secrets = [*stack.secrets.values(), stack.local_token]
    logs = {log.name: log.read_text("utf-8") for log in (stack.folder / "logs").glob("*.log")}
    assert {"broker.log", "cloud.log", "intake.log", "worker.log", "machine.log"} <= logs.keys()
    assert [name for name, text in logs.items() if any(secret in text for secret in secrets)] == []
