"""Bytes of ccTalk: frames in both checksum modes, and finding frames in a stream. Pure: no line, no time.

Source: ccTalk Generic Specification 4.6, part 1 (framing) and part 2 (headers, addresses).
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

HOST: Final = 1
"""Address of the controller."""
FRAME_GAP_S: Final = 0.05
"""A pause longer than this, in seconds, ends a frame, whole or not."""
OVERHEAD: Final = 5
"""Bytes of a frame besides its data: destination, length, source (or CRC low), header, checksum (or CRC high)."""

REPLY: Final = 0
"""Header of every answer; with no data it is ACK."""
NAK: Final = 5
BUSY: Final = 6


class Checksum(Enum):
    """How a device guards its frames. A device never mixes the two; it is strapped for one."""

    SIMPLE = "simple"
    """All bytes add up to a multiple of 256. Coin acceptors and hoppers."""
    CRC = "crc"
    """CRC-16/XMODEM in place of the source address and the checksum. Mostly bill validators."""


class Header(IntEnum):
    """Commands this project sends or answers. The specification numbers them in decimal."""

    RESET = 1
    REQUEST_COMMS_REVISION = 4
    DISPENSE_COINS = 167
    HOPPER_STATUS = 166
    ENABLE_HOPPER = 164
    TEST_HOPPER = 163
    EMERGENCY_STOP = 172
    REQUEST_COIN_ID = 184
    REQUEST_SORTER_PATH = 209
    MODIFY_SORTER_PATH = 210
    REQUEST_ACCEPTANCE_COUNTER = 225
    REQUEST_MASTER_INHIBIT = 227
    MODIFY_MASTER_INHIBIT = 228
    READ_CREDIT = 229
    REQUEST_INHIBITS = 230
    MODIFY_INHIBITS = 231
    SELF_CHECK = 232
    REQUEST_SOFTWARE_REVISION = 241
    REQUEST_SERIAL = 242
    REQUEST_PRODUCT_CODE = 244
    REQUEST_CATEGORY = 245
    REQUEST_MANUFACTURER = 246
    POLLING_PRIORITY = 249
    SIMPLE_POLL = 254


class BadFrameError(ValueError):
    """These bytes are not one whole, sound frame."""

    def __init__(self, raw: bytes, why: str) -> None:
        self.raw = raw
        super().__init__(f"not a ccTalk frame ({why}): {raw.hex(' ')}")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Raises:
        ValueError: an address or header outside 0…255, or more than 255 bytes of data.
    """

    destination: int
    header: int
    data: bytes = b""
    source: int = HOST
    """Sender; 0 in a decoded CRC frame, which does not carry one."""

    def __post_init__(self) -> None:
        if not (0 <= self.destination <= 255 and 0 <= self.header <= 255 and 0 <= self.source <= 255):
            numbers = f"destination {self.destination}, header {self.header}, source {self.source}"
            raise ValueError(f"ccTalk addresses and headers are one byte, 0 to 255: {numbers}")
        if len(self.data) > 255:
            raise ValueError(f"ccTalk data is at most 255 bytes, not {len(self.data)}; split the command")


def simple_checksum(body: bytes) -> int:
    """The byte that makes `body` and itself add up to a multiple of 256 (0 when `body` already does)."""
    return -sum(body) & 0xFF


def crc16(body: bytes) -> int:
    """CRC-16/XMODEM: polynomial 0x1021, start 0, most significant bit first."""
    crc = 0
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def encode(frame: Frame, checksum: Checksum = Checksum.SIMPLE) -> bytes:
    """The bytes of `frame` on the wire."""
    if checksum is Checksum.SIMPLE:
        body = bytes([frame.destination, len(frame.data), frame.source, frame.header]) + frame.data
        return body + bytes([simple_checksum(body)])
    start, rest = bytes([frame.destination, len(frame.data)]), bytes([frame.header]) + frame.data
    crc = crc16(start + rest)
    return start + bytes([crc & 0xFF]) + rest + bytes([crc >> 8])


def decode(raw: bytes, checksum: Checksum = Checksum.SIMPLE) -> Frame:
    """Read exactly one frame.

    Raises:
        BadFrameError: too short, too long, or the checksum is wrong.
    """
    if len(raw) < OVERHEAD:
        raise BadFrameError(raw, f"{len(raw)} bytes are fewer than {OVERHEAD}")
    if len(raw) != raw[1] + OVERHEAD:
        raise BadFrameError(raw, f"length byte {raw[1]} asks for {raw[1] + OVERHEAD} bytes, here are {len(raw)}")
    if not _is_sound(raw, checksum):
        raise BadFrameError(raw, f"{checksum.value} checksum does not match")
    source = raw[2] if checksum is Checksum.SIMPLE else 0
    return Frame(destination=raw[0], header=raw[3], data=raw[4:-1], source=source)


def _is_sound(raw: bytes, checksum: Checksum) -> bool:
    if checksum is Checksum.SIMPLE:
        return sum(raw) & 0xFF == 0
    return crc16(raw[:2] + raw[3:-1]) == raw[2] | raw[-1] << 8


class FrameReader:
    """Finds frames in a stream that may hold garbage, halves and damaged frames.

    Not responsible for time: whoever feeds it calls `flush` when the line has been quiet for longer than a frame
    may pause (50 ms), because only silence tells a half frame from a slow one.
    """

    def __init__(self, checksum: Checksum = Checksum.SIMPLE) -> None:
        self._checksum = checksum
        self._buffer = bytearray()
        self.discarded = 0
        """Bytes thrown away so far because no frame began there."""

    @property
    def is_inside_frame(self) -> bool:
        """Bytes are waiting for the rest of their frame."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Add bytes; return the frames that are complete now, in order."""
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def flush(self) -> list[Frame]:
        """The line went quiet: what is left is no frame from its first byte on. Return any frame found inside it."""
        frames = []
        while self._buffer:
            self._skip()
            frames += self.feed(b"")
        return frames

    def _next(self) -> Frame | None:
        while len(self._buffer) >= OVERHEAD:
            size = self._buffer[1] + OVERHEAD
            if len(self._buffer) < size:
                return None
            raw = bytes(self._buffer[:size])
            if _is_sound(raw, self._checksum):
                del self._buffer[:size]
                return decode(raw, self._checksum)
            self._skip()
        return None

    def _skip(self) -> None:
        del self._buffer[0]
        self.discarded += 1


_MEANINGS: Final[dict[int, str]] = {
    Header.RESET: "reset",
    Header.REQUEST_COMMS_REVISION: "comms revision?",
    Header.DISPENSE_COINS: "pay out coins",
    Header.HOPPER_STATUS: "hopper status?",
    Header.ENABLE_HOPPER: "enable hopper",
    Header.TEST_HOPPER: "test hopper",
    Header.EMERGENCY_STOP: "emergency stop",
    Header.REQUEST_COIN_ID: "coin id?",
    Header.REQUEST_SORTER_PATH: "sorter path?",
    Header.MODIFY_SORTER_PATH: "set sorter path",
    Header.REQUEST_ACCEPTANCE_COUNTER: "coins ever accepted?",
    Header.REQUEST_MASTER_INHIBIT: "accepting?",
    Header.MODIFY_MASTER_INHIBIT: "accept or refuse",
    Header.READ_CREDIT: "read credit",
    Header.REQUEST_INHIBITS: "accepted coins?",
    Header.MODIFY_INHIBITS: "set accepted coins",
    Header.SELF_CHECK: "self-check",
    Header.REQUEST_SOFTWARE_REVISION: "software?",
    Header.REQUEST_SERIAL: "serial number?",
    Header.REQUEST_PRODUCT_CODE: "product?",
    Header.REQUEST_CATEGORY: "what are you?",
    Header.REQUEST_MANUFACTURER: "maker?",
    Header.POLLING_PRIORITY: "how often to poll?",
    Header.SIMPLE_POLL: "are you there?",
}


def describe(raw: bytes, checksum: Checksum = Checksum.SIMPLE) -> str:
    """A few words for a person looking at the line; never raises."""
    try:
        frame = decode(raw, checksum)
    except BadFrameError:
        return "damaged"
    if frame.destination == HOST:
        answer = {REPLY: "answer" if frame.data else "yes", NAK: "no", BUSY: "busy"}
        return answer.get(frame.header, f"answer {frame.header}")
    return _MEANINGS.get(frame.header, f"command {frame.header}")
