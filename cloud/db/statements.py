"""Statements that SQLAlchemy spells per dialect: insert-or-update, and reading many keys in slices."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import FromClause, Table, insert
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


def slices(keys: Sequence[T], size: int = KEYS_PER_QUERY) -> Iterator[Sequence[T]]:
    """`keys` in consecutive parts of at most `size`."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


async def insert_many(
    db_session: AsyncSession, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows with as little work per row as possible.

    Args:
        db_session: a writing session.
        table: where to.
        columns: names, in the order of each row's values.
        rows: values the driver takes as they are: integers, text, bytes, None.
    """
    connection = await db_session.connection()
    if not connection.dialect.positional:
        await connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
        return
    statement = insert(table).values(dict.fromkeys(columns)).compile(dialect=connection.dialect)
    order = [columns.index(name) for name in statement.positiontup or ()]
    in_order = rows if order == list(range(len(columns))) else [tuple(row[i] for i in order) for row in rows]
    await connection.exec_driver_sql(str(statement), list(in_order))
