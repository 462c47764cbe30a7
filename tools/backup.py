"""`vend backup`, `vend restore`, `vend rebuild`: saving and replaying all an operator has, with progress shown."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import SQLAlchemyError

from cloud.backup.archive import BackupRunningError, BadArchiveError, Manifest
from cloud.backup.rebuild import OldSchemaError, Replayed, rebuild
from cloud.backup.restore import NotEmptyError, UnsoundBooksError, restore
from cloud.backup.save import Told, backup
from cloud.db.database import Database, open_database
from cloud.kit.files import Folder
from cloud.settings import load_settings

console = Console(stderr=True)

REFUSALS = (BadArchiveError, BackupRunningError, NotEmptyError, OldSchemaError, UnsoundBooksError, OSError)


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


def _say(manifest: Manifest, path: Path) -> None:
    print(
        f"{path}: {manifest.rows:,} rows of {len(manifest.tables)} tables, {len(manifest.files):,} files, "
        f"schema {manifest.revision}, ledger entry {manifest.ledger_entries:,} with hash {manifest.ledger_head[:16]}…"
    )


def run_backup(path: Path) -> int:
    """Save the database of DATABASE_URL into `path`."""

    async def work() -> int:
        settings = load_settings()
        database = open_database(settings.database_url)
        try:
            with _progress("saving") as told:
                manifest = await backup(database, path, files=Folder(settings.files_dir), told=told)
        finally:
            await database.close()
        _say(manifest, path)
        return 0

    return _finished(work)


def run_restore(path: Path, into: str | None, *, replace: bool) -> int:
    """Put the backup `path` into the database of DATABASE_URL, or into another one."""

    async def work() -> int:
        settings = load_settings()
        database = open_database(into or settings.database_url)
        try:
            with _progress("restoring") as told:
                manifest = await restore(database, path, files=Folder(settings.files_dir), replace=replace, told=told)
        finally:
            await database.close()
        _say(manifest, path)
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
