"""SQLite behind SQLAlchemy with one trip to its thread per statement.

aiosqlite runs each connection in a thread, and every call into it costs two switches between threads. SQLAlchemy's
adapter makes four calls for a statement (cursor, execute, fetch, close): more work than most of our statements
themselves. Here a statement is one call that does all four, and a reader's transaction begins on the way of its
first query.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import await_only


class _Done:
    """What is left of a statement that has run: what SQLAlchemy asks of a cursor afterwards."""

    __slots__ = ("arraysize", "description", "lastrowid", "rowcount")

    def __init__(self) -> None:
        self.arraysize = 1
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    def run(self, adapter: Any, begin: str, statement: str, parameters: Any, *, is_many: bool) -> list[Any]:
        """The whole statement, in the connection's thread; before it the beginning of its transaction."""
        cursor: sqlite3.Cursor = adapter.driver_connection._conn.cursor()  # noqa: SLF001 - as aiosqlite's own methods
        try:
            if begin:
                cursor.execute(begin)
                adapter.begin = ""
            if is_many:
                cursor.executemany(statement, parameters)
            elif parameters is None:
                cursor.execute(statement)
            else:
                cursor.execute(statement, parameters)
            self.description = cursor.description
            rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
            return rows
        finally:
            cursor.close()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Makes, runs, reads and closes SQLite's cursor in one call."""

    __slots__ = ()
    _awaitable_cursor_close = False

    _cursor: Any

    def _make_new_cursor(self, _connection: Any) -> Any:
        return _Done()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    def close(self) -> None:
        """Forget the rows; SQLite's own cursor is closed already."""
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._run(operation, parameters, is_many=False)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._run(operation, seq_of_parameters, is_many=True)

    async def _run(self, statement: str, parameters: Any, *, is_many: bool) -> Any:
        adapter: Any = self._adapt_connection
        run = partial(self._cursor.run, adapter, adapter.begin, statement, parameters, is_many=is_many)
        self._rows = deque(await adapter.in_thread(run))
        return self


class _Connection(AsyncAdapt_aiosqlite_connection):
    """A connection whose cursors need one trip; it rolls back only what has begun."""

    __slots__ = ("_is_unsure", "begin")
    _cursor_cls = _Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._is_unsure = False
        self.begin = ""
        """The statement that begins a transaction, until it has run: it takes its trip together with the next one."""

    async def in_thread(self, run: Callable[[], Any]) -> Any:
        """Wait for a call in the connection's thread, and know afterwards whether it has ended there."""
        self._is_unsure = True
        try:
            found = await self.driver_connection._execute(run)  # noqa: SLF001 - aiosqlite has no way to ask for several calls
        except Exception:
            self._is_unsure = False
            raise
        self._is_unsure = False  # not when cancelled: the thread may still be at it
        return found

    def begin_at_once(self, statement: str) -> None:
        """Begin a transaction now, with none of what SQLAlchemy does around a statement.

        Raises:
            sqlite3.OperationalError: somebody else is writing, for too long.
        """
        connection: Any = self.driver_connection
        await_only(self.in_thread(lambda: connection._conn.execute(statement).close()))  # noqa: SLF001 - as `_Done.run`

    def rollback(self) -> None:
        """Undo the transaction; nothing to do when it is known that there is none."""
        if self._has_begun():
            super().rollback()

    def commit(self) -> None:
        """Keep what was done."""
        if self._has_begun():
            super().commit()

    def _has_begun(self) -> bool:
        """Whether there is, or may be, a transaction; one that only was to begin does so no more."""
        self.begin = ""
        connection: Any = self._connection
        is_open = connection._connection is not None  # noqa: SLF001 - as the adapter asks
        return self._is_unsure or not is_open or bool(connection.in_transaction)


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    """SQLAlchemy's adapter with our connections."""

    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        """Open a file as the adapter does."""
        return _Connection(self, super().connect(*arg, **kw)._connection)  # noqa: SLF001 - the adapter is only a shell


def sqlite_driver() -> ModuleType:
    """For `create_async_engine(…, module=…)`."""
    driver: Any = _Driver(aiosqlite, sqlite3)
    found: ModuleType = driver
    return found
