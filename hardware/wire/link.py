"""The port for a line that carries bytes, and the inbox every link keeps. Not responsible for frames."""

import asyncio
import math
from collections.abc import Callable
from typing import Protocol, runtime_checkable


class ByteLink(Protocol):
    """Bytes in, bytes out, in order. All waiting happens on the running event loop."""

    async def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """What has arrived, at least one byte; empty after `timeout_s` of silence.

        Args:
            max_bytes: at least 1.
            timeout_s: seconds; 0 only looks, `math.inf` waits for ever.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send without waiting.

        Raises:
            DeviceOfflineError: the line is gone (an adapter was pulled out).
        """
        ...

    def close(self) -> None:
        """Let go of the line. Safe to call twice."""
        ...


@runtime_checkable
class TellingLink(ByteLink, Protocol):
    """A line that knows when its far end has news, so that nobody needs to poll it meanwhile. No real wire can."""

    def on_news(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something may have happened at the far end. One listener."""
        ...


@runtime_checkable
class PushingLink(ByteLink, Protocol):
    """A line that hands bytes over at the very moment they arrive: nobody has to wait for them."""

    def on_bytes(self, listener: Callable[[bytes], None]) -> None:
        """Call `listener` with whatever arrives from now on; `read` then finds nothing. One listener."""
        ...


class Inbox:
    """Bytes that have arrived and were not read yet, and the one reader who waits for them."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._waiting: asyncio.Future[None] | None = None

    def put(self, data: bytes) -> None:
        """Add bytes and wake the reader."""
        self._bytes += data
        self._wake()

    async def take(self, max_bytes: int, timeout_s: float) -> bytes:
        """As `ByteLink.read`.

        Raises:
            RuntimeError: somebody else is waiting already: two readers on one line are a bug.
        """
        if not self._bytes and timeout_s > 0:
            await self._wait(timeout_s)
        taken = bytes(self._bytes[:max_bytes])
        del self._bytes[:max_bytes]
        return taken

    async def _wait(self, timeout_s: float) -> None:
        if self._waiting is not None:
            raise RuntimeError("two readers wait on one link")
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = None if math.isinf(timeout_s) else loop.call_later(timeout_s, self._wake)
        try:
            await self._waiting
        finally:
            self._waiting = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
