"""Statements that SQLAlchemy spells per dialect: insert-or-update, and reading many keys in slices."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import Date, Dialect, FromClause, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")

KEYS_PER_QUERY: Final = 500
"""Keys in one IN (…): well below every database's limit of parameters."""


def upsert(db_session: AsyncSession, table: FromClause) -> Any:
    """An INSERT that still needs `.on_conflict_do_update(…)` or `.on_conflict_do_nothing(…)`."""
    if not isinstance(table, Table):
        raise TypeError(f"{table!r} is not a table")
    if db_session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def storable(text: str) -> str:
    """`text` as every database keeps it: PostgreSQL has no character U+0000."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def slices(keys: Sequence[T], size: int = KEYS_PER_QUERY) -> Iterator[Sequence[T]]:
    """`keys` in consecutive parts of at most `size`."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


@cache
def _insert_arrays(table: Table, columns: tuple[str, ...], dialect: Dialect) -> str:
    """One statement for any number of rows: each column's values travel as one array. Triggers see all rows at once."""
    prepare = dialect.identifier_preparer
    names = ", ".join(prepare.quote(name) for name in columns)
    types = [table.c[name].type.compile(dialect=dialect) for name in columns]
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, start=1))
    return f"INSERT INTO {prepare.format_table(table)} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names


async def insert_many(
    db_session: AsyncSession, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows with as little work per row as possible.

    Args:
        db_session: a writing session.
        table: where to.
        columns: names, in the order of each row's values.
        rows: integers, text, bytes, dates, None.
    """
    if not rows:
        return
    connection = await db_session.connection()
    if connection.dialect.name == "postgresql":
        with_arrays = _insert_arrays(table, tuple(columns), connection.dialect)
        await connection.exec_driver_sql(with_arrays, tuple(list(values) for values in zip(*rows, strict=True)))
        return
    statement = insert(table).values(dict.fromkeys(columns)).compile(dialect=connection.dialect)
    dates = [at for at, name in enumerate(columns) if isinstance(table.c[name].type, Date)]
    if dates:
        rows = [tuple(_iso(value) if at in dates else value for at, value in enumerate(row)) for row in rows]
    order = [columns.index(name) for name in statement.positiontup or ()]
    in_order = rows if order == list(range(len(columns))) else [tuple(row[i] for i in order) for row in rows]
    await connection.exec_driver_sql(str(statement), list(in_order))


async def insert_rows(db_session: AsyncSession, table: FromClause, rows: Sequence[Mapping[str, Any]]) -> None:
    """`insert_many` for rows by column name; all have the same columns, and no column's default is filled in."""
    if not isinstance(table, Table):
        raise TypeError(f"{table!r} is not a table")
    if rows:
        columns = tuple(rows[0])
        await insert_many(db_session, table, columns, [tuple(row[name] for name in columns) for row in rows])


def _iso(value: date | None) -> str | None:
    # SQLite has no dates; its driver should not have to guess how we write them.
    return value.isoformat() if value else None
