"""What a maintenance screen shows: a page of blocks, and keys below it. Every renderer draws the same few blocks.

A page names what can be done by `action` and what can be set by `field`; a renderer sends both back as intents
(`{"intent": "maintenance", "do": "press", "name": action}`, `{"do": "enter", "name": field, "value": text}`)
and changes nothing by itself. Texts are in the language of the view. Not responsible for drawing.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

Tone = Literal["neutral", "ok", "warn", "sorry"]
MARKS: Final[dict[Tone, str]] = {"ok": "○", "warn": "!", "sorry": "×", "neutral": ""}
"""Before whatever has this tone, so that its colour is not all that tells what it is."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence."""

    text: str
    tone: Tone = "neutral"
    kind: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: what it is, and what it says, e.g. a sensor or an expected amount."""

    label: str
    value: str
    tone: Tone = "neutral"
    detail: str = ""
    """A second, smaller line."""
    kind: Literal["fact"] = "fact"


@dataclass(frozen=True, slots=True)
class Item:
    """A row to press: a task of the menu, a slot, a person."""

    action: str
    text: str
    detail: str = ""
    badge: str = ""
    """Short, at the end of the row: `3`, `済`."""
    tone: Tone = "neutral"
    enabled: bool = True
    kind: Literal["item"] = "item"


@dataclass(frozen=True, slots=True)
class Stepper:
    """A whole number with − and +; pressing the number asks for digits. A renderer enters the new number as text."""

    field: str
    label: str
    value: int
    least: int
    most: int
    step: int = 1
    unit: str = ""
    detail: str = ""
    kind: Literal["stepper"] = "stepper"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to type: digits, an amount of yen, a date as `YYYY-MM-DD`, or a short code such as a bag's number."""

    field: str
    label: str
    value: str
    accepts: Literal["digits", "code", "date"] = "digits"
    most: int = 12
    """Characters."""
    detail: str = ""
    tone: Tone = "neutral"
    kind: Literal["entry"] = "entry"


@dataclass(frozen=True, slots=True)
class Keypad:
    """Ten keys, one that deletes and one that is done, for a PIN: what is typed is never shown, nor in the view.

    A renderer keeps the digits to itself and enters them whole.
    """

    field: str
    label: str
    most: int = 8
    enabled: bool = True
    kind: Literal["keypad"] = "keypad"


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of the guide, by name, with what to do."""

    name: str
    caption: str
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: what it says, and its modules row by row, `1` is dark."""

    says: str
    rows: tuple[str, ...]
    caption: str
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a log, newest first, in letters of one width."""

    lines: tuple[str, ...]
    kind: Literal["lines"] = "lines"


Block = Note | Fact | Item | Stepper | Entry | Keypad | Picture | Code | Lines


@dataclass(frozen=True, slots=True)
class Key:
    """A key below the page."""

    action: str
    text: str
    is_main: bool = False
    """The one thing that most people want next."""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a task. Blocks that do not fit are on its next sheet: renderers turn sheets, they do not scroll."""

    name: str
    """Of the page, for renderers that remember which sheet of it they showed, and for tests: `restock.slot`."""
    title: str
    blocks: tuple[Block, ...]
    keys: tuple[Key, ...] = ()
    trouble: str = ""
    """Why the last entry was not taken; empty when it was."""


@dataclass(frozen=True, slots=True)
class MaintenanceView:
    """Everything a renderer needs while staff are at the machine. Field names are the renderers' contract."""

    page: Page
    staff: str = ""
    """Who is logged in, by name; empty before."""
    standing: str = ""
    """One line at the head: door, cloud, visit since."""
    labels: dict[str, str] = field(default_factory=dict)
    """Of what renderers draw themselves: delete, done, next sheet, before."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)
