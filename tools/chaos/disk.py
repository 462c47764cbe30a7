"""A disk that fills up: what the store is told of its room, and how far SQLite may really grow.

The store's reserve is a file on this disk: giving it up makes room for so many pages more, unless something else
takes that too.
"""

import sqlite3
from pathlib import Path
from typing import Final

from edge.store.room import RESERVE_BYTES

PLENTY: Final = 1 << 40
LOW: Final = 5 * 1024 * 1024
"""Bytes left on a disk that is low: too little to go on selling."""
PAGE: Final = 4096
NO_LIMIT: Final = 0xFFFFFFFE


class Disk:
    """The disk of one machine."""

    def __init__(self, reserve: Path) -> None:
        """`reserve`: the store's reserve file."""
        self._reserve = reserve
        self._left = PLENTY
        self._frees = 0
        """Bytes that giving up the reserve frees."""
        self._pages: int | None = None
        """Of the store's file when the disk was filled."""
        self._is_limited = False

    @property
    def is_filled(self) -> bool:
        """There is little room, or none."""
        return self._left != PLENTY

    @property
    def is_used_up(self) -> bool:
        """Not even the reserve helps."""
        return self._left == 0 and not self._frees

    def fill(self, mode: str) -> None:
        """Something else takes the room: `low`, `full` (the reserve still helps) or `used_up` (it does not)."""
        self._left = LOW if mode == "low" else 0
        self._frees = RESERVE_BYTES if mode != "used_up" and self._reserve.exists() else 0
        self._pages = None

    def clear(self) -> None:
        """Room again."""
        self._left, self._frees, self._pages = PLENTY, 0, None

    def free(self, _: Path) -> int:
        """Bytes left, as the store is told."""
        if not self._frees:
            return self._left
        return self._left + (0 if self._reserve.exists() else self._frees)

    def limit(self, db: sqlite3.Connection) -> None:
        """Let the store's file grow so far and no further."""
        if not self.is_filled:
            if self._is_limited:
                db.execute(f"PRAGMA max_page_count={NO_LIMIT}")
                self._is_limited = False
            return
        self._is_limited = True
        if self._pages is None:
            self._pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={self._pages + self.free(self._reserve) // PAGE}")
