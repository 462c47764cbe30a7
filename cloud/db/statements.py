"""Statements that SQLAlchemy spells per dialect: insert-or-update, and reading many keys in slices."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Dialect,
    FromClause,
    Row,
    Select,
    String,
    Table,
    any_,
    bindparam,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.kit.clock import date_text

T = TypeVar("T")
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

KEYS_PER_QUERY: Final = 500
"""Keys in one IN (…): well below every database's limit of parameters."""


def upsert(db_session: AsyncSession, table: FromClause) -> Any:
    """An INSERT that still needs `.on_conflict_do_update(…)` or `.on_conflict_do_nothing(…)`."""
    if not isinstance(table, Table):
        raise TypeError(f"{table!r} is not a table")
    if db_session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def only(query: Query, *wanted: tuple[Any, object]) -> Query:
    """The rows of a query whose columns have these values; None lets every value through.

    Args:
        query: a SELECT.
        *wanted: column and value.
    """
    return query.where(*(column == value for column, value in wanted if value is not None))


def storable(text: str) -> str:
    """`text` as every database keeps it: PostgreSQL has no character U+0000."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def slices(keys: Sequence[T], size: int = KEYS_PER_QUERY) -> Iterator[Sequence[T]]:
    """`keys` in consecutive parts of at most `size`."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def among(db_session: AsyncSession, column: Any, keys: Collection[str] | Collection[int]) -> ColumnElement[bool]:
    """`column IN keys` for any number of keys in one short statement: they travel as one value."""
    if db_session.get_bind().dialect.name == "postgresql":
        return _in_array(column, literal(list(keys), ARRAY(column.type)))
    return _in_json(column, orjson.dumps(list(keys)).decode())


def _in_array(column: Any, keys: ColumnElement[Any]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == any_(keys)
    return found


def _in_json(column: Any, keys: str | ColumnElement[Any]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(select(func.json_each(keys).table_valued("value").c.value))
    return found


class ByKeys:
    """A query with `among` that is made once: making it takes three times as long as running it."""

    def __init__(self, query: Select[*tuple[Any, ...]], column: Any, *others: Select[*tuple[Any, ...]]) -> None:
        """Make it.

        Args:
            query: of tables, not of classes of the ORM; may have parameters of its own.
            column: whose value must be one of the keys.
            others: asked in the same statement, with the same columns; their rows come with those of the query.
        """
        with_array = query.where(_in_array(column, bindparam("keys", type_=ARRAY(column.type))))
        with_json = query.where(_in_json(column, bindparam("keys", type_=String())))
        self._with_array = union_all(with_array, *others) if others else with_array
        self._with_json = union_all(with_json, *others) if others else with_json

    async def rows(
        self, db_session: AsyncSession, keys: Collection[str] | Collection[int], **values: Any
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows with these keys; `values` are the query's own parameters."""
        if db_session.get_bind().dialect.name == "postgresql":
            return (await db_session.execute(self._with_array, {"keys": list(keys)} | values)).all()
        return (await db_session.execute(self._with_json, {"keys": orjson.dumps(list(keys)).decode()} | values)).all()


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
    statement, dates = _insert_values(table, tuple(columns), connection.dialect)
    await connection.exec_driver_sql(statement, _dates_as_text(rows, dates) if dates else list(rows))


@cache
def _insert_values(table: Table, columns: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[int, ...]]:
    """One statement that runs once per row, and which columns are dates: SQLite has none, they travel as text."""
    prepare = dialect.identifier_preparer
    names = ", ".join(prepare.quote(name) for name in columns)
    marks = ", ".join("?" * len(columns))
    dates = tuple(at for at, name in enumerate(columns) if isinstance(table.c[name].type, Date))
    return f"INSERT INTO {prepare.format_table(table)} ({names}) VALUES ({marks})", dates  # noqa: S608 - our own names


def _dates_as_text(rows: Sequence[tuple[Any, ...]], dates: tuple[int, ...]) -> list[tuple[Any, ...]]:
    by_column: list[Any] = list(zip(*rows, strict=True))
    for at in dates:
        by_column[at] = [value and date_text(value) for value in by_column[at]]
    return list(zip(*by_column, strict=True))


async def insert_rows(db_session: AsyncSession, table: FromClause, rows: Sequence[Mapping[str, Any]]) -> None:
    """`insert_many` for rows by column name; all have the same columns, and no column's default is filled in."""
    if not isinstance(table, Table):
        raise TypeError(f"{table!r} is not a table")
    if rows:
        columns = tuple(rows[0])
        await insert_many(db_session, table, columns, [tuple(row[name] for name in columns) for row in rows])
