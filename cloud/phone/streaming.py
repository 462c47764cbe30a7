"""An open socket of a customer: frames as they come; an answer sentence by sentence while it comes, then the whole."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import WebSocket, WebSocketDisconnect

from cloud.phone.chat import Chat, Spoken, Visit

MOST_BYTES: Final = 8_192
"""Of one frame. A message of `MOST_CHARS` fits however it is escaped."""
TOO_LARGE: Final = 1009
"""Close code of a frame beyond that (RFC 6455 section 7.4.1)."""


async def listen(socket: WebSocket, take: Callable[[str], Awaitable[None]]) -> None:
    """Have every frame taken, one after the other, until the other end is gone or sends one that is too large."""
    try:
        while True:
            raw = await socket.receive_text()
            if len(raw.encode()) > MOST_BYTES:
                await socket.close(TOO_LARGE, "too_large")
                return
            await take(raw)
    except (WebSocketDisconnect, RuntimeError):
        pass


async def say_to(socket: WebSocket, chat: Chat, visit: Visit, words: str) -> Spoken:
    """Send the sentences of an answer as `{"type": "piece", "text"}`.

    Returns:
        The whole answer, which is what holds; the caller sends it.

    Raises:
        BusyError, ConversationError: as `Chat.say`; what was begun to be sent has been sent.
    """
    pieces: asyncio.Queue[str | None] = asyncio.Queue()

    def hear(piece: str) -> None:
        pieces.put_nowait(piece)

    sending = asyncio.create_task(_send(socket, pieces))
    try:
        return await chat.say(visit, words, hear)
    finally:
        pieces.put_nowait(None)
        await sending


async def _send(socket: WebSocket, pieces: asyncio.Queue[str | None]) -> None:
    while (piece := await pieces.get()) is not None:
        await socket.send_json({"type": "piece", "text": piece})
