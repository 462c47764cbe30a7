"""Statements that take one trip to SQLite's thread, and what is left when somebody stops waiting for one."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cloud.db.database import Database, open_database

LONG = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT MAX(i) FROM n")


async def make(tmp_path: Path) -> Database:
    database = open_database(f"sqlite+aiosqlite:///{tmp_path}/driver.db", busy_timeout_ms=20)
    async with database.write() as db_session:
        await db_session.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    return database


async def test_statement_when_it_has_run_then_rows_names_and_counts_are_those_of_sqlite(tmp_path: Path) -> None:
    database = await make(tmp_path)
    async with database.write() as db_session:
        made = await db_session.execute(text("INSERT INTO things (name) VALUES ('a'), ('b') RETURNING id, name"))
        assert [tuple(row) for row in made] == [(1, "a"), (2, "b")]
        assert (await db_session.execute(text("UPDATE things SET name = name || '!'"))).rowcount == 2  # type: ignore[attr-defined]
        found = await db_session.execute(text("SELECT id AS number, name FROM things WHERE id > :least"), {"least": 1})
        assert list(found.keys()) == ["number", "name"]
        assert [tuple(row) for row in found] == [(2, "b!")]
        with pytest.raises(IntegrityError):
            await db_session.execute(text("INSERT INTO things (name) VALUES ('b!')"))
    await database.close()


async def test_reader_when_it_has_asked_once_then_it_sees_one_state_until_its_end(tmp_path: Path) -> None:
    database = await make(tmp_path)
    count = text("SELECT COUNT(*) FROM things")
    async with database.read() as reader:
        assert await reader.scalar(count) == 0
        async with database.write() as writer:
            await writer.execute(text("INSERT INTO things (name) VALUES ('a')"))
        assert await reader.scalar(count) == 0
    async with database.read():
        pass  # asks nothing, and leaves nothing begun
    async with database.read() as reader:
        assert await reader.scalar(count) == 1
    await database.close()


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_statement_when_nobody_waits_for_it_any_more_then_its_transaction_is_undone(
    tmp_path: Path, kind: str
) -> None:
    database = await make(tmp_path)

    async def ask() -> None:
        async with database.read() if kind == "read" else database.write() as db_session:
            await db_session.execute(LONG)

    for _ in range(3):
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with database.write() as db_session:
        await db_session.execute(text("INSERT INTO things (name) VALUES ('a')"))
    await database.close()
