"""What is seen when nobody is at the machine: a greeting in every language, and some of what can be bought."""

from collections.abc import Callable
from typing import Any, Final

from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.image import Image

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import GAP_MM, SIZES_MM, Display, Rect
from edge.screens.kiosk.widgets import Plate, place

MOST: Final = 4
"""Goods that are shown."""
_GOODS_SHARE: Final = 0.56
"""Of the height, for the goods."""


class AttractScreen(ButtonBehavior, FloatLayout):  # type: ignore[misc] # Kivy has no types
    """The whole display; a touch anywhere wakes the machine."""

    def __init__(self, display: Display, intend: Callable[[dict[str, Any]], None], **values: Any) -> None:
        self._display, self._intend = display, intend
        self._shown: tuple[object, ...] = ()
        super().__init__(size=(display.width, display.height), size_hint=(None, None), **values)

    def on_release(self) -> None:
        """Somebody is here."""
        self._intend({"intent": "wake"})

    def show(self, view: dict[str, Any]) -> None:
        """Draw the greeting of a view."""
        tiles = {tile["slot"]: tile for tile in view["tiles"]}
        goods = [tiles[slot] for slot in view["attract"]["slots"] if slot in tiles][:MOST]
        greetings = view["attract"]["greetings"]
        shown = (repr(greetings), repr(goods))
        if shown == self._shown:
            return
        self._shown = shown
        self.clear_widgets()
        self._put(Plate(fill=look.colours()["paper"], radius=0), Rect(0, 0, self.width, self.height))
        self._goods(goods)
        self._greet(greetings)

    def _put(self, widget: Any, rect: Rect) -> None:
        place(widget, rect)
        self.add_widget(widget)

    def _goods(self, goods: list[dict[str, Any]]) -> None:
        mm, colours = self._display.px_per_mm, look.colours()
        gap, letters = GAP_MM * mm, self._letters()
        bottom, high = self.height * (1 - _GOODS_SHARE), self.height * _GOODS_SHARE - gap
        wide = (self.width - gap * (len(goods) + 1)) / max(1, len(goods))
        for number, tile in enumerate(goods):
            left = gap + number * (wide + gap)
            self._put(Plate(fill=colours["shelf-light"], radius=12), Rect(left, bottom, wide, high))
            words = 2.2 * letters[3]
            picture = Image(fit_mode="contain", source=look.picture(tile["picture"]))
            picture.opacity = 1 if picture.source else 0
            self._put(picture, Rect(left, bottom + 2 * words, wide, high - 2 * words - gap / 2))
            for row, (text, fill, ink, font) in enumerate(
                (
                    (tile["temperature_text"], tile["temperature"], "white", look.BOLD),
                    (f"{tile['name']}  {tile['price_text']}", "shelf-light", "black-ink", look.REGULAR),
                )
            ):
                plate = Plate(
                    text=text,
                    fill=colours[fill],
                    color=colours[ink],
                    font_name=font,
                    letters=letters[3],
                    least=letters[4],
                    pad=mm,
                    pad_high=0,
                )
                self._put(plate, Rect(left, bottom + row * words, wide, words))

    def _greet(self, greetings: list[dict[str, str]]) -> None:
        letters, colours = self._letters(), look.colours()
        gap = GAP_MM * self._display.px_per_mm
        high = (self.height * (1 - _GOODS_SHARE) - gap) / max(1, len(greetings))
        for number, greeting in enumerate(reversed(greetings)):
            y = gap / 2 + number * high
            title = Plate(
                text=greeting["title"],
                font_name=look.BOLD,
                color=colours["amber"],
                letters=letters[1],
                least=letters[3],
                pad_high=0,
            )
            hint = Plate(text=greeting["hint"], letters=letters[3], least=letters[4], pad_high=0)
            self._put(title, Rect(gap, y + high * 0.42, self.width - 2 * gap, high * 0.58))
            self._put(hint, Rect(gap, y, self.width - 2 * gap, high * 0.42))

    def _letters(self) -> tuple[float, ...]:
        """Heights as `SIZES_MM` has them, in pixels of this display."""
        grow = max(1.0, min(1.6, self._display.diagonal_inch / 12.0))
        return tuple(size * grow * self._display.px_per_mm for size in SIZES_MM)
