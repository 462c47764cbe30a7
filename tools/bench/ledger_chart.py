"""The comparison of ledgers as a picture: `python -m tools.bench.ledger_chart docs/ledger-speed.json docs/pictures`.

Both axes are logarithmic. Colours are the dashboard's; a line is told by its end, not by its colour alone.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from tools.bench.ledger import BEANCOUNT, HLEDGER, OURS, PLAIN
from tools.design.build import load_tokens

WIDTH, HEIGHT = 1110, 470
TOP, FLOOR, PANEL, LEFT, GAP = 84, 400, 310, 74, 560
"""A panel's upper and lower edge, its width, its left edge, and the distance to the next."""
COLOURS: Final = {OURS: "chart", PLAIN: "muted", BEANCOUNT: "chart-low", HLEDGER: "danger"}
DASHES: Final = {OURS: "", PLAIN: "2 4", BEANCOUNT: "8 4", HLEDGER: "10 3 2 3"}
LINE_PX: Final = 17


@dataclass(frozen=True, slots=True)
class Panel:
    """One question, asked of every ledger at every size."""

    title: str
    key: str
    unit: Callable[[float], str]
    target: float


def _seconds(value: float) -> str:
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def _memory(value: float) -> str:
    return f"{value:,.0f} MiB"


PANELS: Final = (
    Panel("One entry posted durably, and the trial balance: CPU time", "post_cpu_s", _seconds, 0.002),
    Panel("Peak memory of the process that answers", "peak_mib", _memory, 100),
)


def svg(rows: Sequence[Mapping[str, Any]]) -> str:
    """Draw what `docs/ledger-speed.json` says."""
    colours = load_tokens()["themes"]["light"]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill="{colours["ink"]}">',
        "<title>Ledgers compared at 10,000, 100,000 and 1,000,000 entries</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours["paper"]}"/>',
        _text(LEFT, 30, "Ledgers of 10,000 to 1,000,000 entries; both axes logarithmic", 'font-size="17"'),
    ]
    for at, panel in enumerate(PANELS):
        parts += _panel(panel, LEFT + at * GAP, rows, colours)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, left: int, rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> Iterator[str]:
    sizes = sorted({row["entries"] for row in rows})
    values = [row[panel.key] for row in rows] + [panel.target]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(entries: int) -> float:
        return left + PANEL * math.log(entries / sizes[0]) / math.log(sizes[-1] / sizes[0])

    def y(value: float) -> float:
        return FLOOR - (FLOOR - TOP) * (math.log10(value) - low) / (high - low)

    yield _text(left, TOP - 22, panel.title, 'font-weight="bold"')
    for power in range(low, high + 1):
        yield _line(left, y(10**power), left + PANEL, y(10**power), f'stroke="{colours["hairline"]}"')
        label = panel.unit(10.0**power)
        yield _text(left - 8, y(10**power) + 4, label, f'text-anchor="end" fill="{colours["muted"]}"')
    for size in sizes:
        yield _text(x(size), FLOOR + 22, f"{size:,}", f'text-anchor="middle" fill="{colours["muted"]}"')
    yield _text(
        left + PANEL / 2, FLOOR + 46, "entries in the ledger", f'text-anchor="middle" fill="{colours["muted"]}"'
    )
    target = f'stroke="{colours["success"]}" stroke-dasharray="1 3" stroke-width="1.5"'
    yield _line(left, y(panel.target), left + PANEL, y(panel.target), target)
    label = f"target: {panel.unit(panel.target)}"
    yield _text(left + 0.6 * PANEL, y(panel.target) - 4, label, f'fill="{colours["success"]}"')
    lines = {name: [(row["entries"], row[panel.key]) for row in rows if row["ledger"] == name] for name in COLOURS}
    ends = _apart({name: y(points[-1][1]) for name, points in lines.items() if points})
    for name, points in lines.items():
        if points:
            places = [(x(entries), y(value)) for entries, value in points]
            end = f"{name}: {panel.unit(points[-1][1])}"
            yield from _curve(places, colours[COLOURS[name]], DASHES[name], (ends[name], end))


def _curve(places: Sequence[tuple[float, float]], colour: str, dashes: str, end: tuple[float, str]) -> Iterator[str]:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    yield _text(places[-1][0] + 10, end[0] + 4, end[1], f'fill="{colour}"')


def _apart(wanted: Mapping[str, float]) -> dict[str, float]:
    """Labels where their lines end, moved down where two would overlap."""
    found: dict[str, float] = {}
    free = 0.0
    for name, y in sorted(wanted.items(), key=lambda item: item[1]):
        found[name] = max(y, free)
        free = found[name] + LINE_PX
    return found


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, more: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {more}/>'


def main() -> None:
    """Draw a file of figures into a folder, under the same name."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.joinpath(f"{source.stem}.svg").write_text(svg(json.loads(source.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
