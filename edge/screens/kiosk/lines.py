"""Where a text is broken into lines. Pure; no Kivy, which breaks Japanese after any letter.

No line begins with what closes something or ends with what opens it (JIS X 4051, kinsoku), no letter stands alone on
the last line; and of the breaks that are left those after a comma or between two phrases are taken.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Final

NEVER_FIRST: Final = frozenset(
    "ーァィゥェォャュョッヮヵヶぁぃぅぇぉゃゅょっゎ々〻、。,.・·:;?!)」』】〉》〕]}〜~…‥%℃,.:;?!)]}"
)
NEVER_LAST: Final = frozenset("(「『【〈《〔[{([{¥¥$$")
GLUE: Final = frozenset("\u2060\u00a0\u202f")
"""Nothing is broken on either side of these."""
_WIDE: Final = frozenset("WF")
_WHOLE: Final = (
    "ください",
    "おつり",
    "ありません",
    "ありがとう",
    "ございま",
    "でした",
    "ました",
    "ません",
    "します",
    "ています",
    "です",
    "ます",
)
"""Words without kanji that a line should not end within."""
_AFTER_STOP: Final = 0.0
_BETWEEN_PHRASES: Final = 0.02
_WITHIN: Final = 0.3
_WITHIN_WORD: Final = 0.9
_ALONE: Final = 4.0
"""What a break costs; a line that is left empty altogether costs 1."""

Measure = Callable[[str], float]
"""Width of a text on one line."""


def broken(text: str, room: float, measure: Measure, *, is_even: bool = False) -> str:
    """The text with line ends where it is to be broken, in as few lines as possible.

    Args:
        text: its own line ends are kept.
        room: width of a line.
        measure: width of a text, in the same unit; asked for single letters only.
        is_even: the last line shall be about as long as the others, for text that is centred.
    """
    return "\n".join(line for part in text.split("\n") for line in _paragraph(part, room, measure, is_even=is_even))


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two neighbouring letters."""
    if before in GLUE or after in GLUE or after in NEVER_FIRST or before in NEVER_LAST or after == " ":
        return False
    if before == " ":
        return True
    if before.isdigit():  # a number and its counter: 8秒, 3本
        return False
    return _is_wide(before) or _is_wide(after)


def _paragraph(text: str, room: float, measure: Measure, *, is_even: bool) -> list[str]:
    widths = [measure(letter) for letter in text]
    ends = [*_breaks(text, widths, room), len(text)]
    start, count = 0, 0
    while start < len(text):  # as few lines as there can be
        start = _furthest(text, widths, start, ends, room)
        count += 1
    if count <= 1:
        return [text.rstrip(" ")]
    taken = _cheapest(text, widths, ends, room, count, is_even=is_even)
    return [text[first:last].rstrip(" ") for first, last in pairwise((0, *taken))]


def _breaks(text: str, widths: list[float], room: float) -> Iterator[int]:
    """Where a line may begin; within a word too when it is longer than a line."""
    begun = 0
    for at in range(1, len(text)):
        if may_break(text[at - 1], text[at]) or sum(widths[begun : at + 1]) > room:
            begun = at
            yield at


def _furthest(text: str, widths: list[float], start: int, ends: list[int], room: float) -> int:
    fitting = [end for end in ends if end > start and _wide(text, widths, start, end) <= room]
    return fitting[-1] if fitting else next(end for end in ends if end > start)


def _cheapest(text: str, widths: list[float], ends: list[int], room: float, count: int, *, is_even: bool) -> list[int]:
    """Where the lines end, of all ways with so many lines."""

    @cache
    def best(start: int, left: int) -> tuple[float, tuple[int, ...]]:
        found: tuple[float, tuple[int, ...]] = (float("inf"), ())
        for end in ends:
            wide = _wide(text, widths, start, end)
            if end <= start or (end == len(text)) != (left == 1):
                continue
            if wide > room and end != _furthest(text, widths, start, ends, room):
                break
            is_last = end == len(text)
            cost = (1 - wide / room) ** 2 if is_even or not is_last else 0.0
            cost += (_ALONE if end - start < 2 else 0.0) if is_last else _cost(text, end)
            more, rest = (0.0, ()) if is_last else best(end, left - 1)
            found = min(found, (cost + more, (end, *rest)))
        return found

    return list(best(0, count)[1])


def _wide(text: str, widths: list[float], start: int, end: int) -> float:
    """Width of a line without the spaces that it ends with."""
    while end > start and text[end - 1] == " ":
        end -= 1
    return sum(widths[start:end])


def _cost(text: str, at: int) -> float:
    before, after = text[at - 1], text[at]
    if before in " 。、.,!?!?":
        return _AFTER_STOP
    if any(0 < at - start < len(word) for word in _WHOLE for start in _found(word, text, at)):
        return _WITHIN_WORD
    if before == "を" or (_is_hiragana(before) and not _is_hiragana(after)):
        return _BETWEEN_PHRASES
    return _WITHIN


def _found(word: str, text: str, at: int) -> Iterator[int]:
    """Where a word begins that is over a place."""
    return (start for start in range(max(0, at - len(word)), at) if text.startswith(word, start))


def _is_hiragana(letter: str) -> bool:
    return "\u3041" <= letter <= "\u309f"


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in _WIDE
