"""Rows of any table as lines of JSON and back. Knows column types, no table's meaning."""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import JSON, Boolean, Connection, Date, Integer, LargeBinary, MetaData, String, Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from cloud.backup.archive import BadArchiveError, Column, Kind, TableInfo

ROWS_AT_ONCE: Final = 1000
VERSION_TABLE: Final = "alembic_version"

_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], Kind], ...]] = (
    (Boolean, "bool"),
    (Integer, "int"),
    (Date, "date"),
    (LargeBinary, "bytes"),
    (JSON, "json"),
    (String, "text"),
)


def tables_of(connection: Connection) -> dict[str, Table]:
    """The tables as they are in the database, whatever the models of this version say; parents before children."""
    found = MetaData()
    found.reflect(connection)
    return {table.name: table for table in found.sorted_tables if table.name != VERSION_TABLE}


def columns_of(table: Table) -> list[Column]:
    """The columns of a table.

    Raises:
        TypeError: one has a type this format does not know.
    """
    return [Column(name=column.name, kind=_kind(column.type)) for column in table.columns]


def _kind(found: TypeEngine[Any]) -> Kind:
    for known, kind in _KINDS:
        if isinstance(found, known):
            return kind
    raise TypeError(f"a column of type {found!r} cannot be saved")


async def lines(db_session: AsyncSession, table: Table) -> AsyncIterator[bytes]:
    """Every row as a line, in the order of the primary key."""
    encoders = [_ENCODERS.get(column.kind) for column in columns_of(table)]
    query = select(*table.columns).order_by(*table.primary_key.columns)
    rows = await db_session.stream(query.execution_options(yield_per=ROWS_AT_ONCE))
    async for row in rows:
        values = [
            encode(value) if encode and value is not None else value
            for encode, value in zip(encoders, row, strict=True)
        ]
        yield orjson.dumps(values)


def decoder(info: TableInfo, table: Table) -> Callable[[bytes], tuple[Any, ...]]:
    """What turns a line into values for `insert_many`.

    Raises:
        BadArchiveError: the table in the database has other columns than the saved one.
    """
    if sorted(map(str, info.columns)) != sorted(map(str, columns_of(table))):
        raise BadArchiveError(f"table {info.name} of the backup has other columns than revision it names")
    decoders = [_DECODERS.get(column.kind) for column in info.columns]

    def decode(line: bytes) -> tuple[Any, ...]:
        return tuple(
            known(value) if known and value is not None else value
            for known, value in zip(decoders, orjson.loads(line), strict=True)
        )

    return decode


def names(info: TableInfo) -> Sequence[str]:
    """Names of the saved columns, in order."""
    return tuple(column.name for column in info.columns)


def _json_text(value: Any) -> str:
    # Standard library: a number in a document may be larger than 64 bits.
    return json.dumps(value, ensure_ascii=False)


_ENCODERS: Final[dict[Kind, Callable[[Any], Any]]] = {
    "bytes": lambda value: b64encode(value).decode(),
    "date": date.isoformat,
    "json": _json_text,
}
_DECODERS: Final[dict[Kind, Callable[[Any], Any]]] = {"bytes": b64decode, "date": date.fromisoformat}
"""A JSON document goes to the driver as text on both databases."""
