"""Stores of every earlier release open, recover what was left open, and go on selling.

They are made by `make_store.py` on the code of that release, and never made again.
"""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.clock import SystemClock
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import Phase
from hardware.world_state import WorldState
from protocol.envelope import GENESIS, Envelope, digest
from tests.edge.machine_bench import MACHINE, Bench

STORES = Path(__file__).parent / "stores"
RELEASES = sorted({file.name.removesuffix(".rest.db") for file in STORES.glob("*.rest.db")})


def contains(now: Any, before: Any) -> bool:
    """Everything that was written is still there; a later release may have added fields."""
    if isinstance(before, dict):
        return isinstance(now, dict) and all(name in now and contains(now[name], before[name]) for name in before)
    if isinstance(before, list):
        return isinstance(now, list) and len(now) == len(before) and all(map(contains, now, before))
    return bool(now == before)


def test_releases_when_listed_then_begin_with_the_first() -> None:
    assert RELEASES[0] == "0.1.0"


@pytest.mark.parametrize("store", sorted(STORES.glob("*.db")), ids=lambda file: file.stem)
def test_store_of_an_earlier_release_when_opened_then_keeps_every_word(store: Path, tmp_path: Path) -> None:
    path = shutil.copy(store, tmp_path / "store.db")
    db = sqlite3.connect(path)
    before = json.loads(db.execute("SELECT state FROM journal ORDER BY id DESC LIMIT 1").fetchone()[0])
    events = db.execute("SELECT seq, body FROM outbox ORDER BY seq").fetchall()
    db.close()
    opened = Store.open(path, MACHINE, SystemClock())
    assert contains(opened.load_state().model_dump(mode="json"), before)
    assert opened.read_events(0, 10_000) == events


@pytest.mark.parametrize("store", sorted(STORES.glob("*.db")), ids=lambda file: file.stem)
def test_store_of_an_earlier_release_when_written_and_opened_again_then_is_whole(store: Path, tmp_path: Path) -> None:
    path = shutil.copy(store, tmp_path / "store.db")
    first = Store.open(path, MACHINE, SystemClock())
    state = first.load_state().model_copy(update={"chosen": "B1"})
    first.commit(i.Clear(), state, [])
    first.close()
    second = Store.open(path, MACHINE, SystemClock())
    assert second.load_state() == state
    assert second.boot_number == first.boot_number + 1
    second.close()


@pytest.fixture(params=sorted(STORES.glob("*.db")), ids=lambda file: file.stem)
async def old(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    store: Path = request.param
    shutil.copy(store, tmp_path / "store.db")
    bench = Bench(tmp_path)
    world = json.loads(store.with_suffix(".world.json").read_text("utf-8"))
    bench.world_state = WorldState.model_validate(world)
    await bench.power_on()
    await bench.until_idle()
    yield bench
    bench.power_off()


async def test_machine_when_upgraded_in_the_middle_then_its_books_are_its_world(old: Bench) -> None:
    assert old.state.phase in {Phase.IDLE, Phase.CREDIT}
    assert {kind: hopper.count for kind, hopper in old.world_state.hoppers.items()} == old.state.hoppers
    for slot, spiral in old.world_state.spirals.items():
        assert len(spiral.units) == old.state.on_hand[slot]


async def test_machine_when_upgraded_in_the_middle_then_nobody_has_lost_a_yen(old: Bench) -> None:
    bodies = [json.loads(body) for _, body in old.store.read_events(0, 10_000)]
    paid_in = sum(event["d"]["amount_minor"] for event in bodies if event["kind"] == "coin.accepted")
    prices = {"p-A1": 160, "p-A2": 120, "p-B1": 180}
    goods = sum(prices[product] for product in old.world_state.tray)
    assert paid_in == goods + old.cup() + old.state.credit


async def test_machine_when_upgraded_then_sells_and_its_events_are_one_chain(old: Bench) -> None:
    await old.insert(*([100] if old.state.credit else [100, 100]))
    had = len(old.world_state.tray)
    old.select("B1")
    await old.until_idle()
    assert len(old.world_state.tray) == had + 1
    previous = GENESIS
    for expected, (seq, body) in enumerate(old.store.read_events(0, 10_000), start=1):
        assert (seq, Envelope.from_bytes(body).h) == (expected, previous)
        previous = digest(body)
