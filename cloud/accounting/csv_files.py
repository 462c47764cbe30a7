"""Tables as CSV files that spreadsheets open as they are: UTF-8 with its mark, one line per row (RFC 4180)."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from fastapi import Response

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be run as a formula."""
_MARK: Final = "\ufeff"
"""Tells spreadsheets that the text is UTF-8."""


class CsvResponse(Response):
    """A CSV file to save."""

    media_type = "text/csv; charset=utf-8"


def csv_response(name: str, heading: Sequence[str], rows: Iterable[Iterable[object]]) -> CsvResponse:
    """A download called `name.csv`. Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    content = _MARK + _line(heading) + "".join(_line(row) for row in rows)
    return CsvResponse(content, headers=headers)


async def csv_rows(heading: Sequence[str], rows: AsyncIterator[list[object]]) -> AsyncIterator[str]:
    """The same, line by line, for tables of any length."""
    yield _MARK + _line(heading)
    async for row in rows:
        yield _line(row)


def _line(row: Iterable[object]) -> str:
    target = io.StringIO()
    csv.writer(target).writerow([_cell(value) for value in row])
    return target.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
