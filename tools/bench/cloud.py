"""The cloud's two rates, in one process, on SQLite and PostgreSQL, both durable on this disk: intake, interpretation.

Intake is measured at its core, without a broker: bytes in, committed, acknowledgement out. A broker and its
client library take their own share, which `docs/decisions/0003-link.md` names.
"""

import asyncio
import contextlib
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count, product
from pathlib import Path
from typing import Final, NamedTuple

from rich.progress import track
from sqlalchemy import text

from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from cloud.seed import seed_demo
from edge.clock import SystemClock
from edge.store.store import Store
from edge.vend import inputs as i
from edge.vend.state import MachineState
from protocol import events as e
from protocol.envelope import MAX_FRAME_EVENTS, pack_frame
from protocol.topics import Channel, Topic
from tools.bench.figures import Figure, median
from tools.postgres import running
from tools.stack import MACHINE

BATCH: Final = 500
"""Messages handed to the intake at once: what piles up under load while the previous batch commits."""
EVENTS_PER_SALE: Final = 6
FRAMES: Final = (("single events", 1, "≥ 15,000"), ("frames of 50", MAX_FRAME_EVENTS, "≥ 100,000"))
"""What is sent, events per message, target per second."""


def sale(number: int) -> list[e.Event]:
    """What one cash sale reports."""
    what = {"slot": "A1", "product_id": "green-tea", "price_minor": 160}
    vend = what | {"vend_id": f"bench-{number}", "planogram_rev": 1}
    return [
        e.CoinAccepted(amount_minor=100, credit_minor=100, routed_to="hopper", counter=1),
        e.CoinAccepted(amount_minor=100, credit_minor=200, routed_to="hopper", counter=2),
        e.SelectionMade.model_validate(what | {"credit_minor": 200}),
        e.VendStarted.model_validate(vend),
        e.VendDispensed.model_validate(vend | {"credit_minor": 40, "on_hand": 5}),
        e.ChangePaid(vend_id=f"bench-{number}", owed_minor=40, paid_minor=40, coins={"10": 4}),
    ]


def recorded(sales: int) -> list[bytes]:
    """The events of so many sales as a machine writes them."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "store.db", MACHINE, SystemClock(), durable=False)
        for first in range(0, sales, 1000):
            batch = [event for number in range(first, min(first + 1000, sales)) for event in sale(number)]
            store.commit(i.Clear(), MachineState(), batch)
        bodies = [body for _, body in store.read_events(0, sales * EVENTS_PER_SALE)]
        store.close()
    return bodies


@contextlib.contextmanager
def _servers() -> Iterator[dict[str, Callable[[], str]]]:
    """Name of each kind of database to what makes the URL of a fresh one. PostgreSQL's server uses cores of its own."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder, running(durable=True) as server:
        numbers = count()

        def postgres() -> str:
            name = f"bench_{next(numbers)}"
            server.create(name)
            return server.url(name)

        yield {
            "SQLite": lambda: f"sqlite+aiosqlite:///{folder}/{next(numbers)}/cloud.db",
            "PostgreSQL": postgres,
        }


@contextlib.asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database]:
    database = open_database(url)
    await upgrade_database(database)
    async with database.write() as db_session:
        await seed_demo(db_session, MACHINE, "0123456789abcdef0123456789abcdef")
    yield database
    await database.close()


def intake(*, quick: bool) -> list[Figure]:
    """Events stored and acknowledged per second: single messages, and frames of 50."""
    bodies = recorded(2_000 if quick else 10_000)
    topic = str(Topic(MACHINE, Channel.EVENTS))
    runs = range(2 if quick else 5)
    figures = []
    with _servers() as servers:
        for (server, url), (name, size, target) in product(servers.items(), FRAMES):
            frames = [pack_frame(bodies[at : at + size]) for at in range(0, len(bodies), size)]
            rates = [asyncio.run(_intake(url(), topic, frames, len(bodies))) for _ in track(runs, name, transient=True)]
            figures.append(median(f"intake on {server}: stored and acknowledged, {name}", rates, "events/s", target))
    return figures


async def _intake(url: str, topic: str, frames: list[bytes], events: int) -> float:
    async with _database(url) as database:
        receiver = Receiver(database)
        messages = [Inbound(topic, frame) for frame in frames]
        begun = time.perf_counter()
        for batch in _slices(messages, BATCH if len(frames) == events else BATCH // 10):
            await receiver.handle(batch)
        return events / (time.perf_counter() - begun)


def interpret(*, quick: bool) -> list[Figure]:
    """Sales per second turned into stock movements and journal entries, from stored events."""
    sales = 2_000 if quick else 10_000
    bodies = recorded(sales)
    runs = range(2 if quick else 5)
    figures = []
    with _servers() as servers:
        for server, url in servers.items():
            took = [asyncio.run(_interpret(url(), bodies)) for _ in track(runs, server, transient=True)]
            what = f"interpretation on {server}: sales posted to stock and ledger"
            figures.append(median(what, [sales / one.wall_s for one in took], "sales/s", "≥ 3,000"))
            figures.append(
                median(f"{what}, per CPU second of the worker", [sales / one.cpu_s for one in took], "sales/s", "")
            )
            if any(one.server_cpu_s for one in took):
                name = f"{what}: CPU time of the server"
                figures.append(median(name, [one.server_cpu_s * 1e6 / sales for one in took], "µs/sale", ""))
    return figures


class _Took(NamedTuple):
    """Seconds one run took."""

    wall_s: float
    cpu_s: float
    """Of this process, SQLite's own work included: what other programs leave of the computer does not matter."""
    server_cpu_s: float
    """Of PostgreSQL's processes that worked for it; 0 on SQLite."""


async def _interpret(url: str, bodies: list[bytes]) -> _Took:
    async with _database(url) as database:
        topic = str(Topic(MACHINE, Channel.EVENTS))
        frames = [pack_frame(bodies[at : at + MAX_FRAME_EVENTS]) for at in range(0, len(bodies), MAX_FRAME_EVENTS)]
        receiver = Receiver(database)
        for batch in _slices([Inbound(topic, frame) for frame in frames], BATCH // 10):
            await receiver.handle(batch)
        interpreter = Interpreter(database)
        served = await _server_cpu_s(database)
        begun, worked = time.perf_counter(), time.process_time()
        while await interpreter.run_once():
            pass
        wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - worked
        return _Took(wall_s, cpu_s, await _server_cpu_s(database) - served)


async def _server_cpu_s(database: Database) -> float:
    """CPU seconds of the PostgreSQL processes that serve this database; they are on this computer."""
    if database.engine.dialect.name != "postgresql":
        return 0.0
    async with database.read() as db_session:
        pids = await db_session.scalars(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"),
        )
        return sum(map(_cpu_s, pids))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _slices(messages: list[Inbound], size: int) -> Iterator[list[Inbound]]:
    return (messages[at : at + size] for at in range(0, len(messages), size))
