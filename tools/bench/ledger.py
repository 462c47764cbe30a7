"""Our ledger beside Beancount, hledger and plain SQLite: one journal, one run, each question in a fresh process.

Beancount and hledger are programs of their own (Debian: `beancount`, `hledger`); absent ones are left out and named.
They hold a ledger in memory and read its file for every question; that is what is timed. Every answer's balances must
be right, or the figure says WRONG.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console

from tools.bench.figures import Figure
from tools.bench.ledger_journal import MONTH, NAMES, expected, write

SIZES: Final = (10_000, 100_000, 1_000_000)
QUICK_SIZES: Final = (10_000,)
OURS, PLAIN, BEANCOUNT, HLEDGER = "this ledger", "plain SQLite", "Beancount", "hledger"
LIMIT_S: Final = 3600
"""A program that has no answer by then is stopped."""
KIB_PER_ENTRY: Final = {BEANCOUNT: 3, HLEDGER: 8}
"""Memory they were seen to take, rounded up: a computer with less is told so instead of being brought down."""

BEANCOUNT_SCRIPT: Final = """
import json, sys, time
from datetime import date
from beancount import loader
from beancount.core import data
begun = time.perf_counter()
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors[:3]
first, last = date.fromisoformat(sys.argv[2]), date.fromisoformat(sys.argv[3])
totals, month = {}, {}
for entry in entries:
    if isinstance(entry, data.Transaction):
        for leg in entry.postings:
            totals[leg.account] = totals.get(leg.account, 0) + int(leg.units.number)
            if first <= entry.date <= last:
                month[leg.account] = month.get(leg.account, 0) + int(leg.units.number)
print(json.dumps({"balances": totals}))
"""
"""One load answers both questions; a second program run would read the whole file again."""


class AbsentError(RuntimeError):
    """A program is not installed, or gave up."""


@dataclass(frozen=True, slots=True)
class Result:
    """One ledger at one size. Seconds and MiB; None where the question has no meaning."""

    ledger: str
    entries: int
    load_s: float | None
    load_cpu_s: float | None
    post_s: float
    """Post one entry durably and have the trial balance."""
    month_s: float
    """A month's profit and loss, with the balance sheet."""
    post_cpu_s: float
    month_cpu_s: float
    """The program's own work: other programs on the machine and the disk do not count."""
    peak_mib: float
    """Of the process that answers."""
    is_right: bool


def measure(*, quick: bool) -> list[Figure]:
    """All sizes and ledgers, as figures; the ones that are absent are printed."""
    results = compare(QUICK_SIZES if quick else SIZES)
    return [figure for result in results for figure in _figures(result)]


def compare(sizes: Sequence[int], ledgers: Sequence[str] = ()) -> Iterator[Result]:
    """Measure every ledger that is named and there, at every size, the smallest first."""
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="vend-ledger-") as folder:
            for name in ledgers or _LEDGERS:
                try:
                    _has_memory(name, count)
                    yield _LEDGERS[name](Path(folder), count)
                except AbsentError as error:
                    Console(stderr=True).print(f"[yellow]{name} at {count:,} entries: {error}[/]")


def _has_memory(name: str, count: int) -> None:
    needed = KIB_PER_ENTRY.get(name, 0) * count
    found = re.search(r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text("ascii"), re.MULTILINE)
    free = int(found[1]) if found else needed
    if needed > free:
        raise AbsentError(f"needs about {needed / 2**20:.1f} GiB of memory, {free / 2**20:.1f} are free")


def _figures(result: Result) -> list[Figure]:
    what = f"{result.ledger}, {result.entries:,} entries: "
    wrong = "" if result.is_right else "WRONG BALANCES "
    is_target = result.ledger == OURS
    rows = [
        ("post one durable + trial balance", result.post_s * 1000, "ms", "< 2 ms"),
        ("the same, CPU time", result.post_cpu_s * 1000, "ms", ""),
        ("month's P/L + B/S", result.month_s * 1000, "ms", "< 500 ms"),
        ("the same, CPU time", result.month_cpu_s * 1000, "ms", ""),
        ("peak memory", result.peak_mib, "MiB", "< 100 MiB"),
    ]
    if result.load_s and result.load_cpu_s:
        rows += [
            ("loaded through its rules", result.entries / result.load_s, "entries/s", ""),
            ("loaded, per CPU second", result.entries / result.load_cpu_s, "entries/s", ""),
        ]
    return [
        Figure(what + wrong + name, value, unit, value, value, target if is_target else "")
        for name, value, unit, target in rows
    ]


def _python(folder: Path, module: str, case: str, count: int) -> tuple[dict[str, Any], dict[str, int], float]:
    command = [sys.executable, "-m", f"tools.bench.{module}", case, str(folder / f"{module}.db"), str(count)]
    ran = _run(command)
    answer = json.loads(ran.text)
    return answer, answer.get("balances", {}), ran.peak_mib


_ASKED: Final = ("post_s", "month_s", "post_cpu_s", "month_cpu_s")


def _database(name: str, module: str) -> Callable[[Path, int], Result]:
    def measured(folder: Path, count: int) -> Result:
        loaded, _, _ = _python(folder, module, "load", count)
        asked, balances, peak_mib = _python(folder, module, "ask", count)
        is_right = _nonzero(balances) == _nonzero(expected(count))
        return Result(
            name, count, **loaded, **{key: asked[key] for key in _ASKED}, peak_mib=peak_mib, is_right=is_right
        )

    return measured


def _beancount(folder: Path, count: int) -> Result:
    if not shutil.which("bean-check"):
        raise AbsentError("not installed")
    path, _ = write(folder, count)
    days = [day.isoformat() for day in MONTH]
    python = _interpreter_of("bean-check")
    ran = _run([python, "-c", BEANCOUNT_SCRIPT, str(path), *days])
    is_right = _by_code(json.loads(ran.text)["balances"]) == _nonzero(expected(count))
    times = (ran.wall_s, ran.wall_s, ran.cpu_s, ran.cpu_s)
    return Result(BEANCOUNT, count, None, None, *times, ran.peak_mib, is_right)


def _interpreter_of(script: str) -> str:
    first = Path(shutil.which(script) or "").read_text("utf-8").splitlines()[0]
    return first.removeprefix("#!").split()[0]


def _hledger(folder: Path, count: int) -> Result:
    if not shutil.which("hledger"):
        raise AbsentError("not installed")
    _, path = write(folder, count)
    ran = _run(["hledger", "-f", str(path), "balance", "--flat", "--no-total"])
    balances = {name: int(yen) for yen, name in re.findall(r"^\s*(-?\d+) JPY +(\S+)$", ran.text, re.MULTILINE)}
    month = _run(["hledger", "-f", str(path), "incomestatement", "-b", MONTH[0].isoformat()])
    sheet = _run(["hledger", "-f", str(path), "balancesheet"])
    is_right = _by_code(balances) == _nonzero(expected(count))
    times = (ran.wall_s, month.wall_s + sheet.wall_s, ran.cpu_s, month.cpu_s + sheet.cpu_s)
    return Result(HLEDGER, count, None, None, *times, ran.peak_mib, is_right)


_LEDGERS: Final[dict[str, Callable[[Path, int], Result]]] = {
    OURS: _database(OURS, "ledger_cases"),
    PLAIN: _database(PLAIN, "ledger_plain"),
    BEANCOUNT: _beancount,
    HLEDGER: _hledger,
}


def _nonzero(balances: dict[str, int]) -> dict[str, int]:
    return {name: yen for name, yen in balances.items() if yen}


def _by_code(balances: dict[str, int]) -> dict[str, int]:
    codes = {name: code for code, name in NAMES.items()}
    found: Counter[str] = Counter()
    for name, yen in balances.items():
        found[codes[":".join(name.split(":")[:2])]] += yen
    return _nonzero(dict(found))


class _Ran(NamedTuple):
    """What a program printed and took."""

    text: str
    wall_s: float
    cpu_s: float
    peak_mib: float


def _run(command: list[str]) -> _Ran:
    """Run a program.

    Raises:
        AbsentError: it failed, or had no answer after `LIMIT_S`.
    """
    environment = os.environ | {"BEANCOUNT_DISABLE_LOAD_CACHE": "1", "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, env=environment)
        stop = threading.Timer(LIMIT_S, os.kill, (child.pid, signal.SIGKILL))
        stop.start()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie: its id is nobody else's yet
        stop.cancel()
        seconds = time.perf_counter() - begun
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
    if child.returncode == -signal.SIGKILL:
        raise AbsentError(f"{Path(command[0]).name} was stopped after {seconds:,.0f} s, {usage.ru_maxrss >> 10:,} MiB")
    if child.returncode:
        raise AbsentError(f"{Path(command[0]).name} ended with {child.returncode}")
    return _Ran(text, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    """Write the results as JSON, each as soon as it is there; rows of an earlier run that are not named stay."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.ledger", description=main.__doc__)
    parser.add_argument("target", type=Path, metavar="FILE")
    parser.add_argument("sizes", nargs="*", type=int, metavar="ENTRIES", help="default: 10000 100000 1000000")
    parser.add_argument("--only", nargs="+", choices=_LEDGERS, default=list(_LEDGERS), metavar="LEDGER")
    options = parser.parse_args()
    target: Path = options.target
    before = json.loads(target.read_text("utf-8")) if target.exists() else []
    rows = {(row["entries"], row["ledger"]): row for row in before}
    for result in compare(options.sizes or SIZES, options.only):
        rows[result.entries, result.ledger] = asdict(result)
        target.write_text(json.dumps(list(rows.values()), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
