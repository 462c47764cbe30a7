"""What a maintenance screen is drawn of: flat parts in millimetres, from the upper left. Pure; no Kivy."""

from dataclasses import dataclass
from typing import Final, Literal

from edge.screens.kiosk.layout import GAP_MM, TARGET_MM, Display

TITLE_MM: Final = 6.0
BODY_MM: Final = 4.5
SMALL_MM: Final = 4.0
"""Nothing is written smaller."""
FIGURE_MM: Final = 8.0
HEAD_MM: Final = 12.6
_EDGE_MM: Final = 1.4
_COLUMN_MM: Final = 2 * TARGET_MM + GAP_MM
"""Width of the keys beside the page: as wide as the two that turn sheets."""
_TALL_ROW: Final = 1.25
"""On a tall display there is room for larger keys."""

Look = Literal["plain", "muted", "head", "row", "key", "main", "field", "badge", "paper", "ok", "warn", "sorry"]
Wish = Literal["press", "enter", "pad", "type", "erase", "done", "cancel", "layer", "turn", "nudge"]


@dataclass(frozen=True, slots=True)
class Does:
    """What pressing a part means; `name` is an action, a field or a letter."""

    wish: Wish
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in millimetres; `y` counts downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def split(self, left: float, gap: float = GAP_MM) -> tuple["Box", "Box"]:
        """Two beside each other, the left one so wide."""
        return (
            Box(self.x, self.y, left, self.height),
            Box(self.x + left + gap, self.y, self.width - left - gap, self.height),
        )

    def cells(self, columns: int, rows: int, gap: float = GAP_MM) -> tuple["Box", ...]:
        """Equal cells, row by row."""
        width = (self.width - (columns - 1) * gap) / columns
        height = (self.height - (rows - 1) * gap) / rows
        return tuple(
            Box(self.x + column * (width + gap), self.y + row * (height + gap), width, height)
            for row in range(rows)
            for column in range(columns)
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is drawn, and what pressing it does. Its name is its own on a sheet."""

    name: str
    box: Box
    text: str = ""
    look: Look = "plain"
    letters: float = BODY_MM
    """Height in millimetres; a renderer may go down to SMALL_MM when a text finds no room."""
    align: Literal["left", "center", "right"] = "center"
    is_bold: bool = False
    is_code: bool = False
    """Letters of one width, as in a log."""
    does: Does | None = None
    """None for what cannot be pressed."""
    is_key: bool = False
    """A key, also when it cannot be pressed now."""
    picture: str = ""
    modules: tuple[str, ...] = ()
    """Of a QR code."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The areas of a maintenance screen: head, page, and where keys stand."""

    scale: float
    """Of letters and rows."""
    row: float
    """Height of whatever is pressed."""
    is_wide: bool
    whole: Box
    head: Box
    page: Box
    keys: tuple[Box, ...]
    """Places of keys, in the order they are filled: the first two are for turning sheets."""

    @property
    def body(self) -> float:
        """Height of letters."""
        return BODY_MM * self.scale

    @property
    def small(self) -> float:
        """Height of small letters."""
        return SMALL_MM * self.scale


def surface(display: Display, keys: int) -> Surface:
    """Divide a display.

    Args:
        display: what there is to draw on.
        keys: of the page, without those that turn sheets.
    """
    width, height = display.width / display.px_per_mm, display.height / display.px_per_mm
    whole = Box(_EDGE_MM, _EDGE_MM, width - 2 * _EDGE_MM, height - 2 * _EDGE_MM)
    scale = max(1.0, min(1.6, display.diagonal_inch / 12.0))
    head_height = HEAD_MM * scale
    if width >= height:
        return _wide(whole, scale, head_height, keys)
    row = TARGET_MM * _TALL_ROW
    rows = 1 + -(-keys // 3)
    below = Box(whole.x, whole.bottom - rows * (row + GAP_MM) + GAP_MM, whole.width, rows * (row + GAP_MM) - GAP_MM)
    top = whole.y + head_height + GAP_MM
    page = Box(whole.x, top, whole.width, below.y - GAP_MM - top)
    places = below.cells(3, rows)
    turning = (places[0], places[2])
    return Surface(
        scale, row, False, whole, Box(whole.x, whole.y, whole.width, head_height), page, (*turning, *places[3:])
    )


def _wide(whole: Box, scale: float, head_height: float, keys: int) -> Surface:
    rows = max(1, int((whole.height + GAP_MM) // (TARGET_MM + GAP_MM)))
    columns = max(1, -(-keys // max(1, rows - 1)))
    beside = _COLUMN_MM * columns + GAP_MM * (columns - 1)
    left, right = whole.split(whole.width - beside - GAP_MM)
    places = right.cells(columns, rows)
    turning = Box(places[0].x, places[0].y, _COLUMN_MM, places[0].height).cells(2, 1)
    top = left.y + head_height + GAP_MM
    page = Box(left.x, top, left.width, left.bottom - top)
    head = Box(left.x, left.y, left.width, head_height)
    below = places[columns:]
    return Surface(scale, TARGET_MM, True, whole, head, page, (*turning, *below[max(0, len(below) - keys) :]))
