"""The backup file: one zip with a manifest and every table as rows of JSON. Knows files, no database.

`tables/<name>.jsonl` holds one row per line, its values in the order of the manifest's columns; bytes are base64, dates
ISO 8601, JSON documents JSON text. `files/` holds what is kept beside the database, as it is. Where conversations are
kept in MongoDB, `documents/conversations.jsonl` holds one per line: its session and messages, sealed, bytes as base64.
`manifest.json` names the revision of the schema, for each of them how many there are, and the SHA-256 of their lines
and of each file. Anybody can read it without us, into any database.
"""

import fcntl
import os
import zipfile
import zlib
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, Literal, Self

from pydantic import BaseModel, ConfigDict

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
CONVERSATIONS: Final = "documents/conversations.jsonl"
MAX_MANIFEST_BYTES: Final = 1 << 20
LEVEL: Final = 6
"""Of compression; higher costs much time and saves little on events."""

Kind = Literal["int", "bool", "text", "bytes", "date", "json"]

_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError)
"""What reading a damaged zip raises, depending on where the damage is."""


class BadArchiveError(ValueError):
    """A file that is no whole backup. Nothing was done with it."""


class BackupRunningError(RuntimeError):
    """Somebody else is writing the same file."""


class Column(BaseModel):
    """One column of a table."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Kind


class TableInfo(BaseModel):
    """One table in the archive."""

    model_config = ConfigDict(frozen=True)

    name: str
    columns: list[Column]
    rows: int
    sha256: str
    """Of its lines, line feeds included."""

    @property
    def member(self) -> str:
        """Name of its file in the zip."""
        return f"tables/{self.name}.jsonl"

    @property
    def title(self) -> str:
        """For messages."""
        return f"table {self.name}"


class ConversationsInfo(BaseModel):
    """Conversations that were kept outside the database, in MongoDB."""

    model_config = ConfigDict(frozen=True)

    sessions: int
    """One line each."""
    messages: int
    """In all of them."""
    sha256: str
    """Of the lines, line feeds included."""

    @property
    def member(self) -> str:
        """Name of their file in the zip."""
        return CONVERSATIONS

    @property
    def rows(self) -> int:
        """Number of lines."""
        return self.sessions

    @property
    def title(self) -> str:
        """For messages."""
        return "the conversations"


class FileInfo(BaseModel):
    """One file that is kept beside the database: a photo."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str

    @property
    def member(self) -> str:
        """Name in the zip."""
        return f"files/{self.name}"


class Manifest(BaseModel):
    """What the archive holds."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = FORMAT
    revision: str
    """Of the schema the rows belong to."""
    made_at_ms: int
    """ms since 1970 UTC."""
    ledger_entries: int
    ledger_head: str
    """Number and hash of the newest entry: enough to tell two books apart."""
    tables: list[TableInfo]
    files: list[FileInfo] = []
    conversations: ConversationsInfo | None = None
    """None when they are rows in the tables, as in archives from before."""

    @property
    def rows(self) -> int:
        """In all tables."""
        return sum(table.rows for table in self.tables)


class ArchiveWriter:
    """Writes tables one after the other, then the manifest."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self.tables: list[TableInfo] = []
        self.files: list[FileInfo] = []

    def add_file(self, name: str, data: bytes) -> None:
        """Write one file from beside the database."""
        info = FileInfo(name=name, sha256=sha256(data).hexdigest())
        self._zip.writestr(info.member, data, zipfile.ZIP_STORED)  # photos are compressed already
        self.files.append(info)

    async def add(self, name: str, columns: list[Column], lines: AsyncIterator[bytes]) -> None:
        """Write one table.

        Args:
            name: of the table.
            columns: in the order of each row's values.
            lines: one row each, without the line feed.
        """
        info = TableInfo(name=name, columns=columns, rows=0, sha256="")
        rows, digest = await self.add_lines(info.member, lines)
        self.tables.append(info.model_copy(update={"rows": rows, "sha256": digest}))

    async def add_lines(self, member: str, lines: AsyncIterator[bytes]) -> tuple[int, str]:
        """Write a member of lines; how many, and their SHA-256 with line feeds."""
        digest, rows = sha256(), 0
        with self._zip.open(member, "w", force_zip64=True) as file:
            async for line in lines:
                text = line + b"\n"
                digest.update(text)
                file.write(text)
                rows += 1
        return rows, digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and close the zip."""
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=2))
        self._zip.close()


class Archive:
    """A backup that can be read. Use it in a `with`."""

    def __init__(self, path: Path) -> None:
        """Open it and read the manifest.

        Raises:
            BadArchiveError: it is not a backup of ours, or of a newer format.
        """
        try:
            self._zip = zipfile.ZipFile(path)
            with self._zip.open(MANIFEST) as member:
                self.manifest = Manifest.model_validate_json(member.read(MAX_MANIFEST_BYTES))
        except _DAMAGE as error:
            raise BadArchiveError(f"{path} is not a whole backup: {error}") from error
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def check(self) -> None:
        """Read everything once and compare it with the manifest.

        Raises:
            BadArchiveError: a table, a file or the conversations are missing, or not what the manifest says.
        """
        for file in self.manifest.files:
            self.file(file)
        for table in self.manifest.tables:
            self._check_lines(table)
        if self.manifest.conversations is not None:
            self._check_lines(self.manifest.conversations)

    def _check_lines(self, info: TableInfo | ConversationsInfo) -> None:
        digest, rows = sha256(), 0
        for line in self.lines(info):
            digest.update(line)
            rows += 1
        if (rows, digest.hexdigest()) != (info.rows, info.sha256):
            raise BadArchiveError(f"{self._path} is damaged: what it has of {info.title} is not what was saved")

    def file(self, info: FileInfo) -> bytes:
        """The content of a file.

        Raises:
            BadArchiveError: it cannot be read, or is not what the manifest says.
        """
        try:
            data = self._zip.read(info.member)
        except _DAMAGE as error:
            raise BadArchiveError(f"{self._path} is damaged in file {info.name}: {error}") from error
        if sha256(data).hexdigest() != info.sha256:
            raise BadArchiveError(f"{self._path} is damaged: file {info.name} is not what was saved")
        return data

    def lines(self, info: TableInfo | ConversationsInfo) -> Generator[bytes]:
        """The rows of a table, or the conversations, each with its line feed.

        Raises:
            BadArchiveError: they cannot be read.
        """
        try:
            with self._zip.open(info.member) as member:
                yield from member
        except _DAMAGE as error:
            raise BadArchiveError(f"{self._path} is damaged in {info.title}: {error}") from error


def part_of(path: Path) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(f".{path.name}.part")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is whole and on the disk; readable by its owner only.

    Raises:
        FileExistsError: there is one of that name; a backup is never overwritten.
        BackupRunningError: somebody else writes it now.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists already; choose another name")
    part = part_of(path)
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRunningError(f"another backup to {path} is running") from error
        os.fchmod(file.fileno(), 0o600)
        file.truncate()  # what a backup that was cut short has left
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
