"""Draw every state of the touchscreen at every size, and look for what nobody could read or hit.

    xvfb-run -a python -m tools.screens.kiosk build/screens

One Kivy process draws all of them into pictures of the wanted size; nothing is cut to the window it runs in.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from edge.screens.kiosk.layout import GAP_MM, TARGET_MM, Display
from tools.screens.states import Shown, every_state

SIZES: Final = {
    "800x480": Display(800, 480, 7.0),
    "1024x600": Display(1024, 600, 7.0),
    "1080x1920": Display(1080, 1920, 21.5),
}
LONGER: Final = 1.4
"""Texts of another language may be so much longer; what is drawn must still have room."""
_SLACK: Final = 0.999


@dataclass(frozen=True, slots=True)
class Finding:
    """Something nobody could read or hit."""

    size: str
    language: str
    state: str
    kind: str
    """target, gap, overlap, overflow or outside."""
    what: str


def findings_of(screen: Any, display: Display, where: tuple[str, str, str]) -> Iterator[Finding]:
    """Look at one drawn screen."""
    from edge.screens.kiosk.widgets import Key, Plate, Tile  # noqa: PLC0415 - Kivy reads its configuration first

    seen = [widget for widget in screen.walk() if widget.opacity > 0]
    sheet = screen.sheet
    targets = [w for w in seen if isinstance(w, Key | Tile) and (not isinstance(w, Tile) or sheet is None)]
    mm = display.px_per_mm
    for one in targets:
        if min(one.width, one.height) < TARGET_MM * mm * _SLACK:
            yield Finding(*where, "target", f"{_name(one)}: {one.width / mm:.1f} x {one.height / mm:.1f} mm")
        if one.x < 0 or one.y < 0 or one.right > display.width + 1 or one.top > display.height + 1:
            yield Finding(*where, "outside", _name(one))
    for number, one in enumerate(targets):
        for other in targets[number + 1 :]:
            apart = max(other.x - one.right, one.x - other.right, other.y - one.top, one.y - other.top)
            if apart < GAP_MM * mm * 0.95 and one.parent is other.parent:
                kind = "overlap" if apart < 0 else "gap"
                yield Finding(*where, kind, f"{_name(one)} and {_name(other)}: {apart / mm:.1f} mm")
    shaded = {id(w) for tile in seen if isinstance(tile, Tile) and sheet is not None for w in tile.walk()}
    for one in seen:
        if isinstance(one, Plate) and id(one) not in shaded and (missing := one.overflow()) > 1:
            yield Finding(*where, "overflow", f"{one.text[:30]!r}: {missing / mm:.1f} mm")


def _name(widget: Any) -> str:
    return getattr(widget, "text", "") or getattr(widget, "slot", "") or type(widget).__name__


def draw(shown: Shown, size: str, folder: Path | None) -> list[Finding]:
    """Draw one state at one size, into `folder` if there is one, and look at it."""
    from kivy.clock import Clock  # noqa: PLC0415
    from kivy.lang import Builder  # noqa: PLC0415

    from edge.screens.kiosk.customer import CustomerScreen  # noqa: PLC0415

    display = SIZES[size]
    screen = CustomerScreen(display, lambda _: None)
    screen.show(json.loads(json.dumps(shown.view.to_dict())))
    for _ in range(2):  # text becomes texture, rules become places; the window itself is never drawn
        Clock.tick()
        Builder.sync()
        Clock.tick_draw()
        Builder.sync()
    found = list(findings_of(screen, display, (size, shown.language, shown.name)))
    if folder is not None:
        screen.export_to_png(str(folder / f"kiosk-{size}-{shown.language}-{shown.name}.png"))
    return found


def main() -> int:
    """Draw all; the exit code tells whether something was found."""
    parser = argparse.ArgumentParser(description="Draw every state of the touchscreen and look for what is wrong.")
    parser.add_argument(
        "folder", type=Path, nargs="?", help="where the pictures go; without it they are only looked at"
    )
    folder: Path | None = parser.parse_args().folder
    with TemporaryDirectory() as home:
        _open_window(home)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        found = [one for size in SIZES for shown in every_state() for one in draw(shown, size, folder)]
    for one in found:
        print(*asdict(one).values(), sep="  ")
    print(f"{len(found)} findings in {len(SIZES) * sum(1 for _ in every_state())} screens")
    return 1 if found else 0


def _open_window(home: str) -> None:
    """Kivy needs one for its drawing context; nothing is shown in it."""
    os.environ |= {"KIVY_NO_ARGS": "1", "KIVY_NO_FILELOG": "1", "KIVY_NO_CONSOLELOG": "1", "KIVY_HOME": home}
    from kivy.config import Config  # noqa: PLC0415

    Config.set("graphics", "width", "320")
    Config.set("graphics", "height", "240")
    from kivy.base import EventLoop  # noqa: PLC0415
    from kivy.core.window import Window  # noqa: PLC0415 - importing it opens it

    del Window
    EventLoop.ensure_window()


if __name__ == "__main__":
    sys.exit(main())
