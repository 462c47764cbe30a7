"""Blocks of a maintenance page turned into parts: how high each is, and where its parts stand. Pure; no Kivy.

Blocks are as the view's JSON has them (`edge/screens/maintenance/view.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from edge.screens.kiosk.layout import GAP_MM, TARGET_MM
from edge.screens.kiosk.letters import LINE, high, lines_of, width_of
from edge.screens.kiosk.parts import Box, Does, Look, Part, Surface
from edge.screens.maintenance.view import MARKS

BlockDict = dict[str, Any]

PAD_MM: Final = 1.5
"""Between the edge of a plate and its text."""
VALUE_MM: Final = 26.0
"""Width of a stepper's number."""
_FLEXIBLE_MM: Final = 34.0
"""Least height of a picture and of a code."""
_PICTURE_MM: Final = 66.0
"""Most of it, before letters grow."""
_BADGES_MM: Final = (9.0, 30.0)
"""Least and most width of a badge."""
_FACT_SHARE: Final = 0.45


@dataclass(frozen=True, slots=True)
class Strip:
    """A block, or as much of it as stands together: how high it is, and how it is drawn when its place is known."""

    height: float
    draw: Callable[[Box], Iterator[Part]]
    most: float = 0.0
    """It takes more when there is room, up to this; 0 for no."""
    is_touched: bool = False
    """Needs the larger gap around it."""


def marked(tone: str, text: str) -> str:
    """A text with the mark of its tone before it."""
    mark = dict(MARKS).get(tone, "")  # type: ignore[call-overload]
    return f"{mark}\u00a0{text}" if mark and text else text


def look_of(tone: str, otherwise: Look) -> Look:
    """The looks of a tone."""
    looks: dict[str, Look] = {"ok": "ok", "warn": "warn", "sorry": "sorry"}
    return looks.get(tone, otherwise)


class Blocks:
    """Makes strips of a page's blocks for one surface."""

    def __init__(self, on: Surface, width: float) -> None:
        self._on = on
        self._width = width

    def strips(self, blocks: list[BlockDict]) -> Iterator[Strip]:
        """All of them in order; rows to press stand in two columns where all of them have room for that."""
        columns = 2 if self._in_two(blocks) else 1
        row: list[tuple[int, BlockDict]] = []
        for number, block in enumerate(blocks):
            if block["kind"] == "item":
                row.append((number, block))
                if len(row) < columns:
                    continue
            if row:
                yield self._items(row, columns)
                row = []
            if block["kind"] != "item":
                yield from self._one(number, block)
        if row:
            yield self._items(row, columns)

    def _one(self, number: int, block: BlockDict) -> Iterator[Strip]:
        name, kind = f"{number}", block["kind"]
        makers: dict[str, Callable[[str, BlockDict], Strip]] = {
            "note": self._note,
            "fact": self._fact,
            "stepper": self._stepper,
            "entry": self._entry,
            "picture": self._picture,
            "code": self._code,
        }
        if kind == "lines":
            yield from self._lines(name, block)
        elif kind in makers:
            yield makers[kind](name, block)

    # --- to read ----------------------------------------------------------------------------------
    def _note(self, name: str, block: BlockDict) -> Strip:
        tone, text = block["tone"], marked(block["tone"], block["text"])
        height = high(text, self._on.body, self._width - 2 * PAD_MM) + 2 * PAD_MM
        look = look_of(tone, "plain")
        return Strip(height, lambda box: iter((Part(name, box, text, look, self._on.body, "left"),)))

    def _fact(self, name: str, block: BlockDict) -> Strip:
        on, tone = self._on, block["tone"]
        value = marked(tone, block["value"])
        share = _FACT_SHARE if width_of(value) * on.body < (1 - _FACT_SHARE) * self._width else 0.35
        left, right = (part * self._width - 2 * PAD_MM for part in (share, 1 - share))
        above = max(high(block["label"], on.body, left), high(value, on.body, right)) + 2 * PAD_MM
        below = high(block["detail"], on.small, self._width - 2 * PAD_MM)

        def draw(box: Box) -> Iterator[Part]:
            first = Box(box.x, box.y, box.width, above)
            one, other = first.split(share * box.width, 0)
            yield Part(f"{name}.ground", box, look="row")
            yield Part(f"{name}.label", one, block["label"], "plain", on.body, "left")
            yield Part(
                f"{name}.value",
                other,
                value,
                look_of(tone if tone != "ok" else "", "plain"),
                on.body,
                "right",
                is_bold=True,
            )
            if block["detail"]:
                rest = Box(box.x, box.y + above, box.width, below + PAD_MM)
                yield Part(f"{name}.detail", rest, block["detail"], "muted", on.small, "left")

        return Strip(above + (below + PAD_MM if below else 0), draw)

    def _lines(self, name: str, block: BlockDict) -> Iterator[Strip]:
        """Each line a strip of its own, so that a long log goes on on the next sheet."""
        on = self._on
        for number, line in enumerate(block["lines"]):
            height = max(1, lines_of(line, self._width / on.small)) * on.small * LINE

            def draw(box: Box, part: str = f"{name}.{number}", text: str = line) -> Iterator[Part]:
                yield Part(part, box, text, "plain", on.small, "left", is_code=True)

            yield Strip(height, draw)

    def _picture(self, name: str, block: BlockDict) -> Strip:
        on = self._on
        below = high(block["caption"], on.body, self._width) + 2 * PAD_MM

        def draw(box: Box) -> Iterator[Part]:
            if on.is_wide:
                one, other = box.split(box.width * 0.52)
            else:
                one = Box(box.x, box.y, box.width, box.height - below)
                other = Box(box.x, one.bottom, box.width, below)
            yield Part(f"{name}.ground", one, look="row")
            yield Part(f"{name}.picture", one, picture=block["name"])
            yield Part(f"{name}.caption", other, block["caption"], "plain", on.body, "left" if on.is_wide else "center")

        beside = high(block["caption"], on.body, self._width * 0.48 - GAP_MM - 2 * PAD_MM) + 2 * PAD_MM
        least = max(_FLEXIBLE_MM, beside) if on.is_wide else _FLEXIBLE_MM * on.scale + below
        return Strip(least, draw, most=max(least, _PICTURE_MM * on.scale + (0 if on.is_wide else 2 * below)))

    def _code(self, name: str, block: BlockDict) -> Strip:
        on = self._on

        def draw(box: Box) -> Iterator[Part]:
            one, other = box.split(min(box.height, box.width * 0.5))
            yield Part(f"{name}.code", one, modules=tuple(block["rows"]))
            yield Part(f"{name}.caption", other, block["caption"], "plain", on.body, "left")

        least = max(_FLEXIBLE_MM * on.scale, high(block["caption"], on.body, self._width * 0.5 - GAP_MM - 2 * PAD_MM))
        return Strip(least, draw, most=max(least, _PICTURE_MM * on.scale))

    # --- to press ---------------------------------------------------------------------------------
    def _in_two(self, blocks: list[BlockDict]) -> bool:
        width = (self._width - GAP_MM) / 2
        return all(self._item_height(block, width) <= self._on.row for block in blocks if block["kind"] == "item")

    def _item_height(self, block: BlockDict, width: float) -> float:
        room = width - 4 * PAD_MM - self._badge(block)
        words = high(marked(block["tone"], block["text"]), self._on.body, room)
        return words + high(block["detail"], self._on.small, room) + 2 * PAD_MM

    def _badge(self, block: BlockDict) -> float:
        """Width of a row's badge, 0 without one."""
        wide = width_of(block["badge"]) * self._on.body + PAD_MM
        return min(_BADGES_MM[1], max(_BADGES_MM[0], wide)) * (1 if block["badge"] else 0)

    def _items(self, row: list[tuple[int, BlockDict]], columns: int) -> Strip:
        width = (self._width - GAP_MM * (columns - 1)) / columns
        height = max(self._on.row, *(self._item_height(block, width) for _, block in row))

        def draw(box: Box) -> Iterator[Part]:
            for (number, block), cell in zip(row, box.cells(columns, 1), strict=False):
                yield from self._item(f"{number}", block, cell)

        return Strip(height, draw, is_touched=True)

    def _item(self, name: str, block: BlockDict, box: Box) -> Iterator[Part]:
        on, is_on = self._on, block["enabled"]
        yield Part(name, box, look="key", does=Does("press", block["action"]) if is_on else None, is_key=True)
        inner = Box(box.x + PAD_MM, box.y, box.width - 2 * PAD_MM, box.height)
        if block["badge"]:
            wide = self._badge(block)
            inner, end = inner.split(inner.width - wide, 0)
            tall = on.body * 1.7
            badge = Box(end.x, end.y + (end.height - tall) / 2, end.width, tall)
            look: Look = look_of(block["tone"], "badge")
            yield Part(f"{name}.badge", badge, block["badge"], look, on.body, is_bold=True)
        text = marked(block["tone"], block["text"])
        look = "plain" if is_on else "muted"
        if not block["detail"]:
            yield Part(f"{name}.text", inner, text, look, on.body, "left", is_bold=True)
            return
        room = inner.width - 2 * PAD_MM
        above = high(text, on.body, room)
        margin = (inner.height - above - high(block["detail"], on.small, room)) / 2
        first = Box(inner.x, inner.y + margin - 0.3, inner.width, above + 0.3)
        rest = Box(inner.x, first.bottom, inner.width, box.bottom - first.bottom - margin + 0.6)
        yield Part(f"{name}.text", first, text, look, on.body, "left", is_bold=True)
        yield Part(f"{name}.detail", rest, block["detail"], "muted", on.small, "left")

    def _stepper(self, name: str, block: BlockDict) -> Strip:
        on = self._on
        target, number = self._on.row, VALUE_MM * on.scale
        beside = 2 * target + number + 2 * GAP_MM
        height = self._labelled(block, self._width - beside - GAP_MM)
        field, value = block["field"], block["value"]

        def draw(box: Box) -> Iterator[Part]:
            words, rest = box.split(box.width - beside - GAP_MM)
            minus, rest = rest.split(target)
            digits, plus = rest.split(number)
            yield from self._label(name, block, words)
            for part, sign, to, place in (("less", "−", -block["step"], minus), ("more", "+", block["step"], plus)):
                new = min(block["most"], max(block["least"], value + to))
                does = Does("enter", field, str(new)) if new != value else None
                key = middle(place, target)
                yield Part(f"{name}.{part}", key, sign, "key", on.body * 1.6, is_bold=True, does=does, is_key=True)
            text = f"{value:,}{block['unit']}"
            place = middle(digits, target)
            yield Part(
                f"{name}.value", place, text, "field", on.body, is_bold=True, does=Does("pad", field), is_key=True
            )

        return Strip(height, draw, is_touched=True)

    def _entry(self, name: str, block: BlockDict) -> Strip:
        on = self._on
        beside = max(2 * TARGET_MM, self._width * 0.5)
        height = self._labelled(block, self._width - beside - GAP_MM)
        text = marked(block["tone"], block["value"])

        def draw(box: Box) -> Iterator[Part]:
            words, place = box.split(box.width - beside - GAP_MM)
            yield from self._label(name, block, words)
            key = middle(place, on.row)
            does = Does("pad", block["field"])
            yield Part(f"{name}.value", key, text or "…", "field", on.body, is_bold=True, does=does, is_key=True)

        return Strip(height, draw, is_touched=True)

    def _labelled(self, block: BlockDict, width: float) -> float:
        room = width - 2 * PAD_MM
        words = high(block["label"], self._on.body, room) + high(block["detail"], self._on.small, room)
        return max(self._on.row, words + PAD_MM)

    def _label(self, name: str, block: BlockDict, box: Box) -> Iterator[Part]:
        on = self._on
        below = high(block["detail"], on.small, box.width - 2 * PAD_MM)
        above = Box(box.x, box.y, box.width, box.height - below)
        yield Part(f"{name}.label", above, block["label"], "plain", on.body, "left")
        if block["detail"]:
            rest = Box(box.x, above.bottom, box.width, below)
            yield Part(f"{name}.detail", rest, block["detail"], "muted", on.small, "left")


def middle(box: Box, height: float) -> Box:
    """So high, in the middle of a box."""
    return Box(box.x, box.y + (box.height - height) / 2, box.width, height)
