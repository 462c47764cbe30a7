"""Draw the product family and the jam guide as PNG for the touchscreen, which cannot draw SVG. Needs Chromium.

python -m tools.design.art_png
"""

import asyncio
import shutil
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

from tools.design import art, guide

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "edge/screens/kiosk/art"
GOODS = (180, 300)
"""Pixels; the canvas of the goods is 120 × 200."""
STEPS = (480, 330)
"""Of the jam guide's, 320 × 220."""


async def draw() -> None:
    """Write one PNG per drawing, its ground transparent."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page()
        families = ((FOLDER, GOODS, art.draw_all()), (FOLDER / "guide", STEPS, guide.draw_all()))
        for folder, (width, height), drawings in families:
            folder.mkdir(exist_ok=True)
            await page.set_viewport_size({"width": width, "height": height})
            style = f"*{{margin:0;background:transparent}}svg{{width:{width}px;height:{height}px;display:block}}"
            for name, svg in drawings.items():
                await page.set_content(f"<style>{style}</style>{svg}")
                await page.screenshot(path=folder / f"{name}.png", omit_background=True)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(draw())
