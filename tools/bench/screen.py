"""The touchscreen under Xvfb, drawn by the processor (llvmpipe): first frame, answers, frames per second, memory.

The screen is the real one in a process of its own (`screen_inside.py`), with its real line; the controller is a
stand-in in this process that answers every intent with the next view at once: the screen's share alone is measured.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tools.bench.figures import Figure, median, percentile
from tools.screens.states import every_state

SIZE: Final = (1024, 600)
VIEWS: Final = ("home", "credit", "chosen", "vending", "delivered", "clerk", "claim")
"""As a customer goes through them; every step changes what lies over the shelf."""
_SCREEN: Final = "-screen 0 1920x1920x24"


def measure(*, quick: bool) -> list[Figure]:
    """Figures of one display of 1024 x 600.

    Raises:
        RuntimeError: xvfb-run is missing, or the screen did not come up.
    """
    if shutil.which("xvfb-run") is None:
        raise RuntimeError("xvfb-run is missing; sudo apt-get install -y xvfb xauth libgl1-mesa-dri")
    found = [asyncio.run(_run(10 if quick else 200)) for _ in range(1 if quick else 5)]
    answers = [ms for run in found for ms in run["answers_ms"]]
    return [
        median("screen: process start → first useful frame", [run["start_s"] for run in found], "s", "≤ 3 s"),
        median("screen: the same, seconds of one core it used", [run["start_cpu_s"] for run in found], "s", "≤ 2 s"),
        Figure(
            "screen: finger lifted → intent → new view → drawn frame, p99",
            percentile(answers, 99),
            "ms",
            min(answers),
            max(answers),
            "≤ 100 ms",
        ),
        median("screen: finger on a key → it looks pressed", [run["pressed_ms"] for run in found], "ms", "≤ 100 ms"),
        median("screen: frames per second, each another view", [run["views_per_s"] for run in found], "/s", "≥ 10 /s"),
        median("screen: frames per second, one view", [run["frames_per_s"] for run in found], "/s", "≥ 30 /s"),
        median("screen: resident memory", [run["rss_mib"] for run in found], "MiB", "≤ 200 MiB"),
    ]


async def _run(answers: int) -> dict[str, Any]:
    shown = {one.name: one.view.to_dict() for one in every_state() if one.language == "ja"}
    frames = [json.dumps({"type": "view", "view": shown[name]}, ensure_ascii=False) for name in VIEWS]
    with tempfile.TemporaryDirectory(prefix="vend-screen-") as folder:
        token = Path(folder) / "local_token"
        token.write_text("bench\n", "ascii")

        async def answer(page: ServerConnection) -> None:
            await page.send(frames[0])
            number = 0
            with contextlib.suppress(ConnectionClosed):  # the screen ends when it has measured
                async for _ in page:
                    number += 1
                    await page.send(frames[number % len(frames)])

        server = await serve(answer, "127.0.0.1", 0)
        port = next(iter(server.sockets)).getsockname()[1]
        command = [
            *("xvfb-run", "-a", "-s", _SCREEN, sys.executable, "-m", "tools.bench.screen_inside"),
            *(f"ws://127.0.0.1:{port}/ws", folder, str(answers), *map(str, SIZE)),
        ]
        running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await running.communicate()
        server.close()
    if running.returncode != 0:
        raise RuntimeError(f"the screen ended with {running.returncode}; its messages are above")
    found: dict[str, Any] = json.loads(said.decode().splitlines()[-1])
    return found
