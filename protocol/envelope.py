"""The envelope of an event, its digest chain, and frames of several events.

One event is one line of JSON. Its digest is the SHA-256 of exactly those bytes, and `h` names the digest
of the event before it, so a fork, an edit or a gap shows itself. Neither side ever re-writes the bytes.
"""

import hashlib
import zlib
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from protocol.ids import Epoch, MachineId
from protocol.messages import BadMessageError, Message

GENESIS: Final = "0" * 64
"""`h` of the first event of an epoch."""

MAX_FRAME_EVENTS: Final = 50
MAX_FRAME_BYTES: Final = 64 * 1024
"""Of the uncompressed frame."""

COMPRESS_FROM_EVENTS: Final = 4
"""Below this zlib saves less than it costs (docs/decisions/0003)."""

ClockQuality = Literal["ntp", "rtc", "cloud", "free"]
"""Where wall time comes from: network, clock chip, the cloud's hello, or nowhere (a Pi that just booted)."""

_ZLIB_FIRST_BYTE: Final = 0x78


class Boot(Message):
    """Which start of the machine wrote an event; needed to read `mono`, not part of the event's key."""

    n: Annotated[int, Field(ge=1)]
    """1 for the first start of this store."""
    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]
    """Random, so that a restored store's boots differ."""


class Envelope(Message):
    """One event. Key: (m, ep, seq), gap-free. Same key + same digest is a duplicate; another digest is a fork."""

    v: Literal[1] = 1
    """Envelope version."""
    m: MachineId
    """Machine."""
    ep: Epoch
    """Store epoch."""
    seq: Annotated[int, Field(ge=1, lt=2**63)]
    """+1 per event, allotted in the transaction that records the fact; survives boots."""
    boot: Boot
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_0-9]+)+$")]
    """Past tense, dotted: `vend.dispensed`. An unknown kind is kept and forwarded."""
    t: Annotated[int, Field(ge=0)]
    """Wall time, ms since 1970 UTC; as good as `clk` says."""
    mono: Annotated[int, Field(ge=0)]
    """ms since this boot."""
    clk: ClockQuality | str
    h: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Digest of the event before; `GENESIS` for seq 1."""
    d: dict[str, Any]
    """The body; its shape is `protocol.events.EVENTS[kind]`."""


def digest(raw: bytes) -> str:
    """SHA-256 of an event's bytes, as 64 hex digits."""
    return hashlib.sha256(raw).hexdigest()


def pack_frame(events: list[bytes]) -> bytes:
    """Join events, one per line; compressed from `COMPRESS_FROM_EVENTS` on.

    Args:
        events: 1 to `MAX_FRAME_EVENTS` events' bytes, none with a line feed in it (JSON escapes them).

    Raises:
        ValueError: none, too many, or an event that would break the line structure.
    """
    if not 1 <= len(events) <= MAX_FRAME_EVENTS:
        raise ValueError(f"a frame holds 1 to {MAX_FRAME_EVENTS} events, not {len(events)}")
    if any(b"\n" in event for event in events):
        raise ValueError("an event contains a raw line feed; write it as compact JSON")
    frame = b"\n".join(events)
    return zlib.compress(frame, 1) if len(events) >= COMPRESS_FROM_EVENTS else frame


def unpack_frame(frame: bytes) -> list[bytes]:
    """The events' bytes in order. Their content is not looked at.

    Raises:
        BadMessageError: empty, damaged compression, or larger than a frame may be.
    """
    if not frame:
        raise BadMessageError("frame", "empty", frame)
    if frame[0] == _ZLIB_FIRST_BYTE:
        unzip = zlib.decompressobj()
        try:
            text = unzip.decompress(frame, MAX_FRAME_BYTES + 1)
        except zlib.error as error:
            raise BadMessageError("frame", f"damaged compression ({error})", frame) from error
        if len(text) <= MAX_FRAME_BYTES and not unzip.eof:
            raise BadMessageError("frame", "compression ends in the middle", frame)
    else:
        text = frame
    if len(text) > MAX_FRAME_BYTES:
        raise BadMessageError("frame", f"larger than {MAX_FRAME_BYTES} bytes", frame)
    return [line for line in text.split(b"\n") if line]
