"""Draw every state of the touchscreen at every size, and look for what nobody could read, hit or understand.

    xvfb-run -a python -m tools.screens.kiosk [folder]

One Kivy process draws all of them into pictures of the wanted size; nothing is cut to the window it runs in. Every
state is looked at twice: as it is, and with texts as long as those of another language may be.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from edge.screens.kiosk.layout import Display
from tools.screens.finding import Finding, Wish, asked, told
from tools.screens.longer import lengthened
from tools.screens.states import Shown, every_screen

SIZES: Final = {
    "800x480": Display(800, 480, 7.0),
    "1024x600": Display(1024, 600, 7.0),
    "1080x1920": Display(1080, 1920, 21.5),
}
LONGER_LANGUAGE: Final = "en"
"""Which language is lengthened besides being drawn as it is: the one with words that must not be broken."""


class Easel:
    """One display in an open Kivy, that shows one state after the other as the machine does."""

    def __init__(self, size: str) -> None:
        from edge.screens.kiosk.stage import Stage  # noqa: PLC0415 - Kivy reads its configuration first

        self._size, self._display = size, SIZES[size]
        self.stage: Any = Stage(self._display, lambda _: None)

    def draw(self, shown: Shown, *, is_longer: bool = False) -> None:
        """Draw a state, by the JSON that the controller sends."""
        view = json.loads(json.dumps(shown.view.to_dict()))
        self.stage.heard({"type": "view", "view": lengthened(view) if is_longer else view})
        for part in shown.presses:
            self._press(part)
        settle()

    def _press(self, part: str) -> None:
        """Press a part, on whichever sheet of the page it is."""
        maintenance = self.stage.maintenance
        while part not in maintenance.names:
            maintenance.press("turn.next")
        maintenance.press(part)

    def findings(self, shown: Shown, *, is_longer: bool = False) -> Iterator[Finding]:
        """Look at what is drawn now."""
        from tools.screens.checks import Drawn  # noqa: PLC0415

        name = f"{shown.name} +40 %" if is_longer else shown.name
        yield from Drawn(self.stage, self._display, (self._size, shown.language, name)).findings()

    def keep(self, folder: Path, shown: Shown) -> Path:
        """Write what is drawn now to a file."""
        path = folder / f"kiosk-{self._size}-{shown.language}-{shown.name}.png"
        self.stage.export_to_png(str(path))
        return path


def settle() -> None:
    """Let text become texture and rules become places; the window itself is never drawn."""
    from kivy.clock import Clock  # noqa: PLC0415
    from kivy.lang import Builder  # noqa: PLC0415

    for _ in range(2):
        Clock.tick()
        Builder.sync()
        Clock.tick_draw()
        Builder.sync()


def look_at_all(wish: Wish) -> tuple[int, list[Finding]]:
    """Draw all that is wished for: how many screens, and what was found."""
    states = [one for one in every_screen() if wish.only in one.name]
    found: list[Finding] = []
    count = 0
    for size in wish.sizes:
        easel = Easel(size)
        for shown in states:
            for is_longer in (False, True) if shown.language == LONGER_LANGUAGE else (False,):
                easel.draw(shown, is_longer=is_longer)
                found += easel.findings(shown, is_longer=is_longer)
                count += 1
                if wish.folder is not None and not is_longer:
                    easel.keep(wish.folder, shown)
    return count, found


def main() -> int:
    """Draw all; the exit code tells whether something was found."""
    wish = asked("Draw every state of the touchscreen and look for what is wrong.", SIZES)
    with TemporaryDirectory() as home:
        open_window(home)
        count, found = look_at_all(wish)
    return told(found, count)


def open_window(home: str) -> None:
    """Kivy needs one for its drawing context; nothing is shown in it."""
    os.environ |= {"KIVY_NO_ARGS": "1", "KIVY_NO_FILELOG": "1", "KIVY_NO_CONSOLELOG": "1", "KIVY_HOME": home}
    from kivy.config import Config  # noqa: PLC0415

    Config.set("graphics", "width", "320")
    Config.set("graphics", "height", "240")
    Config.set("graphics", "maxfps", "0")  # nothing waits for the next frame
    from kivy.base import EventLoop  # noqa: PLC0415
    from kivy.core.window import Window  # noqa: PLC0415 - importing it opens it

    del Window
    sys.stderr = sys.__stderr__  # Kivy takes it for its log; what goes wrong here must be seen
    EventLoop.ensure_window()


if __name__ == "__main__":
    sys.exit(main())
