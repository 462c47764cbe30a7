"""What lies over the shelf when there is more to say than a line: the chosen product, a result, the clerk."""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.uix.image import Image
from kivy.uix.widget import Widget

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import GAP_MM, TARGET_MM, Arrangement, Rect, stacked
from edge.screens.kiosk.widgets import Key, Plate, place

RESULTS: Final = {"vending", "delivered", "sorry", "out_of_service"}
SIGNS: Final = {"ok": ("○", "success"), "warn": ("!", "amber"), "sorry": ("×", "danger"), "neutral": ("", "ink")}
"""Over a result, so large that it is seen from afar: what kind of result it is, and its colour."""
STANDINGS: Final = {"done": "○", "now": "●", "next": "・"}
"""Before a part of a purchase; its words say the same."""
SIGN_MM: Final = 70.0
PRODUCT_MM: Final = 130.0
CODE_MM: Final = 130.0
KEY_MM: Final = 25.0
"""Heights on a tall display."""
_SENTENCE_END: Final = re.compile(r"(?<=[。?!])(?=.)|(?<=[.?!]) (?=[A-Z])")
"""Where there is room, every sentence has a line of its own."""
QUIET_ZONE: Final = 4
"""Light modules around a QR code. Source: ISO/IEC 18004."""


class Sheet(Plate):
    """A sheet over the whole shelf."""

    def __init__(self, places: Arrangement, intend: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(fill=look.colours()["cabinet-deep"], line=look.colours()["cabinet-edge"], radius=12)
        place(self, places.shelf)
        self.places, self.intend = places, intend
        self.gap = GAP_MM * places.mm
        self.is_tall = places.shelf.height > places.shelf.width

    def inner(self, x: float, y: float, width: float, height: float) -> Rect:
        """A part of the sheet, in shares of what lies within its margin; `y` from below."""
        room = self.places.shelf
        wide, high = room.width - 2 * self.gap, room.height - 2 * self.gap
        return Rect(room.x + self.gap + x * wide, room.y + self.gap + y * high, width * wide, height * high)

    def put(self, widget: Widget, rect: Rect) -> Any:
        """Add a widget at a place."""
        place(widget, rect)
        self.add_widget(widget)
        return widget


class ResultSheet(Sheet):
    """One sentence in large letters; for a claim its number, and the code for a phone; for a question its answer."""

    def __init__(self, places: Arrangement, intend: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(places, intend)
        kind = places.type
        words, steps = (kind.tag, kind.head) if self.is_tall else (kind.head, kind.body)
        self._words = self.put(Plate(letters=words, least=kind.least, font_name=look.BOLD), self.inner(0, 0.3, 1, 0.7))
        self._mark = self.put(
            Plate(letters=0.2 * places.shelf.height, font_name=look.BOLD, pad_high=0), self.inner(0, 0.74, 1, 0.26)
        )
        self._picture = self.put(Image(fit_mode="contain"), self.inner(0, 0.5, 1, 0.5))
        self._code = self.put(QrCode(), self.inner(0, 0.02, 1, 0.5))
        self._steps = self.put(Plate(letters=steps, least=kind.least), self.inner(0, 0.04, 1, 0.4))
        self._caption = self.put(Plate(letters=steps, least=kind.least), self.inner(0, 0.5, 1, 0.12))
        self._stay = self.put(
            Key(lambda: intend({"intent": "stay"}), letters=words, least=kind.least, is_main=True),
            self.inner(0.2, 0.02, 0.6, max(0.24, TARGET_MM * places.mm / places.shelf.height)),
        )

    def show(self, view: dict[str, Any]) -> None:
        """The message, and what belongs to it."""
        code = view["code"]
        stay = next((button for button in view["buttons"] if button["intent"] == "stay"), None)
        said = view["message"]["text"]
        self._words.text = _SENTENCE_END.sub("\n", said) if self.is_tall else said
        sign, colour = SIGNS[view["message"]["tone"]]
        is_signed = bool(sign) and (self.is_tall or not code)
        self._mark.text, self._mark.color = sign if is_signed else "", look.colours()[colour]
        self._steps.text = "\n".join(
            f"{STANDINGS[stage['standing']]} {stage['text']}  {stage['standing_text']}" for stage in view["stages"]
        )
        self._caption.text = code["caption"] if code else ""
        self._stay.text = stay["text"] if stay else ""
        self._stay.opacity, self._stay.is_on = (1, True) if stay else (0, False)
        chosen = next((tile["picture"] for tile in view["tiles"] if tile["state"] == "chosen"), "")
        self._picture.source = look.picture(chosen) if self.is_tall and not is_signed else ""
        self._picture.opacity = 1 if self._picture.source else 0
        if self.is_tall:
            self._stack(is_code=bool(code))
        else:
            self._share(is_code=bool(code), is_asking=bool(stay))
        self._code.show(code["rows"] if code else ())

    def _share(self, *, is_code: bool, is_asking: bool) -> None:
        """On a wide display: the sentence takes what the rest leaves."""
        tall = 0.36 if is_code else 0.66 if is_asking else 1.0
        above = 0.26 if self._mark.text else 0.0
        place(self._words, self.inner(0, 1.0 - tall, 1, tall - above))
        if self._steps.text and not is_code and not is_asking:
            place(self._words, self.inner(0, 0.46, 1, 0.54 - above))

    def _stack(self, *, is_code: bool) -> None:
        """On a tall display: one below the other, each as high as it needs, the whole in the middle."""
        kind, mm = self.places.type, self.places.mm
        steps = 0 if not self._steps.text else (1 + self._steps.text.count("\n")) * 1.5 * kind.head
        rows: list[tuple[Widget, float, float]] = [  # share of the width, height
            (self._mark, 1, (SIGN_MM * mm if self._mark.text else 0)),
            (self._picture, 0.6, (PRODUCT_MM * mm if self._picture.source else 0)),
            (self._words, 0.86, 4 * kind.tag * 1.2),
            (self._caption, 1, (2 * kind.head if is_code else 0)),
            (self._code, 1, (CODE_MM * mm if is_code else 0)),
            (self._steps, 1, 0 if is_code else steps),
            (self._stay, 0.6, (KEY_MM * mm if self._stay.text else 0)),
        ]
        self._mark.letters = SIGN_MM * mm * 0.8
        seen = [row for row in rows if row[2]]
        shelf = self.places.shelf
        room = Rect(shelf.x + self.gap, shelf.y + self.gap, shelf.width - 2 * self.gap, shelf.height - 2 * self.gap)
        for (widget, share, _), rect in zip(seen, stacked(room, [row[2] for row in seen]), strict=True):
            place(widget, Rect(rect.center_x - share * rect.width / 2, rect.y, share * rect.width, rect.height))


class DetailSheet(Sheet):
    """The chosen product, while it is being paid: what it is, what it contains, what is still needed."""

    def __init__(self, places: Arrangement, intend: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(places, intend)
        kind, colours = places.type, look.colours()
        self._picture = self.put(Image(fit_mode="contain"), self.inner(0, 0.135, 0.3, 0.865))
        self._band = self.put(
            Plate(letters=kind.body, least=kind.least, font_name=look.BOLD, color=colours["white"], pad=2, pad_high=0),
            self.inner(0, 0, 0.3, 0.115),
        )
        self._name = self.put(
            Plate(letters=kind.head, least=kind.least, font_name=look.BOLD), self.inner(0.32, 0.82, 0.68, 0.18)
        )
        self._price = self.put(Plate(letters=kind.head, least=kind.least), self.inner(0.32, 0.7, 0.68, 0.12))
        self._facts = self.put(
            Plate(letters=kind.body, least=kind.least, pad_high=0), self.inner(0.32, 0.51, 0.68, 0.19)
        )
        self._ways = self.put(
            Plate(letters=kind.body, least=kind.least, color=colours["muted"], pad_high=0),
            self.inner(0.32, 0.26, 0.68, 0.25),
        )
        self._missing = self.put(
            Plate(
                letters=kind.head,
                least=kind.least,
                font_name=look.BOLD,
                fill=colours["amber"],
                color=colours["black-ink"],
            ),
            self.inner(0.32, 0.0, 0.68, 0.25),
        )
        if self.is_tall:
            self._stack()

    def _stack(self) -> None:
        """On a tall display the product stands above its words."""
        kind, shelf = self.places.type, self.places.shelf
        self._name.letters = self._price.letters = self._missing.letters = kind.tag
        self._facts.letters = self._ways.letters = kind.head
        heights = (0, 2 * kind.head, 2.6 * kind.tag, 1.6 * kind.tag, 4.2 * kind.head, 4.2 * kind.head)
        missing = KEY_MM * self.places.mm
        rest = shelf.height - 2 * self.gap - sum(heights) - missing - 7 * self.gap
        parts = (self._picture, self._band, self._name, self._price, self._facts, self._ways, self._missing)
        room = Rect(shelf.x + self.gap, shelf.y + self.gap, shelf.width - 2 * self.gap, shelf.height - 2 * self.gap)
        picture = min(rest, PRODUCT_MM * 1.2 * self.places.mm)
        for part, rect in zip(parts, stacked(room, [picture, *heights[1:], missing]), strict=True):
            share = 0.3 if part is self._band else 0.8 if part is self._missing else 1.0
            place(part, Rect(rect.center_x - share * rect.width / 2, rect.y, share * rect.width, rect.height))

    def show(self, view: dict[str, Any]) -> None:
        """The product of `view["detail"]`."""
        detail, labels = view["detail"], view["labels"]
        self._picture.source = look.picture(detail["picture"])
        self._picture.opacity = 1 if self._picture.source else 0
        self._band.text, self._band.fill = detail["temperature_text"], look.colours()[detail["temperature"]]
        self._name.text, self._price.text = detail["name"], detail["price_text"]
        facts = [f"{labels['detail_allergens']}: {detail['allergens']}"]
        if detail["size"]:
            facts.insert(0, f"{labels['detail_size']}: {detail['size']}")
        self._facts.text = "\n".join(facts)
        self._ways.text = "\n".join(f"{way['text']}: {way['standing']}" for way in view["ways"])
        self._missing.text = f"{labels['detail_missing']} {detail['missing_text']}"


class ClerkSheet(Sheet):
    """The talk with the clerk: the newest lines, and questions to press. Writing is for the customer's own phone."""

    KEYS: Final = 4

    def __init__(self, places: Arrangement, intend: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(places, intend)
        key_share = (TARGET_MM * places.mm) / (places.shelf.height - 2 * self.gap)
        gap_share = self.gap / (places.shelf.height - 2 * self.gap)
        above = 2 * (key_share + gap_share)
        close_width = 2 * TARGET_MM * places.mm / places.shelf.width
        note_share = max(key_share, 3.85 * places.type.body / (places.shelf.height - 2 * self.gap))
        self._note = self.put(
            Plate(
                letters=places.type.body,
                least=places.type.least,
                color=look.colours()["muted"],
                halign="left",
                valign="top",
                pad=0,
                pad_high=0,
            ),
            self.inner(0, 1 - note_share, 0.98 - close_width, note_share),
        )
        self._close = self.put(
            Key(lambda: intend({"intent": "clerk_close"}), letters=places.type.body, least=places.type.least),
            self.inner(1 - close_width, 1 - key_share, close_width, key_share),
        )
        self._words = self.put(
            Plate(
                letters=places.type.head if self.is_tall else places.type.body,
                least=places.type.least,
                halign="left",
                valign="bottom",
            ),
            self.inner(0, above, 1, 1 - above - note_share - gap_share / 2),
        )
        self._half_gap = self.gap / 2 / (places.shelf.width - 2 * self.gap)
        self._questions = [
            self.put(
                Key(partial(self._ask, number), letters=places.type.body, least=places.type.least),
                self.inner(
                    (0.5 + self._half_gap) * (number % 2),
                    (1 - number // 2) * (key_share + gap_share),
                    0.5 - self._half_gap,
                    key_share,
                ),
            )
            for number in range(self.KEYS)
        ]
        self._asked: tuple[str, ...] = ()

    def show(self, view: dict[str, Any]) -> None:
        """The talk of `view["clerk"]`."""
        clerk, labels = view["clerk"], view["labels"]
        self._note.text, self._close.text = clerk["note"], labels["clerk_close"]
        said = [f"{labels['clerk_' + line['who']]}: {line['text']}" for line in clerk["lines"]]
        self._words.text = "\n".join(said[-6:] if self.is_tall else said[-2:])
        self._asked = tuple(clerk["questions"][: self.KEYS])
        for number, key in enumerate(self._questions):
            key.text = self._asked[number] if number < len(self._asked) else ""
            key.opacity, key.is_on = (1, True) if key.text else (0, False)

    def _ask(self, number: int) -> None:
        if number < len(self._asked):
            self.intend({"intent": "clerk_say", "words": self._asked[number]})


class QrCode(Widget):  # type: ignore[misc] # Kivy has no types
    """A QR code, as large as its place allows in whole pixels. One picture: drawing a thousand modules takes longer."""

    def show(self, rows: tuple[str, ...]) -> None:
        """Draw its modules, `1` is dark; nothing for no rows."""
        self.canvas.clear()
        if not rows:
            return
        across = len(rows) + 2 * QUIET_ZONE
        side = across * max(1, int(min(self.width, self.height) / across))
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(
                texture=_modules(tuple(rows)),
                pos=(round(self.center_x - side / 2), round(self.center_y - side / 2)),
                size=(side, side),
            )


@lru_cache(maxsize=1)
def _modules(rows: tuple[str, ...]) -> Any:
    """A texture with one pixel for each module, the light ones around them too; to be drawn in whole pixels."""
    dark, light = (bytes(round(255 * part) for part in look.colours()[name][:3]) for name in ("black-ink", "white"))
    across, edge = len(rows) + 2 * QUIET_ZONE, light * QUIET_ZONE
    above = light * across * QUIET_ZONE
    inside = b"".join(edge + b"".join(dark if one == "1" else light for one in row) + edge for row in reversed(rows))
    made = Texture.create(size=(across, across), colorfmt="rgb")
    made.mag_filter = made.min_filter = "nearest"
    made.blit_buffer(above + inside + above, colorfmt="rgb", bufferfmt="ubyte")
    return made


AnySheet = ResultSheet | DetailSheet | ClerkSheet


def sheet_of(view: dict[str, Any]) -> type[AnySheet] | None:
    """Which sheet a view needs; the clerk steps back when something happens to the customer's money."""
    is_asking = any(button["intent"] == "stay" for button in view["buttons"])
    if view["screen"] in RESULTS or view["code"] or is_asking:
        return ResultSheet
    if view["clerk"] and view["clerk"]["standing"] != "closed":
        return ClerkSheet
    if view["detail"]:
        return DetailSheet
    return None
