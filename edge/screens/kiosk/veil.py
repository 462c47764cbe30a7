"""What is seen while the controller does not answer: in both languages, for nobody knows which one is wanted."""

from typing import Any

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import Display
from edge.screens.kiosk.widgets import Plate
from edge.screens.texts import LANGUAGES, text


class Veil(Plate):
    """The whole display."""

    def __init__(self, display: Display, **values: Any) -> None:
        words = "\n\n".join(
            f"{text(language, 'front.lost_title')}\n{text(language, 'front.lost_trying')}" for language in LANGUAGES
        )
        super().__init__(
            text=words,
            fill=look.colours()["paper"],
            letters=4.5 * display.px_per_mm,
            size=(display.width, display.height),
            size_hint=(None, None),
            pad=8 * display.px_per_mm,
            pad_high=8 * display.px_per_mm,
            radius=0,
            **values,
        )
