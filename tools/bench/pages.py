"""Server time of every dashboard page and API list, with a year of twenty machines in the database.

Pages are found by following links from the first one, lists by the API's own description. A request runs through the
whole application in this process (no socket). The year is made once (minutes) and kept in the folder for temporary
files; `VEND_BENCH_YEAR` names another place for it. Each address is told as soon as it is measured, and none takes more
than `ENOUGH_S` however slow it is.
"""

import asyncio
import logging
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

from httpx import ASGITransport, AsyncClient
from rich.console import Console

from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from cloud.identity.service import create_user, new_password
from cloud.main import create_app
from cloud.settings import load_settings
from tools.bench import year_of_fleet
from tools.bench.figures import Figure, percentile

TARGET_MS: Final = 50
TARGET_KIB: Final = 200
MOST_PAGES: Final = 150
"""Kinds of pages that are looked for; the rest would be said."""
TIMES: Final = (20, 5)
"""Requests to an address after the first; the second with `--quick`."""
ENOUGH_S: Final = (20.0, 1.0)
"""No more requests to an address after so many seconds of the clock."""
EMAIL, PASSWORD = "bench@example.com", "correct horse"

SAMPLES: Final = {
    "account": ["1001"],
    "by": ["machine", "product"],
    "machine_id": ["vm-year-0001"],
    "month": ["2026-10"],
    "number": ["1000"],
    "product_id": ["green-tea"],
    "sale_id": ["1000"],
    "task_id": ["1"],
    "user_id": ["1"],
}
"""What stands for the variables of an API address; an address with another one is left out and said."""

WHOLE_BOOKS: Final = re.compile(r"csv|export|verification|pdf|reports/month")
"""Downloads, documents and checks of the whole ledger: measured, without the target of a page."""


class Timed(NamedTuple):
    """One address."""

    path: str
    wall_ms: list[float]
    cpu_ms: list[float]
    """This process's work, client included: what does not depend on what else the computer does."""
    kib: float
    status: int


def measure(*, quick: bool) -> list[Figure]:
    """Figures of every page and list, the slowest first, and of all pages and lists together."""
    logging.disable(logging.INFO)
    year = Path(os.environ.get("VEND_BENCH_YEAR") or Path(tempfile.gettempdir()) / "vend-bench-year.db")
    if not year.exists():
        asyncio.run(year_of_fleet.make(year))
    with tempfile.TemporaryDirectory(prefix="vend-pages-") as folder:
        shutil.copy(year, Path(folder) / "cloud.db")
        found = asyncio.run(_measure(Path(folder), quick=quick))
    found.sort(key=lambda row: -percentile(row.cpu_ms, 95))
    return [figure for timed in found for figure in _figures(timed)] + list(_overall(found))


def _figures(timed: Timed) -> Iterator[Figure]:
    target = "" if WHOLE_BOOKS.search(timed.path) else f"≤ {TARGET_MS} ms"
    answer = "" if timed.status < 300 else f" [{timed.status}]"
    what = f"{timed.path}{answer}: {timed.kib:,.0f} KiB, p95"
    for name, runs in ((what, timed.wall_ms), (f"{what}, CPU", timed.cpu_ms)):
        yield Figure(name, percentile(runs, 95), "ms", min(runs), max(runs), target)


def _overall(found: list[Timed]) -> Iterator[Figure]:
    """Of requests for pages and of requests for lists; each address as often as every other one."""
    rows = [row for row in found if not WHOLE_BOOKS.search(row.path) and row.status < 300]
    pages = [row for row in rows if row.path.startswith("/dashboard/")]
    for name, some in (("all pages", pages), ("all lists", [row for row in rows if row not in pages])):
        what, target = f"{name} ({len(some)} addresses)", f"≤ {TARGET_MS} ms"
        for clock, each in (("", [row.wall_ms for row in some]), (", CPU", [row.cpu_ms for row in some])):
            middle, slow = ([percentile(runs, percent) for runs in each] for percent in (50, 95))
            yield Figure(f"{what}, median{clock}", percentile(middle, 50), "ms", min(middle), max(middle), "")
            yield Figure(f"{what}, p95{clock}", percentile(evenly(each), 95), "ms", min(slow), max(slow), target)
        heaviest = max(some, key=lambda row: row.kib)
        weight = f"{name}, heaviest: {heaviest.path}"
        yield Figure(weight, heaviest.kib, "KiB", min(row.kib for row in some), heaviest.kib, f"≤ {TARGET_KIB} KiB")


def evenly(each: list[list[float]]) -> list[float]:
    """As many of each address: one that was slow was asked less often, and counts as much."""
    most = max(len(runs) for runs in each)
    return [runs[at % len(runs)] for runs in each for at in range(most)]


async def _measure(folder: Path, *, quick: bool) -> list[Timed]:
    settings = load_settings(
        _env_file=None,
        database_url=f"sqlite+aiosqlite:///{folder}/cloud.db",
        data_dir=folder / "var",
        mqtt_password="the cloud's broker password",  # noqa: S106 - nothing listens
        jwt_secret_key="j" * 40,
        encryption_key="e" * 40,
    )
    database = open_database(settings.database_url)
    await upgrade_database(database)
    async with database.write() as db_session:
        await create_user(db_session, EMAIL, await new_password(PASSWORD))
    app = create_app(settings, database, lambda: year_of_fleet.LAST_MS)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://cloud.bench", timeout=600) as client:
        (await client.post("/api/v1/admin/login", json={"email": EMAIL, "password": PASSWORD})).raise_for_status()
        paths = [*await _pages(client), *_lists(app.openapi())]
        if quick:
            paths = [path for path in paths if not WHOLE_BOOKS.search(path)]
        found = [await _time(client, path, quick=quick) for path in paths]
    await database.close()
    return found


async def _pages(client: AsyncClient) -> list[str]:
    """One address of every kind of dashboard page that links lead to."""
    found: dict[str, str] = {}
    waiting = ["/dashboard/"]
    while waiting:
        path = waiting.pop()
        kind = re.sub(r"(?<==)[^&]*|vm-year-\d+|\d{4}-\d{2}(-\d{2})?|\d+|(?<=/products/)[a-z-]+", "…", path)
        if kind in found or "static" in path or WHOLE_BOOKS.search(path):
            continue
        if len(found) == MOST_PAGES:
            Console().print(f"[yellow]more than {MOST_PAGES} kinds of pages: {kind} and others are left out[/]")
            break
        found[kind] = path
        answer = await client.get(path, follow_redirects=True)
        if "html" in answer.headers.get("content-type", ""):
            waiting += sorted(set(re.findall(r'href="(/dashboard/[^"#]*)', answer.text.replace("&amp;", "&"))))
    return sorted(found.values())


def _lists(openapi: dict[str, Any]) -> Iterator[str]:
    for path, verbs in openapi["paths"].items():
        names = re.findall(r"{(\w+)}", path)
        if "get" in verbs and all(name in SAMPLES for name in names):
            choices = product(*(SAMPLES[name] for name in names))
            yield from (path.format(**dict(zip(names, chosen, strict=True))) for chosen in choices)


async def _time(client: AsyncClient, path: str, *, quick: bool) -> Timed:
    answer = await client.get(path)  # templates and statements are compiled once per process
    wall: list[float] = []
    cpu: list[float] = []
    ends = time.perf_counter() + ENOUGH_S[quick]
    while not wall or (len(wall) < TIMES[quick] and time.perf_counter() < ends):
        begun, worked = time.perf_counter(), time.process_time()
        answer = await client.get(path)
        wall.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
        if WHOLE_BOOKS.search(path):
            break
    timed = Timed(path, wall, cpu, len(answer.content) / 1024, answer.status_code)
    Console(highlight=False).print(
        f"{statistics.median(cpu):7.0f} ms CPU {statistics.median(wall):7.0f} ms  {path}", soft_wrap=True
    )
    return timed
