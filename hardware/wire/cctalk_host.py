"""The host's side of a ccTalk bus: one question at a time, and its answer. Not responsible for what they mean.

Source: ccTalk Generic Specification 4.6, part 1: host polls, half duplex, answers usually within 50 ms.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from hardware.errors import DeviceOfflineError, DeviceRefusedError
from hardware.wire.cctalk import BUSY, FRAME_GAP_S, HOST, NAK, REPLY, BadFrameError, Checksum, Frame, decode, encode
from hardware.wire.link import ByteLink, TellingLink

_READ_SIZE: Final = 512
_BUSY_PAUSE_S: Final = 0.1

FrameListener = Callable[[Literal["host", "device"], bytes], None]
"""Called with who spoke and the raw bytes, damaged ones included."""


@dataclass(slots=True)
class LineStatistics:
    """How good the line is, since the start. Rising figures mean cabling or noise."""

    requests: int = 0
    """Frames sent, repeats included."""
    timeouts: int = 0
    """Sent, and no whole answer came."""
    damaged: int = 0
    """Answers with a bad checksum, the wrong sender or the wrong length."""
    echo_mismatches: int = 0
    """The host heard something else than it said: a collision or noise."""
    discarded: int = 0
    """Bytes nobody had asked for."""


class _NoAnswerError(Exception):
    """One attempt failed in a way that asking again may cure."""


class CcTalkBus:
    """One bus, any number of devices.

    The line may or may not echo what the host sends; the first echo that is heard settles it.

    Args:
        link: the line; closed with the bus.
        checksum: how all devices on this bus guard their frames.
        reply_timeout_s: silence, in seconds, after which a device counts as not answering.
    """

    def __init__(self, link: ByteLink, checksum: Checksum = Checksum.SIMPLE, *, reply_timeout_s: float = 0.3) -> None:
        self._link = link
        self._checksum = checksum
        self._reply_timeout_s = reply_timeout_s
        self._lock = asyncio.Lock()
        self._is_line_clean = False
        self.has_echo = False
        self.statistics = LineStatistics()
        self.on_frame: FrameListener | None = None

    def on_news(self, listener: Callable[[], None]) -> bool:
        """Ask to be told when polling is worthwhile.

        Returns:
            False on every real wire: nobody tells, so keep polling.
        """
        if not isinstance(self._link, TellingLink):
            return False
        self._link.on_news(listener)
        return True

    async def request(
        self, address: int, header: int, data: bytes = b"", retries: int = 2, *, expect: int | None = None
    ) -> bytes:
        """Ask one device and return the data of its answer; empty is a plain ACK.

        Args:
            address: of the device, 2…255.
            header: the command.
            data: its arguments.
            retries: how often to ask again after silence or damage. 0 for anything that must not happen twice.
            expect: bytes of data a right answer has; another number counts as damage. None takes any.

        Raises:
            DeviceOfflineError: no sound answer to any attempt. With `retries=0` the order may have been carried out.
            DeviceRefusedError: the device said no (NAK), or is still busy after the last attempt.
        """
        frame = Frame(address, header, data)
        async with self._lock:
            for attempt in range(retries + 1):
                is_last = attempt == retries
                try:
                    reply = await self._exchange(frame, expect)
                except _NoAnswerError as error:
                    if is_last:
                        raise DeviceOfflineError(f"ccTalk address {address}", str(error)) from error
                    continue
                if reply.header == REPLY:
                    return reply.data
                if reply.header == NAK or is_last:
                    raise DeviceRefusedError(f"ccTalk address {address}", "NAK" if reply.header == NAK else "busy")
                await asyncio.sleep(_BUSY_PAUSE_S)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def close(self) -> None:
        """Let go of the line. Safe to call twice."""
        self._link.close()

    async def _exchange(self, frame: Frame, expect: int | None) -> Frame:
        await self._drain()
        raw = encode(frame, self._checksum)
        # Until a sound answer is in, the rest of a late one may still be on its way.
        self._is_line_clean = False
        self.statistics.requests += 1
        self._tell("host", raw)
        self._link.write(raw)
        answer = await self._receive(raw)
        self._tell("device", answer)
        reply = self._understand(answer, frame, expect)
        self._is_line_clean = True
        return reply

    async def _drain(self) -> None:
        pause_s = 0.0 if self._is_line_clean else FRAME_GAP_S
        while stale := await self._link.read(_READ_SIZE, pause_s):
            self.statistics.discarded += len(stale)

    async def _receive(self, sent: bytes) -> bytes:
        """The bytes of one answer, without the echo."""
        heard, answer = bytearray(), b""
        deadline = asyncio.get_running_loop().time() + self._reply_timeout_s
        while not _is_whole(answer):
            wait_s = FRAME_GAP_S if answer else deadline - asyncio.get_running_loop().time()
            chunk = await self._link.read(_READ_SIZE, wait_s)
            if not chunk:
                self.statistics.timeouts += 1
                raise _NoAnswerError("the answer broke off" if answer else "no answer; check address, cable and power")
            heard += chunk
            answer = self._without_echo(bytes(heard), sent)
        return answer

    def _without_echo(self, heard: bytes, sent: bytes) -> bytes:
        # No answer can be mistaken for the echo: the echo starts with the device's address, an answer with ours.
        if heard.startswith(sent):
            self.has_echo = True
            return heard[len(sent) :]
        if sent.startswith(heard):
            return b""
        if self.has_echo:
            self.statistics.echo_mismatches += 1
            raise _NoAnswerError("the line does not carry what was sent; two talkers, or noise")
        return heard

    def _understand(self, answer: bytes, sent: Frame, expect: int | None) -> Frame:
        try:
            reply = decode(answer, self._checksum)
            self._check(reply, sent, expect)
        except (BadFrameError, _NoAnswerError) as error:
            self.statistics.damaged += 1
            raise _NoAnswerError(str(error)) from error
        return reply

    def _check(self, reply: Frame, sent: Frame, expect: int | None) -> None:
        if reply.destination != HOST:
            raise _NoAnswerError(f"an answer to address {reply.destination} instead of the host")
        if self._checksum is Checksum.SIMPLE and reply.source != sent.destination:
            raise _NoAnswerError(f"address {reply.source} answered instead of {sent.destination}")
        if reply.header not in {REPLY, NAK, BUSY}:
            raise _NoAnswerError(f"header {reply.header} is no answer")
        if reply.header == REPLY and expect is not None and len(reply.data) != expect:
            raise _NoAnswerError(f"{len(reply.data)} bytes of data instead of {expect}")

    def _tell(self, speaker: Literal["host", "device"], raw: bytes) -> None:
        if self.on_frame is not None:
            self.on_frame(speaker, raw)


def _is_whole(answer: bytes) -> bool:
    return len(answer) >= 2 and len(answer) >= answer[1] + 5
