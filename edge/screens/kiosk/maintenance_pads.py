"""Pads to type on: a PIN, a number, a short code, a date. Pure; no Kivy.

A PIN is never given to a pad, only how many of its digits are typed.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from edge.screens.kiosk.layout import GAP_MM
from edge.screens.kiosk.letters import high, width_of
from edge.screens.kiosk.maintenance_blocks import PAD_MM, BlockDict, middle
from edge.screens.kiosk.parts import FIGURE_MM, SMALL_MM, Box, Does, Part, Surface

DIGITS: Final = "123456789"
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_KEY_MM: Final = 17.0
"""Width of a pad's keys on a small display."""
SIGNS: Final = {"delete": "←", "done": "OK", "close": "×"}
"""Shown where the view has no word for them."""
_LETTER_COLUMNS: Final = 8


def word(labels: dict[str, str], name: str, key: Box) -> str:
    """A key's word in the language of the view; a sign where that has none, or where the word has no room."""
    text = labels.get(name, SIGNS[name])
    longest = max(width_of(part) if part.isascii() else 1.0 for part in text.split() or (text,))
    room = key.width - 2.5
    fits = longest * SMALL_MM < room and high(text, SMALL_MM, room) < key.height
    return text if fits else SIGNS[name]


def beside_pad(on: Surface, room: Box) -> tuple[Box, Box]:
    """What is left of a room beside ten keys, or above them on a tall display; and the place of the keys."""
    if on.is_wide:
        return room.split(room.width - (3 * _KEY_MM + 2 * GAP_MM) * on.scale - GAP_MM)
    tall = 4 * on.row + 3 * GAP_MM
    left = Box(room.x, room.y, room.width, room.height - tall - GAP_MM)
    return left, Box(room.x, room.bottom - tall, room.width, tall)


def ten_keys(on: Surface, box: Box, labels: dict[str, str], *, is_on: bool, is_done: bool) -> Iterator[Part]:
    """Ten digits, one key that deletes, one that is done."""
    cells = box.cells(3, 4)
    delete, done = (word(labels, name, cells[0]) for name in ("delete", "done"))
    keys = [(digit, Does("type", digit)) for digit in DIGITS]
    last = [(delete, Does("erase")), ("0", Does("type", "0")), (done, Does("done"))]
    for (text, does), cell in zip([*keys, *last], cells, strict=True):
        is_last = does.wish == "done"
        large = on.body * (1.4 if does.wish == "type" else 1.0)
        may = is_on and (is_done or not is_last)
        yield Part(
            f"pad.{does.wish}{does.name}",
            cell,
            text,
            "main" if is_last and may else "key",
            large,
            is_bold=does.wish == "type",
            does=does if may else None,
            is_key=True,
        )


def pin_pad(on: Surface, box: Box, block: BlockDict, labels: dict[str, str], typed: int) -> list[Part]:
    """For a PIN."""
    return list(ten_keys(on, box, labels, is_on=block["enabled"], is_done=typed > 0))


def cancel(on: Surface, labels: dict[str, str]) -> Part:
    """The key that leaves a pad as if nothing had been typed."""
    key = on.keys[-1]
    return Part("pad.cancel", key, word(labels, "close", key), "key", on.body, does=Does("cancel"), is_key=True)


def number_pad(on: Surface, block: BlockDict, typed: str, labels: dict[str, str]) -> Iterator[Part]:
    """For a stepper's number, or digits; what may be entered is written beside it."""
    is_number = block["kind"] == "stepper"
    beside, pad = beside_pad(on, on.page)
    hint = f"{block['least']:,} – {block['most']:,}{block['unit']}" if is_number else ""
    yield from _shown(on, beside, block, typed, hint)
    yield from ten_keys(on, pad, labels, is_on=True, is_done=may_enter(block, typed))
    yield cancel(on, labels)


def may_enter(block: BlockDict, typed: str) -> bool:
    """Whether what is typed can be entered; the task may still refuse it, with its reason."""
    if block["kind"] == "stepper":
        return typed.isdigit() and block["least"] <= int(typed) <= block["most"]
    return bool(typed)


def _shown(on: Surface, box: Box, block: BlockDict, typed: str, hint: str) -> Iterator[Part]:
    """Label, what is typed, and what it may be."""
    width = box.width - 2 * PAD_MM
    y = box.y
    for name, text, look, letters, height in (
        ("label", block["label"], "plain", on.body, high(block["label"], on.body, width) + PAD_MM),
        ("typed", typed or "…", "field", FIGURE_MM * on.scale, FIGURE_MM * on.scale * 1.6),
        ("hint", "\n".join(filter(None, (hint, block["detail"]))), "muted", on.body, 0.0),
    ):
        tall = height or (high(text, on.body, width) + PAD_MM)
        if text:
            yield Part(f"pad.{name}", Box(box.x, y, box.width, tall), text, look, letters, is_bold=name == "typed")  # type: ignore[arg-type]
        y += tall + PAD_MM


def code_pad(on: Surface, block: BlockDict, typed: str, labels: dict[str, str], *, is_digits: bool) -> Iterator[Part]:
    """For letters and digits; two layers, for keys as large as fingers."""
    whole = on.whole
    top = on.head.bottom + GAP_MM
    line = on.body * 1.7
    shown = Box(whole.x, on.head.y, whole.width, on.head.height)
    left, right = shown.split(shown.width * 0.5, 0)
    yield Part("head.ground", shown, look="head")
    yield Part("pad.label", left, block["label"], "paper", on.body, "left", is_bold=True)
    yield Part(
        "pad.typed",
        middle(Box(right.x, right.y, right.width - PAD_MM, right.height), line),
        typed or "…",
        "field",
        on.body,
    )
    letters = "1234567890-" if is_digits else LETTERS
    rows = 4
    tall = whole.bottom - top if on.is_wide else rows * (on.row + GAP_MM) - GAP_MM
    pad = Box(whole.x, whole.bottom - tall, whole.width, tall)
    cells = pad.cells(_LETTER_COLUMNS, rows)
    for letter, cell in zip(letters, cells, strict=False):
        does = Does("type", letter) if len(typed) < block["most"] else None
        yield Part(f"pad.{letter}", cell, letter, "key", on.body * 1.3, is_bold=True, does=does, is_key=True)
    ends = cells[-4:]
    done = Does("done") if typed else None
    last = (
        ("pad.layer", "ABC" if is_digits else "123", Does("layer"), "key"),
        ("pad.erase", word(labels, "delete", ends[0]), Does("erase"), "key"),
        ("pad.cancel", word(labels, "close", ends[0]), Does("cancel"), "key"),
        ("pad.done", word(labels, "done", ends[0]), done, "main" if done else "key"),
    )
    for (name, text, does, look), cell in zip(last, ends, strict=True):
        yield Part(name, cell, text, look, on.body, does=does, is_key=True)  # type: ignore[arg-type]


def date_pad(on: Surface, block: BlockDict, typed: str, labels: dict[str, str]) -> Iterator[Part]:
    """Year, month and day, each with − and +."""
    room = on.page
    label = high(block["label"], on.body, room.width - 2 * PAD_MM) + 2 * PAD_MM
    yield Part("pad.label", Box(room.x, room.y, room.width, label), block["label"], "plain", on.body)
    tall = min(room.height - label - GAP_MM, 3 * on.row + 3 * GAP_MM)
    columns = Box(room.x, room.y + label, room.width, tall).cells(3, 1)
    for (name, text), column in zip(zip(("year", "month", "day"), typed.split("-"), strict=True), columns, strict=True):
        more, value, less = column.cells(1, 3, 1.5 if tall < 3 * on.row + 2 * GAP_MM else GAP_MM)
        yield Part(f"pad.{name}", value, text, "field", FIGURE_MM * on.scale * 0.8, is_bold=True)
        for sign, by, place in (("+", "1", more), ("−", "-1", less)):
            does = Does("nudge", name, by)
            part = f"pad.{name}{by}"
            yield Part(part, place, sign, "key", on.body * 1.6, is_bold=True, does=does, is_key=True)
    yield Part(
        "pad.done", on.keys[-2], word(labels, "done", on.keys[-2]), "main", on.body, does=Does("done"), is_key=True
    )
    yield cancel(on, labels)


def day_of(value: str, today: date) -> str:
    """Where a date's pad begins: at what was entered before, else today."""
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return today.isoformat()


def nudged(day: str, part: str, by: int) -> str:
    """A date a year, month or day later or earlier; the 31st becomes the last of a shorter month."""
    year, month, number = (int(one) for one in day.split("-"))
    if part == "day":
        return date.fromordinal(date(year, month, number).toordinal() + by).isoformat()
    months = year * 12 + month - 1 + (by if part == "month" else 12 * by)
    year, month = months // 12, months % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - date.resolution).day
    return date(year, month, min(number, last)).isoformat()
