"""Take the pictures of docs/ from the running product: emulated machine, dashboard, every screen of the machine.

    python -m tools.screenshots [readme|screens]

Needs Chromium (CHROMIUM names another one), and Xvfb for the touchscreen. Writes docs/pictures/; each screen in each
state, language and size goes to build/screens, and from there onto contact sheets.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright, expect
from rich.console import Console

from cloud.dashboard.language import COOKIE
from tools.screens import contact
from tools.stack import MACHINE, OPERATOR, Ports, Stack

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SCREENS: Final = FOLDER.parent.parent / "build" / "screens"
SALES: Final = (("A1", (100, 100)), ("B2", (100, 50)), ("C4", (500,)), ("A3", (100, 10, 10)), ("B4", (100, 50)))
"""What customers buy before the pictures are taken: slot and coins."""
DASHBOARD: Final = {
    "": ("", "statements", f"machines/{MACHINE}", "journal"),
    "-night": ("",),
    "-en": ("", "statements"),
}
"""Which pages are pictured in Japanese by day, in the colours of the night, and in English."""
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
    for suffix, names in DASHBOARD.items():
        context = await browser.new_context(
            viewport={"width": 1280, "height": 860},
            locale="ja-JP",
            color_scheme="dark" if suffix == "-night" else "light",
        )
        language = "en" if suffix == "-en" else "ja"
        await context.add_cookies([{"name": COOKIE, "value": language, "url": stack.cloud_url}])
        page = await context.new_page()
        await page.goto(f"{stack.cloud_url}/dashboard/")
        await page.fill('input[name="username"]', OPERATOR)
        await page.fill('input[name="password"]', stack.password)
        await page.click('button[type="submit"]')
        await expect(page.locator('[data-metric="today_revenue"]')).to_be_visible()
        for name in names:
            await page.goto(f"{stack.cloud_url}/dashboard/{name}")
            await _shoot(page, f"dashboard-{name.split('/')[0] or 'today'}{suffix}")
        await context.close()


async def _all(stack: Stack) -> None:
    async with async_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        await _machine(browser, stack)
        await _dashboard(browser, stack)
        await browser.close()


def _readme() -> None:
    """Start everything in a throw-away folder, buy a few things, take the pictures."""
    with tempfile.TemporaryDirectory(prefix="vend-pictures-") as folder:
        stack = Stack(Path(folder), Ports.free())
        try:
            stack.start_all()
            asyncio.run(_all(stack))
        finally:
            stack.stop()


def _screens() -> None:
    """Draw every state with both renderers, each in a process of its own, and put them on contact sheets."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for old in SCREENS.glob("*.png"):  # of states that are no more
        old.unlink()
    python = [sys.executable, "-m"]
    subprocess.run(["xvfb-run", "-a", *python, "tools.screens.kiosk", str(SCREENS)], check=False)
    subprocess.run([*python, "tools.screens.front", str(SCREENS)], check=False)
    for path in contact.make(SCREENS, FOLDER):
        _console.print(f"  docs/pictures/{path.name}")


def main() -> int:
    """Take what is asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["readme", "screens"], help="only these; all without it")
    what = parser.parse_args().what
    FOLDER.mkdir(parents=True, exist_ok=True)
    if what != "screens":
        _readme()
    if what != "readme":
        _screens()
    return 0


if __name__ == "__main__":
    sys.exit(main())
