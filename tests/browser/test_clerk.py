"""The clerk on the machine's own page: from a press on the display to the agent in the cloud and back."""

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tools.smoke import Cloud
from tools.stack import MACHINE, Stack

pytestmark = pytest.mark.browser

HERE = f"/api/v1/vending/machines/{MACHINE}"


async def test_clerk_when_asked_at_the_machine_then_answers_with_what_it_sells_and_forgets_the_customer(
    browser: Browser, stack: Stack
) -> None:
    cloud = await asyncio.to_thread(Cloud, stack.cloud_url, stack.password)
    await cloud.until("the machine is online", HERE, lambda machine: machine["is_online"])
    page = await browser.new_page(locale="ja-JP", viewport={"width": 1024, "height": 600})
    await page.goto(f"{stack.front_url}/")
    await page.locator("#clerk-open").click(timeout=15_000)
    said = page.locator('#clerk-lines [data-who="clerk"][aria-busy="false"] .words')
    await expect(said).to_have_count(1, timeout=30_000)
    await page.fill("#clerk-words", "緑茶はいくらですか")
    await page.locator("#clerk-send").click()
    await expect(said).to_have_count(2, timeout=30_000)
    await expect(said.last).to_contain_text("160円")
    await page.locator("#clerk-close").click()
    await expect(page.locator("#clerk")).to_be_hidden()
    await page.locator("#clerk-open").click()
    await expect(said).to_have_count(1, timeout=30_000)
    await expect(page.locator("#clerk-lines")).not_to_contain_text("緑茶はいくら")
