"""What is published of measurements: the picture is drawn from the figures beside it, every address counts the same."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from tools.bench import ledger_chart, pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_ledger_picture_when_drawn_from_the_published_figures_then_it_is_the_published_picture() -> None:
    rows = json.loads((DOCS / "ledger-speed.json").read_text("utf-8"))
    drawn = ledger_chart.svg(rows)

    assert drawn == (DOCS / "pictures/ledger-speed.svg").read_text("utf-8"), "run tools.bench.ledger_chart"
    assert all(row["is_right"] for row in rows)
    labels = [text.text for text in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own
    assert sum(str(label).split(":")[0] in ledger_chart.COLOURS for label in labels) == 8


def test_percentile_of_pages_when_a_slow_one_was_asked_less_often_then_it_counts_as_much() -> None:
    found = pages.evenly([[1.0] * 20, [100.0]])

    assert sorted(found) == [1.0] * 20 + [100.0] * 20
