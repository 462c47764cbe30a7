"""Tables of the store: made anew, brought up from an earlier release, and read as a state.

Not responsible for whether a file is healthy (`health.py`).
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.vend.state import MachineState
from protocol.desired import Document, Planogram, RestockList, StaffList

SCHEMA_VERSION: Final = 3
"""1: release 0.1.0, the planogram inside every row's state. 2: the planogram once, in its own table. 3: `document`."""

DOCUMENTS: Final[dict[str, type[Document]]] = {"staff_list": StaffList, "restock_list": RestockList}
"""Fields of the state that are whole documents: kept once, not in every row."""

DrawId = Callable[[int], str]
"""Draws an id of so many bytes, as hex."""

_PLANOGRAM: Final = "CREATE TABLE planogram (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)"
"""One row is a settings document that was in force; journal rows point to it."""

_DOCUMENT: Final = "CREATE TABLE document (field TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"
"""One row is the newest of its kind, written in the step that took it."""

_SCHEMA: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # One row is one step: what happened, and edge.vend.state.MachineState afterwards without its planogram.
    """CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
        boot INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL,
        mono_ms INTEGER NOT NULL,
        input TEXT NOT NULL,
        state TEXT NOT NULL,
        planogram INTEGER
    )""",
    _PLANOGRAM,
    _DOCUMENT,
    # One row is one event, as the bytes that are sent and that its digest is over. seq is gap-free from 1.
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)",
)


class transaction:  # noqa: N801 - used as a statement: `with transaction(db):`
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


def create(path: Path, machine: str, draw: DrawId, *, replaces: str = "") -> None:
    """Make a new store under another name and move it into place, so that half a store never exists.

    Args:
        path: of the SQLite file; nothing may be there.
        machine: its id.
        draw: gives the new epoch.
        replaces: file name of the damaged store it follows, or empty.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    db = sqlite3.connect(draft, isolation_level=None)
    try:
        with transaction(db):
            for statement in _SCHEMA:
                db.execute(statement)
            rows = {
                "schema": str(SCHEMA_VERSION),
                "machine": machine,
                "epoch": draw(16),
                "boot": "0",
                "acknowledged": "0",
                "replaces": replaces,
            }
            db.executemany("INSERT INTO meta VALUES (?, ?)", rows.items())
    finally:
        db.close()
    draft.replace(path)
    sync_folder(path.parent)


def migrate(db: sqlite3.Connection) -> None:
    """Bring an earlier release's tables up to this one, in one transaction.

    Rows of release 0.1.0 keep the planogram inside their state; the next step moves it out.
    """
    if schema_of(db) == 1:
        with transaction(db):
            db.execute("ALTER TABLE journal ADD COLUMN planogram INTEGER")
            db.execute(_PLANOGRAM)
            db.execute("UPDATE meta SET value = '2' WHERE key = 'schema'")
    if schema_of(db) == 2:
        with transaction(db):
            db.execute(_DOCUMENT)
            db.execute("UPDATE meta SET value = '3' WHERE key = 'schema'")


def schema_of(db: sqlite3.Connection) -> int:
    """The version of a store's tables.

    Raises:
        ValueError: it names none.
    """
    row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    if row is None:
        raise ValueError("no schema version")
    return int(row[0])


def newest_state(db: sqlite3.Connection) -> tuple[MachineState, int | None]:
    """The state after the last step, fresh when there was none, and the row of its planogram in `planogram`.

    Raises:
        ValueError: it cannot be understood.
    """
    schema = schema_of(db)
    reference = "planogram" if schema > 1 else "NULL"
    row = db.execute(f"SELECT state, {reference} FROM journal ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608
    if row is None:
        return MachineState(), None
    state = MachineState.model_validate_json(row[0])
    if schema > 2:
        kept = dict(db.execute("SELECT field, body FROM document"))
        state = state.model_copy(
            update={name: kind.model_validate_json(kept[name]) for name, kind in DOCUMENTS.items() if name in kept}
        )
    if row[1] is None:
        return state, None
    body = db.execute("SELECT body FROM planogram WHERE id = ?", (row[1],)).fetchone()
    if body is None:
        raise ValueError(f"planogram {row[1]} is missing")
    return state.model_copy(update={"planogram": Planogram.model_validate_json(body[0])}), row[1]


def sync_folder(folder: Path) -> None:
    """Wait until the folder's names are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
