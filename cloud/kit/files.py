"""Files the cloud keeps beside its database: pictures, and what else does not belong into a table.

`Files` is the port; `Folder` is the default behind it. Names say the content, so that a file need never change.
"""

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import Final, Protocol

_NAME: Final = re.compile(r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\.[a-z0-9]+$")


class Files(Protocol):
    """Keeps files by name, e.g. `pictures/0f3a-large.webp`."""

    async def put(self, name: str, data: bytes) -> None:
        """Keep a file; when this returns it survives a power cut. A name that is taken gets the new content.

        Raises:
            ValueError: not a name of ours.
            OSError: it could not be kept; nothing half is there.
        """
        ...

    async def get(self, name: str) -> bytes | None:
        """The content, or None when there is no such file.

        Raises:
            ValueError: not a name of ours.
            OSError: it is there and cannot be read.
        """
        ...

    async def names(self) -> list[str]:
        """Every file there is, in the order of their names."""
        ...


class Folder:
    """Files in a folder of this computer."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, data: bytes) -> None:
        """Keep a file: written beside its place, then moved there."""
        await asyncio.to_thread(self._put, self._path(name), data)

    async def get(self, name: str) -> bytes | None:
        """The content, or None."""
        return await asyncio.to_thread(self._get, self._path(name))

    async def names(self) -> list[str]:
        """Every file there is; what somebody else put into the folder is none."""
        return await asyncio.to_thread(self._names)

    def _names(self) -> list[str]:
        found = (path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file())
        return sorted(name for name in found if _NAME.match(name))

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"{name!r} is not a file name: lower-case letters, digits, dashes, slashes and one ending")
        return self._root / name

    @staticmethod
    def _put(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".part-", delete=False) as target:
            part = Path(target.name)
            try:
                target.write(data)
                target.flush()
                os.fsync(target.fileno())
                part.replace(path)
            except OSError:
                part.unlink(missing_ok=True)
                raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @staticmethod
    def _get(path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
