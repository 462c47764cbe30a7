"""Is a store healthy? A damaged one is kept aside as it is and refused; a new one only on an explicit order.

Looking is read-only: not even SQLite's write-ahead log is folded in. Source: docs/decisions/0007.
"""

import filecmp
import json
import os
import secrets
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.clock import Clock
from edge.store.errors import StoreDamagedError, StoreError, StoreForeignError, our_errors
from edge.store.schema import SCHEMA_VERSION, DrawId, create, newest_state, schema_of, sync_folder
from protocol.envelope import digest

TAIL_EVENTS: Final = 1_000
"""Newest events whose chain of digests is followed at start."""
_SIDE_FILES: Final = ("-wal", "-shm")


def refuse_unhealthy(path: Path, machine: str, wall_ms: int) -> None:
    """Look at a store before it is used.

    Raises:
        StoreDamagedError: it is damaged; `kept` says where a copy is.
        StoreForeignError: it is healthy, but not for this machine or software.
        StoreError: it cannot be read at all.
    """
    try:
        inspect(path, machine)
    except StoreDamagedError as damage:
        kept = keep_aside(path, wall_ms)
        raise StoreDamagedError(
            path,
            f"{damage.why}; kept aside as {kept.name}. Nothing is sold from it and nothing starts anew by itself: "
            "have it repaired, or start once with --new-store",
            kept,
        ) from damage


def refuse_lost(path: Path) -> None:
    """Where there is no store, a new one may only be made when none was damaged here before.

    Raises:
        StoreDamagedError: a damaged store was kept aside, and nobody has ordered a new one; or half a store is left.
    """
    kept = kept_aside(path)
    log = path.with_name(path.name + "-wal")
    if not kept and log.exists() and log.stat().st_size:
        raise StoreDamagedError(path, f"is missing, but {log.name} is there with its last steps; put the store back")
    if kept:
        raise StoreDamagedError(
            path, f"is missing; a damaged one is kept as {kept[-1].name}. Start once with --new-store", kept[-1]
        )


def inspect(path: Path, machine: str) -> None:
    """Pages, tables, state and the newest events of a store, without writing to it.

    Raises:
        StoreDamagedError: one of them is wrong.
        StoreForeignError: of another machine, or of newer software.
        StoreError: it cannot be read at all.
    """
    with (
        our_errors(path),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db,
    ):
        problem = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise StoreDamagedError(path, f"damaged ({problem})")
        schema = schema_of(db)
        if schema > SCHEMA_VERSION:
            raise StoreForeignError(path, f"schema {schema} is newer than this software; install the newer one")
        meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta"))
        if meta["machine"] != machine:
            raise StoreForeignError(path, f"belongs to machine {meta['machine']!r}, not {machine!r}; check MACHINE_ID")
        newest_state(db)
        _follow_chain(db, meta["epoch"], int(meta["boot"]), int(meta["acknowledged"]))


def _follow_chain(db: sqlite3.Connection, epoch: str, boot: int, acknowledged: int) -> None:
    """The newest events: gap-free, of this epoch, each naming its predecessor's digest.

    Raises:
        ValueError: where the chain is broken.
    """
    rows = db.execute("SELECT seq, body FROM outbox ORDER BY seq DESC LIMIT ?", (TAIL_EVENTS,)).fetchall()
    newest = rows[0][0] if rows else 0
    if acknowledged > newest:
        raise ValueError(f"event {acknowledged} was acknowledged, but the newest is {newest}")
    later_seq, wanted = 0, ""
    for seq, body in rows:
        event = json.loads(body)
        if (event["seq"], event["ep"]) != (seq, epoch) or not 1 <= event["boot"]["n"] <= boot:
            raise ValueError(f"event {seq} is not of this place in this store")
        if later_seq and (seq != later_seq - 1 or digest(body) != wanted):
            raise ValueError(f"the chain of events is broken before {later_seq}")
        later_seq, wanted = seq, event["h"]


def kept_aside(path: Path) -> list[Path]:
    """Damaged stores that were kept here, oldest first."""
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def keep_aside(path: Path, wall_ms: int) -> Path:
    """Copy a damaged store with its side files, once however often the controller is started on it.

    Args:
        path: of the store; it stays as it is.
        wall_ms: now; names the copy.

    Returns:
        The copy of the main file.

    Raises:
        StoreDamagedError: it cannot be copied (a full or failing disk).
    """
    for earlier in kept_aside(path):
        if _is_same(path, earlier):
            return earlier
    stamp = datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    draft = copy.with_name(copy.name + ".part")
    try:
        for suffix in _SIDE_FILES:
            side = path.with_name(path.name + suffix)
            if side.exists():
                _copy(side, copy.with_name(copy.name + suffix))
        _copy(path, draft)
        draft.replace(copy)  # last: a copy with its final name is whole
        sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreDamagedError(path, f"damaged, and cannot be copied aside ({error}); it was not touched") from error
    return copy


def _is_same(path: Path, copy: Path) -> bool:
    for suffix in ("", "-wal"):
        one, other = path.with_name(path.name + suffix), copy.with_name(copy.name + suffix)
        if one.exists() != other.exists() or (one.exists() and not filecmp.cmp(one, other, shallow=False)):
            return False
    return True


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def replace_damaged(path: Path, machine: str, clock: Clock, draw: DrawId = secrets.token_hex) -> Path:
    """Put a new store, with a new epoch, in the place of a damaged one: an operator's explicit order.

    A power cut at any moment leaves the damaged store, or its copy and no store; both are refused at the next
    start until the order is given again.

    Args:
        path: of the store.
        machine: its id.
        clock: names the copy.
        draw: as in `Store.open`.

    Returns:
        Where the damaged store is kept; the new one names it (`Store.replaces`).

    Raises:
        StoreError: the store is healthy, cannot be read, or there is none to replace.
        StoreForeignError: it is another machine's.
    """
    kept: Path | None = None
    if path.exists():
        try:
            refuse_unhealthy(path, machine, clock.wall_ms())
        except StoreDamagedError as damage:
            kept = damage.kept
            if kept is None:
                raise
        else:
            raise StoreError(path, "is healthy; start without --new-store")
    elif kept_aside(path):
        kept = kept_aside(path)[-1]
    if kept is None:
        raise StoreError(path, "there is no damaged store to replace; start without --new-store")
    for suffix in ("", *_SIDE_FILES):  # the main file first: without it, nothing can be mistaken for a store
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    sync_folder(path.parent)
    with our_errors(path):
        create(path, machine, draw, replaces=kept.name)
    return kept
