"""The touchscreen's line to the controller: whichever of the two dies, the other finds it again."""

import asyncio
import json
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve

from edge.screens.kiosk.line import Line

WAITS_S = (0.01,)


class Controller:
    """Says one view to whoever comes, and keeps what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.tokens: list[str] = []
        self.port = 0

    async def start(self, credit: str) -> Server:
        async def talk(page: ServerConnection) -> None:
            assert page.request is not None
            self.tokens.append(page.request.headers["Authorization"])
            await page.send(json.dumps({"type": "view", "view": credit}))
            async for raw in page:
                self.heard.put_nowait(json.loads(raw))

        server = await serve(talk, "127.0.0.1", self.port)
        self.port = next(iter(server.sockets)).getsockname()[1]
        return server


async def test_line_when_the_controller_dies_and_comes_back_then_is_lost_and_hears_its_truth(tmp_path: Path) -> None:
    token = tmp_path / "local_token"
    token.write_text("secret\n", "ascii")
    seen: asyncio.Queue[str] = asyncio.Queue()
    controller = Controller()
    server = await controller.start("¥200")
    line = Line(
        f"ws://127.0.0.1:{controller.port}/ws",
        token,
        lambda told: seen.put_nowait(told["view"]),
        lambda: seen.put_nowait("lost"),
        WAITS_S,
    )
    running = asyncio.create_task(line.run())
    try:
        assert await seen.get() == "¥200"
        assert line.send({"type": "intent", "intent": "clear"})
        assert await controller.heard.get() == {"type": "intent", "intent": "clear"}
        server.close()
        await server.wait_closed()
        assert await seen.get() == "lost"
        assert not line.send({"type": "intent", "intent": "return_coins"})
        server = await controller.start("¥0")
        after = [await seen.get()]
        while after[-1] == "lost":
            after.append(await seen.get())
        assert after[-1] == "¥0"
        assert controller.heard.empty()
        assert set(controller.tokens) == {"Bearer secret"}
    finally:
        running.cancel()
        server.close()
        await server.wait_closed()
