"""Two ends of a line in memory, which can misbehave on purpose and always in the same way for the same seed."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from hardware.wire.link import Inbox


@dataclass(frozen=True, slots=True)
class LineFaults:
    """What goes wrong on the way, decided anew for every write. Probabilities are 0…1, times are seconds.

    Bytes are never reordered: a wire cannot do that.
    """

    split: float = 0.0
    """The write arrives in two or more pieces."""
    delay_s: float = 0.0
    """Each piece takes up to this long."""
    loss: float = 0.0
    """The whole write is lost."""
    corruption: float = 0.0
    """One bit of one byte flips."""
    garbage: float = 0.0
    """A few random bytes arrive just before."""
    seed: int = 0


_NO_FAULTS = LineFaults()


class NullModemEnd:
    """One end, a `ByteLink`. Made by `null_modem`."""

    def __init__(self, faults: LineFaults, seed: int, *, hears_itself: bool) -> None:
        self._faults = faults
        self._is_perfect = faults == _NO_FAULTS
        self._random = random.Random(seed)  # noqa: S311 - faults must repeat, not surprise
        self._hears_itself = hears_itself
        self._inbox = Inbox()
        self._arrives_at = 0.0
        self._is_closed = False
        self._news_listener: Callable[[], None] | None = None
        self._bytes_listener: Callable[[bytes], None] | None = None
        self.peer: NullModemEnd = self

    async def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See `ByteLink`."""
        return await self._inbox.take(max_bytes, timeout_s)

    def write(self, data: bytes) -> None:
        """See `ByteLink`."""
        if self._is_closed or not data:
            return
        if self._hears_itself:
            self._inbox.put(data)
        if self._is_perfect:
            self.peer.arrive(data)
            return
        if self._random.random() < self._faults.loss:
            return
        for piece in self._pieces(self._spoil(data)):
            self._send_later(piece)

    def close(self) -> None:
        """See `ByteLink`."""
        self._is_closed = True

    def on_news(self, listener: Callable[[], None]) -> None:
        """See `TellingLink`."""
        self._news_listener = listener

    def on_bytes(self, listener: Callable[[bytes], None]) -> None:
        """See `PushingLink`."""
        self._bytes_listener = listener

    def tell_news(self) -> None:
        """Something happened at the far end; whoever built the line calls this."""
        if self._news_listener is not None:
            self._news_listener()

    def arrive(self, data: bytes) -> None:
        """Bytes come out of the line at this end."""
        if self._is_closed:
            return
        if self._bytes_listener is not None:
            self._bytes_listener(data)
        else:
            self._inbox.put(data)

    def _spoil(self, data: bytes) -> bytes:
        spoilt = bytearray(data)
        if self._random.random() < self._faults.corruption:
            spoilt[self._random.randrange(len(spoilt))] ^= 1 << self._random.randrange(8)
        if self._random.random() < self._faults.garbage:
            spoilt[:0] = self._random.randbytes(self._random.randint(1, 4))
        return bytes(spoilt)

    def _pieces(self, data: bytes) -> list[bytes]:
        if self._random.random() >= self._faults.split:
            return [data]
        pieces = []
        while data:
            size = self._random.randint(1, len(data))
            pieces.append(data[:size])
            data = data[size:]
        return pieces

    def _send_later(self, piece: bytes) -> None:
        loop = asyncio.get_running_loop()
        wanted = loop.time() + self._random.uniform(0, self._faults.delay_s)
        # A microsecond apart keeps the order: two timers of the same instant have none.
        self._arrives_at = max(wanted, self._arrives_at + 1e-6)
        loop.call_at(self._arrives_at, self.peer.arrive, piece)


def null_modem(faults: LineFaults = _NO_FAULTS, *, echo: bool = False) -> tuple[NullModemEnd, NullModemEnd]:
    """A line: (host end, device end).

    Args:
        faults: what goes wrong, in both directions.
        echo: the host hears its own bytes, as on a one-wire bus.
    """
    host = NullModemEnd(faults, faults.seed * 2, hears_itself=echo)
    device = NullModemEnd(faults, faults.seed * 2 + 1, hears_itself=False)
    host.peer, device.peer = device, host
    return host, device
