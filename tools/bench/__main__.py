"""Run measurements: `python -m tools.bench [NAME …] [--json FILE]`; all of them without a name."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench import agents, cloud, controller, guard, journal, ledger, pages, screen, vend, year
from tools.bench.figures import Figure

BENCHES = {
    "vend": vend.measure,
    "controller": controller.measure,
    "intake": cloud.intake,
    "interpret": cloud.interpret,
    "ledger": ledger.measure,
    "pages": pages.measure,
    "year": year.measure,
    "journal": journal.measure,
    "agents": agents.measure,
    "guard": guard.measure,
    "screen": screen.measure,
}


def main() -> int:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, for a first look")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    console = Console()
    figures: list[Figure] = []
    for name in options.names or BENCHES:
        console.print(f"[bold]{name}[/] …")
        figures.extend(BENCHES[name](quick=options.quick))
    title = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    table = Table("what", "figure", "spread", "target", title=title)
    for figure in figures:
        table.add_row(figure.what, figure.text, figure.spread, figure.target)
    console.print(table)
    if options.json:
        options.json.write_text(json.dumps([figure.to_dict() for figure in figures], indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
