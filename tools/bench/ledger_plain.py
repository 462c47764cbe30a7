"""What a process of plain SQLite does: `python -m tools.bench.ledger_plain load|ask FILE COUNT` prints JSON.

It imports nothing of the project but the journal, so its memory is SQLite's.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tools.bench.ledger_journal import MONTH, Row, rows
from tools.bench.ledger_watch import BATCH, Answer, Watch, asked

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


def load(path: Path, count: int) -> Answer:
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


def ask(path: Path, count: int) -> Answer:
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
    return asked(posts, months, balances)


def main() -> None:
    """Do one case."""
    case = {"load": load, "ask": ask}[sys.argv[1]]
    print(json.dumps(case(Path(sys.argv[2]), int(sys.argv[3]))))


if __name__ == "__main__":
    main()
