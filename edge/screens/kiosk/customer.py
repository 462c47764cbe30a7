"""The customer's screen: shelf, credit, message, keys, and a sheet over the shelf when there is more to say."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from edge.screens.kiosk import look
from edge.screens.kiosk.layout import Arrangement, Display, Rect, arrange
from edge.screens.kiosk.letters import high, width_of
from edge.screens.kiosk.sheets import AnySheet, DetailSheet, ResultSheet, sheet_of
from edge.screens.kiosk.widgets import Key, Plate, Tile, place

Intend = Callable[[dict[str, Any]], None]
"""Sends one intent to the controller."""

COLUMNS: Final = 4
LANGUAGE_KEY: Final = 2
"""Of the keys beside the shelf; held down, it asks for the maintenance screens."""
PICTURE_MM: Final = 30.0
"""Tiles at least so wide show a picture above the price."""
MARKS: Final = {"ok": "○\u00a0", "warn": "!\u00a0", "sorry": "×\u00a0", "neutral": ""}
"""Before a message, so that its colour is not all that tells what it is."""
FILLS: Final = {"ok": "success", "warn": "amber", "sorry": "danger", "neutral": "surface"}
TILE_MARKS: Final = {"affordable": "○", "chosen": "◎"}
"""The lamp of a key: can be bought now, has been chosen."""
SHADED: Final = {"sold_out", "locked", "empty"}


class CustomerScreen(FloatLayout):  # type: ignore[misc] # Kivy has no types
    """Draws views. `intend` is called with what is pressed; nothing changes here until the next view comes."""

    def __init__(self, display: Display, intend: Intend, **values: Any) -> None:
        super().__init__(size=(display.width, display.height), size_hint=(None, None), **values)
        self._display = display
        self._intend = intend
        self._page = 0
        self._made_for: tuple[object, ...] = ()
        self._view: dict[str, Any] = {}
        self._sheet: AnySheet | None = None
        self._sheets: dict[type[AnySheet], AnySheet] = {}
        """Those that were shown before: to build one takes longer than to fill it."""

    @property
    def sheet(self) -> AnySheet | None:
        """What lies over the shelf now."""
        return self._sheet

    def show(self, view: dict[str, Any]) -> None:
        """Draw a view of the controller."""
        self._view = view
        rows = -(-len(view["tiles"]) // COLUMNS) or 1
        made_for = (rows, view["is_low"], tuple(tile["slot"] for tile in view["tiles"]), self._page)
        if made_for != self._made_for:
            self._made_for = made_for
            self._build(rows)
        self._fill_tiles()
        self._fill_panel()
        self._fill_sheet()

    # --- building ---------------------------------------------------------------------------------
    def _build(self, rows: int) -> None:
        self.clear_widgets()
        is_low = self._view["is_low"]
        places = arrange(self._display, COLUMNS, rows, is_low=is_low)
        pages = -(-len(self._view["tiles"]) // places.per_page) or 1
        if pages == 1 and not self._display.has_low_position:
            places = arrange(self._display, COLUMNS, rows, keys=4)
        self._places, self._sheet, self._sheets = places, None, {}
        self._pages = pages
        self._page %= pages
        self.add_widget(self._ground())
        self._build_shelf(places)
        self._build_panel(places)

    def _build_shelf(self, places: Arrangement) -> None:
        kind = places.type
        self._shelf = Widget(size=self.size, size_hint=(None, None))
        self._tiles = [Tile(self._select) for _ in self._shown_tiles()]
        for widget, rect in zip(self._tiles, places.tiles, strict=False):
            widget.type_price, widget.type_body, widget.type_least = kind.tag, kind.body, kind.least
            widget.is_small = rect.width < PICTURE_MM * places.mm
            place(widget, rect)
            self._shelf.add_widget(widget)
        self.add_widget(self._shelf)

    def _build_panel(self, places: Arrangement) -> None:
        """Credit, message and keys, and on a tall display the sign above all."""
        kind = places.type
        self._credit = Plate(font_name=look.BOLD, color=look.colours()["amber"], letters=kind.display, least=kind.least)
        self._message = Plate(letters=kind.body, least=kind.least, pad=places.mm, pad_high=places.mm)
        self._keys = [
            Key(
                partial(self._press, number),
                self._for_staff if number == LANGUAGE_KEY else None,
                letters=kind.body,
                least=kind.least,
            )
            for number in range(len(places.keys))
        ]
        placed = [(self._credit, places.credit), (self._message, places.message)]
        placed += zip(self._keys, places.keys, strict=True)
        if places.sign is not None:
            self._sign = Plate(letters=kind.display, least=kind.least)
            placed.append((self._sign, places.sign))
        for widget, rect in placed:
            place(widget, rect)
            self.add_widget(widget)

    def _ground(self) -> Plate:
        """What everything stands on."""
        return Plate(
            fill=look.colours()["paper"],
            radius=0,
            size=(self._display.width, self._display.height),
            size_hint=(None, None),
        )

    def _shown_tiles(self) -> list[dict[str, Any]]:
        start = self._page * self._places.per_page
        found: list[dict[str, Any]] = self._view["tiles"][start : start + self._places.per_page]
        return found

    # --- filling ----------------------------------------------------------------------------------
    def _fill_tiles(self) -> None:
        colours = look.colours()
        edges = {"affordable": colours["amber"], "chosen": colours["brand"]}
        for widget, tile in zip(self._tiles, self._shown_tiles(), strict=True):
            widget.slot, widget.name, widget.price = tile["slot"], tile["name"], tile["price_text"]
            has_room = not widget.is_small or width_of(tile["name"]) * widget.type_least < widget.width
            widget.list_price = tile["list_price_text"] if has_room else ""
            widget.band = (
                self._view["labels"][f"short_{tile['temperature']}"] if widget.is_small else tile["temperature_text"]
            )
            widget.band_fill = colours[tile["temperature"]]
            widget.sign = tile["state_text"] if tile["state"] in SHADED else ""
            widget.is_wordy = widget.is_small and width_of(widget.sign) * widget.type_body > widget.width
            widget.picture = look.picture(tile["picture"])
            widget.mark = TILE_MARKS.get(tile["state"], "")
            widget.edge = edges.get(tile["state"], colours["white"])

    def _fill_panel(self) -> None:
        view, colours = self._view, look.colours()
        tone = view["message"]["tone"]
        self._credit.text = view["credit"]["text"]
        is_told_by_sheet = sheet_of(view) in {ResultSheet, DetailSheet}
        told = "" if is_told_by_sheet else MARKS[tone] + view["message"]["text"]
        cart = view["cart"]
        if cart and told and tone == "neutral":
            told = "\n".join((cart["title"], cart["total_text"], cart["hint"]))
        elif told and view["screen"] == "home" and not view["notice"]:
            told = "\n".join((told, " · ".join(way["text"] for way in view["ways"] if way["is_working"])))
        self._message.text = "\n".join(filter(None, (told, view["notice"])))
        self._give_way()
        self._message.opacity = 1 if self._message.text else 0
        tone = "neutral" if is_told_by_sheet else tone
        self._message.fill = colours[FILLS[tone]]
        self._message.color = colours["ink" if tone == "neutral" else "black-ink" if tone == "warn" else "on-fill"]
        if self._places.sign is not None:
            self._sign.text = view["message"]["text"]
        for key, (words, _, is_on) in zip(self._keys, self._meanings(), strict=False):
            key.text, key.is_on = words, is_on and bool(words)
            key.opacity = 1 if words else 0

    def _give_way(self) -> None:
        """Where there is no money in the machine, a long message takes the room of the credit."""
        places, least = self._places, self._places.type.least
        is_long = high(self._message.text, least, places.message.width - 2 * places.mm) > places.message.height
        gives_way = is_long and not self._view["credit"]["minor"] and places.credit.x == places.message.x
        self._credit.opacity = 0 if gives_way else 1
        below = places.message
        tall = places.credit.top - below.y if gives_way else below.height
        place(self._message, Rect(below.x, below.y, below.width, tall))

    def _meanings(self) -> list[tuple[str, dict[str, Any], bool]]:
        """Words, intent and whether it can be pressed, for the six keys."""
        view, labels = self._view, self._view["labels"]
        buttons = {button["intent"]: button for button in view["buttons"]}
        found = []
        for intent in ("return_coins", "clear"):
            button = buttons[intent]
            found.append((button["text"], {"intent": intent}, button["enabled"]))
        other = next(one for one in view["languages"] if one["code"] != view["language"])
        found.append((other["label"], {"intent": "language", "code": other["code"]}, True))
        clerk = view["clerk"]
        found.append((labels["clerk_key"] if clerk else "", {"intent": "clerk_open"}, True))
        low = labels["high_position" if view["is_low"] else "low_position"] if self._display.has_low_position else ""
        found.append((low, {"intent": "low_position"}, True))
        found.append((labels["next_page"] if self._pages > 1 else "", {"intent": ""}, True))
        return found

    def _fill_sheet(self) -> None:
        kind = sheet_of(self._view)
        if self._sheet is not None and type(self._sheet) is not kind:
            self.remove_widget(self._sheet)
            self._sheet = None
        self._cover(is_covered=kind is not None)
        if kind is None:
            return
        if self._sheet is None:
            self._sheet = self._sheets.get(kind) or kind(self._places, self._intend)
            self._sheets[kind] = self._sheet
            self.add_widget(self._sheet)
        self._sheet.show(self._view)

    def _cover(self, *, is_covered: bool) -> None:
        """Nothing is drawn that a sheet hides: twelve tiles are half the work of a frame."""
        if is_covered and self._shelf.parent is not None:
            self.remove_widget(self._shelf)
        elif not is_covered and self._shelf.parent is None:
            self.add_widget(self._shelf, index=len(self.children) - 1)  # on the ground, below all else

    # --- pressing ---------------------------------------------------------------------------------
    def _select(self, slot: str) -> None:
        if self._sheet is None:
            self._intend({"intent": "select", "slot": slot})

    def _for_staff(self) -> None:
        self._intend({"intent": "maintenance", "do": "open"})

    def _press(self, number: int) -> None:
        _, intent, _ = self._meanings()[number]
        if intent["intent"]:
            self._intend(intent)
        else:
            self._page += 1
            self.show(self._view)
