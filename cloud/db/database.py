"""Engine and sessions. A session is opened for reading or for writing; only the writing one commits.

On SQLite a writing session takes the write lock at its start (BEGIN IMMEDIATE): a transaction that first reads
and then writes could otherwise fail half way because somebody else wrote in between.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

_WRITES = "vend_writes"


class Database:
    """One database and the two ways to open a session on it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._readers = async_sessionmaker(engine, expire_on_commit=False)
        self._writers = async_sessionmaker(engine.execution_options(**{_WRITES: True}), expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database and keeps nothing."""
        async with self._readers() as db_session:
            yield db_session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends, and keeps nothing when it raises."""
        async with self._writers() as db_session, db_session.begin():
            yield db_session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def open_database(url: str, *, busy_timeout_ms: int = 5000) -> Database:
    """Prepare the engine; nothing is connected yet.

    Args:
        url: `sqlite+aiosqlite:///path` (its folder is created) or `postgresql+<async driver>://…`.
        busy_timeout_ms: how long a SQLite writer waits for another one before it gives up.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed)
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, busy_timeout_ms))
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return Database(engine)


def _prepare_sqlite(busy_timeout_ms: int, connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself; `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {busy_timeout_ms}",
        "recursive_triggers = ON",
        "cache_size = -16384",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
