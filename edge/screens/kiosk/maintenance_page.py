"""A maintenance page on its sheets: head, as many blocks as have room, and the keys. Pure; no Kivy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from edge.screens.kiosk.layout import GAP_MM
from edge.screens.kiosk.letters import LINE, high
from edge.screens.kiosk.maintenance_blocks import PAD_MM, BlockDict, Blocks, Strip, marked
from edge.screens.kiosk.maintenance_pads import beside_pad, pin_pad
from edge.screens.kiosk.parts import TITLE_MM, Box, Does, Look, Part, Surface

CLOSE_MM: Final = 1.5
"""Between blocks that are only read."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A strip and its place."""

    strip: Strip
    box: Box


def laid(strips: list[Strip], room: Box) -> list[list[Placed]]:
    """Put strips below each other, on as many sheets as they need; never less than one sheet."""
    sheets: list[list[Placed]] = [[]]
    y = room.y
    for strip in strips:
        before = sheets[-1][-1].strip if sheets[-1] else None
        gap = 0.0 if before is None else GAP_MM if strip.is_touched and before.is_touched else CLOSE_MM
        if before is not None and y + gap + strip.height > room.bottom:
            sheets.append([])
            y, gap = room.y, 0.0
        height = min(strip.height, room.bottom - y - gap)
        sheets[-1].append(Placed(strip, Box(room.x, y + gap, room.width, height)))
        y += gap + height
    return [_stretched(sheet, room) for sheet in sheets]


def _stretched(sheet: list[Placed], room: Box) -> list[Placed]:
    """Let pictures and codes take what is left over."""
    left = room.bottom - sheet[-1].box.bottom if sheet else 0.0
    found, lower = [], 0.0
    for placed in sheet:
        more = max(0.0, min(left, placed.strip.most - placed.box.height)) if placed.strip.most else 0.0
        box = Box(placed.box.x, placed.box.y + lower, placed.box.width, placed.box.height + more)
        found.append(Placed(placed.strip, box))
        left, lower = left - more, lower + more
    return found


class PageSheets:
    """The sheets of one page on one surface."""

    def __init__(self, on: Surface, view: dict[str, Any], *, typed: int = 0) -> None:
        """Lay a page out.

        Args:
            on: the areas.
            view: what is shown, as its JSON has it.
            typed: digits of a PIN that are typed so far; which ones is nobody's business here.
        """
        self._on, self._view, self._page = on, view, view["page"]
        room = on.page
        self._above: list[Part] = []
        blocks: list[BlockDict] = self._page["blocks"]
        pad = next((block for block in blocks if block["kind"] == "keypad"), None)
        if pad is not None:
            room = self._beside_pad(room, pad, typed)
        if self._page["trouble"]:
            room = self._under_trouble(room)
        self._sheets = laid(list(Blocks(on, room.width).strips(blocks)), room)

    @property
    def count(self) -> int:
        """How many sheets there are."""
        return len(self._sheets)

    def parts(self, sheet: int) -> Iterator[Part]:
        """What is on one sheet, counted from 0."""
        yield from head(self._on, self._view, self._page["title"], (sheet + 1, self.count))
        yield from self._above
        for placed in self._sheets[sheet]:
            yield from placed.strip.draw(placed.box)
        yield from self._turning(sheet)
        for number, (key, place) in enumerate(zip(self._page["keys"], self._on.keys[2:], strict=False)):
            does = Does("press", key["action"]) if key["enabled"] else None
            look: Look = "main" if key["is_main"] and does else "key"
            yield Part(f"key{number}", place, key["text"], look, self._on.body, does=does, is_key=True)

    def _under_trouble(self, room: Box) -> Box:
        text, on = marked("sorry", self._page["trouble"]), self._on
        height = high(text, on.body, room.width - 2 * PAD_MM) + 2 * PAD_MM
        self._above.append(Part("trouble", Box(room.x, room.y, room.width, height), text, "sorry", on.body, "left"))
        return Box(room.x, room.y + height + CLOSE_MM, room.width, room.height - height - CLOSE_MM)

    def _turning(self, sheet: int) -> Iterator[Part]:
        for name, sign, by, place in (("before", "▲", -1, self._on.keys[0]), ("next", "▼", 1, self._on.keys[1])):
            if self.count > 1:
                does = Does("turn", value=str(by)) if 0 <= sheet + by < self.count else None
                yield Part(f"turn.{name}", place, sign, "key", self._on.body * 1.4, does=does, is_key=True)

    def _beside_pad(self, room: Box, pad: BlockDict, typed: int) -> Box:
        on = self._on
        rest, place = beside_pad(on, room)
        label = high(pad["label"], on.body, rest.width - 2 * PAD_MM) + 2 * PAD_MM
        shown = on.body * 2.4
        under = Box(rest.x, rest.bottom - label - shown, rest.width, label)
        self._above.append(Part("pin.label", under, pad["label"], "plain", on.body, is_bold=True))
        dots = Box(rest.x, under.bottom, rest.width, shown)
        self._above.append(Part("pin.typed", dots, "●" * typed or "…", "field", on.body))
        self._above += pin_pad(on, place, pad, self._view["labels"], typed)
        return Box(rest.x, rest.y, rest.width, under.y - rest.y - CLOSE_MM)


def head(on: Surface, view: dict[str, Any], title: str, sheet: tuple[int, int] = (1, 1)) -> Iterator[Part]:
    """The line above: what this is, who is here, how things stand. Its colour says that it is not the customer's."""
    number, count = sheet
    shown = f"{title}  {number}/{count}" if count > 1 else title
    yield Part("head.ground", on.head, look="head")
    tall = (TITLE_MM * LINE + 0.6) * on.scale
    first = Box(on.head.x, on.head.y, on.head.width, tall if view["standing"] else on.head.height)
    left, right = first.split(first.width * (0.66 if view["staff"] else 1.0), 0)
    yield Part("head.title", left, shown, "paper", TITLE_MM * on.scale, "left", is_bold=True)
    if view["staff"]:
        yield Part("head.staff", right, view["staff"], "paper", on.body, "right")
    if view["standing"]:
        rest = Box(first.x, first.bottom, first.width, on.head.bottom - first.bottom)
        yield Part("head.standing", rest, view["standing"], "paper", on.small, "left")
