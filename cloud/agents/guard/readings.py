"""All the ways a text can be read: spelled apart, in full-width or foreign letters, encoded. Pure.

Only for looking for what must not be there; a text is never carried out in any reading.
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

MOST_CHARACTERS: Final = 8_000
"""Longer texts are looked at in their first and last parts."""
_DEPTH: Final = 2
"""Encodings within encodings."""
_MOST_PIECES: Final = 20

_INVISIBLE: Final = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]")  # fmt: skip # noqa: E501
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX: Final = re.compile(r"(?<![0-9a-fA-F])(?:0x)?((?:[0-9a-fA-F]{2}[\s:]?){6,})(?![0-9a-fA-F])")
_ESCAPES: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_SPELLED: Final = re.compile(r"\b(?:\w[\s.*_|/-]+){3,}\w\b")
_SEPARATORS: Final = re.compile(r"[\s_.*|/\\,;:'\"`~^()\[\]{}<>・。、「」『』!?-]+")

_LOOKALIKES: Final = str.maketrans(
    "асеорхуіјѕԁһкмтвнɡαεικνορτυχωᴀѕ",
    "aceopxyijsdhkmtbhgaeiknoptuxwas",
)
"""Cyrillic and Greek letters that look Latin."""
_LEET: Final = str.maketrans("0134578@$!", "oleastbasi")
_LEET_I: Final = str.maketrans("0134578@$!", "oieastbasi")
_TO_HIRAGANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def hiragana(text: str) -> str:
    """Katakana as hiragana: both spell the same word."""
    return text.translate(_TO_HIRAGANA)


def plain(text: str) -> str:
    """One spelling: full-width and ligatures resolved, nothing invisible, small letters, katakana as hiragana."""
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS // 2] + " " + text[-MOST_CHARACTERS // 2 :]
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    if folded.isascii():
        return folded
    bare = "".join(mark for mark in unicodedata.normalize("NFD", folded) if not _is_accent(mark))
    return hiragana(unicodedata.normalize("NFC", bare).translate(_LOOKALIKES))


def _is_accent(mark: str) -> bool:
    # Voicing marks of kana are letters, not decoration.
    return unicodedata.combining(mark) != 0 and mark not in "\u3099\u309a"


def compact(text: str) -> str:
    """A plain text without any separators."""
    return _SEPARATORS.sub("", text)


def spaced(text: str) -> str:
    """A plain text with single blanks for every kind of separator: names of tools read as words."""
    return _SEPARATORS.sub(" ", text).strip()


def readings(text: str, depth: int = _DEPTH) -> Iterator[str]:
    """Every reading of a text as `plain` spells it, the plain one first."""
    base = plain(text)
    yield base
    if any(letter in base for letter in "0134578@$!"):
        yield base.translate(_LEET)
        yield base.translate(_LEET_I)
    if _SPELLED.search(base):
        yield _SPELLED.sub(lambda found: compact(found.group()), base)
    if sum(letter.isascii() and letter.isalpha() for letter in base) >= 8:
        yield codecs.decode(base, "rot13")
        yield base[::-1]
    if depth > 0:
        for piece in decoded(text):
            yield from readings(piece, depth - 1)


def decoded(text: str) -> list[str]:
    """What encoded pieces of a text say; pieces that say nothing are left out."""
    text = _INVISIBLE.sub("", text[:MOST_CHARACTERS])
    found = []
    if "%" in text:
        found.append(unquote(text))
    if "&" in text:
        found.append(html.unescape(text))
    if "\\" in text:
        found.append(_ESCAPES.sub(lambda code: chr(int(code[1] or code[2], 16)), text))
    found = [one for one in found if one != text]
    for piece in _BASE64.findall(text)[:_MOST_PIECES]:
        found += _from_base64(piece)
    for piece in _HEX.findall(text)[:_MOST_PIECES]:
        found += _readable(bytes.fromhex(re.sub(r"[\s:]", "", piece)))
    return found


def _from_base64(piece: str) -> list[str]:
    bare = piece.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _readable(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
    except (binascii.Error, ValueError):
        return []


def _readable(data: bytes) -> list[str]:
    for encoding in ("utf-8", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(text) >= 4 and sum(letter.isprintable() or letter.isspace() for letter in text) == len(text):
            return [text]
    return []
