"""Where everything stands on a display, in pixels. Pure; no Kivy.

A finger and an eye do not care about pixels: every size here is meant in millimetres and turned into pixels of the
display at hand. Source: EN 301 549 8.3 (reach), WCAG 2.2 SC 2.5.8, and for a public screen more than that: targets of
15 mm with 3 mm between them, price 8 mm and text 4.5 mm at 7 inch, all controls in the lowest 40 % in the low position.
"""

import math
from dataclasses import dataclass
from typing import Final

TARGET_MM: Final = 15.0
GAP_MM: Final = 3.0
MM_PER_INCH: Final = 25.4
LOW_SHARE: Final = 0.4
"""In the low position all controls are within this share of the height."""
REACH_MM: Final = 300.0
"""A display that is not taller is all within reach; it needs no low position."""
PANEL_MM: Final = 46.0
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
    price: float
    head: float
    body: float


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
    """Six places: what returns money first, then what changes the screen."""
    sign: Rect | None
    """Room above the controls that nobody has to touch, in the low position."""

    @property
    def per_page(self) -> int:
        """Tiles of a page."""
        return len(self.tiles)


def arrange(display: Display, columns: int, rows: int, *, is_low: bool = False) -> Arrangement:
    """Place everything.

    Args:
        display: what there is to draw on.
        columns: of the shelf, as in the cabinet.
        rows: of the shelf; when there is no room for all of them there are several pages.
        is_low: all controls in the lowest part.

    Raises:
        ValueError: the display is too small for one tile beside the panel.
    """
    mm = display.px_per_mm
    height = display.height * LOW_SHARE if is_low and display.has_low_position else float(display.height)
    gap = GAP_MM * mm
    if display.width >= height:
        panel = Rect(display.width - gap - PANEL_MM * mm, gap, PANEL_MM * mm, height - 2 * gap)
        shelf = Rect(gap, gap, panel.x - 2 * gap, height - 2 * gap)
        credit, message, keys = _column(panel, mm, gap)
    else:
        tall = 2 * (TARGET_MM * 1.4 * mm) + gap
        panel = Rect(gap, gap, display.width - 2 * gap, tall)
        credit, message, keys, top = _strip(panel, display, mm, gap)
        shelf = Rect(gap, top + gap, display.width - 2 * gap, height - top - 2 * gap)
    is_short = height < display.height
    sign = Rect(gap, height + gap, display.width - 2 * gap, display.height - height - 2 * gap) if is_short else None
    tiles = _grid(shelf, columns, rows, mm, gap)
    return Arrangement(mm, _type(display, mm), shelf, tiles, credit, message, keys, sign)


def _type(display: Display, mm: float) -> Type:
    """Letters grow with the distance from which a larger display is read."""
    grow = max(1.0, min(1.6, display.diagonal_inch / 12.0))
    return Type(*(size * grow * mm for size in (11.0, 8.0, 6.0, 4.5)))


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


def _column(panel: Rect, mm: float, gap: float) -> tuple[Rect, Rect, tuple[Rect, ...]]:
    """Beside the shelf: credit, message, keys in two columns of three."""
    key_width, key_height = (panel.width - gap) / 2, TARGET_MM * mm
    keys = tuple(
        Rect(panel.x + column * (key_width + gap), panel.y + row * (key_height + gap), key_width, key_height)
        for row in (1, 0, 2)
        for column in (0, 1)
    )
    room = panel.height - 3 * key_height - 3 * gap
    credit_height = min(room * 0.4, 17 * mm)
    credit = Rect(panel.x, panel.top - credit_height, panel.width, credit_height)
    message_bottom = panel.y + 3 * (key_height + gap)
    return credit, Rect(panel.x, message_bottom, panel.width, credit.y - message_bottom - gap / 2), keys


def _strip(panel: Rect, display: Display, mm: float, gap: float) -> tuple[Rect, Rect, tuple[Rect, ...], float]:
    """Below the shelf: keys in one row of six or two of three, above them message and credit."""
    key_height = TARGET_MM * 1.4 * mm
    per_row = 6 if (display.width - 7 * gap) / 6 >= 2 * TARGET_MM * mm else 3
    width = (panel.width - (per_row - 1) * gap) / per_row
    keys = tuple(
        Rect(
            panel.x + (number % per_row) * (width + gap),
            panel.y + (6 // per_row - 1 - number // per_row) * (key_height + gap),
            width,
            key_height,
        )
        for number in range(6)
    )
    above = panel.y + (6 // per_row) * (key_height + gap)
    told = 24 * mm * max(1.0, min(1.6, display.diagonal_inch / 12.0))
    credit = Rect(panel.x, above, panel.width * 0.34, told)
    message = Rect(credit.right + gap, above, panel.right - credit.right - gap, told)
    return credit, message, keys, above + told
