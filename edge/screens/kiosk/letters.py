"""How much room a text needs, estimated without drawing it; on the generous side. Pure; no Kivy."""

import math
import unicodedata
from typing import Final

LINE: Final = 1.2
"""Height of a line, in heights of a letter."""
_WIDE: Final = frozenset("WF")
_BROAD: Final = frozenset("MWmw@%")


def width_of(text: str) -> float:
    """Width of one line, in heights of a letter."""
    return sum(_width(letter) for letter in text)


def lines_of(text: str, width: float) -> int:
    """Lines that a text takes when a line is so many heights of a letter wide; Japanese may break anywhere."""
    room = max(1.0, width)
    return sum(_lines_of_paragraph(paragraph, room) for paragraph in text.split("\n")) if text else 0


def high(text: str, letters: float, width: float) -> float:
    """Height of a text in the unit of its letters and its width, e.g. millimetres."""
    return lines_of(text, width / letters) * letters * LINE


def _lines_of_paragraph(text: str, room: float) -> int:
    lines, used = 1, 0.0
    for word in text.split(" "):
        wide = width_of(word)
        gap = 0.3 if used else 0.0
        if used + gap + wide <= room:
            used += gap + wide
        elif word.isascii() and wide <= room:
            lines, used = lines + 1, wide
        else:  # begins on this line and goes on below; each line may stay short by the letter that found no room
            total = used + gap + wide
            more = math.ceil(total / max(1.0, room - 0.5)) - 1
            lines, used = lines + more, total - more * room
    return lines


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in _WIDE:
        return 1.0
    if letter in _BROAD:
        return 0.95
    return 0.33 if letter in " .,:;!'|il" else 0.62
