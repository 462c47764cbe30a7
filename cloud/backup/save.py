"""Save everything to one file, while everything runs."""

from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.backup import conversations as talks
from cloud.backup.archive import Archive, ArchiveWriter, Manifest, new_file, part_of
from cloud.backup.progress import Told, nobody
from cloud.backup.rows import columns_of, lines, tables_of
from cloud.conversations.port import OutsideStore
from cloud.db.database import Database
from cloud.kit.clock import Clock, system_clock
from cloud.kit.files import Files


async def backup(
    database: Database,
    path: Path,
    *,
    files: Files | None = None,
    outside: OutsideStore | None = None,
    told: Told = nobody,
    clock: Clock = system_clock,
) -> Manifest:
    """Save the whole database as it is at one moment; other processes go on reading and writing.

    Files and MongoDB's conversations come after the tables: they are there before the row that names them. A file never
    changes; a conversation may have gone on meanwhile.

    Args:
        database: a migrated one.
        path: the file to make; it appears when it is whole, checked and on the disk.
        files: what is kept beside the database; None where there is nothing.
        outside: the conversations that are not in the database; None where they are rows of it.
        told: hears of progress.
        clock: says when it was made.

    Raises:
        FileExistsError: there is a file of that name.
        BackupRunningError: somebody else writes it now.
        ConversationsError: MongoDB failed; there is no backup.
        OSError: a file cannot be read; there is no backup.
        sqlalchemy.exc.SQLAlchemyError: the database failed; there is no file.
    """
    if outside is not None:
        await talks.reach(outside, "there is no backup")
    with new_file(path) as file:
        writer = ArchiveWriter(file)
        async with database.read() as db_session:
            manifest = await _save(db_session, writer, told, clock())
        if files is not None:
            await _save_files(files, writer)
        said = await talks.save(outside, writer, told) if outside is not None else None
        manifest = manifest.model_copy(update={"files": writer.files, "conversations": said})
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
