"""What a process of the ledger comparison does: `python -m tools.bench.ledger_cases CASE FILE COUNT` prints JSON.

Each case is a process of its own, so that its peak memory is its own.
"""

import asyncio
import json
import logging
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from cloud.accounting import service
from cloud.accounting.rules import Draft, Leg
from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from tools.bench.ledger_journal import MONTH, Row, rows

BATCH: Final = 2_500
"""Entries in one transaction while loading."""
POSTS: Final = 200
ASKED: Final = 20

Answer = dict[str, Any]


class Watch:
    """Medians of what is done in its `with` blocks: by the clock, and of this process's own work."""

    def __init__(self) -> None:
        self._runs: list[tuple[float, float]] = []
        self._begun = (0.0, 0.0)

    def __enter__(self) -> Self:
        self._begun = (time.perf_counter(), time.process_time())
        return self

    def __exit__(self, *_: object) -> None:
        self._runs.append((time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]))

    @property
    def wall(self) -> float:
        """Seconds by the clock."""
        return statistics.median(run[0] for run in self._runs)

    @property
    def cpu(self) -> float:
        """CPU seconds."""
        return statistics.median(run[1] for run in self._runs)


async def ours_load(path: Path, count: int) -> Answer:
    """Every entry through the ledger's own door, with all its rules; each transaction waits for the disk."""
    database = open_database(f"sqlite+aiosqlite:///{path}")
    await upgrade_database(database)
    begun, cpu = time.perf_counter(), time.process_time()
    numbered = enumerate(rows(count))
    while part := list(islice(numbered, BATCH)):
        async with database.write() as db_session:
            await service.post(db_session, [_draft(number, row) for number, row in part])
    answer = {"load_s": time.perf_counter() - begun, "load_cpu_s": time.process_time() - cpu}
    await database.close()
    return answer


def _draft(number: int, row: Row) -> Draft:
    legs = (Leg(row.debit.account, row.yen, row.debit.sub), Leg(row.credit.account, -row.yen, row.credit.sub))
    return Draft(f"bench/{number}", row.day, 0, row.what, legs)


async def ours_ask(path: Path, count: int) -> Answer:
    """Post one entry durably and read the trial balance; read a month's profit and loss with the balance sheet."""
    database = open_database(f"sqlite+aiosqlite:///{path}")
    async with database.read() as db_session:
        balances = {row.code: row.debit - row.credit for row in (await service.trial_balance(db_session)).lines}
    posts, months = Watch(), Watch()
    sale = next(islice(rows(2), 1, None))._replace(day=MONTH[1])
    for number in range(POSTS):
        with posts:
            async with database.write() as db_session:
                await service.post(db_session, [_draft(count + number, sale)])
            async with database.read() as db_session:
                await service.trial_balance(db_session)
    for _ in range(ASKED):
        with months:
            async with database.read() as db_session:
                await service.income_statement(db_session, *MONTH)
                await service.balance_sheet(db_session, MONTH[1])
    await database.close()
    return _asked(posts, months, balances)


_PLAIN: Final = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
CREATE TABLE entry(id INTEGER PRIMARY KEY, day TEXT NOT NULL, what TEXT NOT NULL);
CREATE TABLE leg(entry INTEGER NOT NULL, line INTEGER NOT NULL, account TEXT NOT NULL, sub TEXT NOT NULL,
  yen INTEGER NOT NULL, PRIMARY KEY(entry, line)) WITHOUT ROWID;
CREATE INDEX entry_day ON entry(day);
"""
_MONTH_SUMS: Final = (
    "SELECT account, SUM(yen) FROM entry JOIN leg ON entry = id WHERE day BETWEEN ? AND ? GROUP BY account",
    "SELECT account, SUM(yen) FROM entry JOIN leg ON entry = id WHERE day <= ? GROUP BY account",
)


def plain_load(path: Path, count: int) -> Answer:
    """Two tables, no rule, no total, no hash: the floor."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(_PLAIN)
    begun, cpu = time.perf_counter(), time.process_time()
    numbered = enumerate(rows(count), start=1)
    while part := list(islice(numbered, BATCH)):
        connection.execute("BEGIN")
        _insert(connection, part)
        connection.execute("COMMIT")
    return {"load_s": time.perf_counter() - begun, "load_cpu_s": time.process_time() - cpu}


def _insert(connection: sqlite3.Connection, part: list[tuple[int, Row]]) -> None:
    connection.executemany(
        "INSERT INTO entry VALUES (?, ?, ?)", [(number, row.day.isoformat(), row.what) for number, row in part]
    )
    connection.executemany("INSERT INTO leg VALUES (?, ?, ?, ?, ?)", [leg for item in part for leg in _legs(*item)])


def _legs(number: int, row: Row) -> Iterator[tuple[int, int, str, str, int]]:
    yield number, 1, *row.debit, row.yen
    yield number, 2, *row.credit, -row.yen


def plain_ask(path: Path, count: int) -> Answer:
    """The same questions; balances are added up from the legs each time."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    trial = "SELECT account, SUM(yen) FROM leg GROUP BY account"
    balances = dict(connection.execute(trial))
    posts, months = Watch(), Watch()
    sale = next(islice(rows(2), 1, None))._replace(day=MONTH[1])
    for number in range(5):
        with posts:
            connection.execute("BEGIN IMMEDIATE")
            _insert(connection, [(count + 1 + number, sale)])
            connection.execute("COMMIT")
            connection.execute(trial).fetchall()
    first, last = (day.isoformat() for day in MONTH)
    for _ in range(3):
        with months:
            connection.execute(_MONTH_SUMS[0], (first, last)).fetchall()
            connection.execute(_MONTH_SUMS[1], (last,)).fetchall()
    return _asked(posts, months, balances)


def _asked(posts: "Watch", months: "Watch", balances: dict[str, int]) -> Answer:
    return {
        "post_s": posts.wall,
        "post_cpu_s": posts.cpu,
        "month_s": months.wall,
        "month_cpu_s": months.cpu,
        "balances": balances,
    }


CASES: Final[dict[str, Callable[[Path, int], Any]]] = {
    "ours_load": ours_load,
    "ours_ask": ours_ask,
    "plain_load": plain_load,
    "plain_ask": plain_ask,
}


def main() -> None:
    """Do one case."""
    logging.disable(logging.INFO)
    case, path, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    answer = CASES[case](path, count)
    print(json.dumps(asyncio.run(answer) if asyncio.iscoroutine(answer) else answer))


if __name__ == "__main__":
    main()
