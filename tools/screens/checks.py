"""Looks at a drawn screen for what nobody could read, hit or understand. Needs Kivy to be open already."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any, Final

from PIL import ImageFont

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import GAP_MM, TARGET_MM, Display
from edge.screens.kiosk.widgets import Key, Plate, Tile
from tools.screens.finding import Finding

TEXT_CONTRAST: Final = 7.0
LINE_CONTRAST: Final = 3.0
LEAST_MM: Final = 4.0
"""Letters are never smaller."""
PRICE_MM: Final = 8.0
"""A price on the shelf is so large, or as large as its tile is wide: on 7 inch, twelve tiles are 24 mm wide each."""
_PRICE_SHARE: Final = 0.85
_SLACK: Final = 0.999
_UNTRANSLATED: Final = re.compile(r"^[a-z_]+(\.[a-z_]+)+$|[{}]")
_NOBODY_HAS: Final = "\U0010fffe"
_TONES: Final = ("success", "amber", "danger")

Colour = tuple[float, ...]


class Drawn:
    """One drawn screen, in the order in which it was drawn."""

    def __init__(self, stage: Any, display: Display, where: tuple[str, str, str]) -> None:
        self._display, self._where = display, where
        self._mm = display.px_per_mm
        seen = [one for one in _visible(stage) if isinstance(one, Plate | Tile)]
        self._seen = seen
        self._plates = [one for one in self._seen if isinstance(one, Plate)]
        self._targets = [one for one in self._seen if isinstance(one, Key | Tile)]

    def findings(self) -> Iterator[Finding]:
        """All that is wrong."""
        for kind, what in (
            *self._to_hit(),
            *self._to_read(),
            *self._prices(),
            *self._to_tell_apart(),
            *self._covered(),
        ):
            yield Finding(*self._where, kind, what)

    # --- fingers ----------------------------------------------------------------------------------
    def _to_hit(self) -> Iterator[tuple[str, str]]:
        mm, display = self._mm, self._display
        for one in self._targets:
            if min(one.width, one.height) < TARGET_MM * mm * _SLACK:
                yield "target", f"{_name(one)}: {one.width / mm:.1f} x {one.height / mm:.1f} mm"
            if one.x < -1 or one.y < -1 or one.right > display.width + 1 or one.top > display.height + 1:
                yield "outside", _name(one)
        for one, other in combinations(self._targets, 2):
            apart = max(other.x - one.right, one.x - other.right, other.y - one.top, one.y - other.top)
            if apart < GAP_MM * mm * 0.95:
                yield "overlap" if apart < 0 else "gap", f"{_name(one)} and {_name(other)}: {apart / mm:.1f} mm"

    # --- eyes -------------------------------------------------------------------------------------
    def _to_read(self) -> Iterator[tuple[str, str]]:
        for one in self._plates:
            if not one.text:
                continue
            if (missing := one.overflow()) > 1:
                yield "overflow", f"{one.text[:30]!r}: {missing / self._mm:.1f} mm"
            if one.is_cut():
                yield "overflow", f"{one.text[:30]!r}: a line of it was not drawn"
            if one.font_size < LEAST_MM * self._mm * _SLACK:
                yield "small", f"{one.text[:30]!r}: {one.font_size / self._mm:.1f} mm"
            unknown = sorted({letter for letter in one.text if not _has(one.font_name, letter)})
            if unknown:
                yield "letter", f"{one.text[:30]!r}: the font has no {''.join(unknown)!r}"
            if _UNTRANSLATED.search(one.text):
                yield "untranslated", repr(one.text)

    def _prices(self) -> Iterator[tuple[str, str]]:
        for one in self._seen:
            if isinstance(one, Tile):
                price = one.ids.price
                wide, _ = price.measured()
                if price.font_size < PRICE_MM * self._mm * _SLACK and wide < _PRICE_SHARE * one.width:
                    yield "price", f"{price.text!r}: {price.font_size / self._mm:.1f} mm"

    def _to_tell_apart(self) -> Iterator[tuple[str, str]]:
        for number, one in enumerate(self._seen):
            ground = self._ground(number)
            fill = _fill(one)
            if isinstance(one, Plate) and one.text:
                ratio = contrast(one.color, fill or ground)
                if ratio < TEXT_CONTRAST:
                    yield "contrast", f"{one.text[:30]!r}: {ratio:.1f}"
            if isinstance(one, Key):
                ratio = max(contrast(one.line, ground), contrast(fill or ground, ground))
                if ratio < LINE_CONTRAST:
                    yield "contrast", f"border of {_name(one)}: {ratio:.1f}"
            if isinstance(one, Tile) and tuple(one.edge) != look.colours()["white"] and not one.mark:
                yield "colour", f"{_name(one)}: its edge is all that tells its state"
            if fill in {look.colours()[tone] for tone in _TONES} and not self._has_words(one):
                yield "colour", f"{_name(one)}: a colour without a word"

    def _ground(self, number: int) -> Colour:
        """The colour on which something stands: of what was drawn last below its middle."""
        one = self._seen[number]
        for below in reversed(self._seen[:number]):
            fill = _fill(below)
            if fill and below.collide_point(one.center_x, one.center_y):
                return fill
        return look.colours()["paper"]

    def _has_words(self, one: Any) -> bool:
        return any(other.text and one.collide_point(*other.center) for other in self._plates)

    def _covered(self) -> Iterator[tuple[str, str]]:
        """Text under something that was drawn later."""
        for number, one in enumerate(self._seen):
            if not isinstance(one, Plate) or not one.text:
                continue
            box = _text_box(one)
            for later in self._seen[number + 1 :]:
                hides = _fill(later) is not None or (isinstance(later, Plate) and later.text)
                other = (later.x, later.y, later.right, later.top) if _fill(later) else _text_box(later)
                if hides and _overlap(box, other) > 1:
                    yield "covered", f"{one.text[:20]!r} by {_name(later)[:20]!r}"


@cache
def _has(font: str, letter: str) -> bool:
    """Whether a font can draw a letter; what is invisible needs no drawing."""
    if unicodedata.category(letter) in {"Cf", "Cc", "Zs"}:
        return True
    letters = _font(font)
    return bytes(letters.getmask(letter)) != bytes(letters.getmask(_NOBODY_HAS))


@cache
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, 24)


def contrast(one: Colour, other: Colour) -> float:
    """Ratio of two colours, 1 to 21. Source: WCAG 2.2, contrast ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _visible(widget: Any) -> Iterator[Any]:
    if widget.opacity <= 0:
        return
    yield widget
    for child in reversed(widget.children):
        yield from _visible(child)


def _fill(one: Any) -> Colour | None:
    if isinstance(one, Tile):
        return look.colours()["silver" if one.sign else "white"]
    fill = tuple(one.fill)
    return fill if fill[3] == 1 else None


def _text_box(one: Any) -> tuple[float, float, float, float]:
    """Where the letters of a plate are."""
    wide, high = one.measured()
    at = {"left": one.x + one.pad, "right": one.right - one.pad - wide}.get(one.halign, one.center_x - wide / 2)
    low = {"top": one.top - one.pad_high - high, "bottom": one.y + one.pad_high}.get(
        one.valign, one.center_y - high / 2
    )
    return at, low, at + wide, low + high


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """How deep two boxes are in each other; less than 0 when they are not."""
    return min(one[2] - other[0], other[2] - one[0], one[3] - other[1], other[3] - one[1])


def _name(widget: Any) -> str:
    return getattr(widget, "text", "") or getattr(widget, "slot", "") or type(widget).__name__
