"""Draw every state of the browser front at every size, without a machine, and look for what nobody could read or hit.

    python -m tools.screens.front build/screens

One Chromium, one page: its files come from `edge/front/static`, its views from `tools/screens/states.py`, fed over the
page's own WebSocket. Needs Chromium (CHROMIUM names another one).
"""

import asyncio
import json
import mimetypes
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, Route, WebSocketRoute, async_playwright

from edge.front.server import CSP
from tools.screens.finding import Finding, Wish, asked, told
from tools.screens.longer import lengthened
from tools.screens.states import Shown, every_screen

HOST: Final = "http://front.test"
SIZES: Final = {"800x480": (800, 480), "1024x600": (1024, 600), "1080x1920": (1080, 1920), "390x844": (390, 844)}
TARGET_MM: Final = 15.0
GAP_MM: Final = 3.0
TEXT_CONTRAST: Final = 7.0
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

LOOK: Final = """([least, gap, ratio]) => {
  const mm = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--mm'));
  const overlay = document.querySelector('#maintenance:not([hidden]) .m-pad') ||
    document.querySelector('#maintenance:not([hidden])') || document.querySelector('#t-attract:not([hidden])');
  const root = overlay || document.querySelector('#touch:not([hidden])') || document.body;
  const sheet = overlay ? null : document.querySelector('#t-sheet:not([hidden])');
  const isSeen = (e) => e.checkVisibility() && !(sheet && e.closest('#t-shelf'));
  const name = (e) => (e.textContent || e.id || e.className).trim().slice(0, 30);
  const found = [];
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (e) => {
    for (let p = e; p; p = p.parentElement) {
      const [r, g, b, alpha = 1] = parts(getComputedStyle(p).backgroundColor);
      if (alpha === 1) return `rgb(${r}, ${g}, ${b})`;
    }
    return 'rgb(255, 255, 255)';
  };
  const light = (colour) => {
    const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = parts(colour).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const targets = [...root.querySelectorAll('button'), ...(root.matches('button') ? [root] : [])].filter(isSeen);
  const boxes = targets.map((e) => e.getBoundingClientRect());
  targets.forEach((e, n) => {
    const b = boxes[n];
    if (Math.min(b.width, b.height) < least * mm * 0.995)
      found.push(['target', `${name(e)}: ${(b.width / mm).toFixed(1)} x ${(b.height / mm).toFixed(1)} mm`]);
    if (b.left < -0.5 || b.right > innerWidth + 0.5) found.push(['outside', name(e)]);
    const isPhone = document.documentElement.dataset.panel === 'phone';
    if (!isPhone && (b.top < -0.5 || b.bottom > innerHeight + 0.5)) found.push(['outside', name(e)]);
    targets.slice(n + 1).forEach((other, k) => {
      const c = boxes[n + 1 + k];
      const apart = Math.max(c.left - b.right, b.left - c.right, c.top - b.bottom, b.top - c.bottom);
      const between = `${name(e)} and ${name(other)}: ${(apart / mm).toFixed(1)} mm`;
      if (apart < gap * mm * 0.95 && !e.contains(other)) found.push([apart < -0.5 ? 'overlap' : 'gap', between]);
    });
  });
  for (const e of [...root.querySelectorAll('*'), root]) {
    if (!isSeen(e) || e.closest('svg')) continue;
    const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const style = getComputedStyle(e);
    if ((hasText || e.tagName === 'BUTTON') && e.clientWidth && !/auto|scroll/.test(style.overflowY) &&
        (e.scrollWidth > e.clientWidth + 2 || (e.scrollHeight > e.clientHeight + 6 && style.overflowY !== 'visible')))
      found.push(['overflow', `${name(e)}: ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`]);
    if (!hasText) continue;
    const seen = contrast(style.color, ground(e));
    if (seen < ratio) found.push(['contrast', `${name(e)}: ${seen.toFixed(1)}`]);
    const range = document.createRange();
    for (const text of [...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE))
      for (const word of text.data.matchAll(/[A-Za-z]{3,}/g)) {
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (range.getClientRects().length > 1) found.push(['broken', `${word[0]} in ${name(e)}`]);
      }
    range.selectNodeContents(e);
    const t = range.getBoundingClientRect();
    for (let p = e.parentElement; p && root.contains(p); p = p.parentElement) {
      const overflow = getComputedStyle(p).overflowY;
      if (/auto|scroll/.test(overflow)) break;
      const b = p.getBoundingClientRect();
      if (overflow !== 'visible' && (t.bottom > b.bottom + 4 || t.right > b.right + 2 || t.top < b.top - 4)) {
        found.push(['overflow', `${name(e)} out of ${p.id || p.className}`]);
        break;
      }
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push(['outside', 'the page is wider than the panel']);
  return found;
}"""
"""What a finger misses and an eye cannot read, of the uppermost layer."""


DRAWN: Final = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
  return document.body.offsetHeight;
}"""
"""Until letters and pictures are there; a picture that cannot be drawn is no reason to wait for ever."""
PRESS: Final = """(part) => {
  const [block, what] = part.split('.');
  const inside = '.m-number, .m-entry';
  const place = document.querySelector(`[data-block="${block}"]`);
  const key = block === 'pad' ? document.querySelector(`[data-pad="${what.replace('type', '')}"]`)
    : place.matches(inside) ? place : place.querySelector(inside);
  key.click();
}"""
"""Press a part that a state names: `pad.type1` is a key of the pad, `2.value` the value of block 2."""


class Front:
    """The page, and the machine that it believes to talk to."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed: list[dict[str, Any]] = []
        """What the page asked for."""
        self._line: WebSocketRoute | None = None

    async def open(self) -> None:
        """Load the page and wait until it has called."""
        called = asyncio.Event()

        def answer(line: WebSocketRoute) -> None:
            self._line = line
            line.on_message(lambda raw: self.pressed.append(json.loads(raw)))
            called.set()

        await self.page.route(f"{HOST}/**", _serve)
        await self.page.route_web_socket("**/ws", answer)
        await self.page.goto(f"{HOST}/")
        await called.wait()

    def send(self, message: dict[str, Any]) -> None:
        """A frame from the machine."""
        if self._line is None:
            raise RuntimeError("open the page first")
        self._line.send(json.dumps(message, ensure_ascii=False))

    async def show(self, view: dict[str, Any], presses: Sequence[str] = ()) -> None:
        """Draw a view, and wait until it is drawn; then press parts of it."""
        self.send({"type": "view", "view": view})
        await self.page.evaluate(DRAWN)
        for part in presses:
            await self.page.evaluate(PRESS, part)

    async def findings(self, least_mm: float = TARGET_MM) -> list[tuple[str, str]]:
        """Look at what is drawn now."""
        return [(kind, what) for kind, what in await self.page.evaluate(LOOK, [least_mm, GAP_MM, TEXT_CONTRAST])]


async def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(HOST).split("?")[0]
    name = "index.html" if path == "/" else path.removeprefix("/static/")
    file = resources.files("edge.front").joinpath("static", *name.split("/"))
    if not file.is_file():
        await route.fulfill(status=404, body="No such file.")
        return
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    await route.fulfill(body=file.read_bytes(), content_type=kind, headers={"Content-Security-Policy": CSP})


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's own."""
    path = os.environ.get("CHROMIUM", shutil.which("chromium") or "/usr/bin/chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        await browser.close()


async def look(front: Front, size: str, shown: Shown, folder: Path | None) -> list[Finding]:
    """Draw one state, into `folder` if there is one, and look at it; then again with longer words."""
    found: list[Finding] = []
    plain = shown.view.to_dict()
    for view, suffix in ((plain, ""), (lengthened(plain), "+40%")):
        await front.show(view, shown.presses)
        found += [Finding(size, shown.language, shown.name + suffix, *one) for one in await front.findings()]
        if folder is not None and not suffix:
            await front.page.screenshot(path=folder / f"front-{size}-{shown.language}-{shown.name}.png")
    return found


async def draw(wish: Wish) -> tuple[int, list[Finding]]:
    """Draw everything that is wished for: how many screens, and what was found."""
    found: list[Finding] = []
    count = 0
    async with chromium() as browser:
        page = await browser.new_page(reduced_motion="reduce")
        front = Front(page)
        await front.open()
        for size in wish.sizes:
            width, height = SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            for shown in every_screen():
                if wish.only in shown.name:
                    found += await look(front, size, shown, wish.folder)
                    count += 1
    return count, found


def main() -> int:
    """Draw all; the exit code tells whether something was found."""
    wish = asked("Draw every state of the browser front and look for what is wrong.", SIZES)
    count, found = asyncio.run(draw(wish))
    return told(found, count)


if __name__ == "__main__":
    sys.exit(main())
