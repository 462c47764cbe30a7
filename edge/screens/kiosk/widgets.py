"""What the screens are built of. The looks are in `widgets.kv`; nothing here knows what is sold."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final

from kivy.clock import Clock
from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Line, RoundedRectangle
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import Rect
from edge.screens.kiosk.lines import broken

Builder.load_file(str(look.HERE / "widgets.kv"))

SMALLER: Final = 0.96
"""One step down for letters that find no room."""
HOLD_S: Final = 3.0
"""A key held so long means something else: what only staff know of."""
ROUNDED: Final = 1.0
"""Pixels by which a line may be wider than the sum of its letters."""
A_WORD: Final = 2.0
"""A word that was broken is missing so many pixels at least: its letters one by one are wider than in a row."""
QUIET: Final = (0.0, 0.0, 0.0, 0.0)
BORDER: Final = 1.4
"""Half the width of a border, in pixels."""


def place(widget: Widget, rect: Rect) -> None:
    """Put a widget where the layout says."""
    widget.size_hint = (None, None)
    widget.pos, widget.size = (rect.x, rect.y), (rect.width, rect.height)


class Plate(Label):  # type: ignore[misc] # Kivy has no types
    """A rounded area with one text in it."""

    fill = ColorProperty(QUIET)
    line = ColorProperty(QUIET)
    radius = NumericProperty(8)
    pad = NumericProperty(6)
    """Left and right of the text, in pixels."""
    pad_high = NumericProperty(6)
    """Above and below it."""

    letters = NumericProperty(15)
    """Height of the letters that is wanted, in pixels."""
    least = NumericProperty(0)
    """Letters may be made as small as this when a text finds no room; 0 for never."""

    def __init__(self, **values: Any) -> None:
        self._fitting = Clock.create_trigger(self._fit, -1)
        self._grounding = Clock.create_trigger(self._draw_ground, -1)
        super().__init__(**values)
        for name in ("fill", "line", "radius", "pos", "size"):
            self.fbind(name, self._grounding)
        self._grounding()
        self.fbind("letters", self._fitting)
        for name in ("text", "size", "least", "pad", "pad_high", "font_name"):
            self.fbind(name, self._fitting)
        self._fitting()

    def _draw_ground(self, _: float) -> None:
        """Area and border below the text, as far as they are seen: most plates have none, and then nothing is drawn."""
        self.canvas.before.clear()
        with self.canvas.before:
            if self.fill[3]:
                Color(*self.fill)
                RoundedRectangle(pos=self.pos, size=self.size, radius=[self.radius])
            if self.line[3]:
                Color(*self.line)
                Line(width=BORDER, rounded_rectangle=(*self.pos, *self.size, self.radius))

    def _fit(self, _: float) -> None:
        """Write the text as large as wanted, or as it finds room; just before the next frame is drawn."""
        self.font_size = self.letters
        while self.least and self.font_size > self.least and self.overflow() > 0:
            self.font_size = max(self.least, self.font_size * SMALLER)
        self.texture_update()

    def texture_update(self, *values: Any) -> None:
        """Draw the text in the lines it is broken into."""
        self._label.text = self.lines()
        super().texture_update(*values)

    def lines(self) -> str:
        """The text as it is drawn, with the ends of its lines."""
        wide = max(1.0, self.width - 2 * self.pad)
        return _broken(self.text, self.font_name, self.font_size, wide, self.halign == "center")

    def overflow(self) -> float:
        """How many pixels of the text find no room, or of a word that has to be broken; 0 when all of it is seen."""
        if not self.text or self.opacity == 0:
            return 0.0
        wide, high = max(1.0, self.width - 2 * self.pad), self.height - 2 * self.pad_high
        lines = self.lines()
        words = {word for word in self.text.split() if word.isascii()}  # Japanese may break anywhere
        broken_words = words.difference(lines.split())
        too_wide = max((max(A_WORD, self._measured(word)[0] - wide) for word in broken_words), default=0.0)
        return float(max(0.0, too_wide, self._measured(lines, wide)[1] - high))

    def measured(self) -> tuple[float, float]:
        """Width and height of the text as it is drawn, in pixels."""
        wide, high, _ = self._measured(self.lines(), max(1.0, self.width - 2 * self.pad))
        return wide, high

    def is_cut(self) -> bool:
        """Whether a line of the text was not drawn."""
        lines = self._measured(self.lines(), max(1.0, self.width - 2 * self.pad))[2]
        return bool(self.text) and len(self._label._cached_lines) < lines  # noqa: SLF001 - Kivy tells nobody

    def _measured(self, text: str, width: float | None = None) -> tuple[float, float, int]:
        return _measured(text, self.font_name, self.font_size, self.line_height, width)


@lru_cache(maxsize=4096)
def _measured(text: str, font: str, size: float, line: float, width: float | None) -> tuple[float, float, int]:
    free = CoreLabel(text=text, font_name=font, font_size=size, line_height=line, text_size=(width, None))
    free.refresh()
    widest = max((one.w for one in free._cached_lines), default=0)  # noqa: SLF001 - else it is the width it was given
    return widest, free.content_height, len(free._cached_lines)  # noqa: SLF001


@lru_cache(maxsize=4096)
def _broken(text: str, font: str, size: float, room: float, is_even: bool) -> str:  # noqa: FBT001 - a cache's key
    return broken(text, room - ROUNDED, partial(_letter, font, size), is_even=is_even)


@lru_cache(maxsize=16384)
def _letter(font: str, size: float, letter: str) -> float:
    """Width of one letter, in pixels."""
    return float(CoreLabel(font_name=font, font_size=size).get_extents(letter)[0])


class Key(ButtonBehavior, Plate):  # type: ignore[misc]
    """Something to press."""

    is_on = BooleanProperty(defaultvalue=True)
    is_main = BooleanProperty(defaultvalue=False)
    """The one thing to do on this screen."""

    is_field = BooleanProperty(defaultvalue=False)
    """Shows a value; pressing it asks for another one."""

    def __init__(self, pressed: Callable[[], None], held: Callable[[], None] | None = None, **values: Any) -> None:
        """A key.

        Args:
            pressed: called when the finger is lifted.
            held: called instead, after `HOLD_S` with the finger down; None when holding means nothing.
            values: of Kivy's properties.
        """
        self._pressed, self._held = pressed, held
        self._was_held = False
        self._holding = Clock.create_trigger(self._hold, HOLD_S)
        super().__init__(**values)

    def on_press(self) -> None:
        """Begin to count."""
        self._was_held = False
        if self._held is not None:
            self._holding()

    def on_release(self) -> None:
        """Pass the press on."""
        self._holding.cancel()
        if self.is_on and not self._was_held:
            self._pressed()

    def _hold(self, _: float) -> None:
        if self._held is not None and self.state == "down":
            self._was_held = True
            self._held()


class Tile(ButtonBehavior, Widget):  # type: ignore[misc]
    """One selection: picture, price, name, and the band that says cold or hot."""

    slot = StringProperty("")
    name = StringProperty("")
    price = StringProperty("")
    list_price = StringProperty("")
    band = StringProperty("")
    band_fill = ColorProperty(QUIET)
    sign = StringProperty("")
    """売切, 準備中: in the place of the band when it cannot be bought."""
    mark = StringProperty("")
    """Before the band's word: what the colour of the edge means, for those who do not see it."""
    is_wordy = BooleanProperty(defaultvalue=False)
    """The sign needs two lines."""
    picture = StringProperty("")
    is_small = BooleanProperty(defaultvalue=True)
    """No room for a picture beside a price that can be read; the goods stand behind the glass."""
    edge = ColorProperty(QUIET)
    type_price = NumericProperty(20)
    type_body = NumericProperty(12)
    type_least = NumericProperty(10)

    def __init__(self, pressed: Callable[[str], None], **values: Any) -> None:
        self._pressed = pressed
        super().__init__(**values)

    def on_release(self) -> None:
        """Pass the choice on."""
        self._pressed(self.slot)
