"""`vend backup`, `vend restore`, `vend rebuild`: saving and replaying all an operator has, with progress shown."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from cloud.backup.archive import BackupRunningError, BadArchiveError, Manifest
from cloud.backup.conversations import ConversationsError
from cloud.backup.progress import Told
from cloud.backup.rebuild import OldSchemaError, Replayed, rebuild
from cloud.backup.restore import NotEmptyError, UnsoundBooksError, restore
from cloud.backup.save import backup
from cloud.conversations.opening import NoDriverError, open_outside
from cloud.conversations.port import OutsideStore
from cloud.db.database import Database, open_database
from cloud.kit.files import Folder
from cloud.settings import Settings, load_settings

console = Console(stderr=True)

REFUSALS = (
    BadArchiveError, BackupRunningError, ConversationsError, NoDriverError, NotEmptyError, OldSchemaError,
    UnsoundBooksError, OSError,
)  # fmt: skip


@contextmanager
def _progress(what: str) -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)

        def told(table: str, done: int, total: int) -> None:
            progress.update(task, description=f"{what} {table}", completed=done, total=total)

        yield told


def _finished(work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run it; an expected refusal is one sentence and exit code 1."""
    try:
        return asyncio.run(work())
    except REFUSALS as error:
        console.print(f"[bold red]refused:[/] {error}", highlight=False)
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        console.print(f"[bold red]the database failed, nothing was kept:[/] {cause}", highlight=False)
    return 1


@asynccontextmanager
async def _stores(settings: Settings, url: str) -> AsyncIterator[tuple[Database, OutsideStore | None]]:
    """The database, and MongoDB where the settings name one."""
    outside = open_outside(settings)
    database = open_database(url)
    try:
        yield database, outside
    finally:
        await database.close()
        if outside is not None:
            await outside.close()


def _say(manifest: Manifest, path: Path) -> None:
    print(
        f"{path}: {manifest.rows:,} rows of {len(manifest.tables)} tables, {len(manifest.files):,} files, "
        f"schema {manifest.revision}, ledger entry {manifest.ledger_entries:,} with hash {manifest.ledger_head[:16]}…"
    )
    rows = {table.name: table.rows for table in manifest.tables}
    sessions, messages = (rows.get(name, 0) for name in ("conversations", "conversation_messages"))
    print(f"conversations in the database: {sessions:,} sessions with {messages:,} messages")
    if manifest.conversations is not None:
        said = manifest.conversations
        print(f"conversations in MongoDB: {said.sessions:,} sessions with {said.messages:,} messages")


def _say_what_mongodb_has_not(manifest: Manifest) -> None:
    """A cloud with MongoDB got a backup of one without, or of before MongoDB was in it."""
    if manifest.conversations is None:
        print(
            "MongoDB is as it was: the backup has no conversations for it. "
            "Those in the database are read with USE_NOSQL_FOR_CONVERSATIONS=false"
        )


def run_backup(path: Path) -> int:
    """Save the database of DATABASE_URL into `path`."""

    async def work() -> int:
        settings = load_settings()
        files = Folder(settings.files_dir)
        async with _stores(settings, settings.database_url) as (database, outside):
            with _progress("saving") as told:
                manifest = await backup(database, path, files=files, outside=outside, told=told)
        _say(manifest, path)
        return 0

    return _finished(work)


def run_restore(path: Path, into: str | None, *, replace: bool) -> int:
    """Put the backup `path` into the database of DATABASE_URL, or into another one.

    Conversations for MongoDB go into that of MONGODB_URL. What it holds may belong to the database of DATABASE_URL, so
    `replace` throws it away only when that one is replaced too.
    """

    async def work() -> int:
        settings = load_settings()
        files, replace_outside = Folder(settings.files_dir), replace and into is None
        async with _stores(settings, into or settings.database_url) as (database, outside):
            with _progress("restoring") as told:
                manifest = await restore(
                    database,
                    path,
                    files=files,
                    outside=outside,
                    replace=replace,
                    replace_outside=replace_outside,
                    told=told,
                )
        _say(manifest, path)
        if outside is not None:
            _say_what_mongodb_has_not(manifest)
        print("restored; chain, totals and trial balance are sound")
        return 0

    return _finished(work)


def run_rebuild(into: str | None) -> int:
    """Replay the event log of DATABASE_URL into fresh books and compare them with the kept ones."""

    async def work() -> int:
        settings = load_settings()
        database = open_database(settings.database_url)
        try:
            with _progress("replaying") as told:
                found = await _rebuilt(database, into, settings.timezone, told)
        finally:
            await database.close()
        return _report(found)

    return _finished(work)


async def _rebuilt(database: Database, into: str | None, timezone: str, told: Told) -> Replayed:
    if into is None:
        return await rebuild(database, timezone=timezone, told=told)
    target = open_database(into)
    try:
        return await rebuild(database, target, timezone=timezone, told=told)
    finally:
        await target.close()


def _report(found: Replayed) -> int:
    print(
        f"replayed {found.events:,} events with {found.carried:,} manual entries and movements between them: "
        f"{found.sales:,} sales, ledger entry {found.entries:,} with hash {found.head[:16]}…"
    )
    if not found.differences:
        print("the books are the same, byte for byte")
        return 0
    print("the books differ; first difference of each kind:", file=sys.stderr)
    for difference in found.differences:
        print(f"  {difference}", file=sys.stderr)
    return 1
