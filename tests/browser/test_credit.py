"""A customer's own credit on the phone page, in a real browser: to the delivered unit, and what stops it."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.axe import serious
from tools.smoke import PRICE, Cloud, buy
from tools.stack import MACHINE, Stack

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)

HERE = f"/api/v1/vending/machines/{MACHINE}"
SALES = "/api/v1/transactions"
KNOWN = "fetch('/api/v1/customer', {method: 'POST'}).then((answer) => answer.json())"
WIDE = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


async def give_back(cloud: Cloud, customer: str) -> None:
    """The newest sale becomes the customer's credit."""
    (sale, *_) = (await asyncio.to_thread(cloud.get, f"{SALES}?status=completed&limit=1"))["items"]
    body = {"amount": PRICE, "reason": "冷えていなかった", "method": "store_credit", "customer": customer}
    await asyncio.to_thread(cloud.post, f"{SALES}/{sale['id']}/refund", body)


async def press(page: Page) -> None:
    await page.select_option('#credit select[name="wanted"]', "A1:160:green-tea")
    await page.click("#credit button")


async def refused(page: Page, why: str, picture: str) -> None:
    """It is said beside the balance, and everybody can read it."""
    await expect(page.locator("#credit .refused")).to_contain_text(why)
    await expect(page.locator("#credit .refused")).to_be_in_viewport()
    await expect(page.locator("#credit")).not_to_contain_text("いまこの自販機にありません")
    assert await page.evaluate(WIDE)
    assert await serious(page) == []
    if folder := os.environ.get("VEND_PICTURES"):
        await page.screenshot(path=Path(folder) / f"credit-{picture}.png")


async def test_credit_when_spent_on_the_phone_then_the_unit_falls_once_and_what_stops_it_is_said_beside_the_balance(
    browser: Browser, stack: Stack
) -> None:
    await buy(stack, lambda _: None)
    cloud = await asyncio.to_thread(Cloud, stack.cloud_url, stack.password)
    complaints: list[str] = []
    looks: tuple[Any, ...] = ("light", "dark")
    context = await browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=looks[0])

    async def opened() -> Page:
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{stack.cloud_url}/m/{MACHINE}?lang=ja")
        return page

    page = await opened()
    await expect(page.locator("#credit")).to_have_count(0)
    customer = (await page.evaluate(KNOWN))["customer_id"]
    await give_back(cloud, customer)
    first, second = await opened(), await opened()
    await expect(first.locator("#credit b")).to_have_text("残高 ¥160")
    await press(first)
    await expect(first.locator("#credit .answer")).to_contain_text("緑茶 をお出しします")
    found = await cloud.until(
        "the unit falls", f"{SALES}?status=completed&limit=9", lambda rows: len(rows["items"]) == 2
    )
    assert (found["items"][0]["tender"], found["items"][0]["gross_minor"]) == ("remote", PRICE)
    await press(second)
    await refused(second, "残高が足りません", "short")
    books = await asyncio.to_thread(cloud.get, f"{SALES}?status=completed&limit=9")
    assert len(books["items"]) == 2
    await expect((await opened()).locator("#credit")).to_have_count(0)

    await give_back(cloud, customer)
    last = await opened()
    await last.emulate_media(color_scheme=looks[1])
    await asyncio.to_thread(stack.kill, "machine")
    await cloud.until("the machine is offline", HERE, lambda machine: not machine["is_online"])
    await press(last)
    await refused(last, "自販機につながりません", "offline")
    await expect(last.locator("#credit b")).to_have_text("残高 ¥160")
    assert complaints == []
    await context.close()
