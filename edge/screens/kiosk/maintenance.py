"""The maintenance screen in Kivy: draws the parts of a page and passes presses on. Decides nothing, keeps nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from kivy.clock import Clock
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.image import Image
from kivy.uix.widget import Widget

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import Display, Rect
from edge.screens.kiosk.maintenance_blocks import PAD_MM
from edge.screens.kiosk.maintenance_hand import Hand
from edge.screens.kiosk.parts import SMALL_MM, Does, Look, Part
from edge.screens.kiosk.sheets import QrCode
from edge.screens.kiosk.widgets import QUIET, Key, Plate, place

FORGET_S: Final = 20.0
"""Digits of a PIN that nobody goes on with are put away after this."""
FILLS: Final[dict[Look, str]] = {
    "head": "amber",
    "row": "surface",
    "field": "cabinet-deep",
    "badge": "amber",
    "ok": "success",
    "warn": "amber",
    "sorry": "danger",
}
INKS: Final[dict[Look, str]] = {
    "muted": "muted",
    "paper": "black-ink",
    "badge": "black-ink",
    "ok": "on-fill",
    "warn": "black-ink",
    "sorry": "on-fill",
}


class MaintenanceScreen(FloatLayout):  # type: ignore[misc] # Kivy has no types
    """Draws maintenance views; `intend` is called with what is pressed."""

    def __init__(self, display: Display, intend: Callable[[dict[str, Any]], None], **values: Any) -> None:
        super().__init__(size=(display.width, display.height), size_hint=(None, None), **values)
        self._display, self._intend = display, intend
        self._hand = Hand(display)
        self._shape: tuple[object, ...] = ()
        self._drawn: dict[str, Widget] = {}
        self._does: dict[str, Does | None] = {}
        self._forgetting = Clock.create_trigger(self._forget, FORGET_S)

    def show(self, view: dict[str, Any]) -> None:
        """Draw a maintenance view of the controller."""
        self._hand.show(view)
        self._draw()

    def leave(self) -> None:
        """Nobody is at work here any more, or nobody knows: what was typed is put away."""
        self._forgetting.cancel()
        self._hand.forget()

    # --- drawing ----------------------------------------------------------------------------------
    def _draw(self) -> None:
        parts = self._hand.parts()
        shape = tuple((part.name, _kind(part)) for part in parts)
        if shape != self._shape:
            self._shape = shape
            self._build(parts)
        for part in parts:
            self._does[part.name] = part.does
            widget = self._drawn[part.name]
            place(widget, self._rect(part))
            _fill(widget, part, self._display.px_per_mm)

    def _build(self, parts: tuple[Part, ...]) -> None:
        self.clear_widgets()
        ground = Plate(fill=look.colours()["paper"], radius=0, size=self.size, size_hint=(None, None))
        self.add_widget(ground)
        self._drawn, self._does = {}, {}
        for part in parts:
            widget = self._made(part)
            self._drawn[part.name] = widget
            self.add_widget(widget)

    def _made(self, part: Part) -> Widget:
        kind = _kind(part)
        if kind is Key:
            return Key(partial(self.press, part.name))
        return kind(fit_mode="contain") if kind is Image else kind()

    def _rect(self, part: Part) -> Rect:
        mm, box = self._display.px_per_mm, part.box
        return Rect(box.x * mm, self._display.height - box.bottom * mm, box.width * mm, box.height * mm)

    # --- pressing ---------------------------------------------------------------------------------
    @property
    def names(self) -> frozenset[str]:
        """Of the parts that are drawn now."""
        return frozenset(self._drawn)

    def press(self, name: str) -> None:
        """Press a part by its name."""
        does = self._does[name]
        if does is None:
            return
        intent = self._hand.do(does)
        self._forgetting.cancel()
        if self._hand.is_typing_pin:
            self._forgetting()
        if intent is not None:
            self._intend(intent)
        self._draw()

    def _forget(self, _: float) -> None:
        self.leave()
        self._draw()


def _kind(part: Part) -> type[Widget]:
    """The widget that draws a part."""
    kind: type[Widget] = Key if part.is_key else Image if part.picture else QrCode if part.modules else Plate
    return kind


def _fill(widget: Widget, part: Part, mm: float) -> None:
    colours = look.colours()
    if isinstance(widget, QrCode):
        widget.show(part.modules)
    elif isinstance(widget, Image):
        widget.source = look.picture(part.picture)
        widget.opacity = 1 if widget.source else 0
    else:
        widget.pad = PAD_MM * mm if part.align != "center" else 2
        widget.pad_high = 0
        widget.least, widget.halign = SMALL_MM * mm, part.align
        widget.font_name = look.BOLD if part.is_bold else look.REGULAR
        if isinstance(widget, Key):
            widget.is_on = part.does is not None
            widget.is_main, widget.is_field = part.look == "main", part.look == "field"
        else:
            is_field = part.look == "field"
            widget.fill = colours[FILLS[part.look]] if part.look in FILLS else QUIET
            widget.line = colours["line"] if is_field else QUIET
            widget.color = colours[INKS.get(part.look, "ink")]
        widget.letters, widget.text = part.letters * mm, part.text
