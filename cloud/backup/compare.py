"""The first difference between the same table in two databases, in words."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from sqlalchemy import Integer, Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.backup.rows import ROWS_AT_ONCE

_ROW_NUMBER: Final = "id"
"""Allotted by the database: its order counts, its value does not."""


async def differences(kept: AsyncSession, made: AsyncSession, table: Table) -> str | None:
    """Compare row by row.

    Returns:
        None when both hold the same, else one sentence about the first row that differs.
    """
    columns = [column.name for column in table.columns if not _is_row_number(table, column.name)]
    others = _rows(made, table, columns)
    async for row in _rows(kept, table, columns):
        other = await anext(others, None)
        if other is None:
            return f"{table.name}: {_named(columns, row)} was kept, the replay has no such row"
        if row != other:
            return f"{table.name}: {_changes(columns, row, other)}"
    other = await anext(others, None)
    return None if other is None else f"{table.name}: the replay has one more row: {_named(columns, other)}"


def _is_row_number(table: Table, name: str) -> bool:
    return name == _ROW_NUMBER and isinstance(table.columns[name].type, Integer)


async def _rows(db_session: AsyncSession, table: Table, columns: list[str]) -> AsyncIterator[tuple[Any, ...]]:
    """In an order that is the same on every database: texts are sorted here, by code point."""
    query = select(*(table.columns[name] for name in columns))
    keys = list(table.primary_key.columns)
    if all(isinstance(key.type, Integer) for key in keys):
        stream = await db_session.stream(query.order_by(*keys).execution_options(yield_per=ROWS_AT_ONCE))
        async for row in stream:
            yield tuple(row)
        return
    places = [columns.index(key.name) for key in keys]
    rows = [tuple(row) for row in await db_session.execute(query)]
    for found in sorted(rows, key=lambda found: tuple(found[at] for at in places)):
        yield found


def _changes(columns: list[str], row: tuple[Any, ...], other: tuple[Any, ...]) -> str:
    changed = [
        f"{name} {mine!r} was kept, {theirs!r} was replayed"
        for name, mine, theirs in zip(columns, row, other, strict=True)
        if mine != theirs
    ]
    return f"{_named(columns, row)}: {'; '.join(changed)}"


def _named(columns: Iterable[str], row: tuple[Any, ...]) -> str:
    """Enough of a row to find it."""
    return ", ".join(f"{name}={value}" for name, value in list(zip(columns, row, strict=True))[:5])
