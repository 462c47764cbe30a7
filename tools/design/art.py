"""Draw the product family: bottle, can, bag and bar, lit from the upper left, as small SVG files.

Every drawing stands on the floor of the same 120 x 200 canvas, so goods keep their true proportions on a shelf.
Label texts are outlines (`label_outlines.json`), so a drawing looks the same where no Japanese font is installed.
Not responsible for writing files: `build.py` does that.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tools.design import motifs

OUTLINES = Path(__file__).with_name("label_outlines.json")
EM = 320
"""Units of one em in the outlines file; enough that rounding to whole units does not show."""

WIDTH, FLOOR = 120, 198
CENTRE = WIDTH / 2


@dataclass(frozen=True)
class Product:
    """One product of the seed catalogue, as its picture needs it."""

    picture: str
    """Name of the file without `.svg`."""
    shape: str
    """bottle, can, bag or bar."""
    label: tuple[str, ...]
    """Columns of a vertical label (from the right), or lines of a bag."""
    paint: str
    """Colour of the printed label or wrapper."""
    ink: str
    """Colour of the letters on it."""
    accent: str
    """Colour of the motif and the trim."""
    motif: str
    """Name of a function in `motifs`."""
    inside: str = "#FFFFFF"
    """What is seen of the drink through a bottle."""
    size: tuple[int, int] = (60, 118)
    """Width and height of a can, bag or bar."""


PRODUCTS = (
    Product("green-tea", "bottle", ("緑茶",), "#1F6B3A", "#FFFFFF", "#B9DC7A", "leaf", inside="#BFC75A"),
    Product("oolong-tea", "bottle", ("ウーロン茶",), "#4A2A1B", "#F7E3B5", "#D08A3C", "seal", inside="#9A5420"),
    Product("spring-water", "bottle", ("天然水",), "#E9F4FB", "#0B4F8A", "#6FB4DE", "mountain", inside="#CDE9F5"),
    Product("cider", "can", ("サイダー",), "#2E9BC6", "#FFFFFF", "#D9F3FF", "bubbles", size=(68, 142)),
    Product("lemon-tea", "bottle", ("レモンティー",), "#F7D23E", "#5A2A0C", "#FFF6C9", "lemon", inside="#C87A24"),
    Product("black-coffee", "can", ("ブラック", "コーヒー"), "#1B1B20", "#F2E6D0", "#A9804F", "bean", size=(66, 134)),
    Product("milk-coffee", "can", ("カフェオレ",), "#C79A6B", "#3B1F10", "#FFF3E0", "swirl", size=(66, 134)),
    Product("corn-soup", "can", ("コーンスープ",), "#F4C63A", "#5B2B00", "#3F8A3A", "corn", size=(66, 134)),
    Product("rice-crackers", "bag", ("せんべい",), "#8E2B1F", "#FFF3DC", "#E7B15A", "cracker", size=(102, 142)),
    Product("potato-chips", "bag", ("ポテト", "チップス"), "#F2B632", "#7A1612", "#FFE9A8", "chips", size=(106, 154)),
    Product("chocolate-bar", "bar", ("チョコバー",), "#5B2230", "#FFE9D6", "#D9A35B", "blocks", size=(54, 154)),
    Product("yokan", "bar", ("ようかん",), "#5A3A6E", "#FFF0F5", "#E6A4B8", "blossom", size=(48, 142)),
)


def draw_all() -> dict[str, str]:
    """Draw every product; gives SVG text by picture name."""
    return {product.picture: draw(product) for product in PRODUCTS}


def draw(product: Product) -> str:
    """Draw one product as a complete SVG document."""
    shapes: dict[str, Callable[[Product], str]] = {"bottle": _bottle, "can": _can, "bag": _bag, "bar": _bar}
    floor_shadow = f'<ellipse cx="60" cy="{FLOOR - 1}" rx="{_half_width(product) + 3}" ry="3" opacity=".35"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 200"><defs>{_LIGHT}</defs>'
        f"{floor_shadow}{shapes[product.shape](product)}</svg>\n"
    )


# Light falls from the upper left of the cabinet: one bright streak, a soft return on the right rim.
_LIGHT = (
    '<linearGradient id="r"><stop stop-opacity=".42"/><stop offset=".14" stop-opacity=".05"/>'
    '<stop offset=".24" stop-color="#fff" stop-opacity=".38"/><stop offset=".4" stop-color="#fff" stop-opacity="0"/>'
    '<stop offset=".66" stop-opacity=".04"/><stop offset=".9" stop-opacity=".4"/>'
    '<stop offset="1" stop-opacity=".22"/></linearGradient>'
    '<linearGradient id="f" x2="1" y2="1"><stop stop-color="#fff" stop-opacity=".38"/>'
    '<stop offset=".38" stop-color="#fff" stop-opacity="0"/><stop offset=".7" stop-opacity=".06"/>'
    '<stop offset="1" stop-opacity=".38"/></linearGradient>'
    '<linearGradient id="m"><stop stop-color="#8b929e"/><stop offset=".25" stop-color="#fbfcfd"/>'
    '<stop offset=".55" stop-color="#c3c8d0"/><stop offset="1" stop-color="#767d89"/></linearGradient>'
)


def _half_width(product: Product) -> float:
    return 32 if product.shape == "bottle" else product.size[0] / 2


def _bottle(product: Product) -> str:
    body = "M48 27V36C48 48 28 52 28 75V188Q28 198 38 198H82Q92 198 92 188V75C92 52 72 48 72 36V27Z"
    label = "M28 82Q60 88 92 82V160Q60 166 28 160Z"
    return (
        f'<clipPath id="b"><path d="{body}"/></clipPath><clipPath id="l"><path d="{label}"/></clipPath>'
        f'<path d="{body}" fill="#dfe9ee" opacity=".75"/>'
        f'<g clip-path="url(#b)"><path d="M20 46Q60 50 100 46V200H20Z" fill="{product.inside}"/>'
        f'<path d="M28 72Q60 78 92 72M28 172Q60 178 92 172M28 182Q60 188 92 182" fill="none" stroke="#000" '
        f'stroke-opacity=".16" stroke-width="1.5"/></g>'
        f'<g clip-path="url(#l)"><path d="{label}" fill="{product.paint}"/>'
        f"{motifs.draw(product.motif, product.accent, product.paint, (28, 82, 64, 82))}"
        f'<path d="M28 85Q60 91 92 85M28 157Q60 163 92 157" fill="none" '
        f'stroke="{product.accent}" stroke-width="2"/></g>'
        f"{_vertical(product, top=90, room=67, widest=24)}"
        f'<path d="{body}" fill="url(#r)"/>'
        f'<rect x="47" y="11" width="26" height="16" rx="3" fill="{_cap(product)}"/>'
        '<path d="M52 13v12M57 13v12M62 13v12M67 13v12" stroke="#000" stroke-opacity=".14"/>'
        '<rect x="47" y="11" width="26" height="16" rx="3" fill="url(#r)"/>'
        '<rect x="48" y="27" width="24" height="3" rx="1.5" fill="#fff" opacity=".7"/>'
    )


def _cap(product: Product) -> str:
    return "#F5F7F9" if product.picture == "spring-water" else product.accent


def _can(product: Product) -> str:
    width, height = product.size
    left, right, top = CENTRE - width / 2, CENTRE + width / 2, FLOOR - height
    body = (
        f"M{left + 6} {top + 2}L{left} {top + 11}V{FLOOR - 9}Q{left} {FLOOR - 4} {left + 6} {FLOOR - 1}"
        f"Q60 {FLOOR + 3} {right - 6} {FLOOR - 1}Q{right} {FLOOR - 4} {right} {FLOOR - 9}"
        f"V{top + 11}L{right - 6} {top + 2}Z"
    )
    print_area = (left, top + 12, width, height - 24)
    return (
        f'<clipPath id="b"><path d="{body}"/></clipPath><path d="{body}" fill="url(#m)"/>'
        f'<g clip-path="url(#b)"><path d="M{left} {top + 10}Q60 {top + 16} {right} {top + 10}V{FLOOR - 10}'
        f'Q60 {FLOOR - 4} {left} {FLOOR - 10}Z" fill="{product.paint}"/>'
        f"{motifs.draw(product.motif, product.accent, product.paint, print_area)}</g>"
        f"{_vertical(product, top=top + 22, room=height - 44, widest=21)}"
        f'<path d="{body}" fill="url(#r)"/>'
        f'<ellipse cx="60" cy="{top + 2}" rx="{width / 2 - 5}" ry="3.6" fill="url(#m)"/>'
        f'<ellipse cx="60" cy="{top + 2}" rx="{width / 2 - 9}" ry="2.2" fill="#5d6470" opacity=".55"/>'
    )


def _bag(product: Product) -> str:
    width, height = product.size
    left, right, top = CENTRE - width / 2, CENTRE + width / 2, FLOOR - height
    teeth = _teeth(left + 3, right - 3, top)
    body = (
        f"{teeth}L{right - 3} {top + 9}Q{right + 3} {top + height * 0.5} {right - 3} {FLOOR - 8}V{FLOOR}"
        f"H{left + 3}V{FLOOR - 8}Q{left - 3} {top + height * 0.5} {left + 3} {top + 9}Z"
    )
    creases = (
        f"M{left + 5} {top + 12}q4 12 1 22M{right - 6} {top + 12}q-4 10 0 20"
        f"M{left + 6} {FLOOR - 11}q4-12-1-22M{right - 6} {FLOOR - 11}q-4-10 1-22"
    )
    picture = motifs.draw(product.motif, product.accent, product.paint, (left, top, width, height))
    return (
        f'<clipPath id="b"><path d="{body}"/></clipPath><path d="{body}" fill="{product.paint}"/>'
        f'<g clip-path="url(#b)">{picture}'
        f'<path d="M{left} {top}h{width}v9h-{width}zM{left} {FLOOR - 8}h{width}v8h-{width}z" opacity=".2"/></g>'
        f"{_horizontal(product, top=top + 17, room=width - 26)}"
        f'<path d="{creases}" fill="none" stroke="#fff" stroke-opacity=".28" stroke-width="2" stroke-linecap="round"/>'
        f'<path d="{body}" fill="url(#f)"/>'
    )


def _bar(product: Product) -> str:
    width, height = product.size
    left, right, top = CENTRE - width / 2, CENTRE + width / 2, FLOOR - height
    body = (
        f"{_teeth(left + 2, right - 2, top)}V{top + 10}L{right} {top + 14}V{FLOOR - 14}L{right - 2} {FLOOR - 10}"
        f"V{FLOOR}H{left + 2}V{FLOOR - 10}L{left} {FLOOR - 14}V{top + 14}L{left + 2} {top + 10}Z"
    )
    picture = motifs.draw(product.motif, product.accent, product.paint, (left, top, width, height))
    return (
        f'<clipPath id="b"><path d="{body}"/></clipPath><path d="{body}" fill="{product.paint}"/>'
        f'<g clip-path="url(#b)">{picture}'
        f'<path d="M{left} {top}h{width}v10h-{width}zM{left} {FLOOR - 10}h{width}v10h-{width}z" '
        f'fill="{product.accent}"/><path d="M{left} {top + 10}h{width}M{left} {FLOOR - 10}h{width}" '
        'stroke="#000" stroke-opacity=".3"/></g>'
        f"{_vertical(product, top=top + 15, room=height * 0.56, widest=20)}"
        f'<path d="{body}" fill="url(#f)"/><path d="{body}" fill="url(#r)" opacity=".6"/>'
    )


def _teeth(left: float, right: float, top: float) -> str:
    """Give the crimped upper edge of a wrapper, from left to right."""
    count = round((right - left) / 4)
    step = (right - left) / count
    return f"M{left:g} {top + 2:g}" + f"l{step / 2:.2f}-2l{step / 2:.2f} 2" * count


@cache
def _outlines() -> dict[str, dict[str, Any]]:
    outlines: dict[str, dict[str, Any]] = json.loads(OUTLINES.read_text(encoding="utf-8"))
    return outlines


def _vertical(product: Product, *, top: float, room: float, widest: float) -> str:
    """Set the label from top to bottom, columns from the right, as large as `room` and `widest` allow."""
    columns = product.label
    size = min(widest, room / max(len(column) for column in columns))
    parts: list[str] = []
    for index, column in enumerate(columns):
        middle = CENTRE + ((len(columns) - 1) / 2 - index) * size * 1.15
        start = top + (room - size * len(column)) / 2
        for row, character in enumerate(column):
            outline = _outlines()[character]
            # A form for vertical writing stands in a full em square; an ordinary one is centred on its own width.
            path, advance = outline.get("vertical"), EM
            if path is None:
                path, advance = outline["path"], outline["advance"]
            scale = size / EM
            parts.append(_glyph(path, middle - advance * scale / 2, start + (row + 0.88) * size, scale))
    return f'<g fill="{product.ink}">{"".join(parts)}</g>'


def _horizontal(product: Product, *, top: float, room: float) -> str:
    """Set the label in lines, all in one size, as large as `room` allows."""
    widths = [sum(_outlines()[c]["advance"] for c in line) for line in product.label]
    scale = min(room / max(widths), 26 / EM)
    parts: list[str] = []
    for row, (line, width) in enumerate(zip(product.label, widths, strict=True)):
        at, baseline = CENTRE - width * scale / 2, top + (row * 1.05 + 0.88) * scale * EM
        for character in line:
            outline = _outlines()[character]
            parts.append(_glyph(outline["path"], at, baseline, scale))
            at += outline["advance"] * scale
    return f'<g fill="{product.ink}">{"".join(parts)}</g>'


def _glyph(path: str, x: float, y: float, scale: float) -> str:
    return f'<path transform="translate({x:.1f} {y:.1f})scale({scale:.4f})" d="{path}"/>'
