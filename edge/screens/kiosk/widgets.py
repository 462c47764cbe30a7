"""What the screens are built of. The looks are in `widgets.kv`; nothing here knows what is sold."""

from collections.abc import Callable
from typing import Any, Final

from kivy.core.text import Label as CoreLabel
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ColorProperty, NumericProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import Rect

Builder.load_file(str(look.HERE / "widgets.kv"))

QUIET: Final = (0.0, 0.0, 0.0, 0.0)


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

    def overflow(self) -> float:
        """How many pixels of the text find no room, or of a word that has to be broken; 0 when all of it is seen."""
        if not self.text or self.opacity == 0:
            return 0.0
        wide, high = max(1.0, self.width - 2 * self.pad), self.height - 2 * self.pad
        words = [word for word in self.text.split() if word.isascii()]  # Japanese may break anywhere
        too_wide = max((self._measured(word)[0] - wide for word in words), default=0.0)
        return float(max(0.0, too_wide, self._measured(self.text, wide)[1] - high))

    def _measured(self, text: str, width: float | None = None) -> tuple[float, float]:
        free = CoreLabel(
            text=text,
            font_name=self.font_name,
            font_size=self.font_size,
            line_height=self.line_height,
            text_size=(width, None),
        )
        free.refresh()
        return free.content_width, free.content_height


class Key(ButtonBehavior, Plate):  # type: ignore[misc]
    """Something to press."""

    is_on = BooleanProperty(defaultvalue=True)
    is_main = BooleanProperty(defaultvalue=False)
    """The one thing to do on this screen."""

    def __init__(self, pressed: Callable[[], None], **values: Any) -> None:
        self._pressed = pressed
        super().__init__(**values)

    def on_release(self) -> None:
        """Pass the press on."""
        if self.is_on:
            self._pressed()


class Tile(ButtonBehavior, Widget):  # type: ignore[misc]
    """One selection: picture, price, name, and the band that says cold or hot."""

    slot = StringProperty("")
    name = StringProperty("")
    longest_word = NumericProperty(0)
    """Letters of the longest word of the name that must not be broken."""
    price = StringProperty("")
    list_price = StringProperty("")
    band = StringProperty("")
    band_fill = ColorProperty(QUIET)
    sign = StringProperty("")
    """売切, 準備中: a word over a tile that cannot be bought."""
    picture = StringProperty("")
    is_small = BooleanProperty(defaultvalue=True)
    """No room for a picture beside a price that can be read; the goods stand behind the glass."""
    edge = ColorProperty(QUIET)
    type_price = NumericProperty(20)
    type_body = NumericProperty(12)

    def __init__(self, pressed: Callable[[str], None], **values: Any) -> None:
        self._pressed = pressed
        super().__init__(**values)

    def on_release(self) -> None:
        """Pass the choice on."""
        self._pressed(self.slot)
