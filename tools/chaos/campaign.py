"""Many scenarios in several processes, counted.

Not responsible for showing the figures (`report.py`).
"""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from tools.chaos.checker import check
from tools.chaos.machine import AS_SOLD, Parts
from tools.chaos.play import play
from tools.chaos.record import Record
from tools.chaos.scenario import Scenario

BATCH: Final = 4
"""Scenarios per order to a process."""
SEEDS_PER_CAMPAIGN: Final = 1_000_000
NOT_BAD_LUCK: Final = frozenset(
    {
        "coin", "bill", "card", "card_away", "choose", "clear", "lever", "pause", "settle", "leave", "take",
        "take_bills", "staff", "cut", "paid", "coupon",
    }
)  # fmt: skip


@dataclass(slots=True)
class Failure:
    """One run that broke a rule."""

    seed: int
    findings: list[str]
    rules: list[str]


@dataclass(slots=True)
class Figures:
    """What happened in some runs."""

    runs: int = 0
    vends: int = 0
    sold: int = 0
    bills: int = 0
    """Bills taken in."""
    payments: int = 0
    """Card payments approved and settled."""
    commands: int = 0
    """Sales paid elsewhere and coupons."""
    linked: int = 0
    """Runs that reported to a cloud."""
    events: int = 0
    boots: int = 0
    ticks: int = 0
    """Commits and device commands, before and after: the places where a cut may strike."""
    virtual_s: float = 0.0
    cuts: Counter[str] = field(default_factory=Counter)
    cut_places: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    worst_seed: int = 0
    worst_boots: int = 0
    """Most starts of the controller in one run."""
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Count other runs in."""
        for name in (
            "runs",
            "vends",
            "sold",
            "bills",
            "payments",
            "commands",
            "linked",
            "events",
            "boots",
            "ticks",
            "virtual_s",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("cuts", "cut_places", "faults", "losses"):
            getattr(self, name).update(getattr(other, name))
        if other.worst_boots > self.worst_boots:
            self.worst_boots, self.worst_seed = other.worst_boots, other.worst_seed
        self.failures += other.failures

    def count(self, scenario: Scenario, record: Record) -> None:
        """Count one run in, and judge it."""
        verdict = check(record)
        boots = sum(seen.what == "boot" for seen in record.log)
        self.runs += 1
        self.vends += verdict.kinds["vend.started"]
        self.sold += verdict.kinds["vend.dispensed"]
        self.bills += verdict.kinds["bill.held"]
        self.payments += verdict.kinds["payment.settled"]
        self.commands += len(record.asked)
        self.linked += record.cloud is not None
        self.events += len(record.events)
        self.boots += boots
        self.ticks += record.ticks
        self.virtual_s += record.virtual_s
        self.cuts.update(kind for kind, _ in record.cuts)
        self.cut_places.update(where for _, where in record.cuts)
        self.faults.update(step.name for step in scenario.steps if step.name not in NOT_BAD_LUCK)
        self.losses.update(verdict.losses)
        if boots > self.worst_boots:
            self.worst_boots, self.worst_seed = boots, scenario.seed
        if verdict.findings:
            found = [str(finding) for finding in verdict.findings]
            self.failures.append(Failure(scenario.seed, found, sorted(verdict.rules)))


def run_seeds(seeds: range, parts: Parts = AS_SOLD) -> Figures:
    """Run the scenario of each seed on a machine of these parts."""
    figures = Figures()
    for seed in seeds:
        scenario = Scenario.from_seed(seed)
        figures.count(scenario, play(scenario, parts))
    return figures


def run_campaign(
    vends: int, seed: int, jobs: int, on_progress: Callable[[Figures], None] | None = None
) -> tuple[Figures, float]:
    """Run scenarios until at least `vends` vends were tried.

    Args:
        vends: to try.
        seed: of the campaign; its scenarios have seeds from `seed * SEEDS_PER_CAMPAIGN` on.
        jobs: processes.
        on_progress: called with the figures so far.

    Returns:
        The figures, and the seconds it took.
    """
    total, started = Figures(), time.perf_counter()
    following = seed * SEEDS_PER_CAMPAIGN
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running: set[Future[Figures]] = set()
        while total.vends < vends or running:
            while total.vends < vends and len(running) < jobs + 1:
                running.add(pool.submit(run_seeds, range(following, following + BATCH)))
                following += BATCH
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                total.add(future.result())
            if on_progress is not None:
                on_progress(total)
    return total, time.perf_counter() - started
