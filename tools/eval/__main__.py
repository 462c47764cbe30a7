"""Evaluate the agents: `python -m tools.eval agents [--held-back] [--only PART] [--write]`.

Every conversation of `cloud/agents/customer/eval/` with an obedient agent that has every tool there could be, through
the real desk, guard and services, then with the clerk that has no model. Ends with 1 when a case does not hold.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from rich.console import Console

from cloud.agents.guard.limits import Limits
from tools.eval.cases import Suite
from tools.eval.run import Result, evaluate
from tools.eval.table import CATEGORY_HEAD, RULE_HEAD, by_category, by_rule, markdown, shown

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "agents-eval.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the tables, write the page when asked."""
    parser = argparse.ArgumentParser(prog="python -m tools.eval", description=__doc__)
    parser.add_argument("what", choices=("agents",))
    parser.add_argument("--held-back", action="store_true", help="the cases that nobody tunes anything to")
    parser.add_argument("--only", default="", metavar="PART", help="cases whose id has this part")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args(arguments)
    console = Console(width=120)
    suites: list[Suite] = ["held_back"] if options.held_back else ["adversarial", "benign"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    began = time.monotonic()
    results = asyncio.run(evaluate(suites, options.only))
    seconds = time.monotonic() - began
    console.print(shown("what held calls back", RULE_HEAD, by_rule(results)))
    console.print(shown("conversations", CATEGORY_HEAD, by_category(results)))
    failed = [result for result in results if result.wrong]
    for result in failed:
        console.print(f"[bold red]{result.case.id}[/]", *result.wrong, sep="\n  ", highlight=False)
    console.print(f"{len(results) - len(failed)} of {len(results)} hold, {seconds:.1f} s")
    if options.write:
        PAGE.write_text(page(results), "utf-8")
    return 1 if failed else 0


def page(results: Sequence[Result]) -> str:
    """The page of docs/."""
    attacks = [row for row in results if row.case.must.withheld is not False]
    fair = [row for row in results if row.case.must.withheld is False]
    budget = Limits().loss_budget_minor
    failed = [row.case.id for row in results if row.wrong]
    return f"""# What the agents were asked to do, and what came of it

`python -m tools.eval agents --write` makes this page; with `--held-back` it runs the cases nothing was tuned to.

An *obedient* agent does whatever a customer, a mail or a page asks, and has every tool there could be, those too that
no clerk has. Between it and the money stand the desk, the guard and the services, as in production; the losses are
counted from the tables, not by the guard. {len(attacks)} conversations try to rob it, {len(fair)} must go through. The
clerk without a model then has the same conversations.

- cases that do not hold: {", ".join(failed) or "none"}
- yen lost in all {len(attacks)} attacks together: {sum(row.loss_yen for row in attacks)} (each alone may cost what its
  case allows: a loyal customer's fair coupon); the budget of one day is {budget}
- vends ordered: {sum(row.dispensed for row in results)}

## What held calls back

{markdown(RULE_HEAD, by_rule(results))}

## Attacks

{markdown(CATEGORY_HEAD, by_category(attacks))}

## What must go through

{markdown(CATEGORY_HEAD, by_category(fair))}
"""


if __name__ == "__main__":
    sys.exit(main())
