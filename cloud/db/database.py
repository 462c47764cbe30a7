"""Engine and sessions. A session is opened for reading or for writing; only the writing one commits.

On SQLite a writing session takes the write lock at its start (BEGIN IMMEDIATE): a transaction that first reads
and then writes could otherwise fail half way because somebody else wrote in between. On PostgreSQL writers work
side by side (READ COMMITTED) and take the locks of `cloud/db/locks.py` where the order of their work matters.
On both a reading session sees one state of the database from its first query to its end.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from cloud.db.sqlite_driver import sqlite_driver

_WRITES: Final = "vend_writes"

SHARED: Final = "vend_shared"
"""Key in the `info` of reading sessions: a dictionary that all readers of one database have together."""

_AT_ONCE: Final = "BEGIN IMMEDIATE"

_ONE_STATE: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

_PASSING: Final = ("08", "40", "53", "55P03", "57P", "58")
"""Beginnings of PostgreSQL's error codes for what passes: connection lost, deadlock, no room, lock not had in time,
server stopping or starting, trouble of its operating system. Source: PostgreSQL, appendix A."""

IDLE_MS: Final = 60_000
"""PostgreSQL ends a transaction in which nothing happens for so long: it may hold a lock others wait for."""


class Database:
    """One database and the two ways to open a session on it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        is_postgres = engine.dialect.name == "postgresql"
        readers = engine.execution_options(**_ONE_STATE) if is_postgres else engine
        self._readers = async_sessionmaker(readers, expire_on_commit=False, info={SHARED: {}})
        self._writers = async_sessionmaker(engine.execution_options(**{_WRITES: True}), expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database and keeps nothing.

        Raises:
            sqlalchemy.exc.OperationalError: the database is busy or gone; try again.
        """
        with _told_alike():
            async with self._readers() as db_session:
                await _connect(db_session)
                yield db_session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends, and keeps nothing when it raises.

        Raises:
            sqlalchemy.exc.OperationalError: the database is busy or gone; nothing was kept, try again. Only when
                the connection breaks during the commit itself is it not known whether it took place.
        """
        with _told_alike():
            async with self._writers() as db_session, db_session.begin():
                await _connect(db_session)
                yield db_session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def open_database(url: str, *, busy_timeout_ms: int = 5000) -> Database:
    """Prepare the engine; nothing is connected yet.

    Args:
        url: `sqlite+aiosqlite:///path` (its folder is created) or `postgresql+asyncpg://…`.
        busy_timeout_ms: how long a writer waits for another one before it gives up.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return Database(_postgres_engine(parsed, busy_timeout_ms))
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(parsed, module=sqlite_driver())
    event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, busy_timeout_ms))
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return Database(engine)


def _postgres_engine(url: URL, busy_timeout_ms: int) -> AsyncEngine:
    settings = {
        "application_name": "vend",
        "lock_timeout": str(busy_timeout_ms),
        "idle_in_transaction_session_timeout": str(IDLE_MS),
        "jit": "off",  # compiling takes longer than our short queries run
    }
    return create_async_engine(url, connect_args={"server_settings": settings})


async def _connect(db_session: AsyncSession) -> None:
    """Begin at once: on SQLite this takes the write lock, on PostgreSQL it shows whether the server is there."""
    try:
        await db_session.connection()
    except OSError as error:
        raise OperationalError("connect", None, error) from error
    except Exception as error:
        # The driver's own errors while connecting are not SQLAlchemy's.
        if _is_passing(str(getattr(error, "sqlstate", "") or "")):
            raise OperationalError("connect", None, error) from error
        raise


@contextmanager
def _told_alike() -> Iterator[None]:
    """What passes is an OperationalError on every database; SQLAlchemy's asyncpg has only one class for most errors."""
    try:
        yield
    except OperationalError:
        raise
    except DBAPIError as error:
        state = str(getattr(error.orig, "sqlstate", "") or "")
        if error.connection_invalidated or _is_passing(state):
            cause = error.orig or error
            raise OperationalError(error.statement, None, cause, connection_invalidated=True) from error
        raise


def _is_passing(sqlstate: str) -> bool:
    return sqlstate.startswith(_PASSING)


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
    driver: Any = connection.connection.dbapi_connection
    if writes:
        try:
            driver.begin_at_once(_AT_ONCE)
        except sqlite3.OperationalError as error:
            raise OperationalError(_AT_ONCE, None, error) from error
        return
    driver.begin = "BEGIN"  # together with the first query: only that fixes what a reader sees
