"""Statements that SQLAlchemy spells per dialect: insert-or-update, and reading many keys in slices."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import FromClause, Table
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
