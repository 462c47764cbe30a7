"""What is sealed stays shut without its key, in another's place, or changed; a changed key still opens what was."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.kit.secrecy import CHUNK_BYTES, CannotOpenError, Secrecy

KEY, OTHER = "k" * 40, "o" * 40
SECRECY = Secrecy(KEY)


@settings(max_examples=20)
@given(clear=st.binary(max_size=200), about=st.text(max_size=20))
def test_sealed_when_opened_then_it_is_what_it_was_and_never_sealed_alike_twice(clear: bytes, about: str) -> None:
    sealed = SECRECY.seal(clear, about)
    assert SECRECY.open(sealed, about) == clear
    assert sealed != SECRECY.seal(clear, about)


@settings(max_examples=20)
@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_sealed_when_one_bit_is_changed_then_it_does_not_open(at: int, bit: int) -> None:
    sealed = bytearray(SECRECY.seal("お茶をください".encode(), "message"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(CannotOpenError):
        SECRECY.open(bytes(sealed), "message")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + b"k" * 8])
def test_sealed_when_it_is_no_such_thing_then_it_does_not_open(sealed: bytes) -> None:
    with pytest.raises(CannotOpenError):
        SECRECY.open(sealed, "message")


def test_sealed_when_put_in_anothers_place_then_it_does_not_open() -> None:
    with pytest.raises(CannotOpenError, match="message 2 cannot be opened"):
        SECRECY.open(SECRECY.seal(b"x", "message 1"), "message 2")


def test_key_when_changed_then_the_one_before_opens_and_the_new_one_seals() -> None:
    old, new = SECRECY.seal(b"x", "a"), Secrecy(OTHER, [KEY])
    assert new.open(old, "a") == b"x"
    assert not new.is_current(old)
    assert new.is_current(new.seal(b"x", "a"))
    assert new.word("茶", "w") != SECRECY.word("茶", "w")
    assert SECRECY.word("茶", "w") in new.words("茶", "w")
    assert new.is_signed("a", "use", SECRECY.sign("a", "use"))
    with pytest.raises(CannotOpenError):
        Secrecy(OTHER).open(old, "a")


def test_word_when_used_for_another_index_then_it_is_another_number() -> None:
    assert SECRECY.word("茶", "messages") != SECRECY.word("茶", "requests")
    assert -(2**63) <= SECRECY.word("茶", "messages") < 2**63


@pytest.mark.parametrize("given_", ["", "0" * 32, "あ" * 32])
def test_signature_when_it_is_not_ours_then_it_is_refused(given_: str) -> None:
    assert not SECRECY.is_signed("c-1", "customer", given_)
    assert not SECRECY.is_signed("c-1", "other", SECRECY.sign("c-1", "customer"))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_file_when_sealed_and_opened_then_it_is_the_same_and_only_whole(tmp_path: Path, size: int) -> None:
    clear, sealed, again = tmp_path / "clear", tmp_path / "sealed", tmp_path / "again"
    clear.write_bytes(b"v" * size)
    SECRECY.seal_file(clear, sealed, "backup")
    SECRECY.open_file(sealed, again, "backup")
    assert again.read_bytes() == clear.read_bytes()
    assert size == 0 or b"vvvv" not in sealed.read_bytes()
    assert sealed.stat().st_mode & 0o077 == 0
    again.unlink()
    sealed.write_bytes(sealed.read_bytes()[: -(CHUNK_BYTES if size > CHUNK_BYTES else 1)])
    with pytest.raises(CannotOpenError):
        SECRECY.open_file(sealed, again, "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clear", "sealed"]
