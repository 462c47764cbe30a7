"""Make the stores that later releases must be able to open: run once, by hand, on the code of a release.

    python -m tests.upgrade.make_store 0.1.0

Plays sales through the real runtime on the emulated machine and cuts the power: at rest, in the middle of a
vend, in the middle of a payout. Beside each store stands the world as it was, so that a test can go on in it.
"""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from edge.vend import inputs as i
from edge.vend.state import Payout, Phase
from tests.edge.machine_bench import Bench, PowerCutError
from tools.simulator.virtual_time import VirtualTimeLoop

STORES = Path(__file__).parent / "stores"


async def _sales(bench: Bench) -> None:
    """Two sales with change, one paid exactly, one with no product; credit given back."""
    for slot in ("A1", "B1"):
        await bench.insert(100, 100)
        bench.select(slot)
        await bench.until_idle()
    await bench.insert(100, 10, 10)
    bench.select("A2")
    await bench.until_idle()
    bench.machine.world.jam("A2")
    await bench.insert(100, 50)
    bench.select("A2")
    await bench.until_idle()
    bench.runtime.apply(i.ReturnCredit("lever"))
    await bench.until_idle()


async def at_rest(bench: Bench) -> None:
    await _sales(bench)


async def vend_open(bench: Bench) -> None:
    await _sales(bench)
    await bench.insert(100, 100)
    bench.select("A1")
    while bench.state.phase is not Phase.DISPENSING:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)


async def payout_open(bench: Bench) -> None:
    await _sales(bench)
    await bench.insert(100, 100, 100, 10)
    bench.runtime.apply(i.ReturnCredit("lever"))
    while not _is_ordered(bench.state.payout):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)


def _is_ordered(payout: Payout | None) -> bool:
    """A hopper has its order, and its counter before it is on disk."""
    return payout is not None and bool(payout.legs) and payout.legs[0].counter_before is not None


async def _play(release: str, name: str, story: Callable[[Bench], Awaitable[None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        await bench.power_on()
        await bench.fill()
        await story(bench)
        sys.stdout.write(f"{name}: {bench.state.phase.value}, events {bench.store.last_seq}\n")
        task = bench.task
        bench.power_off()
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError, PowerCutError):
                await task
        target = STORES / f"{release}.{name}.db"
        shutil.copyfile(Path(folder) / "store.db", target)
        target.with_suffix(".world.json").write_text(bench.world_state.model_dump_json(indent=1) + "\n", "utf-8")


def main() -> None:
    """Write every store of the release named on the command line."""
    STORES.mkdir(exist_ok=True)
    for name, story in {"rest": at_rest, "vend_open": vend_open, "payout_open": payout_open}.items():
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(_play(sys.argv[1], name, story))


if __name__ == "__main__":
    main()
