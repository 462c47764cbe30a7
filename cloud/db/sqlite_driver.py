"""SQLite behind SQLAlchemy with one trip to its thread per statement.

aiosqlite runs each connection in a thread, and every call into it costs two switches between threads. SQLAlchemy's
adapter makes four calls for a statement (cursor, execute, fetch, close): more work than most of our statements
themselves. Here a statement is one call that does all four.
"""

import sqlite3
from collections import deque
from functools import partial
from types import ModuleType
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


class _Done:
    """What is left of a statement that has run: what SQLAlchemy asks of a cursor afterwards."""

    __slots__ = ("arraysize", "description", "lastrowid", "rowcount")

    def __init__(self) -> None:
        self.arraysize = 1
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    def run(self, connection: sqlite3.Connection, statement: str, parameters: Any, *, is_many: bool) -> list[Any]:
        """The whole statement, in the connection's thread."""
        cursor = connection.cursor()
        try:
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
        connection: Any = self._connection
        run = partial(self._cursor.run, connection._conn, statement, parameters, is_many=is_many)  # noqa: SLF001 - see below
        rows = await connection._execute(run)  # noqa: SLF001 - how aiosqlite's own methods reach its thread
        self._rows = deque(rows)
        return self


class _Connection(AsyncAdapt_aiosqlite_connection):
    """A connection whose cursors need one trip."""

    __slots__ = ()
    _cursor_cls = _Cursor


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
