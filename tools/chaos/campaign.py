"""Many scenarios in several processes, counted.

Not responsible for showing the figures (`report.py`).
"""

import gc
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tools.chaos.checker import check
from tools.chaos.machine import AS_SOLD, Parts
from tools.chaos.play import play
from tools.chaos.record import Record
from tools.chaos.scenario import Scenario

NOT_PLAYED: Final = (
    "edge/clerk/", "edge/front/", "edge/screens/", "edge/emulated.py", "edge/main.py", "edge/settings.py",
)  # fmt: skip
"""What draws, talks and puts together; no run loads any of it."""
ROOT: Final = Path(__file__).resolve().parents[2]
BATCH: Final = 4
"""Scenarios per order to a process."""
SEEDS_PER_CAMPAIGN: Final = 1_000_000
NOT_BAD_LUCK: Final = frozenset(
    {
        "coin", "bill", "card", "card_away", "choose", "clear", "lever", "pause", "settle", "leave", "take",
        "take_bills", "staff", "cut", "paid", "coupon", "changer",
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
    changers: int = 0
    """Runs of a machine with a coin changer."""
    linked: int = 0
    """Runs that reported to a cloud."""
    events: int = 0
    boots: int = 0
    ticks: int = 0
    """Commits and device commands, before and after: the places where a cut may strike."""
    virtual_s: float = 0.0
    seconds: float = 0.0
    """Of a real clock, with all processes."""
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
            "changers",
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
        self.changers += bool(record.world["changer"]["tubes"])
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
    gc.collect()  # in a process of a campaign it is off meanwhile: a run is short, and there is nothing to find in it
    return figures


def run_campaign(
    vends: int,
    seed: int,
    jobs: int,
    on_progress: Callable[[Figures], None] | None = None,
    so_far: Figures | None = None,
) -> Figures:
    """Run scenarios until at least `vends` vends were tried.

    Args:
        vends: to try.
        seed: of the campaign; its scenarios have seeds from `seed * SEEDS_PER_CAMPAIGN` on, in order.
        jobs: processes.
        on_progress: called with the figures so far.
        so_far: figures of the first scenarios of this campaign, to go on from.
    """
    total = so_far or Figures()
    earlier_s, started = total.seconds, time.perf_counter()
    counted = following = seed * SEEDS_PER_CAMPAIGN + total.runs
    ended: dict[int, Figures] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=gc.disable) as pool:
        running: dict[Future[Figures], int] = {}
        while total.vends < vends or running:
            while total.vends < vends and len(running) < jobs + 1:
                running[pool.submit(run_seeds, range(following, following + BATCH))] = following
                following += BATCH
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                ended[running.pop(future)] = future.result()
            while counted in ended:  # in order, so that the number of runs says where to go on
                total.add(ended.pop(counted))
                counted += BATCH
            total.seconds = earlier_s + time.perf_counter() - started
            if on_progress is not None:
                on_progress(total)
    return total


def code_digest() -> str:
    """Changes with every line that a run plays: figures of two codes must not be added up."""
    digest = sha256()
    for package in ("edge", "hardware", "protocol", "tools/chaos", "tools/simulator"):
        for file in sorted((ROOT / package).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if not name.startswith(NOT_PLAYED):
                digest.update(f"{name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]
