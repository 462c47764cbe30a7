"""Starts the touchscreen. Kivy reads its configuration when it is first imported, so that is set before."""

import os

from edge.screens.kiosk.settings import ScreenSettings
from protocol.kit.logs import setup_logging


def run(settings: ScreenSettings) -> None:
    """Draw until the window is closed."""
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("KIVY_HOME", str(settings.machine_dir / "kivy"))
    os.environ["KIVY_LOG_MODE"] = "PYTHON"  # else it lets every library's debugging through, headers with the token too
    setup_logging([], log_format="console")
    (settings.machine_dir / "kivy").mkdir(parents=True, exist_ok=True)
    from kivy.config import Config  # noqa: PLC0415 - only after the environment says how

    Config.set("graphics", "width", str(settings.screen_width))
    Config.set("graphics", "height", str(settings.screen_height))
    Config.set("graphics", "fullscreen", "auto" if settings.screen_full else "0")
    Config.set("graphics", "resizable", "0")
    Config.set("graphics", "multisamples", "0")
    Config.set("graphics", "maxfps", "30")
    Config.set("input", "mouse", "mouse,disable_multitouch")
    from edge.screens.kiosk.app import ScreenApp  # noqa: PLC0415

    ScreenApp(settings).run()
