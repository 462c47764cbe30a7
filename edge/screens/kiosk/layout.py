"""Where everything stands on a display, in pixels. Pure; no Kivy.

A finger and an eye do not care about pixels: every size here is meant in millimetres and turned into pixels of the
display at hand. Source: EN 301 549 8.3 (reach), WCAG 2.2 SC 2.5.8, and for a public screen more than that: targets of
15 mm with 3 mm between them, price 8 mm and text 4.5 mm at 7 inch, all controls in the lowest 40 % in the low position.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TARGET_MM: Final = 15.0
GAP_MM: Final = 3.0
MM_PER_INCH: Final = 25.4
LOW_SHARE: Final = 0.4
"""In the low position all controls are within this share of the height."""
REACH_MM: Final = 300.0
"""A display that is not taller is all within reach; it needs no low position."""
PANEL_MM: Final = 39.5
"""Least width of the panel beside the shelf."""
PANEL_SHARE: Final = 0.18
"""… and of a wider display this share of its width."""
SIZES_MM: Final = (11.0, 8.0, 6.0, 4.5, 4.0)
"""Letters at 7 inch: credit, price, headings, everything else, and the least for a text that finds no room."""
TILE_MM: Final = 22.0
"""Least width and height of a tile: name in two lines, price, band."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in pixels; `y` counts upwards from the bottom, as Kivy does."""

    x: float
    y: float
    width: float
    height: float

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.y + self.height

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def center_x(self) -> float:
        """Its middle, from the left."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Display:
    """A display: pixels, and how large it is."""

    width: int
    height: int
    diagonal_inch: float

    @property
    def px_per_mm(self) -> float:
        """Pixels in a millimetre; they are square."""
        return math.hypot(self.width, self.height) / (self.diagonal_inch * MM_PER_INCH)

    @property
    def height_mm(self) -> float:
        """How tall it is."""
        return self.height / self.px_per_mm

    @property
    def has_low_position(self) -> bool:
        """Whether some of it is out of somebody's reach."""
        return self.height_mm > REACH_MM


@dataclass(frozen=True, slots=True)
class Type:
    """Heights of letters in pixels."""

    display: float
    tag: float
    head: float
    body: float
    least: float
    """What letters may be made smaller to when a text finds no room."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where everything is."""

    mm: float
    """Pixels of a millimetre."""
    type: Type
    shelf: Rect
    tiles: tuple[Rect, ...]
    """Places of a page of the shelf, row by row from the upper left."""
    credit: Rect
    message: Rect
    keys: tuple[Rect, ...]
    """Places of the keys: what returns money first, then what changes the screen."""
    sign: Rect | None
    """Room above the controls that nobody has to touch, in the low position."""

    @property
    def per_page(self) -> int:
        """Tiles of a page."""
        return len(self.tiles)


def arrange(display: Display, columns: int, rows: int, *, is_low: bool = False, keys: int = 6) -> Arrangement:
    """Place everything.

    Args:
        display: what there is to draw on.
        columns: of the shelf, as in the cabinet.
        rows: of the shelf; when there is no room for all of them there are several pages.
        is_low: all controls in the lowest part.
        keys: 4 or 6; fewer leave more room for words.

    Raises:
        ValueError: the display is too small for one tile beside the panel.
    """
    mm = display.px_per_mm
    height = display.height * LOW_SHARE if is_low and display.has_low_position else float(display.height)
    gap, grow = GAP_MM * mm, 1.0 if is_low else _grow(display)
    if display.width >= height:
        wide = max(PANEL_MM * mm, min(PANEL_SHARE * display.width, 46 * mm)) * grow
        panel = Rect(display.width - gap - wide, gap, wide, height - 2 * gap)
        shelf = Rect(gap, gap, panel.x - 2 * gap, height - 2 * gap)
        credit, message, places = _column(panel, keys, mm, gap)
    else:
        tall = 2 * (TARGET_MM * 1.4 * mm) + gap
        panel = Rect(gap, gap, display.width - 2 * gap, tall)
        credit, message, places, top = _strip(panel, keys, display, gap)
        shelf = Rect(gap, top + gap, display.width - 2 * gap, height - top - 2 * gap)
    is_short = height < display.height
    sign = Rect(gap, height + gap, display.width - 2 * gap, display.height - height - 2 * gap) if is_short else None
    tiles = _grid(shelf, columns, rows, mm, gap)
    return Arrangement(mm, _type(mm, grow), shelf, tiles, credit, message, places, sign)


def stacked(room: Rect, heights: Sequence[float]) -> tuple[Rect, ...]:
    """One below the other, with what is left of the height shared out between, above and below them."""
    spare = max(0.0, room.height - sum(heights)) / (len(heights) + 1)
    found, top = [], room.top
    for height in heights:
        top -= spare
        found.append(Rect(room.x, top - height, room.width, height))
        top -= height
    return tuple(found)


def _type(mm: float, grow: float) -> Type:
    display, tag, head, body, least = (size * mm for size in SIZES_MM)
    return Type(display * grow, tag * grow, head * grow, body * grow, least)


def _grow(display: Display) -> float:
    """Letters grow with the distance from which a larger display is read; not in the low position, one sits close."""
    return max(1.0, min(1.6, display.diagonal_inch / 12.0))


def _grid(shelf: Rect, columns: int, rows: int, mm: float, gap: float) -> tuple[Rect, ...]:
    least = TILE_MM * mm
    across = min(columns, math.floor((shelf.width + gap) / (least + gap)))
    down = min(rows, math.floor((shelf.height + gap) / (least + gap)))
    if across < 1 or down < 1:
        raise ValueError(
            f"no room for a tile of {TILE_MM:.0f} mm in {shelf.width / mm:.0f} x {shelf.height / mm:.0f} mm"
        )
    width = (shelf.width - (across - 1) * gap) / across
    height = (shelf.height - (down - 1) * gap) / down
    return tuple(
        Rect(shelf.x + column * (width + gap), shelf.top - (row + 1) * height - row * gap, width, height)
        for row in range(down)
        for column in range(across)
    )


def _column(panel: Rect, count: int, mm: float, gap: float) -> tuple[Rect, Rect, tuple[Rect, ...]]:
    """Beside the shelf: credit, message, keys two by two."""
    width, height = (panel.width - gap) / 2, TARGET_MM * mm
    places = tuple(
        Rect(panel.x + (number % 2) * (width + gap), panel.y + row * (height + gap), width, height)
        for number, row in ((number, (1, 0, 2)[number // 2]) for number in range(count))
    )
    bottom = panel.y + (count // 2) * (height + gap)
    credit_height = min((panel.top - bottom) * 0.4, 13.5 * mm)
    credit = Rect(panel.x, panel.top - credit_height, panel.width, credit_height)
    return credit, Rect(panel.x, bottom, panel.width, credit.y - bottom - gap / 2), places


def _strip(panel: Rect, count: int, display: Display, gap: float) -> tuple[Rect, Rect, tuple[Rect, ...], float]:
    """Below the shelf: keys in one row, or in rows of two or three; above them credit and message."""
    mm = display.px_per_mm
    height = TARGET_MM * 1.4 * mm
    fits = (panel.width - (count - 1) * gap) / count >= 2 * TARGET_MM * mm
    per_row = count if fits else count // 2
    width = (panel.width - (per_row - 1) * gap) / per_row
    rows = count // per_row
    places = tuple(
        Rect(
            panel.x + (number % per_row) * (width + gap),
            panel.y + (rows - 1 - number // per_row) * (height + gap),
            width,
            height,
        )
        for number in range(count)
    )
    above = panel.y + rows * (height + gap)
    told = 24 * mm * _grow(display)
    credit = Rect(panel.x, above, panel.width * 0.34, told)
    message = Rect(credit.right + gap, above, panel.right - credit.right - gap, told)
    return credit, message, places, above + told
