"""Journal and outbox in one SQLite file: every step is one durable transaction.

A step's new state, its input and its events are written together or not at all, and are on the disk when
`commit` returns. An event leaves the outbox only when the cloud acknowledges it; acknowledged events are
kept for a while so that the cloud can ask for a hole again.

Not responsible for what a step means (`edge/vend`) nor for sending (`edge/cloud_link`).
Source: SQLite documentation, "Atomic Commit" and "WAL"; docs/decisions/0002.
"""

import json
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Final, Self

from edge.clock import Clock
from edge.vend.inputs import Input
from edge.vend.state import MachineState
from protocol.envelope import GENESIS, digest
from protocol.events import Event

SCHEMA_VERSION: Final = 1
KEEP_JOURNAL_ROWS: Final = 5_000
"""Older journal rows are dropped at start; the newest one is all that recovery needs."""
KEEP_ACKNOWLEDGED: Final = 50_000
"""Acknowledged events kept for the cloud to ask again: months of an ordinary machine, 20 MiB."""

DrawId = Callable[[int], str]
"""Draws an id of so many bytes, as hex."""

_SCHEMA: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # One row is one step: what happened, and edge.vend.state.MachineState afterwards.
    """CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
        boot INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL,
        mono_ms INTEGER NOT NULL,
        input TEXT NOT NULL,
        state TEXT NOT NULL
    )""",
    # One row is one event, as the bytes that are sent and that its digest is over. seq is gap-free from 1.
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)",
)


class StoreError(Exception):
    """Base of what the store raises."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: {why}")


class StoreDamagedError(StoreError):
    """The file is not a healthy store of ours. It is left untouched: it may be the only record of money."""


class StoreFullError(StoreError):
    """The disk is full. Nothing of the step was written; selling must stop."""


class Store:
    """The machine's memory. One per controller; not thread-safe."""

    def __init__(
        self, path: Path, machine: str, clock: Clock, connection: sqlite3.Connection, draw: DrawId = secrets.token_hex
    ) -> None:
        """Use `Store.open`."""
        self.path = path
        self.machine = machine
        self._clock = clock
        self._db = connection
        self._draw = draw
        self._read_meta()

    @classmethod
    def open(
        cls, path: Path, machine: str, clock: Clock, *, durable: bool = True, draw: DrawId = secrets.token_hex
    ) -> Self:
        """Open the store, or make a new one where there is none, and count a new boot.

        Args:
            path: of the SQLite file; its folder must exist.
            machine: its id; a store belongs to one machine for life.
            clock: for the time stamps.
            durable: False skips the wait for the disk: only for simulations that cut no power.
            draw: gives an id of so many random bytes as hex: anything but the default is only for simulations.

        Raises:
            StoreDamagedError: the file is damaged, of a newer version, or another machine's.
        """
        if not path.exists():
            _create(path, machine, draw)
        db = sqlite3.connect(path, isolation_level=None)
        try:
            _check(db, path, machine)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        except sqlite3.DatabaseError as error:
            db.close()
            raise StoreDamagedError(path, f"damaged ({error}); keep a copy, then restore or remove it") from error
        except StoreError:
            db.close()
            raise
        return cls(path, machine, clock, db, draw)

    def _read_meta(self) -> None:
        meta = dict(self._db.execute("SELECT key, value FROM meta"))
        self.epoch: str = meta["epoch"]
        self.boot_number = int(meta["boot"]) + 1
        self.boot_id = self._draw(4)
        self._acknowledged = int(meta["acknowledged"])
        newest = self._db.execute("SELECT seq, body FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
        self._last_seq: int = newest[0] if newest else 0
        self._last_digest = digest(newest[1]) if newest else GENESIS
        with _transaction(self._db):
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'boot'", (str(self.boot_number),))
            self._db.execute("DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?", (KEEP_JOURNAL_ROWS,))
            self._db.execute("DELETE FROM outbox WHERE seq <= ?", (self._acknowledged - KEEP_ACKNOWLEDGED,))

    # --- the journal ---------------------------------------------------------------------------
    def load_state(self) -> MachineState:
        """The state after the last step; a fresh one for a new store."""
        row = self._db.execute("SELECT state FROM journal ORDER BY id DESC LIMIT 1").fetchone()
        return MachineState.model_validate_json(row[0]) if row else MachineState()

    def commit(self, happened: Input, state: MachineState, events: Sequence[Event]) -> None:
        """Write one step. When this returns it is on the disk.

        Raises:
            StoreFullError: no room; the store is as it was before.
        """
        wall, mono = self._clock.wall_ms(), self._clock.mono_ms()
        seq, last = self._last_seq, self._last_digest
        rows: list[tuple[int, bytes]] = []
        for event in events:
            seq += 1
            body = self._envelope(event, seq, last, wall, mono)
            last = digest(body)
            rows.append((seq, body))
        try:
            with _transaction(self._db):
                self._db.execute(
                    "INSERT INTO journal (boot, wall_ms, mono_ms, input, state) VALUES (?, ?, ?, ?, ?)",
                    (self.boot_number, wall, mono, _input_json(happened), state.model_dump_json()),
                )
                self._db.executemany("INSERT INTO outbox (seq, body) VALUES (?, ?)", rows)
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise StoreFullError(self.path, "the disk is full; selling stops until there is room") from error
            raise
        self._last_seq, self._last_digest = seq, last

    def _envelope(self, event: Event, seq: int, previous: str, wall: int, mono: int) -> bytes:
        return json.dumps(
            {
                "v": 1,
                "m": self.machine,
                "ep": self.epoch,
                "seq": seq,
                "boot": {"n": self.boot_number, "id": self.boot_id},
                "kind": event.KIND,
                "t": wall,
                "mono": mono,
                "clk": self._clock.quality,
                "h": previous,
                "d": event.to_dict(),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()

    # --- the outbox ----------------------------------------------------------------------------
    @property
    def last_seq(self) -> int:
        """Newest event; 0 when there is none."""
        return self._last_seq

    @property
    def acknowledged(self) -> int:
        """Everything up to here is committed in the cloud."""
        return self._acknowledged

    def read_events(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` events with seq > `after`, in order, as (seq, bytes)."""
        return self._db.execute(
            "SELECT seq, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        ).fetchall()

    def acknowledge(self, upto: int) -> bool:
        """Remember that the cloud has everything up to `upto`.

        Returns:
            True when that is news. An old or repeated acknowledgement changes nothing, and neither does one
            from the future (a cloud that knows events we never wrote has another machine's data).
        """
        if not self._acknowledged < upto <= self._last_seq:
            return False
        with _transaction(self._db):
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'acknowledged'", (str(upto),))
        self._acknowledged = upto
        return True

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self._db.close()


class _transaction:  # noqa: N801 - used as a statement: `with _transaction(db):`
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when the body or the commit fails."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            try:
                self._db.execute("COMMIT")
            except sqlite3.OperationalError:
                self._rollback()
                raise
        else:
            self._rollback()

    def _rollback(self) -> None:
        if self._db.in_transaction:  # a full disk may have rolled back already
            self._db.execute("ROLLBACK")


def _create(path: Path, machine: str, draw: DrawId) -> None:
    """Make a new store under another name and move it into place, so that half a store never exists."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    db = sqlite3.connect(draft, isolation_level=None)
    with _transaction(db):
        for statement in _SCHEMA:
            db.execute(statement)
        db.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [
                ("schema", str(SCHEMA_VERSION)),
                ("machine", machine),
                ("epoch", draw(16)),
                ("boot", "0"),
                ("acknowledged", "0"),
            ],
        )
    db.close()
    draft.replace(path)


def _check(db: sqlite3.Connection, path: Path, machine: str) -> None:
    problem = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise StoreDamagedError(path, f"damaged ({problem}); keep a copy, then restore or remove it")
    meta = dict(db.execute("SELECT key, value FROM meta"))
    if int(meta["schema"]) > SCHEMA_VERSION:
        raise StoreDamagedError(path, f"schema {meta['schema']} is newer than this software; install the newer one")
    if meta["machine"] != machine:
        raise StoreDamagedError(path, f"belongs to machine {meta['machine']!r}, not {machine!r}; check MACHINE_ID")


def _input_json(happened: Input) -> str:
    fields: dict[str, Any] = {"type": type(happened).__name__}
    if is_dataclass(happened):
        fields |= asdict(happened)
    return json.dumps(fields, ensure_ascii=False, default=lambda value: value.to_dict())
