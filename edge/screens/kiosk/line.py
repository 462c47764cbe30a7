"""The line to the controller: one WebSocket on loopback that comes back by itself. No Kivy; runs in its own thread.

Not responsible for what the frames mean. A press while the line is down is refused, not kept for later.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

WAITS_S: Final = (1.0, 2.0, 4.0, 5.0)
LARGEST_BYTES: Final = 1 << 20


class Line:
    """One line. `heard` and `lost` are called in the line's own thread."""

    def __init__(
        self,
        url: str,
        token_file: Path,
        heard: Callable[[dict[str, Any]], None],
        lost: Callable[[], None],
        waits_s: Sequence[float] = WAITS_S,
    ) -> None:
        """Prepare it.

        Args:
            url: `ws://127.0.0.1:port/ws`.
            token_file: where the controller keeps the token for programs of this computer.
            heard: called with each frame.
            lost: called whenever the line is down.
            waits_s: before each try to come back; the last one again and again.
        """
        self._url = url
        self._token_file = token_file
        self._heard, self._lost, self._waits_s = heard, lost, waits_s
        self._page: ClientConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def send(self, frame: dict[str, Any]) -> bool:
        """Send one frame, from any thread; False when the line is down, and the frame is then gone."""
        page, loop = self._page, self._loop
        if page is None or loop is None:
            return False
        asyncio.run_coroutine_threadsafe(_send(page, json.dumps(frame, ensure_ascii=False)), loop)
        return True

    async def run(self) -> None:
        """Keep the line, for ever."""
        self._loop = asyncio.get_running_loop()
        tries = 0
        while True:
            try:
                async with connect(self._url, additional_headers=self._known(), max_size=LARGEST_BYTES) as page:
                    self._page, tries = page, 0
                    async for raw in page:
                        self._heard(json.loads(raw))
            except (OSError, WebSocketException, TimeoutError):
                pass  # nobody there yet, or no longer: that is what `lost` tells
            self._page = None
            self._lost()
            await asyncio.sleep(self._waits_s[min(tries, len(self._waits_s) - 1)])
            tries += 1

    def _known(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token_file.read_text('ascii').strip()}"}


async def _send(page: ClientConnection, text: str) -> None:
    try:
        await page.send(text)
    except WebSocketException:
        return  # `run` notices the same and tells
