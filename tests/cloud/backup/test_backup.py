"""Save and restore between both kinds of database, with damage and pulled plugs."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from cloud.accounting import service as accounting
from cloud.backup.archive import Archive, BackupRunningError, BadArchiveError, new_file, part_of
from cloud.backup.restore import NotEmptyError, UnsoundBooksError, restore
from cloud.backup.rows import tables_of
from cloud.backup.save import backup
from cloud.db.database import Database, open_database
from cloud.kit.files import Folder
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver

PAIRS = [("sqlite", "sqlite"), ("sqlite", "postgres"), ("postgres", "sqlite"), ("postgres", "postgres")]


async def content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    async with database.read() as db_session:
        tables = await (await db_session.connection()).run_sync(tables_of)
        found = {}
        for name, table in tables.items():
            columns = sorted(table.columns, key=lambda column: column.name)
            rows = await db_session.execute(select(*columns))
            found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found


async def table_names(database: Database) -> list[str]:
    async with database.read() as db_session:
        return await (await db_session.connection()).run_sync(lambda found: inspect(found).get_table_names())


@pytest.fixture
async def other(new_url: Callable[..., str], other_kind: str) -> AsyncIterator[Database]:
    """A blank database of another kind, or of the same."""
    found = open_database(new_url(other_kind, is_blank=True))
    yield found
    await found.close()


@pytest.fixture
async def file(busy: Database, tmp_path: Path, clock: Any) -> Path:
    path = tmp_path / "backup.zip"
    await backup(busy, path, clock=clock)
    return path


@pytest.fixture
def whole(file: Path) -> bytes:
    return file.read_bytes()


@pytest.mark.parametrize(("database_kind", "other_kind"), PAIRS)
async def test_backup_when_restored_then_every_row_is_there_and_work_goes_on(
    busy: Database, other: Database, file: Path, clock: Any, script: Any
) -> None:
    manifest = await restore(other, file)
    expected = await content(busy)
    assert await content(other) == expected
    assert manifest.rows == sum(map(len, expected.values()))
    assert all(expected[name] for name in ("sales", "postings", "quarantine", "staff_tasks", "agent_proposals"))
    for database in (busy, other):
        await Receiver(database, clock).handle([script.birth()])
        before = len(script.events)
    script.sale()
    for database in (busy, other):
        await Receiver(database, clock).handle(script.messages(script.events[before:]))
        await Interpreter(database, clock=clock).run_once()
    assert await heads(busy) == await heads(other)
    assert len((await content(other))["sales"]) == len(expected["sales"]) + 1


async def heads(database: Database) -> tuple[int, str]:
    async with database.read() as db_session:
        assert await accounting.verify(db_session) == []
        return await accounting.head(db_session)


@pytest.mark.parametrize(("database_kind", "other_kind"), PAIRS[1:3])
async def test_backup_when_made_of_a_restored_database_then_it_holds_the_same(
    other: Database, file: Path, tmp_path: Path, clock: Any
) -> None:
    await restore(other, file)
    again = await backup(other, tmp_path / "again.zip", clock=clock)
    with Archive(file) as first:
        known = {table.name: (table.columns, table.rows, table.sha256) for table in first.manifest.tables}
    assert {table.name: (table.columns, table.rows, table.sha256) for table in again.tables} == known


def test_backup_when_it_is_there_then_only_its_owner_can_read_it(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not part_of(file).exists()


async def test_backup_when_the_name_is_taken_then_it_is_refused_and_the_old_one_stays(
    busy: Database, file: Path, whole: bytes
) -> None:
    with pytest.raises(FileExistsError, match="choose another name"):
        await backup(busy, file)
    with Archive(file) as archive:
        archive.check()
    assert sha256(whole).digest() == sha256(await asyncio.to_thread(file.read_bytes)).digest()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_backup_when_another_one_writes_the_same_file_then_it_is_refused(busy: Database, tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    with new_file(path), pytest.raises(BackupRunningError, match="is running"):
        await backup(busy, path)
    assert path.exists()


@pytest.mark.parametrize(("database_kind", "other_kind"), [("sqlite", "sqlite"), ("postgres", "sqlite")])
async def test_backup_when_others_write_meanwhile_then_it_is_of_the_moment_it_began(
    busy: Database, other: Database, database_url: str, tmp_path: Path, clock: Any, script: Any
) -> None:
    expected = await content(busy)
    script.sale()

    async def work() -> None:
        database = open_database(database_url)
        await Receiver(database, clock).handle(script.messages())
        assert await Interpreter(database, clock=clock).run_once()
        await database.close()

    waiting = [threading.Thread(target=lambda: asyncio.run(work()))]

    def told(_table: str, _done: int, _total: int) -> None:
        while waiting:
            thread = waiting.pop()
            thread.start()
            thread.join()

    await backup(busy, tmp_path / "live.zip", told=told)
    assert len((await content(busy))["sales"]) == len(expected["sales"]) + 1
    await restore(other, tmp_path / "live.zip")
    assert await content(other) == expected


@pytest.mark.parametrize(("database_kind", "other_kind"), PAIRS[1:3])
async def test_restore_when_the_database_is_not_empty_then_it_is_refused_unless_told(
    busy: Database, other: Database, file: Path, tmp_path: Path, clock: Any, script: Any
) -> None:
    await restore(other, file)
    script.sale()
    await Receiver(other, clock).handle(script.messages())
    await Interpreter(other, clock=clock).run_once()
    before = await content(other)
    with pytest.raises(NotEmptyError, match="--replace"):
        await restore(other, file)
    assert await content(other) == before
    await restore(other, file, replace=True)
    assert await content(other) == await content(busy)


@pytest.mark.parametrize(("database_kind", "other_kind"), PAIRS[:2])
async def test_restore_when_any_byte_is_damaged_then_it_is_refused_and_nothing_is_touched(
    other: Database, file: Path, whole: bytes, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.zip"

    @settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(whole) - 1), st.integers(1, 255))
    def flip(at: int, bits: int) -> None:
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :])
        with Archive(file) as right:
            try:
                with Archive(damaged) as found:
                    found.check()
                    # Only bytes that say nothing about the content (dates, attributes) may differ.
                    assert found.manifest == right.manifest
            except BadArchiveError:
                return

    flip()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        damaged.write_bytes(whole[:size])
        with pytest.raises(BadArchiveError):
            await restore(other, damaged)
    with zipfile.ZipFile(file) as found:
        events = found.getinfo("tables/machine_events.jsonl")
    middle = events.header_offset + events.compress_size // 2
    damaged.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    with pytest.raises(BadArchiveError, match="damaged"):
        await restore(other, damaged)
    assert await table_names(other) == []


def rewritten(file: Path, target: Path, member: str, old: bytes, new: bytes) -> Path:
    """The archive with one member changed by somebody who also keeps the checksums right."""
    with Archive(file) as archive, zipfile.ZipFile(file) as source, zipfile.ZipFile(target, "w") as made:
        manifest = source.read("manifest.json")
        for name in source.namelist():
            data = source.read(name)
            if name == member:
                info = next(table for table in archive.manifest.tables if table.member == member)
                assert old in data
                data = data.replace(old, new)
                manifest = manifest.replace(info.sha256.encode(), sha(data))
            if name != "manifest.json":
                made.writestr(name, data)
        made.writestr("manifest.json", manifest)
    return target


def sha(data: bytes) -> bytes:
    return sha256(data).hexdigest().encode()


@pytest.mark.parametrize(("database_kind", "other_kind"), PAIRS[:2])
@pytest.mark.parametrize(
    ("member", "old", "new"),
    [
        ("tables/account_totals.jsonl", b'["1010",', b'["1020",'),
        ("tables/journal_entries.jsonl", "資本金払込".encode(), "資本金払出".encode()),
    ],
)
async def test_restore_when_the_books_were_edited_then_the_chain_or_the_totals_show_it_and_nothing_is_kept(
    other: Database, file: Path, tmp_path: Path, member: str, old: bytes, new: bytes
) -> None:
    edited = rewritten(file, tmp_path / "edited.zip", member, old, new)
    with pytest.raises(UnsoundBooksError, match="nothing was kept"):
        await restore(other, edited)
    assert await table_names(other) == []


@pytest.mark.parametrize(("database_kind", "other_kind"), PAIRS[:2])
async def test_restore_when_the_backup_is_of_newer_software_then_it_says_so(
    other: Database, file: Path, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.zip"
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(newer, "w") as made:
        for name in source.namelist():
            data = source.read(name)
            made.writestr(name, data.replace(b'"revision": "', b'"revision": "9') if name == "manifest.json" else data)
    with pytest.raises(BadArchiveError, match="update it first"):
        await restore(other, newer)
    assert await table_names(other) == []


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from cloud.backup.restore import restore
from cloud.backup.save import backup
from cloud.db.database import open_database

work, url, path, table = sys.argv[1:]

def told(name, done, total):
    if name == table:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    await (restore if work == "restore" else backup)(open_database(url), Path(path), told=told)

asyncio.run(main())
"""


def kill_at(work: str, url: str, path: Path, table: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, work, url, str(path), table], check=False, env=dict(os.environ), timeout=60
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(("database_kind", "other_kind"), PAIRS[:2])
@pytest.mark.parametrize("table", ["sales", "journal_entries", ""])
async def test_restore_when_the_plug_is_pulled_then_nothing_is_half_done_and_it_can_be_repeated(
    other: Database, busy: Database, file: Path, table: str
) -> None:
    url = other.engine.url.render_as_string(hide_password=False)
    kill_at("restore", url, file, table)
    assert await table_names(other) == []
    await restore(other, file)
    assert await content(other) == await content(busy)


async def test_backup_when_the_plug_is_pulled_then_there_is_no_file_and_the_next_one_works(
    busy: Database, tmp_path: Path, database_url: str
) -> None:
    path = tmp_path / "cut.zip"
    kill_at("backup", database_url, path, "sales")
    assert not path.exists()
    assert part_of(path).exists()
    await backup(busy, path)
    with Archive(path) as archive:
        archive.check()
    assert not part_of(path).exists()


PHOTO = "pictures/0f3a-large.webp"


@pytest.mark.parametrize(("database_kind", "other_kind"), [("sqlite", "sqlite")])
async def test_backup_when_there_are_photos_then_a_restore_puts_them_back_and_damage_is_told(
    busy: Database, other: Database, tmp_path: Path
) -> None:
    kept, new = Folder(tmp_path / "kept"), Folder(tmp_path / "new")
    await kept.put(PHOTO, b"RIFF\0photo")
    (tmp_path / "kept" / ".part-of-an-upload").write_bytes(b"half")
    archive = tmp_path / "photos.zip"
    manifest = await backup(busy, archive, files=kept)
    assert [file.name for file in manifest.files] == [PHOTO]
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(archive.read_bytes().replace(b"RIFF\0photo", b"RIFF\0phot0"))
    with pytest.raises(BadArchiveError, match=PHOTO):
        await restore(other, damaged, files=new)
    assert await new.names() == []
    await restore(other, archive, files=new)
    assert (await new.names(), await new.get(PHOTO)) == ([PHOTO], b"RIFF\0photo")
