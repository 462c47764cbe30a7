"""What the journal costs with every vend, and how long a restart needs to read it back.

The vend is decided by the real `step` and written by the real store on this computer's disk, without devices: two
coins, a choice, the outcome, change from one hopper. Bytes are what the process wrote (`/proc/self/io`); one
commit is one wait for the disk, and every fold of the write-ahead log into the file adds two.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.progress import track

from edge.clock import SystemClock
from edge.store.store import CHECKPOINT_PAGES, Store
from edge.vend import inputs as i
from edge.vend.state_machine import step
from edge.vend.step import Context
from protocol.desired import Planogram, PlanogramSlot
from tools.bench.figures import Figure, median, percentile

MACHINE = "vm-bench-0001"
SLOTS = [f"{row}{column}" for row in "ABCDEF" for column in range(1, 7)]
PLENTY = 10_000_000
STEPS_PER_VEND = 6


class Books:
    """A machine without devices: decides and writes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.state = store.load_state()
        self._context = Context(store.epoch)

    def apply(self, happened: i.Input) -> None:
        """One step, on the disk when this returns."""
        decided = step(self.state, happened, self._context)
        self.store.commit(happened, decided.state, decided.events)
        self.state = decided.state

    def set_up(self) -> None:
        """36 slots, and more goods and change than any run needs."""
        rows = [
            PlanogramSlot(
                slot=slot, product_id=slot, name_ja="お茶", name_en="tea", price_minor=150, capacity=8, par_level=8
            )
            for slot in SLOTS
        ]
        self.apply(i.PlanogramArrived(Planogram(rev=1, slots=rows)))
        self.apply(i.FloatLoaded(50, PLENTY))
        for slot in SLOTS:
            self.apply(i.Restocked(slot, PLENTY))

    def vend(self, number: int) -> Iterator[i.Input]:
        """What happens in one sale with change."""
        yield i.CoinIn(100, "cash_box", number % 255 + 1)
        yield i.CoinIn(100, "cash_box", number % 255 + 1)
        yield i.Select(SLOTS[number % len(SLOTS)])
        yield i.Delivered(turns=1)
        yield i.LegReady(counter_before=number % 256)
        yield i.LegDone(paid=1)


def measure(*, quick: bool) -> list[Figure]:
    """Cost of a vend on the disk, and the time of a restart after 100,000 of them."""
    vends = 10_000 if quick else 100_000
    return [*_cost(100 if quick else 1_000), *_restart(vends, acknowledge=True), *_restart(vends, acknowledge=False)]


def _cost(vends: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "store.db", MACHINE, SystemClock())
        books = Books(store)
        books.set_up()
        steps: list[float] = []
        wholes: list[float] = []
        written: list[float] = []
        for number in range(vends):
            before = _bytes_written()
            began = len(steps)
            for happened in books.vend(number):
                started = time.perf_counter()
                books.apply(happened)
                steps.append((time.perf_counter() - started) * 1e6)
            wholes.append(sum(steps[began:]))
            written.append((_bytes_written() - before) / 1024)
            store.acknowledge(store.last_seq - 50)
        store.close()
    pages = sum(written) / 4 / len(written)
    waits = STEPS_PER_VEND + 2 * pages / CHECKPOINT_PAGES
    mean = sum(written) / len(written)
    return [
        Figure("journal: waits for the disk per vend", waits, "", waits, waits, ""),
        median("journal: time per vend", wholes, "µs", ""),
        Figure("journal: longest 1 % of steps, from", percentile(steps, 99), "µs", min(steps), max(steps), ""),
        Figure("journal: written per vend", mean, "KiB", min(written), max(written), ""),
    ]


def _restart(vends: int, *, acknowledge: bool) -> list[Figure]:
    kind = "acknowledged" if acknowledge else "the cloud never reached"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        store = Store.open(path, MACHINE, SystemClock(), durable=False)
        books = Books(store)
        books.set_up()
        for number in track(range(vends), description=f"vends, {kind}", transient=True):
            for happened in books.vend(number):
                books.apply(happened)
            if acknowledge:
                store.acknowledge(store.last_seq)
        store.close()
        size = path.stat().st_size / 1024**2
        times = []
        for _ in range(5):
            started = time.perf_counter()
            store = Store.open(path, MACHINE, SystemClock())
            store.load_state()
            times.append((time.perf_counter() - started) * 1000)
            store.close()
    return [
        median(f"journal: open and load after {vends:,} vends, {kind}", times, "ms", ""),
        Figure(f"journal: file after {vends:,} vends, {kind}", size, "MiB", size, size, ""),
    ]


def _bytes_written() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text("ascii").splitlines())
    return int(fields["wchar"])
