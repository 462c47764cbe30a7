"""What a person has in hand at the maintenance screen: which sheet of a page, which pad, what is typed. Pure; no Kivy.

Everything that means something goes to the controller as an intent; nothing is kept here longer than its page. A PIN is
kept until it is entered whole, the page changes, or `forget` is called; it is never written anywhere.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from edge.screens.kiosk import maintenance_pads as pads
from edge.screens.kiosk.layout import Display
from edge.screens.kiosk.maintenance_page import PageSheets, head
from edge.screens.kiosk.parts import Does, Part, surface

MOST_DIGITS: Final = 9


class Hand:
    """One person at one display."""

    def __init__(self, display: Display, today: Callable[[], date] = date.today) -> None:
        """Begin with nothing in hand.

        Args:
            display: what there is to draw on.
            today: where a date begins that nobody has entered yet.
        """
        self._display, self._today = display, today
        self._view: dict[str, Any] = {}
        self._sheet = 0
        self._field = ""
        """Whose pad is open; empty for none."""
        self._typed = ""
        self._is_digits = False

    def show(self, view: dict[str, Any]) -> None:
        """Take a view; another page begins at its first sheet with nothing typed."""
        before = self._view.get("page", {})
        self._view = view
        page = view["page"]
        if before.get("name") != page["name"] or before.get("title") != page["title"]:
            self._sheet = 0
            self.forget()
        elif self._field and self._block() is None:
            self.forget()
        elif self._pin() is None and not self._field:
            self._typed = ""

    def forget(self) -> None:
        """Put away what is typed."""
        self._field, self._typed, self._is_digits = "", "", False

    @property
    def is_typing_pin(self) -> bool:
        """Digits of a PIN are in hand."""
        return bool(self._typed) and not self._field

    def parts(self) -> tuple[Part, ...]:
        """What is to be drawn."""
        block, page = self._block(), self._view["page"]
        if block is not None:
            return tuple(self._pad(block))
        on = surface(self._display, len(page["keys"]))
        sheets = PageSheets(on, self._view, typed=len(self._typed))
        self._sheet = min(self._sheet, sheets.count - 1)
        return tuple(sheets.parts(self._sheet))

    def do(self, does: Does) -> dict[str, Any] | None:
        """Press a part; the intent to send, or None when only this screen changes."""
        match does.wish:
            case "press":
                return {"intent": "maintenance", "do": "press", "name": does.name}
            case "enter":
                return _entering(does.name, does.value)
            case "done":
                return self._done()
        self._change(does)
        return None

    def _change(self, does: Does) -> None:
        """What a press changes here, and nowhere else."""
        match does.wish:
            case "turn":
                self._sheet = max(0, self._sheet + int(does.value))
            case "pad":
                self._open(does.name)
            case "cancel":
                self.forget()
            case "layer":
                self._is_digits = not self._is_digits
            case "nudge":
                self._typed = pads.nudged(self._typed, does.name, int(does.value))
            case "erase":
                self._typed = self._typed[:-1]
            case "type":
                self._typed = (self._typed + does.name)[: self._most()]

    # --- pads -------------------------------------------------------------------------------------
    def _pad(self, block: dict[str, Any]) -> Iterator[Part]:
        labels, accepts = self._view["labels"], block.get("accepts", "digits")
        on = surface(self._display, 2)
        if accepts == "code":
            yield from pads.code_pad(on, block, self._typed, labels, is_digits=self._is_digits)
            return
        yield from head(on, self._view, self._view["page"]["title"])
        if accepts == "date":
            yield from pads.date_pad(on, block, self._typed, labels)
        else:
            yield from pads.number_pad(on, block, self._typed, labels)

    def _open(self, field: str) -> None:
        self.forget()
        self._field = field
        block = self._block()
        if block is not None and block.get("accepts") == "date":
            self._typed = pads.day_of(block["value"], self._today())
        elif block is not None and block.get("accepts") == "code":
            self._typed = block["value"]

    def _done(self) -> dict[str, Any] | None:
        pin = self._pin()
        field = self._field or (pin["field"] if pin else "")
        typed = self._typed
        block = self._block()
        if not field or not typed or (block is not None and not pads.may_enter(block, typed)):
            return None
        self.forget()
        return _entering(field, typed)

    def _most(self) -> int:
        block = self._block() or self._pin()
        if block is None or block["kind"] == "stepper":
            return len(str(block["most"])) if block else MOST_DIGITS
        return int(block["most"])

    def _block(self) -> dict[str, Any] | None:
        """The block whose pad is open."""
        blocks = self._view["page"]["blocks"] if self._field else ()
        return next((one for one in blocks if one.get("field") == self._field), None)

    def _pin(self) -> dict[str, Any] | None:
        return next((one for one in self._view["page"]["blocks"] if one["kind"] == "keypad"), None)


def _entering(field: str, value: str) -> dict[str, Any]:
    return {"intent": "maintenance", "do": "enter", "name": field, "value": value}
