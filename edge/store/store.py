"""Journal and outbox in one SQLite file: every step is one durable transaction.

A step's new state, its input and its events are written together or not at all, and are on the disk when
`commit` returns. An event leaves the outbox only when the cloud acknowledges it; acknowledged events are
kept for a while so that the cloud can ask for a hole again.

Not responsible for what a step means (`edge/vend`), for sending (`edge/cloud_link`), nor for telling whether a
file is healthy (`health.py`).
Source: SQLite documentation, "Atomic Commit" and "WAL"; docs/decisions/0002, 0007.
"""

import json
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, Final, Self

from edge.clock import Clock
from edge.store.errors import StoreFullError, is_full, our_errors
from edge.store.health import refuse_lost, refuse_unhealthy
from edge.store.room import FreeBytes, Room, free_bytes
from edge.store.schema import DOCUMENTS, DrawId, create, migrate, newest_state, transaction
from edge.vend.inputs import Input
from edge.vend.state import MachineState
from protocol.desired import Document, Planogram
from protocol.envelope import GENESIS, digest
from protocol.events import Event

CHECKPOINT_PAGES: Final = 250
"""Pages of 4 KiB in the write-ahead log before they are folded into the file: bounds the longest step."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of the past a store keeps. Events the cloud does not have are kept in any case."""

    journal_rows: int = 5_000
    """Steps, for people; recovery needs the newest one."""
    acknowledged: int = 50_000
    """Acknowledged events, for the cloud to ask again: months of an ordinary machine, 20 MiB."""
    slice_rows: int = 16
    """At most so many rows of each kind are removed with one step, so that none takes long."""


class Store:
    """The machine's memory. One per controller; not thread-safe."""

    def __init__(
        self,
        path: Path,
        machine: str,
        clock: Clock,
        connection: sqlite3.Connection,
        room: Room,
        keep: Keep,
        draw: DrawId = secrets.token_hex,
    ) -> None:
        """Use `Store.open`."""
        self.path = path
        self.machine = machine
        self._clock = clock
        self._db = connection
        self._room = room
        self._keep = keep
        self._draw = draw
        self._planogram: tuple[Planogram, int] | None = None
        """The settings document in force, and its row."""
        self._documents: dict[str, Document | None] = dict.fromkeys(DOCUMENTS)
        """The others, as they are on the disk."""
        self._read_meta()

    @classmethod
    def open(
        cls,
        path: Path,
        machine: str,
        clock: Clock,
        *,
        durable: bool = True,
        draw: DrawId = secrets.token_hex,
        keep: Keep = Keep(),
        free: FreeBytes = free_bytes,
    ) -> Self:
        """Open the store, or make a new one where there never was one, and count a new boot.

        Args:
            path: of the SQLite file; its folder must exist.
            machine: its id; a store belongs to one machine for life.
            clock: for the time stamps.
            durable: False skips the wait for the disk: only for simulations that cut no power.
            draw: gives an id of so many random bytes as hex: anything but the default is only for simulations.
            keep: how much of the past to keep.
            free: bytes the disk of a folder has left; for tests of a full one.

        Raises:
            StoreDamagedError: the file is damaged; a copy is kept aside and nothing is made anew.
            StoreForeignError: the file is another machine's, or of newer software.
            StoreFullError: the disk is too full even to open it.
            StoreError: it cannot be used for another reason.
        """
        room = Room(path, free)
        if path.exists():
            refuse_unhealthy(path, machine, clock.wall_ms())
        else:
            refuse_lost(path)
            with our_errors(path):
                create(path, machine, draw)
        with our_errors(path):
            db = sqlite3.connect(path, isolation_level=None)
            try:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
                db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
                migrate(db)
                store = cls(path, machine, clock, db, room, keep, draw)
            except BaseException:
                db.close()
                raise
        store.look_for_room()
        return store

    def _read_meta(self) -> None:
        meta = dict(self._db.execute("SELECT key, value FROM meta"))
        self.epoch: str = meta["epoch"]
        self.replaces: str = meta.get("replaces", "")
        """File name of the damaged store this one followed by an operator's order; empty for a first store."""
        self.boot_number = int(meta["boot"]) + 1
        self.boot_id = self._draw(4)
        self._acknowledged = int(meta["acknowledged"])
        newest = self._db.execute("SELECT seq, body FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
        self._last_seq: int = newest[0] if newest else 0
        self._last_digest = digest(newest[1]) if newest else GENESIS
        self._write(self._set_meta, "boot", self.boot_number)

    def _set_meta(self, key: str, value: int) -> None:
        self._db.execute("UPDATE meta SET value = ? WHERE key = ?", (str(value), key))

    # --- room ----------------------------------------------------------------------------------
    def look_for_room(self) -> bool:
        """Is there room on the disk to go on selling?

        False as soon as little is left, while there still is the reserve to finish in what is under way; True
        again when there is plenty and the reserve is whole. A look costs a few microseconds.
        """
        return self._room.look()

    def _write(self, work: Callable[..., None], *arguments: Any) -> None:
        """One transaction; on a full disk once more, in the room of the reserve.

        Raises:
            StoreFullError: the reserve is used up as well; the store is as it was before.
        """
        try:
            with transaction(self._db):
                work(*arguments)
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            if not self._room.give_up():
                raise StoreFullError(self.path, "the disk is full and the reserve is used up; make room") from error
            self._write(work, *arguments)

    # --- the journal ---------------------------------------------------------------------------
    def load_state(self) -> MachineState:
        """The state after the last step; a fresh one for a new store."""
        state, row = newest_state(self._db)
        self._planogram = (state.planogram, row) if state.planogram and row else None
        self._documents = _documents_of(state)
        return state

    def commit(self, happened: Input, state: MachineState, events: Sequence[Event]) -> None:
        """Write one step. When this returns it is on the disk.

        Raises:
            StoreFullError: no room, not even in the reserve; the store is as it was before.
        """
        wall, mono = self._clock.wall_ms(), self._clock.mono_ms()
        seq, last = self._last_seq, self._last_digest
        rows: list[tuple[int, bytes]] = []
        for event in events:
            seq += 1
            body = self._envelope(event, seq, last, wall, mono)
            last = digest(body)
            rows.append((seq, body))
        known, planogram = self._planogram, state.planogram
        is_known = known is not None and (known[0] is planogram or known[0] == planogram)
        row = known[1] if known is not None and is_known else None
        documents = _documents_of(state)
        new = {name: it for name, it in documents.items() if it is not None and it is not self._documents[name]}

        def write() -> None:
            nonlocal row
            if planogram is not None and not is_known:
                row = self._insert_planogram(planogram)
            for name, document in new.items():
                self._db.execute("INSERT OR REPLACE INTO document VALUES (?, ?)", (name, document.model_dump_json()))
            cursor = self._db.execute(
                "INSERT INTO journal (boot, wall_ms, mono_ms, input, state, planogram) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self.boot_number,
                    wall,
                    mono,
                    _input_json(happened),
                    state.model_dump_json(exclude={"planogram", *DOCUMENTS}),
                    row,
                ),
            )
            self._db.executemany("INSERT INTO outbox (seq, body) VALUES (?, ?)", rows)
            self._forget(int(cursor.lastrowid or 0))

        self._write(write)
        self._last_seq, self._last_digest = seq, last
        self._documents = documents
        self._planogram = (planogram, row) if planogram is not None and row is not None else None

    def _insert_planogram(self, planogram: Planogram) -> int:
        """Keep a settings document, and forget those no journal row points to any more."""
        cursor = self._db.execute("INSERT INTO planogram (body) VALUES (?)", (planogram.model_dump_json(),))
        oldest = self._db.execute("SELECT planogram FROM journal ORDER BY id LIMIT 1").fetchone()
        if oldest and oldest[0] is not None:
            self._db.execute("DELETE FROM planogram WHERE id < ?", (oldest[0],))
        return int(cursor.lastrowid or 0)

    def _forget(self, newest_row: int) -> None:
        """Remove a slice of what is too old, within the step's own transaction: no wait for the disk is added.

        SQLite uses the freed pages again, so the file stops growing once it holds what is to be kept.
        """
        for table, key, upto in (
            ("journal", "id", newest_row - self._keep.journal_rows),
            ("outbox", "seq", self._acknowledged - self._keep.acknowledged),
        ):
            if upto > 0:
                self._db.execute(
                    f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {key} <= ? "  # noqa: S608
                    f"ORDER BY {key} LIMIT ?)",
                    (upto, self._keep.slice_rows),
                )

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
        self._write(self._set_meta, "acknowledged", upto)
        self._acknowledged = upto
        return True

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self._db.close()


def _documents_of(state: MachineState) -> dict[str, Document | None]:
    return {name: getattr(state, name) for name in DOCUMENTS}


def _input_json(happened: Input) -> str:
    kind = type(happened)
    fields = {"type": kind.__name__} | {name: getattr(happened, name) for name in kind.__dataclass_fields__}
    return json.dumps(fields, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value.model_dump(mode="json")
