"""A coupon's price on the machine's page: both prices can be read, on every screen."""

import asyncio

import pytest
from playwright.async_api import Browser, Locator, expect

from tools.smoke import Cloud
from tools.stack import MACHINE, Stack

pytestmark = pytest.mark.browser

HERE = f"/api/v1/vending/machines/{MACHINE}"
SIZES = [(1024, 600), (1280, 800), (1440, 900), (390, 844)]

TOPMOST = """element => {
  const box = element.getBoundingClientRect();
  const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return found === element;
}"""


async def is_topmost(label: Locator) -> bool:
    """Nothing covers or cuts it off."""
    await label.scroll_into_view_if_needed()
    return bool(await label.evaluate(TOPMOST))


async def test_coupon_when_offered_then_the_list_price_is_seen_struck_out_beside_the_new_one(
    browser: Browser, stack: Stack
) -> None:
    cloud = await asyncio.to_thread(Cloud, stack.cloud_url, stack.password)
    await cloud.until("the machine is online", HERE, lambda machine: machine["is_online"])
    page = await browser.new_page(locale="ja-JP")
    await page.goto(f"{stack.front_url}/")
    await expect(page.locator('[data-slot="A1"] .price')).to_have_text("¥160", timeout=15_000)
    await asyncio.to_thread(cloud.post, f"{HERE}/offers", {"slot": "A1", "price_minor": 100, "coupon": "RAINY-DAY"})
    await expect(page.locator('[data-slot="A1"] .price')).to_have_text("¥100", timeout=15_000)
    await expect(page.locator("#message")).to_contain_text("クーポン価格です。緑茶 ¥100")
    label = page.locator('[data-slot="A1"] .list-price')
    await expect(label).to_have_text("¥160")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await is_topmost(label), f"at {width}x{height}"
