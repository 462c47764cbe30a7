"""Save everything to one file, while everything runs."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.backup.archive import Archive, ArchiveWriter, Manifest, new_file, part_of
from cloud.backup.rows import columns_of, lines, tables_of
from cloud.db.database import Database
from cloud.kit.clock import Clock, system_clock
from cloud.kit.files import Files

Told = Callable[[str, int, int], None]
"""Called as work goes on: table, rows done of all, rows in all."""


def nobody(_table: str, _done: int, _total: int) -> None:
    """Progress nobody wants to see."""


async def backup(
    database: Database,
    path: Path,
    *,
    files: Files | None = None,
    told: Told = nobody,
    clock: Clock = system_clock,
) -> Manifest:
    """Save the whole database as it is at one moment; other processes go on reading and writing.

    Files come after the tables: a file is there before the row that names it, and never changes.

    Args:
        database: a migrated one.
        path: the file to make; it appears when it is whole, checked and on the disk.
        files: what is kept beside the database; None where there is nothing.
        told: hears of progress.
        clock: says when it was made.

    Raises:
        FileExistsError: there is a file of that name.
        BackupRunningError: somebody else writes it now.
        OSError: a file cannot be read; there is no backup.
        sqlalchemy.exc.SQLAlchemyError: the database failed; there is no file.
    """
    with new_file(path) as file:
        writer = ArchiveWriter(file)
        async with database.read() as db_session:
            manifest = await _save(db_session, writer, told, clock())
        if files is not None:
            await _save_files(files, writer)
        manifest = manifest.model_copy(update={"files": writer.files})
        writer.finish(manifest)
        file.flush()
        with Archive(part_of(path)) as written:
            written.check()
    return manifest


async def _save(db_session: AsyncSession, writer: ArchiveWriter, told: Told, now_ms: int) -> Manifest:
    connection = await db_session.connection()
    revision = await db_session.scalar(text("SELECT version_num FROM alembic_version"))
    tables = await connection.run_sync(tables_of)
    sizes = {name: await db_session.scalar(select(func.count()).select_from(table)) for name, table in tables.items()}
    total, done = sum(int(size or 0) for size in sizes.values()), 0

    async def counted(name: str, found: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        nonlocal done
        async for line in found:
            done += 1
            if not done % 1000:
                told(name, done, total)
            yield line

    for name, table in tables.items():
        told(name, done, total)
        await writer.add(name, columns_of(table), counted(name, lines(db_session, table)))
    number, head = await accounting.head(db_session)
    return Manifest(
        revision=str(revision), made_at_ms=now_ms, ledger_entries=number, ledger_head=head, tables=writer.tables
    )


async def _save_files(files: Files, writer: ArchiveWriter) -> None:
    for name in await files.names():
        data = await files.get(name)
        if data is not None:  # nothing takes files away but a person, who may do so meanwhile
            writer.add_file(name, data)
