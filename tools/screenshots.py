"""Take the pictures of the README from the running product: the emulated machine and the dashboard.

Run: python -m tools.screenshots. Needs Chromium (CHROMIUM names another one). Writes docs/pictures/.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright, expect
from rich.console import Console

from tools.stack import MACHINE, OPERATOR, Ports, Stack

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SALES: Final = (("A1", (100, 100)), ("B2", (100, 50)), ("C4", (500,)), ("A3", (100, 10, 10)), ("B4", (100, 50)))
"""What customers buy before the pictures are taken: slot and coins."""
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

_console = Console(highlight=False)


async def _insert(machine: Page, coins: tuple[int, ...]) -> None:
    credit = 0
    for coin in coins:
        await machine.click(f'[data-coin="{coin}"]')
        credit += coin
        await expect(machine.locator("#credit")).to_have_text(f"¥{credit:,}")


async def _buy(machine: Page, slot: str, coins: tuple[int, ...]) -> None:
    await _insert(machine, coins)
    await machine.click(f'[data-slot="{slot}"]')
    await expect(machine.locator("#tray")).to_have_attribute("data-count", "1")
    await expect(machine.locator("#credit")).to_have_text("¥0")


async def _shoot(page: Page, name: str) -> None:
    await page.mouse.move(1, 1)
    await page.wait_for_timeout(600)  # let motion end; a picture, not a test
    await page.screenshot(path=FOLDER / f"{name}.png")
    _console.print(f"  docs/pictures/{name}.png")


async def _machine(browser: Browser, stack: Stack) -> None:
    machine = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="ja-JP")
    await machine.goto(f"{stack.front_url}/")
    await expect(machine.locator('.slot[data-slot="A1"]')).to_have_attribute("data-state", "available")
    for number, (slot, coins) in enumerate(SALES):
        await _buy(machine, slot, coins)
        if number == len(SALES) - 1:
            await _shoot(machine, "machine-delivered")
        await machine.click('[data-do="take_products"]')
        if await machine.locator("#return-cup").get_attribute("data-count") != "0":
            await machine.click('[data-do="take_coins"]')
    await _insert(machine, (100, 100))
    await machine.click('[data-slot="A1"]')
    await machine.wait_for_timeout(1200)
    await _shoot(machine, "machine")
    await expect(machine.locator("#credit")).to_have_text("¥0")
    await machine.click('[data-language="en"]')
    await machine.set_viewport_size({"width": 1024, "height": 600})
    await machine.wait_for_timeout(7000)  # until the thanks have had their time
    await _shoot(machine, "machine-en")


async def _dashboard(browser: Browser, stack: Stack) -> None:
    for scheme, names in (("light", ("", "statements", f"machines/{MACHINE}", "journal")), ("dark", ("",))):
        context = await browser.new_context(
            viewport={"width": 1280, "height": 860},
            locale="ja-JP",
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = await context.new_page()
        await page.goto(f"{stack.cloud_url}/dashboard/")
        await page.fill('input[name="username"]', OPERATOR)
        await page.fill('input[name="password"]', stack.password)
        await page.click('button[type="submit"]')
        await expect(page.locator('[data-metric="today_revenue"]')).to_be_visible()
        for name in names:
            await page.goto(f"{stack.cloud_url}/dashboard/{name}")
            suffix = "-night" if scheme == "dark" else ""
            await _shoot(page, f"dashboard-{name.split('/')[0] or 'today'}{suffix}")
        await context.close()


async def _all(stack: Stack) -> None:
    async with async_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        await _machine(browser, stack)
        await _dashboard(browser, stack)
        await browser.close()


def main() -> int:
    """Start everything in a throw-away folder, buy a few things, take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vend-pictures-") as folder:
        stack = Stack(Path(folder), Ports.free())
        try:
            stack.start_all()
            asyncio.run(_all(stack))
        finally:
            stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
