"""An answer of the clerk on an open socket: sentence by sentence while it comes, then the whole of it."""

import asyncio

from fastapi import WebSocket

from cloud.phone.chat import Chat, Spoken, Visit


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
