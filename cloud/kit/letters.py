"""Texts in Japanese and English as they are compared and searched: by pairs of letters, since no spaces part words.

Source: Unicode NFKC; katakana and hiragana lie 0x60 apart.
"""

import unicodedata
from collections.abc import Iterator


def folded(text: str) -> str:
    """A text as it is compared: width and case do not matter, nor katakana or hiragana; all signs are one space."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kana = "".join(chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char for char in plain)
    return " ".join("".join(char if char.isalnum() else " " for char in kana).split())


def pairs(text: str) -> set[str]:
    """What a text can be found by: neighbouring letters of its words, words of one letter, and each ideograph."""
    return set(_parts(folded(text)))


def wanted_pairs(words: str) -> set[str]:
    """What a text must have to hold all of these words: of each the pairs, or the one letter it is."""
    found: set[str] = set()
    for word in folded(words).split():
        found.update([word] if len(word) == 1 else (word[at : at + 2] for at in range(len(word) - 1)))
    return found


def holds(text: str, words: str) -> bool:
    """Whether a text holds every one of these words."""
    plain = folded(text)
    return all(word in plain for word in folded(words).split())


def _parts(plain: str) -> Iterator[str]:
    for word in plain.split():
        yield from (word[at : at + 2] for at in range(len(word) - 1))
        yield from (char for char in word if len(word) == 1 or _is_ideograph(char))


def _is_ideograph(char: str) -> bool:
    return "一" <= char <= "鿿" or char == "々"
