"""Room on the disk: a reserve that is given up when the disk is full, so that what is under way can be written.

Not responsible for what the machine does without room: the runtime stops selling (`store.full`).
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 4 * 1024 * 1024
"""Really allocated beside the store: room for hundreds of steps, where finishing a sale takes a dozen."""
LOW_BYTES: Final = 8 * 1024 * 1024
"""With less than this free on the disk (the reserve not counted) selling stops."""
ENOUGH_BYTES: Final = 2 * LOW_BYTES
"""With so much free again selling goes on; the gap keeps it from going on and off with every step."""
OPENING_BYTES: Final = 1024 * 1024
"""With less than this free the reserve is given up before the store is opened: SQLite needs room even for that."""

FreeBytes = Callable[[Path], int]
"""Bytes that may still be written to the disk of a folder."""


def free_bytes(folder: Path) -> int:
    """What the file system would still let this process write."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


class Room:
    """The room of one store."""

    def __init__(self, store: Path, free: FreeBytes = free_bytes) -> None:
        """Look; nothing is allocated yet.

        Args:
            store: path of the SQLite file; the reserve is put beside it.
            free: for tests of a disk that is full.
        """
        self._folder = store.parent
        self._reserve = store.with_name(store.stem + ".reserve")
        self._reserve_name = str(self._reserve)
        """Looked at with every step: a text is opened faster than a path."""
        self._free = free
        self._has_room = True
        if free(self._folder) < OPENING_BYTES:
            self.give_up()

    def look(self) -> bool:
        """Is there room to go on selling? Takes the reserve (again) as soon as there is.

        Raises:
            OSError: the disk refuses for another reason than being full.
        """
        free = self._free(self._folder)
        if self._is_held():
            self._has_room = free >= (LOW_BYTES if self._has_room else ENOUGH_BYTES)
        else:
            needed = (LOW_BYTES if self._has_room else ENOUGH_BYTES) + RESERVE_BYTES
            self._has_room = free >= needed and self._take()
        return self._has_room

    def give_up(self) -> bool:
        """Let the reserve go, and sell no more until `look` has taken it again.

        Returns:
            False when there was none left to give.
        """
        self._has_room = False
        try:
            self._reserve.unlink()
        except FileNotFoundError:
            return False
        return True

    def _is_held(self) -> bool:
        try:
            return os.stat(self._reserve_name).st_size >= RESERVE_BYTES  # noqa: PTH116
        except FileNotFoundError:
            return False

    def _take(self) -> bool:
        file = os.open(self._reserve, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(file, 0, RESERVE_BYTES)
        except OSError as error:
            self._reserve.unlink()
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            return False
        finally:
            os.close(file)
        return True
