"""`vend screen`: the touchscreen's composition root. Draws what the controller says; may crash and start again."""

import asyncio
import threading
from typing import Any

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window

from edge.screens.kiosk.layout import Display
from edge.screens.kiosk.line import Line
from edge.screens.kiosk.settings import ScreenSettings
from edge.screens.kiosk.stage import Stage


class ScreenApp(App):  # type: ignore[misc] # Kivy has no types
    """One window, one line to the controller."""

    def __init__(self, settings: ScreenSettings) -> None:
        super().__init__()
        self._settings = settings
        token_file = settings.machine_dir / "local_token"
        self._line = Line(settings.controller_url, token_file, self._in_kivy(self._heard), self._in_kivy(self._lost))

    def build(self) -> Stage:
        """Make the window's content."""
        width, height = Window.size
        self._stage = Stage(Display(width, height, self._settings.screen_inch), self._intend)
        self._stage.is_dimming = self._settings.backlight_dir is None
        return self._stage

    def on_start(self) -> None:
        """Begin to listen, in a thread: drawing and listening must not wait for each other."""
        threading.Thread(target=lambda: asyncio.run(self._line.run()), name="line", daemon=True).start()

    @staticmethod
    def _in_kivy(call: Any) -> Any:
        """Only Kivy's own thread touches widgets; calls keep their order."""
        return lambda *values: Clock.schedule_once(lambda _: call(*values), 0)

    def _heard(self, frame: dict[str, Any]) -> None:
        self._stage.heard(frame)

    def _lost(self) -> None:
        self._stage.lost()

    def _intend(self, intent: dict[str, Any]) -> None:
        self._line.send({"type": "intent", **intent})
