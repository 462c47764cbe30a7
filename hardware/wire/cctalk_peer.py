"""The devices' side of a simulated ccTalk bus: hears frames, lets the device addressed answer, stays silent else."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from hardware.wire.cctalk import FRAME_GAP_S, NAK, REPLY, Checksum, Frame, FrameReader, Header, encode
from hardware.wire.link import ByteLink, PushingLink


@dataclass(frozen=True, slots=True)
class Reply:
    """What a device answers; plain ACK by default."""

    data: bytes = b""
    header: int = REPLY


ACK: Final = Reply()
REFUSED: Final = Reply(header=NAK)


class Peer(Protocol):
    """A simulated device at one address."""

    @property
    def address(self) -> int:
        """Where it answers, 2…255."""
        ...

    def answer(self, header: int, data: bytes) -> Reply | None:
        """Carry the command out; None is silence, as real devices show to what they do not know."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself."""

    category: str
    manufacturer: str
    product: str
    serial: int
    """24 bits."""

    def answer(self, header: int) -> Reply | None:
        """The reply to an identity command, or None when it is another one."""
        answers: dict[int, bytes] = {
            Header.SIMPLE_POLL: b"",
            Header.REQUEST_CATEGORY: self.category.encode(),
            Header.REQUEST_MANUFACTURER: self.manufacturer.encode(),
            Header.REQUEST_PRODUCT_CODE: self.product.encode(),
            Header.REQUEST_SOFTWARE_REVISION: b"1.0",
            Header.REQUEST_SERIAL: self.serial.to_bytes(3, "little"),
            Header.REQUEST_COMMS_REVISION: bytes([1, 4, 6]),
        }
        data = answers.get(header)
        return None if data is None else Reply(data)


class PeerLine:
    """Serves one line until closed. Needs a running event loop.

    Args:
        link: the devices' end; closed with this.
        peers: one per address.
        checksum: of all of them.
    """

    def __init__(self, link: ByteLink, peers: Sequence[Peer], checksum: Checksum = Checksum.SIMPLE) -> None:
        self._link = link
        self._peers = {peer.address: peer for peer in peers}
        if len(self._peers) != len(peers):
            raise ValueError(f"two devices share a ccTalk address: {sorted(peer.address for peer in peers)}")
        self._checksum = checksum
        self._reader = FrameReader(checksum)
        self._to_lose: list[tuple[str, int]] = []
        self._loop = asyncio.get_running_loop()
        self._gap: asyncio.TimerHandle | None = None
        self._serving: asyncio.Task[None] | None = None
        if isinstance(link, PushingLink):
            link.on_bytes(self._take)
        else:
            self._serving = self._loop.create_task(self._serve())
            self._serving.add_done_callback(_raise_what_ended_it)

    def lose_next(self, what: Literal["request", "reply"], header: int) -> None:
        """The next frame of this command, or the reply to it, is lost on the way."""
        self._to_lose.append((what, header))

    def close(self) -> None:
        """Stop answering. Safe to call twice."""
        if self._serving is not None:
            self._serving.cancel()
        self._stop_gap()
        self._link.close()

    async def _serve(self) -> None:
        while True:
            self._take(await self._link.read(4096, math.inf))

    def _take(self, data: bytes) -> None:
        """Bytes came: answer every frame that is whole now; one that stays broken off is given up after a gap."""
        self._stop_gap()
        for frame in self._reader.feed(data):
            self._handle(frame)
        if self._reader.is_inside_frame:
            self._gap = self._loop.call_later(FRAME_GAP_S, self._give_up_frame)

    def _give_up_frame(self) -> None:
        for frame in self._reader.flush():
            self._handle(frame)

    def _stop_gap(self) -> None:
        if self._gap is not None:
            self._gap.cancel()
            self._gap = None

    def _handle(self, frame: Frame) -> None:
        peer = self._peers.get(frame.destination)
        if peer is None or self._is_lost("request", frame.header):
            return
        reply = peer.answer(frame.header, frame.data)
        if reply is None or self._is_lost("reply", frame.header):
            return
        self._link.write(encode(Frame(frame.source, reply.header, reply.data, source=peer.address), self._checksum))

    def _is_lost(self, what: str, header: int) -> bool:
        if (what, header) in self._to_lose:
            self._to_lose.remove((what, header))
            return True
        return False


def _raise_what_ended_it(serving: asyncio.Task[None]) -> None:
    """A peer with a bug must be seen, not taken for a dead line."""
    if not serving.cancelled():
        serving.result()
