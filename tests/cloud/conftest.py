"""A fresh database per test on SQLite and on PostgreSQL, settings, and a machine that writes well-formed events."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, TransportError

from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.identity.access import COOKIE
from cloud.identity.activity import Origin
from cloud.identity.gate import Gate
from cloud.identity.service import create_user, new_password
from cloud.identity.tokens import TokenSigner
from cloud.machines.receiver import Inbound
from cloud.main import create_app, equip, serve
from cloud.seed import seed_demo
from cloud.settings import Settings, load_settings
from protocol.envelope import GENESIS, digest, pack_frame
from protocol.link import State
from protocol.topics import Channel, Topic
from tools import mongodb as mongodb_server
from tools.books.machine import envelope, written
from tools.postgres import Postgres, running

NOON_MS = 1_795_143_600_000
"""2026-11-20 12:00 in Tokyo."""

MACHINE = "vm-test-0001"
SIGNING_KEY = "j" * 40
SERVED_WITHIN_S = 20.0
EMAIL, PASSWORD = "op@example.com", "correct horse"
CONN = "0123456789abcdef"
SECRET = "machine-secret-of-the-tests-0123456789"


class FakeClock:
    """Time that moves when told to."""

    def __init__(self, now_ms: int = NOON_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


class Script:
    """One machine's store: writes events in order, chained, as the firmware does."""

    def __init__(self, machine: str = MACHINE, epoch: str = "a" * 32, start_ms: int = NOON_MS) -> None:
        self.machine = machine
        self.epoch = epoch
        self.events: list[bytes] = []
        self._h = GENESIS
        self._t = start_ms
        self._vends = 0

    def add(self, kind: str, body: dict[str, Any], **changes: Any) -> bytes:
        self._t += 1000
        source = (self.machine, self.epoch)
        raw = written(envelope(source, len(self.events) + 1, kind, self._t, self._h, body) | changes)
        self._h = digest(raw)
        self.events.append(raw)
        return raw

    def restock(self, slot: str = "A1", product: str = "green-tea", added: int = 6) -> None:
        self.add("slot.restocked", {"slot": slot, "product_id": product, "added": added, "on_hand": max(added, 0)})

    def sale(self, slot: str = "A1", product: str = "green-tea", price: int = 160, short: int = 0) -> None:
        self._vends += 1
        common = {"vend_id": f"{self.epoch[:12]}-{self._vends}", "currency": "JPY"}
        what = {"slot": slot, "product_id": product, "price_minor": price, "planogram_rev": 1}
        self.add("coin.accepted", {"amount_minor": 500, "credit_minor": 500, "routed_to": "hopper", "counter": 1})
        self.add("vend.started", common | what)
        self.add("vend.dispensed", common | what | {"credit_minor": 500 - price, "on_hand": 5})
        owed = 500 - price
        paid = {"owed_minor": owed, "paid_minor": owed - short, "coins": {"100": owed // 100}, "short_minor": short}
        self.add("change.paid", common | paid)

    def failed_vend(self, slot: str = "A1", product: str = "green-tea", price: int = 160) -> None:
        self._vends += 1
        body = {
            "vend_id": f"{self.epoch[:12]}-{self._vends}",
            "slot": slot,
            "product_id": product,
            "price_minor": price,
            "reason": "jammed",
            "credit_minor": price,
            "on_hand": 5,
        }
        self.add("vend.failed", body)

    def birth(self, conn: str = CONN, *, online: bool = True, planogram: int = 1) -> Inbound:
        """What the broker delivers when the machine comes, or (not online) as its last will."""
        state = State(online=online, conn=conn, ep=self.epoch, boot=1, applied={"planogram": planogram})
        return Inbound(str(Topic(self.machine, Channel.STATE)), state.to_bytes())

    def taken(self, command: str, n: int = 1, name: str = "vend.paid") -> None:
        self.add("command.taken", {"command": command, "n": n, "name": name})

    def done(self, command: str, outcome: str, n: int = 1, why: str = "", name: str = "vend.paid") -> None:
        body = {"command": command, "n": n, "name": name, "outcome": outcome, "why": why, "vend_id": "v-1"}
        self.add("command.done", body)

    @property
    def topic(self) -> str:
        return str(Topic(self.machine, Channel.EVENTS))

    def messages(self, events: list[bytes] | None = None, per_frame: int = 1) -> list[Inbound]:
        events = self.events if events is None else events
        return [
            Inbound(self.topic, pack_frame(events[start : start + per_frame]))
            for start in range(0, len(events), per_frame)
        ]


async def migrated(url: str) -> None:
    database = open_database(url)
    await upgrade_database(database)
    await database.close()


async def with_demo(url: str) -> None:
    database = open_database(url)
    async with database.write() as db_session:
        await seed_demo(db_session, MACHINE, SECRET, now_ms=NOON_MS)
    await database.close()


async def with_owner(url: str) -> str:
    """Add an owner and log them in; their browser's token."""
    database = open_database(url)
    async with database.write() as db_session:
        await create_user(db_session, EMAIL, await new_password(PASSWORD))
    token = await Gate(database, TokenSigner(SIGNING_KEY)).login_browser(EMAIL, PASSWORD, Origin("browser"))
    await database.close()
    return token


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, made once; every test works on a copy."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    asyncio.run(migrated(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def demo_database(empty_database: Path) -> Path:
    """The same with the demo's data."""
    path = empty_database.with_name("demo.db")
    shutil.copy(empty_database, path)
    asyncio.run(with_demo(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def logged_in(demo_database: Path) -> tuple[Path, str]:
    """The same with an owner who is logged in, and the token of their browser."""
    path = demo_database.with_name("logged_in.db")
    shutil.copy(demo_database, path)
    return path, asyncio.run(with_owner(f"sqlite+aiosqlite:///{path}"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests; it starts with the first that needs it."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """A migrated database, made once; every test works on a copy."""
    postgres.create("migrated")
    asyncio.run(migrated(postgres.url("migrated")))
    return "migrated"


@pytest.fixture(scope="session")
def postgres_demo(postgres: Postgres, postgres_template: str) -> str:
    """The same with the demo's data."""
    postgres.create("demo", template=postgres_template)
    asyncio.run(with_demo(postgres.url("demo")))
    return "demo"


@pytest.fixture(scope="session")
def mongodb_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[str]]:
    """Databases nobody has used yet, in one server for all tests."""
    with mongodb_server.running(tmp_path_factory.mktemp("mongodb")) as url:
        yield (f"{url}/test_{number}" for number in count(1))


@pytest.fixture
def mongodb(mongodb_names: Iterator[str]) -> str:
    """An empty MongoDB."""
    return next(mongodb_names)


def put_together() -> FastAPI:
    values: dict[str, Any] = {"mqtt_password": "p" * 20, "jwt_secret_key": SIGNING_KEY, "encryption_key": "e" * 40}
    return create_app(load_settings(_env_file=None, database_url="sqlite+aiosqlite://", **values))


@pytest.fixture(scope="session")
def built_app() -> FastAPI:
    """The application, which takes longer to put together than to ask; every test gives it a database of its own."""
    return put_together()


@pytest.fixture
def own_app() -> FastAPI:
    """An application to spoil."""
    return put_together()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that touches a database runs on both; one that goes through the web application on SQLite.

    A test that names `database_kind` in a table of its own says itself where it runs.
    """
    chosen = [mark for mark in metafunc.definition.iter_markers("parametrize") if "database_kind" in mark.args[0]]
    if "database_kind" in metafunc.fixturenames and not chosen:
        through_web = "app" in metafunc.fixturenames
        metafunc.parametrize("database_kind", ["sqlite"] if through_web else ["sqlite", "postgres"])


@pytest.fixture
def template(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """The database of a kind that a test begins with a copy of: what its fixtures put in first is not made again."""
    has_owner, has_demo = "app" in request.fixturenames, "seeded" in request.fixturenames

    def found(kind: str) -> Any:
        if kind == "sqlite" and has_owner:
            return request.getfixturevalue("logged_in")[0]
        if kind == "sqlite":
            return request.getfixturevalue("demo_database" if has_demo else "empty_database")
        return request.getfixturevalue("postgres_demo" if has_demo else "postgres_template")

    return found


@pytest.fixture
def new_url(
    request: pytest.FixtureRequest, tmp_path: Path, template: Callable[[str], Any]
) -> Iterator[Callable[..., str]]:
    """Makes databases of a kind: `new_url("postgres")`, or `new_url("sqlite", is_blank=True)` without any table."""
    made: list[str] = []

    def make(kind: str, *, is_blank: bool = False) -> str:
        name = f"test_{len(made)}"
        if kind == "sqlite":
            path = tmp_path / f"{name}.db"
            if not is_blank:
                shutil.copy(template(kind), path)
            made.append("")
            return f"sqlite+aiosqlite:///{path}"
        request.getfixturevalue("postgres").create(name, template="template1" if is_blank else template(kind))
        made.append(name)
        return str(request.getfixturevalue("postgres").url(name))

    yield make
    for name in filter(None, made):
        request.getfixturevalue("postgres").drop(name)


@pytest.fixture
def database_url(new_url: Callable[..., str], database_kind: str) -> str:
    return new_url(database_kind)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = open_database(database_url)
    yield found
    await found.close()


@pytest.fixture
def seeded(database: Database) -> Database:
    """With the demo's data; see `template`."""
    return database


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture(scope="session")
def new_clock() -> type[FakeClock]:
    return FakeClock


@pytest.fixture(scope="session")
def new_script() -> type[Script]:
    return Script


@pytest.fixture
def machine_id() -> str:
    return MACHINE


@pytest.fixture
def machine_secret() -> str:
    return SECRET


@pytest.fixture
def new_settings(database_url: str, tmp_path: Path) -> Callable[..., Settings]:
    def make(**changes: Any) -> Settings:
        values: dict[str, Any] = {
            "_env_file": None,
            "database_url": database_url,
            "data_dir": tmp_path / "var",
            "mqtt_password": "the cloud's broker password",
            "jwt_secret_key": SIGNING_KEY,
            "encryption_key": "e" * 40,
        }
        return load_settings(**values | changes)

    return make


@pytest.fixture
def settings(new_settings: Callable[..., Settings]) -> Settings:
    return new_settings()


@pytest.fixture
def app(built_app: FastAPI, settings: Settings, seeded: Database, clock: Any) -> FastAPI:
    """The application with the demo's data and an owner; see `template`."""
    equip(built_app, settings, seeded, clock)
    return built_app


@pytest.fixture
async def served(new_settings: Callable[..., Settings], seeded: Database) -> Any:
    """The application on a real port of this computer, with the demo's data; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = new_settings(port=port, operator_email=EMAIL, operator_password=PASSWORD)
    stop = asyncio.Event()
    task = asyncio.create_task(serve(settings, stop))
    url = f"http://127.0.0.1:{port}"
    async with AsyncClient(base_url=url) as client, asyncio.timeout(SERVED_WITHIN_S):
        while True:
            with contextlib.suppress(TransportError):
                await client.get("/ready")
                break
            await asyncio.sleep(0.02)
    yield url
    stop.set()
    await asyncio.wait_for(task, SERVED_WITHIN_S)


@pytest.fixture
async def stranger(app: FastAPI) -> Any:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://cloud.test") as client:
        yield client


@pytest.fixture
def client(stranger: AsyncClient, logged_in: tuple[Path, str]) -> AsyncClient:
    """The owner's browser."""
    stranger.cookies.set(COOKIE, logged_in[1], domain="cloud.test")
    return stranger
