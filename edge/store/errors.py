"""What the store raises, and which of SQLite's errors mean what."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT}
"""Primary codes of a file that is not a healthy store; ERROR is a table or column that is missing."""


class StoreError(Exception):
    """Base of what the store raises; by itself: the file cannot be used now (permissions, locks, a failing disk)."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: {why}")


class StoreDamagedError(StoreError):
    """The file is not a healthy store of ours. It is left untouched: it may be the only record of money."""

    def __init__(self, path: Path, why: str, kept: Path | None = None) -> None:
        self.why = why
        self.kept = kept
        """The copy that was set aside, or None when there is none yet."""
        super().__init__(path, why)


class StoreForeignError(StoreError):
    """A healthy store, but of another machine or of newer software. It is left untouched."""


class StoreFullError(StoreError):
    """The disk is full, and the reserve is used up. Nothing of the step was written."""


def is_full(error: sqlite3.Error) -> bool:
    """Does SQLite say that the disk is full?"""
    return getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """Say SQLite's errors, and contents that cannot be understood, in the store's own words.

    Raises:
        StoreFullError: the disk is full.
        StoreDamagedError: the file is not a healthy store.
        StoreError: SQLite could not use it for another reason.
    """
    try:
        yield
    except sqlite3.Error as error:
        if is_full(error):
            raise StoreFullError(path, "the disk is full; make room, then start again") from error
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _DAMAGED:
            raise StoreDamagedError(path, f"damaged ({error})") from error
        raise StoreError(path, f"cannot be used ({error})") from error
    except (KeyError, TypeError, ValueError) as error:
        raise StoreDamagedError(path, f"damaged (contents cannot be understood: {error!r})") from error
