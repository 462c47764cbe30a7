"""Frames in both checksum modes, and frames found in a stream."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.wire.cctalk import (
    HOST,
    NAK,
    BadFrameError,
    Checksum,
    Frame,
    FrameReader,
    crc16,
    decode,
    describe,
    encode,
    simple_checksum,
)

SIMPLE = [
    ("0C 00 01 FE F5", Frame(12, 254)),
    ("01 00 0C 00 F3", Frame(HOST, 0, source=12)),
    ("01 00 0C 05 EE", Frame(HOST, NAK, source=12)),
    ("01 00 0C 06 ED", Frame(HOST, 6, source=12)),
    ("0C 00 01 F5 FE", Frame(12, 245)),
    ("01 0D 0C 00 43 6F 69 6E 20 41 63 63 65 70 74 6F 72 0C", Frame(HOST, 0, b"Coin Acceptor", 12)),
    ("0C 00 01 F4 FF", Frame(12, 244)),
    ("01 04 0C 00 56 58 2D 37 DD", Frame(HOST, 0, b"VX-7", 12)),
    ("0C 00 01 F3 00", Frame(12, 243)),
    ("0C 00 01 F2 01", Frame(12, 242)),
    ("01 03 0C 00 B1 CB 74 00", Frame(HOST, 0, (7654321).to_bytes(3, "little"), 12)),
    ("0C 02 01 E7 3F 00 CB", Frame(12, 231, bytes([0x3F, 0]))),
    ("0C 00 01 E6 0D", Frame(12, 230)),
    ("01 02 0C 00 3F 00 B2", Frame(HOST, 0, bytes([0x3F, 0]), 12)),
    ("0C 01 01 E4 01 0D", Frame(12, 228, b"\1")),
    ("0C 01 01 E4 00 0E", Frame(12, 228, b"\0")),
    ("0C 00 01 E3 10", Frame(12, 227)),
    ("01 01 0C 00 01 F1", Frame(HOST, 0, b"\1", 12)),
    ("0C 01 01 B8 01 39", Frame(12, 184, b"\1")),
    ("01 06 0C 00 4A 50 30 31 30 41 81", Frame(HOST, 0, b"JP010A", 12)),
    ("0C 01 01 B8 04 36", Frame(12, 184, b"\4")),
    ("01 06 0C 00 4A 50 31 30 30 41 81", Frame(HOST, 0, b"JP100A", 12)),
    ("0C 01 01 B8 05 35", Frame(12, 184, b"\5")),
    ("01 06 0C 00 4A 50 35 30 30 42 7C", Frame(HOST, 0, b"JP500B", 12)),
    ("0C 01 01 B8 06 34", Frame(12, 184, b"\6")),
    ("01 06 0C 00 2E 2E 2E 2E 2E 2E D9", Frame(HOST, 0, b"......", 12)),
    ("0C 00 01 F9 FA", Frame(12, 249)),
    ("01 02 0C 00 02 14 DB", Frame(HOST, 0, bytes([2, 20]), 12)),
    ("0C 00 01 E8 0B", Frame(12, 232)),
    ("01 01 0C 00 00 F2", Frame(HOST, 0, b"\0", 12)),
    ("01 01 0C 00 03 EF", Frame(HOST, 0, b"\3", 12)),
    ("0C 00 01 E5 0E", Frame(12, 229)),
    ("01 0B 0C 00 00 00 00 00 00 00 00 00 00 00 00 E8", Frame(HOST, 0, bytes(11), 12)),
    ("01 0B 0C 00 01 04 02 00 00 00 00 00 00 00 00 E1", Frame(HOST, 0, bytes([1, 4, 2]).ljust(11, b"\0"), 12)),
    (
        "01 0B 0C 00 04 00 01 05 01 04 02 04 02 00 00 D1",
        Frame(HOST, 0, bytes([4, 0, 1, 5, 1, 4, 2, 4, 2, 0, 0]), 12),
    ),
    (
        "01 0B 0C 00 02 01 00 04 00 04 00 00 08 04 00 D1",
        Frame(HOST, 0, bytes([2, 1, 0, 4, 0, 4, 0, 0, 8, 4, 0]), 12),
    ),
    ("0C 00 01 01 F2", Frame(12, 1)),
    ("04 00 01 A3 58", Frame(4, 163)),
    ("01 02 04 00 80 00 79", Frame(HOST, 0, bytes([0x80, 0]), 4)),
    ("04 01 01 A4 A5 B1", Frame(4, 164, b"\xa5")),
    ("01 00 04 00 FB", Frame(HOST, 0, source=4)),
    ("04 00 01 F2 09", Frame(4, 242)),
    ("01 03 04 00 10 27 00 C1", Frame(HOST, 0, (10000).to_bytes(3, "little"), 4)),
    ("04 04 01 A7 10 27 00 03 16", Frame(4, 167, bytes([0x10, 0x27, 0, 3]))),
    ("01 01 04 00 0C EE", Frame(HOST, 0, b"\x0c", 4)),
    ("01 00 04 05 F6", Frame(HOST, NAK, source=4)),
    ("04 00 01 A6 55", Frame(4, 166)),
    ("01 04 04 00 0C 01 02 00 E8", Frame(HOST, 0, bytes([12, 1, 2, 0]), 4)),
    ("01 04 04 00 0C 00 03 00 E8", Frame(HOST, 0, bytes([12, 0, 3, 0]), 4)),
    ("01 04 04 00 0C 00 02 01 E8", Frame(HOST, 0, bytes([12, 0, 2, 1]), 4)),
    ("04 00 01 AC 4F", Frame(4, 172)),
    ("01 01 04 00 01 F9", Frame(HOST, 0, b"\1", 4)),
]
CRC = [
    ("29 00 86 FE 16", Frame(41, 254)),
    ("01 00 30 00 37", Frame(HOST, 0)),
    ("29 00 01 9F 6A", Frame(41, 159)),
    ("01 0B 66 00 03 02 01 00 08 00 04 00 00 00 00 E8", Frame(HOST, 0, bytes([3, 2, 1, 0, 8, 0, 4, 0, 0, 0, 0]))),
    ("29 01 FC 9D 02 BD", Frame(41, 157, b"\2")),
    ("01 07 D2 00 45 55 30 30 31 30 41 C6", Frame(HOST, 0, b"EU0010A")),
    ("29 01 08 9A 01 14", Frame(41, 154, b"\1")),
    ("29 02 91 9C 45 55 B8", Frame(41, 156, b"EU")),
    ("01 03 9B 00 64 00 02 CC", Frame(HOST, 0, bytes([100, 0, 2]))),
]
frames = st.builds(
    Frame,
    destination=st.integers(0, 255),
    header=st.integers(0, 255),
    data=st.binary(max_size=255),
    source=st.integers(0, 255),
)


@pytest.mark.parametrize(("text", "frame"), SIMPLE)
def test_simple_frame_when_worked_by_hand_then_codes_both_ways(text: str, frame: Frame) -> None:
    assert encode(frame) == bytes.fromhex(text)
    assert decode(bytes.fromhex(text)) == frame


@pytest.mark.parametrize(("text", "frame"), CRC)
def test_crc_frame_when_worked_by_hand_then_codes_both_ways(text: str, frame: Frame) -> None:
    decoded = decode(bytes.fromhex(text), Checksum.CRC)
    assert encode(frame, Checksum.CRC) == bytes.fromhex(text)
    assert (decoded.destination, decoded.header, decoded.data) == (frame.destination, frame.header, frame.data)


def test_crc16_when_given_the_catalogue_text_then_matches_the_catalogue() -> None:
    assert crc16(b"123456789") == 0x31C3


def test_simple_checksum_when_the_sum_is_full_already_then_is_0() -> None:
    assert simple_checksum(bytes.fromhex("0C 00 01 F3")) == 0


@pytest.mark.parametrize(
    "raw", [b"", b"\x0c\0\1\xfe", bytes.fromhex("0C 00 01 FE F4"), bytes.fromhex("0C 01 01 FE F5")]
)
def test_decode_when_not_a_frame_then_says_so(raw: bytes) -> None:
    with pytest.raises(BadFrameError):
        decode(raw)


@pytest.mark.parametrize("field", ["destination", "header", "source"])
def test_frame_when_a_field_is_no_byte_then_is_refused(field: str) -> None:
    fields: dict[str, Any] = {"destination": 2, "header": 254, "source": 1, field: 256}
    with pytest.raises(ValueError, match=field):
        Frame(**fields)


def test_frame_when_data_is_too_long_then_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 255"):
        Frame(2, 254, bytes(256))


@given(frame=frames)
def test_any_frame_when_encoded_then_decodes_to_itself(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(raw=st.binary(max_size=300), checksum=st.sampled_from(Checksum))
def test_any_bytes_when_read_then_raise_only_our_error(raw: bytes, checksum: Checksum) -> None:
    try:
        frame = decode(raw, checksum)
    except BadFrameError:
        return
    assert len(frame.data) == len(raw) - 5


@given(raw=st.binary(max_size=600))
def test_any_bytes_when_fed_and_flushed_then_are_frames_or_discarded(raw: bytes) -> None:
    reader = FrameReader()
    found = reader.feed(raw) + reader.flush()
    assert sum(len(encode(frame)) for frame in found) + reader.discarded == len(raw)
    assert not reader.is_inside_frame


@given(sent=st.lists(frames, max_size=5), data=st.data())
def test_sound_frames_when_cut_anywhere_then_all_come_out_in_order(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(encode(frame) for frame in sent)
    reader, found = FrameReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == sent
    assert reader.discarded == 0


def test_reader_when_half_a_frame_is_followed_by_silence_then_finds_the_next_one() -> None:
    reader = FrameReader()
    poll = encode(Frame(2, 254))
    assert reader.feed(poll[:3]) == []
    assert reader.flush() == []
    assert reader.feed(poll) == [Frame(2, 254)]
    assert reader.discarded == 3


def test_reader_when_garbage_swallowed_a_frame_then_flush_finds_it() -> None:
    reader = FrameReader()
    assert reader.feed(b"\x00\x40" + encode(Frame(2, 254))) == []
    assert reader.flush() == [Frame(2, 254)]
    assert reader.discarded == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0C 00 01 E5 0E", "read credit"),
        ("01 00 0C 05 EE", "no"),
        ("01 00 0C 00 F3", "yes"),
        ("01 01 0C 00 01 F1", "answer"),
        ("0C 00 01 E5 0F", "damaged"),
        ("0C 00 01 60 93", "command 96"),
    ],
)
def test_describe_when_given_any_bytes_then_has_words(text: str, words: str) -> None:
    assert describe(bytes.fromhex(text)) == words
