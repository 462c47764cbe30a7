"""Ask axe-core what people with disabilities would trip over on a page."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
ASK = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .filter((one) => ['serious', 'critical'].includes(one.impact))
  .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' | ')}`)"""


@cache
def _source() -> str:
    return AXE.read_text("utf-8")


async def serious(page: Page) -> list[str]:
    """What is serious or critical on the page as it stands now."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())  # past the page's policy, which lets in no script of ours by a tag
    found: list[Any] = await page.evaluate(ASK)
    return [str(one) for one in found]
