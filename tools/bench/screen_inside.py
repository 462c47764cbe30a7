"""The touchscreen that `screen.py` measures, in a process of its own. Prints its figures as one line of JSON."""

import asyncio
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

FRAMES: Final = 60


class Bench:
    """One stage in a real window, with a real line."""

    def __init__(self, url: str, folder: Path, size: tuple[int, int]) -> None:
        os.environ |= {"KIVY_NO_ARGS": "1", "KIVY_NO_FILELOG": "1", "KIVY_NO_CONSOLELOG": "1"}
        os.environ["KIVY_HOME"] = str(folder / "kivy")
        from kivy.config import Config  # noqa: PLC0415 - Kivy reads its configuration when it is first imported

        for name, value in (("width", size[0]), ("height", size[1]), ("maxfps", 0), ("multisamples", 0)):
            Config.set("graphics", name, str(value))
        from kivy.base import EventLoop  # noqa: PLC0415
        from kivy.core.window import Window  # noqa: PLC0415

        from edge.screens.kiosk.layout import Display  # noqa: PLC0415
        from edge.screens.kiosk.line import Line  # noqa: PLC0415
        from edge.screens.kiosk.stage import Stage  # noqa: PLC0415

        sys.stderr = sys.__stderr__
        EventLoop.ensure_window()
        self._loop: Any = EventLoop
        self._frames: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._line = Line(url, folder / "local_token", self._frames.put, lambda: None)
        self.stage: Any = Stage(Display(*size, 7.0), lambda _: None)
        Window.add_widget(self.stage)
        EventLoop.status = "started"
        threading.Thread(target=lambda: asyncio.run(self._line.run()), daemon=True).start()

    def draw(self) -> None:
        """One frame, whether anything changed or not."""
        from kivy.core.window import Window  # noqa: PLC0415

        Window.canvas.ask_update()
        self._loop.idle()

    def until_heard(self) -> dict[str, Any]:
        """Wait for a frame of the controller and draw it."""
        frame = self._frames.get(timeout=60)
        self.stage.heard(frame)
        self.draw()
        return frame

    def press(self) -> None:
        """As a key does."""
        self._line.send({"type": "intent", "intent": "clear"})

    def answers(self, count: int) -> list[float]:
        """Milliseconds from a press to the drawn frame of its answer."""
        found = []
        for _ in range(count):
            begun = time.perf_counter()
            self.press()
            self.until_heard()
            found.append((time.perf_counter() - begun) * 1000)
        return found

    def pressed_ms(self) -> float:
        """Milliseconds until a key looks pressed."""
        from edge.screens.kiosk.widgets import Key  # noqa: PLC0415

        key = next(one for one in self.stage.walk() if isinstance(one, Key))
        begun = time.perf_counter()
        key.state = "down"
        self.draw()
        elapsed = time.perf_counter() - begun
        key.state = "normal"
        return elapsed * 1000

    def per_second(self, frames: list[dict[str, Any]]) -> float:
        """Frames drawn in a second, each of another of these views."""
        begun = time.perf_counter()
        for number in range(FRAMES):
            if frames:
                self.stage.heard(frames[number % len(frames)])
            self.draw()
        return FRAMES / (time.perf_counter() - begun)


def main() -> int:
    """Measure, and say it."""
    url, folder, answers, width, height = sys.argv[1:]
    bench = Bench(url, Path(folder), (int(width), int(height)))
    first = bench.until_heard()
    start_s, start_cpu_s = _age_s(), time.process_time()
    found = bench.answers(int(answers))
    seen = [first]
    for _ in range(3):
        bench.press()
        seen.append(bench.until_heard())
    figures = {
        "start_s": start_s,
        "start_cpu_s": start_cpu_s,
        "answers_ms": found,
        "pressed_ms": bench.pressed_ms(),
        "views_per_s": bench.per_second(seen),
        "frames_per_s": bench.per_second([]),
        "rss_mib": _resident_mib(),
    }
    print(json.dumps(figures))
    sys.stdout.flush()
    os._exit(0)  # the line's thread waits for ever


def _age_s() -> float:
    """Seconds since this process began; the display server it runs in began before it. Source: proc(5), starttime."""
    fields = Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()
    up_s = float(Path("/proc/uptime").read_text("ascii").split()[0])
    return up_s - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _resident_mib() -> float:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
