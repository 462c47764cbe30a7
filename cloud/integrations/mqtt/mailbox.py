"""A bounded hand-over from a foreign thread to the event loop. When it is full, the foreign thread waits.

The network thread only appends and, at most once per batch, wakes the loop. Waiting there stops the reading from
the socket, which is how a slow database slows the machines down instead of filling memory.
"""

import asyncio
import threading
from collections import deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT: Final = 20_000


class Mailbox(Generic[T]):
    """Many writers in other threads, one reader on the loop it was created on."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._items: deque[T] = deque()
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._filled = asyncio.Event()
        self._room = threading.Event()
        self._room.set()
        self._is_waking = False
        self._is_closed = False

    def put(self, item: T) -> None:
        """Append; wait while the box is full. For other threads only. After `close` items are dropped."""
        while len(self._items) >= self._limit and not self._is_closed:
            self._room.clear()
            self._wake()
            self._room.wait(1.0)
        if self._is_closed:
            return
        self._items.append(item)
        self._wake()

    def _wake(self) -> None:
        if not self._is_waking and not self._is_closed:
            self._is_waking = True
            self._loop.call_soon_threadsafe(self._filled.set)

    async def take(self, most: int) -> list[T]:
        """Wait for something, then return what is there, at most `most`."""
        while not self._items:
            self._is_waking = False
            self._filled.clear()
            if self._items:  # arrived between the two lines above
                break
            await self._filled.wait()
        taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
        self._room.set()
        return taken

    def close(self) -> None:
        """Let waiting writers go; nothing is accepted any more."""
        self._is_closed = True
        self._room.set()
