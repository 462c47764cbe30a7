"""WebSockets behind a lock: how one is refused, and how one is served until its other end is gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from fastapi import WebSocket, WebSocketDisconnect

from cloud.kit.http import ProblemError

NOT_LOGGED_IN: Final = 4401
"""Close code: log in and come back (4000-4999 are free for applications, RFC 6455 section 7.4.2)."""

NOT_ALLOWED: Final = 4403
"""Close code: this user may not listen, or the page is another site's."""


async def close_refused(socket: WebSocket, refusal: ProblemError) -> None:
    """Close an accepted socket, and say why: a reason has at most 123 bytes (RFC 6455 section 5.5)."""
    await socket.close(NOT_LOGGED_IN if refusal.status == 401 else NOT_ALLOWED, refusal.code)


async def while_open(socket: WebSocket, sending: Coroutine[Any, Any, None]) -> None:
    """Let `sending` send until the other end is gone; what that says is dropped."""
    sender = asyncio.create_task(sending)
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
