"""The device end of a pseudo-terminal, for peers that a driver shall reach through a real serial port."""

import asyncio
import os
import tty

from hardware.wire.link import Inbox


class PtyLink:
    """A `ByteLink` on the controlling side of a new pseudo-terminal; `port` is the name of the other side.

    Args:
        echo: send every byte straight back, as a one-wire bus does.
    """

    def __init__(self, *, echo: bool = False) -> None:
        self._controller, self._terminal = os.openpty()
        # The terminal side stays open here as well: the peer must outlive a driver that closes and reopens it.
        tty.setraw(self._terminal)
        os.set_blocking(self._controller, False)
        self.port = os.ttyname(self._terminal)
        self._echo = echo
        self._inbox = Inbox()
        self._is_closed = False
        asyncio.get_running_loop().add_reader(self._controller, self._readable)

    async def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See `ByteLink`."""
        return await self._inbox.take(max_bytes, timeout_s)

    def write(self, data: bytes) -> None:
        """See `ByteLink`."""
        if not self._is_closed:
            os.write(self._controller, data)

    def close(self) -> None:
        """See `ByteLink`."""
        if self._is_closed:
            return
        self._is_closed = True
        asyncio.get_running_loop().remove_reader(self._controller)
        os.close(self._controller)
        os.close(self._terminal)

    def _readable(self) -> None:
        data = os.read(self._controller, 4096)
        if self._echo:
            os.write(self._controller, data)
        self._inbox.put(data)
