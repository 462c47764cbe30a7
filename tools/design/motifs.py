"""The small pictures printed on the labels: a leaf, a mountain, bubbles, a slice of lemon.

Each function draws inside a box (left, top, width, height) of the canvas and gives SVG elements.
The box is a label, wrapper or can that clips what reaches over its edge.
"""

import math
from collections.abc import Callable

Box = tuple[float, float, float, float]


def draw(name: str, accent: str, paint: str, box: Box) -> str:
    """Draw the motif of this name.

    Args:
        name: one of the functions listed in `_MOTIFS`.
        accent: main colour of the motif.
        paint: colour of the label below it.
        box: left, top, width and height on the canvas.
    """
    return _MOTIFS[name](accent, paint, box)


def _leaf(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    one = "M0 0C5-9 17-10 24-2C17 7 6 8 0 0Z"
    places = [
        (left + 1, top + height - 8, -24),
        (left + width + 3, top + 14, 158),
        (left + width + 2, top + height - 4, 196),
    ]
    leaves = "".join(
        f'<g transform="translate({x:g} {y:g})rotate({turn})"><path d="{one}"/>'
        f'<path d="M2 0Q12-3 22-2" stroke="#000" stroke-opacity=".25" fill="none"/></g>'
        for x, y, turn in places
    )
    return f'<g fill="{accent}">{leaves}</g>'


def _seal(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    middle = left + width / 2
    return (
        f'<rect x="{middle - 15:g}" y="{top + 6:g}" width="30" height="{height - 12:g}" rx="2" fill="none" '
        f'stroke="{accent}" stroke-width="1.5"/>'
        f'<g fill="none" stroke="{accent}" stroke-width="1.2" opacity=".8">'
        + "".join(
            f'<path d="M{x:g} {top + 14 + 12 * row:g}a5 5 0 0 1 10 0m-7.5 0a2.5 2.5 0 0 1 5 0"/>'
            for row in range(6)
            for x in (left + 2, left + width - 12)
        )
        + "</g>"
    )


def _mountain(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    floor = top + height + 4
    return (
        f'<path d="M{left - 6:g} {floor:g}l22-32 10 12 14-22 {width - 30:g} 42z" fill="{accent}"/>'
        f'<path d="M{left + 40:g} {floor - 42:g}l-6 9 4 3 3-3 5 5 3-4z" fill="#fff"/>'
        f'<path d="M{left:g} {floor - 8:g}q8-5 15 0t15 0 15 0 15 0v12h-60z" fill="#0B4F8A" opacity=".85"/>'
    )


def _bubbles(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    bubbles = [
        (0.16, 0.9, 6), (0.82, 0.84, 8), (0.3, 0.74, 3), (0.9, 0.62, 4), (0.12, 0.56, 4.5),
        (0.78, 0.42, 3), (0.2, 0.34, 3), (0.86, 0.22, 5), (0.14, 0.14, 4), (0.5, 0.96, 5),
    ]  # fmt: skip
    rings = "".join(f'<circle cx="{left + width * x:.1f}" cy="{top + height * y:.1f}" r="{r}"/>' for x, y, r in bubbles)
    return (
        f'<path d="M{left:g} {top + height:g}V{top + height * 0.55:g}Q{left + width * 0.5:g} {top + height * 0.8:g} '
        f'{left + width:g} {top + height * 0.5:g}V{top + height:g}z" fill="#0B4F8A" opacity=".55"/>'
        f'<g fill="{accent}" fill-opacity=".35" stroke="{accent}" stroke-width="1.2">{rings}</g>'
    )


def _lemon(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    parts = []
    for x, y, radius in ((left + width - 5, top + 16, 17), (left + 4, top + height - 10, 19)):
        spokes = "".join(
            f"M{x:g} {y:g}L{x + radius * 0.78 * math.cos(turn):.1f} {y + radius * 0.78 * math.sin(turn):.1f}"
            for turn in (math.tau * step / 8 for step in range(8))
        )
        parts.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius}" fill="#E9A800"/>'
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius * 0.86:.1f}" fill="{accent}"/>'
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius * 0.74:.1f}" fill="#FBDD55"/>'
            f'<path d="{spokes}" stroke="{accent}" stroke-width="1.6"/>'
        )
    return "".join(parts)


def _bean(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    middle = left + width / 2
    beans = "".join(
        f'<g transform="translate({x:g} {y:g})rotate({turn})"><ellipse rx="7" ry="4.6" fill="{accent}"/>'
        '<path d="M-6.5 0Q-2-2.4 0 0T6.5 0" fill="none" stroke="#1B1B20" stroke-width="1.3"/></g>'
        for x, y, turn in (
            (middle - 11, top + height - 3, -30),
            (middle + 5, top + height - 6, 24),
            (middle + 17, top + height, -50),
        )
    )
    return f'<path d="M{left:g} {top + 3:g}h{width:g}v4h-{width:g}z" fill="{accent}"/>{beans}'


def _swirl(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box

    def at(x: float, y: float) -> str:
        return f"{left + width * x:.1f} {top + height * y:.1f}"

    def wave(lower: float) -> str:
        return f"M{at(0, 0.62 + lower)}C{at(0.3, 0.42 + lower)} {at(0.6, 0.9 + lower)} {at(1, 0.6 + lower)}"

    return (
        f'<path d="{wave(0)}V{top + height + 12:g}H{left:g}z" fill="{accent}"/>'
        f'<path d="{wave(0.09)}" fill="none" stroke="#8A5A33" stroke-width="3" opacity=".55"/>'
        f'<path d="M{left:g} {top - 2:g}h{width:g}v7h-{width:g}z" fill="#6B3F22"/>'
    )


def _corn(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    floor = top + height + 2
    kernels = "".join(
        f'<ellipse cx="{left + 5 + column * 9 + (row % 2) * 4.5:g}" cy="{floor - 4 - row * 7:g}" rx="4.6" ry="3.8"/>'
        for row in range(3)
        for column in range(int(width // 9) + 1)
    )
    return (
        f'<g fill="#FFE48A" stroke="#D99A14" stroke-width=".8">{kernels}</g>'
        f'<path d="M{left:g} {floor + 8:g}Q{left + 2:g} {floor - 26:g} {left + width * 0.2:g} {floor - 30:g}'
        f"Q{left + width * 0.24:g} {floor - 8:g} {left + width * 0.5:g} {floor + 8:g}z"
        f"M{left + width:g} {floor + 8:g}Q{left + width - 2:g} {floor - 22:g} {left + width * 0.84:g} {floor - 26:g}"
        f'Q{left + width * 0.74:g} {floor - 6:g} {left + width * 0.5:g} {floor + 8:g}z" fill="{accent}"/>'
        f'<path d="M{left:g} {top - 2:g}h{width:g}v7h-{width:g}z" fill="{accent}"/>'
    )


def _cracker(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    x, y = left + width / 2, top + height * 0.66
    specks = "".join(
        f'<circle cx="{x + 21 * math.cos(turn):.1f}" cy="{y + 21 * math.sin(turn):.1f}" r="1.5"/>'
        for turn in (math.tau * step / 9 for step in range(9))
    )
    return (
        f'<circle cx="{x - 12:g}" cy="{y - 4:g}" r="29" fill="#C98433"/><circle cx="{x + 9:g}" cy="{y + 3:g}" r="30" '
        f'fill="{accent}" stroke="#B9742A" stroke-width="2"/><g transform="translate(9 3)" fill="#9A5A1C">{specks}</g>'
        f'<rect x="{x - 5:g}" y="{y - 6:g}" width="28" height="19" rx="2" transform="rotate(-9 {x + 9:g} {y + 3:g})" '
        'fill="#1F2E22"/>'
    )


def _chips(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    chips = "".join(
        f'<g transform="translate({left + width * x:.1f} {top + height * y:.1f})rotate({turn})">'
        f'<ellipse rx="22" ry="16" fill="{accent}" stroke="#D98E12" stroke-width="1.5"/>'
        '<path d="M-15-5Q-8-11 0-7T14-6M-18 2Q-9-5 0 0T18 0M-13 8Q-6 2 1 7T13 7" fill="none" stroke="#E3A42C" '
        'stroke-width="1.6"/>'
        "</g>"
        for x, y, turn in ((0.28, 0.72, -24), (0.74, 0.68, 20), (0.52, 0.84, -4))
    )
    return (
        f'<path d="M{left - 4:g} {top + height * 0.5:.1f}Q{left + width / 2:g} {top + height * 0.36:.1f} '
        f'{left + width + 4:g} {top + height * 0.5:.1f}V{top + height:g}H{left - 4:g}z" fill="#B3261E"/>{chips}'
    )


def _blocks(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box
    cell, floor = width / 2 - 4, top + height - 12
    return "".join(
        f'<g transform="translate({left + 3 + column * (cell + 2):g} {floor - (row + 1) * 13:g})">'
        f'<rect width="{cell:g}" height="11" rx="1.5" fill="#3A1A12"/><path d="M2 2h{cell - 4:g}l-3 3h-{cell - 10:g}z" '
        'fill="#8A5138"/></g>'
        for row in range(2)
        for column in range(2)
    ) + (
        f'<path d="M{left:g} {floor - 30:g}h{width:g}" stroke="{accent}" stroke-width="2"/>'
    )  # fmt: skip


def _blossom(accent: str, _paint: str, box: Box) -> str:
    left, top, width, height = box

    def flower(x: float, y: float, radius: float) -> str:
        petals = "".join(
            f'<circle cx="{x + radius * 0.62 * math.sin(turn):.1f}" cy="{y - radius * 0.62 * math.cos(turn):.1f}" '
            f'r="{radius * 0.46:.1f}"/>'
            for turn in (math.tau * step / 5 for step in range(5))
        )
        return f'<g fill="{accent}">{petals}</g><circle cx="{x:g}" cy="{y:g}" r="{radius * 0.2:.1f}" fill="#F6D36B"/>'

    return (
        flower(left + width * 0.34, top + height - 23, 8.5)
        + flower(left + width * 0.8, top + height - 33, 5)
        + flower(left + width * 0.84, top + height - 15, 4.5)
    )


_MOTIFS: dict[str, Callable[[str, str, Box], str]] = {
    "leaf": _leaf,
    "seal": _seal,
    "mountain": _mountain,
    "bubbles": _bubbles,
    "lemon": _lemon,
    "bean": _bean,
    "swirl": _swirl,
    "corn": _corn,
    "cracker": _cracker,
    "chips": _chips,
    "blocks": _blocks,
    "blossom": _blossom,
}
