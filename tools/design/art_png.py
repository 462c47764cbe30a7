"""Draw the product family as PNG for the touchscreen, which cannot draw SVG. Run by hand; needs Chromium.

python -m tools.design.art_png
"""

import asyncio
import shutil
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

from tools.design import art

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "edge/screens/kiosk/art"
WIDTH, HEIGHT = 180, 300
"""Pixels; the canvas of the drawings is 120 × 200."""
STYLE: Final = f"*{{margin:0;background:transparent}}svg{{width:{WIDTH}px;height:{HEIGHT}px;display:block}}"


async def draw() -> None:
    """Write one PNG per drawing, its ground transparent."""
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, svg in art.draw_all().items():
            await page.set_content(f"<style>{STYLE}</style>{svg}")
            await page.screenshot(path=FOLDER / f"{name}.png", omit_background=True)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(draw())
