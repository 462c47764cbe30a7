"""Frames and digests."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.envelope import MAX_FRAME_BYTES, MAX_FRAME_EVENTS, digest, pack_frame, unpack_frame
from protocol.messages import BadMessageError

lines = st.binary(min_size=1, max_size=200).filter(lambda raw: b"\n" not in raw and raw[0] != 0x78)


@given(st.lists(lines, min_size=1, max_size=MAX_FRAME_EVENTS))
def test_frame_when_packed_and_unpacked_then_gives_the_same_bytes(events: list[bytes]) -> None:
    assert unpack_frame(pack_frame(events)) == events


def test_frame_when_it_holds_many_events_then_is_compressed() -> None:
    assert len(pack_frame([b'{"kind":"door.opened"}'] * 50)) < 100


@pytest.mark.parametrize("events", [[], [b"{}"] * (MAX_FRAME_EVENTS + 1), [b"{\n}"]])
def test_frame_when_it_cannot_be_packed_then_is_refused(events: list[bytes]) -> None:
    with pytest.raises(ValueError, match="event"):
        pack_frame(events)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"", "empty"),
        (b"x\x9cgarbage", "damaged compression"),
        (zlib.compress(b"{}" * 100)[:-6], "ends in the middle"),
        (zlib.compress(b"a" * (MAX_FRAME_BYTES + 1)), "larger than"),
        (b"{" * (MAX_FRAME_BYTES + 1), "larger than"),
    ],
)
def test_frame_when_damaged_then_says_how_and_keeps_the_bytes(frame: bytes, why: str) -> None:
    with pytest.raises(BadMessageError, match=why) as caught:
        unpack_frame(frame)
    assert caught.value.raw == frame


@given(st.binary(max_size=400))
def test_random_bytes_when_unpacked_then_raise_only_our_error(raw: bytes) -> None:
    try:
        unpack_frame(raw)
    except BadMessageError:
        return


def test_digest_when_one_byte_differs_then_differs() -> None:
    assert digest(b"{}") != digest(b"{ }")
    assert len(digest(b"")) == 64
