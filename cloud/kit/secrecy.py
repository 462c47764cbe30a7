"""What is kept so that only who has the key can read it: texts, files, search words, and tokens strangers hand back.

One setting (`ENCRYPTION_KEY`) gives a key of its own for each use. What is sealed names the key it was sealed with, so
a key can be changed: the one before (`ENCRYPTION_PREVIOUS_KEY`) opens what it sealed until that was sealed anew.

Source: RFC 5869 (HKDF), NIST SP 800-38D (AES-GCM; 96 random bits make up to 2^32 messages per key safe).
"""

import hmac
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = 1 + _ID_BYTES + _NONCE_BYTES
_FILE_MAGIC: Final = b"VENDSEAL\x01"
CHUNK_BYTES: Final = 1 << 20
"""A file is sealed in parts of this size, so that a large one needs no large memory."""


class CannotOpenError(Exception):
    """Sealed with a key we do not have, for something else, or changed since."""

    def __init__(self, about: str) -> None:
        super().__init__(f"{about} cannot be opened: another ENCRYPTION_KEY sealed it, or it was changed")


class _Key:
    """The keys that one setting gives."""

    def __init__(self, secret: str) -> None:
        self.id = _derived(secret, "name of the key")[:_ID_BYTES]
        """Tells nothing of the key."""
        self.seals = AESGCM(_derived(secret, "seal"))
        self.words = _derived(secret, "words")
        self.tokens = _derived(secret, "tokens")


def _derived(secret: str, use: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"ai-vending {use}".encode())
    return kdf.derive(secret.encode())


class Secrecy:
    """Seals with one key and opens what it or its predecessors sealed."""

    def __init__(self, key: str, earlier: Sequence[str] = ()) -> None:
        """Derive the keys.

        Args:
            key: the setting; 32 characters or more.
            earlier: those of before; they only open and check.
        """
        self._keys = [_Key(one) for one in (key, *earlier)]
        self._by_id = {key.id: key for key in self._keys}

    # --- texts ---------------------------------------------------------------------------------------------

    def seal(self, clear: bytes, about: str) -> bytes:
        """Make `clear` unreadable.

        Args:
            clear: any bytes.
            about: what it is of, e.g. `message s-1/3`; only the same `about` opens it, so that nothing sealed can
                be put in another's place.
        """
        key, nonce = self._keys[0], os.urandom(_NONCE_BYTES)
        return _VERSION + key.id + nonce + key.seals.encrypt(nonce, clear, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """The bytes that were sealed.

        Raises:
            CannotOpenError: no key of ours, another `about`, or changed.
        """
        key = self._by_id.get(sealed[1 : 1 + _ID_BYTES])
        if key is None or sealed[:1] != _VERSION:
            raise CannotOpenError(about)
        try:
            return key.seals.decrypt(sealed[1 + _ID_BYTES : _HEAD_BYTES], sealed[_HEAD_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpenError(about) from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed with the present key; else open it and seal it again."""
        return sealed[1 : 1 + _ID_BYTES] == self._keys[0].id

    @property
    def key_name(self) -> str:
        """The present key's name, 8 hex digits; tells nothing of it."""
        return self._keys[0].id.hex()

    # --- words that can be looked up but not read ------------------------------------------------------------

    def word(self, text: str, use: str) -> int:
        """A number that stands for a word: the same for the same word, and only for who has the key.

        Args:
            text: the word.
            use: which index it is for; the same word has another number in another one.

        Returns:
            64 bits with a sign, as databases keep them. How often a number occurs can be seen without the key.
        """
        return _word(self._keys[0], text, use)

    def words(self, text: str, use: str) -> list[int]:
        """The numbers of a word under each key there is: what an earlier key indexed is found too."""
        return [_word(key, text, use) for key in self._keys]

    # --- tokens ----------------------------------------------------------------------------------------------

    def sign(self, text: str, use: str) -> str:
        """A signature of `text`, 32 hex digits, that `is_signed` knows again."""
        return _signature(self._keys[0], text, use)

    def is_signed(self, text: str, use: str, signature: str) -> bool:
        """Whether one of our keys made `signature` for this text and use.."""
        given = signature.encode("utf-8", "replace")
        return any(hmac.compare_digest(_signature(key, text, use).encode(), given) for key in self._keys)

    # --- files -----------------------------------------------------------------------------------------------

    def seal_file(self, source: Path, target: Path, about: str) -> None:
        """Write a sealed copy of a file, readable by its owner only; it appears when it is whole.

        Raises:
            OSError: it cannot be read or written.
        """
        key, file_id = self._keys[0], os.urandom(16)
        with source.open("rb") as clear, _appearing(target) as sealed:
            sealed.write(_FILE_MAGIC + key.id + file_id)
            for number, (part, is_last) in enumerate(_parts(clear, CHUNK_BYTES)):
                nonce = os.urandom(_NONCE_BYTES)
                about_part = _about_part(about, file_id, number, is_last=is_last)
                sealed.write(nonce + key.seals.encrypt(nonce, part, about_part))

    def open_file(self, source: Path, target: Path, about: str) -> None:
        """Write the clear copy of a sealed file; it appears when all of it was opened.

        Raises:
            CannotOpenError: no key of ours, another `about`, changed or cut off.
            OSError: it cannot be read or written.
        """
        with source.open("rb") as sealed:
            magic, key_id, file_id = (sealed.read(size) for size in (len(_FILE_MAGIC), _ID_BYTES, 16))
            key = self._by_id.get(key_id)
            if magic != _FILE_MAGIC or key is None:
                raise CannotOpenError(about)
            with _appearing(target) as clear:
                for number, (part, is_last) in enumerate(_parts(sealed, _NONCE_BYTES + CHUNK_BYTES + 16)):
                    about_part = _about_part(about, file_id, number, is_last=is_last)
                    try:
                        clear.write(key.seals.decrypt(part[:_NONCE_BYTES], part[_NONCE_BYTES:], about_part))
                    except (InvalidTag, ValueError) as error:
                        raise CannotOpenError(about) from error


def _word(key: _Key, text: str, use: str) -> int:
    digest = hmac.digest(key.words, f"{use}\0{text}".encode(), sha256)
    return int.from_bytes(digest[:8], "big", signed=True)


def _signature(key: _Key, text: str, use: str) -> str:
    return hmac.digest(key.tokens, f"{use}\0{text}".encode(), sha256).hex()[:32]


def _about_part(about: str, file_id: bytes, number: int, *, is_last: bool) -> bytes:
    """Parts cannot change places, nor can the last ones be left out."""
    return f"{about}\0{file_id.hex()}\0{number}\0{is_last}".encode()


def _parts(file: IO[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Parts of a file and whether each is the last; an empty file has one empty part."""
    part = file.read(size)
    while True:
        following = file.read(size)
        yield part, not following
        if not following:
            return
        part = following


@contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is whole and on the disk, and leaves nothing when it is not."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as file:
        part = Path(file.name)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
