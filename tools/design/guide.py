"""Draw the steps of the jam guide: what staff do with their hands, as small SVG files on one dark ground.

Amber is what moves or is to be looked at; everything else is as in the cabinet. Not responsible for writing files
(`build.py` and `art_png.py` do that), nor for words: captions stand beside the drawings.
"""

import math
from collections.abc import Callable
from typing import Final

WIDTH, HEIGHT = 320, 220

_GROUND, _EDGE, _DEEP = "#202B3F", "#3A4761", "#121927"
_IRON, _LIGHT, _AMBER = "#D3D7DE", "#DCE8FF", "#FFD166"
_SKIN, _SLEEVE, _GLASS = "#F0C8A0", "#8FB4FF", "#5FA777"


def draw_all() -> dict[str, str]:
    """Every step as SVG text by the name that a `Picture` block has."""
    return {name: _svg(steps()) for name, steps in _PICTURES.items()}


def _svg(inside: str) -> str:
    ground = _box(0, 0, WIDTH, HEIGHT, _DEEP, radius=16)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{ground}{inside}</svg>\n'


# --- parts ---------------------------------------------------------------------------------------
def _box(left: float, top: float, width: float, height: float, fill: str, *, radius: float = 4) -> str:
    return f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="{fill}"/>'


def _line(path: str, colour: str = _IRON, width: float = 4, extra: str = "") -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
        f'stroke-linecap="round" stroke-linejoin="round"{extra}/>'
    )


def _at(inside: str, x: float, y: float, turn: float = 0) -> str:
    return f'<g transform="translate({x:g} {y:g})rotate({turn:g})">{inside}</g>'


def _arrow(path: str, x: float, y: float, heading: float) -> str:
    """A thick amber line with a head at (x, y); `heading` in degrees, 0 to the right."""
    head = _at(f'<path d="M0-13L22 0L0 13Z" fill="{_AMBER}"/>', x, y, heading)
    return _line(path, _AMBER, 8) + head


def _spiral(left: float, middle: float, turns: int = 7) -> str:
    """A spiral from the side, its motor at the left."""
    rings = "".join(
        f'<ellipse cx="{left + 34 + 24 * n:g}" cy="{middle:g}" rx="9" ry="34" fill="none" stroke="{_IRON}" '
        f'stroke-width="5" transform="rotate(14 {left + 34 + 24 * n:g} {middle:g})"/>'
        for n in range(turns)
    )
    shaft = _line(f"M{left + 20:g} {middle:g}H{left + 40 + 24 * (turns - 1):g}", _EDGE, 4)
    return _box(left, middle - 22, 24, 44, _EDGE, radius=6) + shaft + rings


def _bottle(x: float, floor: float, turn: float = 0) -> str:
    """A bottle that stands on `floor`, or leans."""
    body = (
        _box(-6, -78, 12, 12, _LIGHT, radius=3)
        + f'<path d="M-6-66Q-14-58-14-48V-6Q-14 0-8 0H8Q14 0 14-6V-48Q14-58 6-66Z" fill="{_GLASS}"/>'
        + _box(-14, -40, 28, 22, "#FFFFFF", radius=1)
    )
    return _at(body, x, floor, turn)


def _hand(x: float, y: float, turn: float) -> str:
    """A hand whose fingertips are at (x, y), the arm coming from the right when `turn` is 0."""
    fingers = "".join(_box(0, -22 + 11 * n, 44, 10, _SKIN, radius=5) for n in range(4))
    palm = _box(30, -23, 34, 46, _SKIN, radius=12) + _at(_box(0, 0, 12, 34, _SKIN, radius=6), 42, 14, 28)
    return _at(_box(58, -19, 90, 38, _SLEEVE, radius=8) + fingers + palm, x, y, turn)


def _cabinet(left: float, *, is_open: bool) -> str:
    """The machine from the front: shelves behind glass, controls at the right, the tray below."""
    body = _box(left, 18, 118, 184, _EDGE, radius=8) + _box(left + 6, 24, 106, 172, _GROUND, radius=5)
    shelves = "".join(
        _box(left + 12, 52 + 34 * row, 68, 4, _LIGHT, radius=1)
        + "".join(_box(left + 16 + 16 * n, 30 + 34 * row, 10, 22, _GLASS, radius=3) for n in range(4))
        for row in range(3)
    )
    panel = "" if is_open else _box(left + 86, 32, 22, 60, _DEEP) + _box(left + 90, 38, 14, 18, _SLEEVE, radius=2)
    return body + shelves + panel + _box(left + 14, 166, 66, 22, _DEEP, radius=4)


def _door(left: float) -> str:
    """The door, swung out to the right."""
    return (
        f'<path d="M{left} 18L{left + 74} 4V212L{left} 202Z" fill="{_GROUND}" stroke="{_EDGE}" stroke-width="6"/>'
        + (_box(left + 26, 60, 26, 44, _DEEP) + _box(left + 30, 66, 18, 14, _SLEEVE, radius=2))
    )


# --- steps ---------------------------------------------------------------------------------------
def _door_open() -> str:
    return _cabinet(34, is_open=True) + _door(152) + _arrow("M176 130C220 168 250 160 268 138", 264, 142, -52)


def _look() -> str:
    glass = f'<circle cx="222" cy="118" r="46" fill="none" stroke="{_AMBER}" stroke-width="9"/>'
    return (
        _box(16, 164, 288, 8, _LIGHT)
        + _spiral(24, 126)
        + _bottle(86, 164)
        + _bottle(134, 164)
        + _bottle(208, 162, 34)
        + glass
        + _line("M257 152L288 184", _AMBER, 14)
    )


def _free_spiral() -> str:
    return (
        _box(16, 176, 288, 8, _LIGHT)
        + _spiral(24, 138)
        + _bottle(92, 176)
        + _bottle(178, 150, 18)
        + _hand(186, 84, -14)
        + _arrow("M132 92V44", 132, 46, -90)
    )


def _close_door() -> str:
    return (
        _cabinet(56, is_open=False)
        + _arrow("M282 66C262 40 224 44 204 64", 210, 58, 130)
        + _line("M214 140L236 162L280 112", _AMBER, 12)
    )


def _motor_run() -> str:
    return (
        _box(16, 176, 288, 8, _LIGHT)
        + _spiral(24, 138)
        + _box(24, 116, 24, 44, _AMBER, radius=6)
        + _bottle(104, 176)
        + _bottle(152, 176)
        + _arrow(_arc(230, 92, 46, 150, 420), *_end_of_arc(230, 92, 46, 420))
    )


def _drop_sensor() -> str:
    posts = _box(40, 60, 22, 60, _EDGE, radius=5) + _box(258, 60, 22, 60, _EDGE, radius=5)
    beam = _line("M62 90H258", _AMBER, 5, ' stroke-dasharray="2 12"')
    tray = _box(64, 176, 192, 30, _GROUND, radius=6) + _line("M64 176V150M256 176V150", _EDGE, 6)
    return posts + beam + tray + _hand(160, 66, 90)


def _arc(x: float, y: float, radius: float, start: float, end: float) -> str:
    (x0, y0), (x1, y1) = (_on_circle(x, y, radius, angle) for angle in (start, end))
    return f"M{x0:.1f} {y0:.1f}A{radius:g} {radius:g} 0 {int(end - start > 180)} 1 {x1:.1f} {y1:.1f}"


def _end_of_arc(x: float, y: float, radius: float, end: float) -> tuple[float, float, float]:
    x1, y1 = _on_circle(x, y, radius, end)
    return round(x1, 1), round(y1, 1), (end + 90) % 360


def _on_circle(x: float, y: float, radius: float, angle: float) -> tuple[float, float]:
    return x + radius * math.cos(math.radians(angle)), y + radius * math.sin(math.radians(angle))


_PICTURES: Final[dict[str, Callable[[], str]]] = {
    "door-open": _door_open,
    "look": _look,
    "free-spiral": _free_spiral,
    "door-close": _close_door,
    "motor-run": _motor_run,
    "drop-sensor": _drop_sensor,
}
