"""`python -m tools.chaos`: run a campaign, or replay one scenario verbosely."""

import argparse
import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.chaos.campaign import Failure, Figures, code_digest, run_campaign
from tools.chaos.checker import check, describe
from tools.chaos.play import play
from tools.chaos.report import read_report, write_report
from tools.chaos.scenario import Scenario
from tools.chaos.shrink import shrink

SAVE_EVERY_S = 30.0
"""The report is written so often while the campaign runs, so that it can go on after an interruption."""
SHRUNK = 3
"""Failures that are shrunk and shown; the others are listed by seed."""


def main(words: list[str] | None = None) -> int:
    """Run what was asked for; 0 when no rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--vends", type=int, default=1000, help="vends to try (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of the campaign (default: 1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--replay", metavar="SEED[:STEP,…]", help="run one scenario again and show every step")
    parser.add_argument("--report", type=Path, metavar="FILE.md", help="write figures as Markdown and JSON")
    parser.add_argument("--resume", action="store_true", help="go on with the campaign of --report")
    wishes = parser.parse_args(words)
    if wishes.resume and not wishes.report:
        parser.error("--resume needs --report, the file to go on from")
    if wishes.replay:
        return replay(Scenario.from_line(wishes.replay))
    figures = _campaign(wishes)
    print(
        f"{figures.runs} runs, {figures.vends} vends, {figures.cuts.total()} power cuts, "
        f"{figures.vends / figures.seconds:.0f} vends/s, {len(figures.failures)} failed runs"
    )
    for name, count in figures.losses.items():
        print(f"  {name}: {count}")
    for failure in figures.failures[:SHRUNK]:
        _explain(failure)
    for failure in figures.failures[SHRUNK:]:
        print(f"seed {failure.seed}: {'; '.join(failure.rules)}")
    return 1 if figures.failures else 0


def _campaign(wishes: argparse.Namespace) -> Figures:
    command = f"python -m tools.chaos --vends {wishes.vends} --seed {wishes.seed} --jobs {wishes.jobs}"
    campaign = {"seed": wishes.seed, "code": code_digest()}
    so_far = read_report(wishes.report, campaign) if wishes.resume else None
    columns = (TextColumn("chaos"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"))
    saved_s = 0.0
    with Progress(*columns, TimeElapsedColumn(), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("vends", total=wishes.vends, note="")

        def show(figures: Figures) -> None:
            nonlocal saved_s
            note = f"{figures.cuts.total()} cuts, {len(figures.failures)} failed"
            progress.update(task, completed=min(wishes.vends, figures.vends), note=note)
            if wishes.report and figures.runs and figures.seconds - saved_s >= SAVE_EVERY_S:
                saved_s = figures.seconds
                write_report(wishes.report, figures, command, campaign)

        figures = run_campaign(wishes.vends, wishes.seed, wishes.jobs, show, so_far)
    if wishes.report:
        write_report(wishes.report, figures, command, campaign)
    return figures


def _explain(failure: Failure) -> None:
    print(f"seed {failure.seed}: {'; '.join(failure.findings)}")
    wanted = set(failure.rules)

    def fails(scenario: Scenario) -> bool:
        return bool(check(play(scenario)).rules & wanted)

    shortest = shrink(Scenario.from_seed(failure.seed), fails)
    for position, step in shortest.numbered():
        print(f"  step {position}: {step}")
    print(f"  python -m tools.chaos --replay {shortest.line}")


def replay(scenario: Scenario) -> int:
    """Run one scenario and tell everything: steps, world, events, verdict."""
    record = play(scenario, on_step=lambda position, step, _: print(f"step {position}: {step}"))
    for line in describe(record):
        print(line)
    for kind, where in record.cuts:
        print(f"power cut ({kind}): {where}")
    verdict = check(record)
    for name, count in verdict.losses.items():
        print(f"lost by the hardware: {name}: {count}")
    for finding in verdict.findings:
        print(f"FOUND {finding}")
    print("no rule was broken" if not verdict.findings else f"{len(verdict.findings)} findings")
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())
