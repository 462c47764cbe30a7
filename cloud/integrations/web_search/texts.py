"""Texts of strangers made harmless to show, and the prices in them. Pure."""

import re
import unicodedata
from html import unescape
from typing import Final

TITLE_LENGTH: Final = 200
EXCERPT_LENGTH: Final = 500
MOST_PRICES: Final = 8
MOST_YEN: Final = 100_000_000

_TAGS: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_PRICE: Final = re.compile(r"[¥¥]\s?([0-9][0-9,]{0,12})|([0-9][0-9,]{0,12})\s?円")


def plain(text: str, length: int) -> str:
    """Text without markup, control characters and what turns the direction of writing; one line, cut."""
    shown = unescape(_TAGS.sub(" ", text))
    kept = (" " if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"} else one for one in shown)
    return " ".join("".join(kept).split())[:length]


def prices(text: str) -> tuple[int, ...]:
    """Amounts in yen in a text, in their order, each once."""
    found: dict[int, None] = {}
    for match in _PRICE.finditer(unicodedata.normalize("NFKC", text)):
        amount = int((match.group(1) or match.group(2)).replace(",", "") or 0)
        if 0 < amount <= MOST_YEN:
            found.setdefault(amount)
    return tuple(found)[:MOST_PRICES]
