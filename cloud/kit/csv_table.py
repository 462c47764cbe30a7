"""Tables as CSV files that people edit in a spreadsheet and send back. Pure.

What is written can be read again to the same values, and written again to the same bytes: UTF-8 with its mark, lines
end with CR LF (RFC 4180), and a text that a spreadsheet would run as a formula gets an apostrophe before it. UTF-8
without the mark and Shift_JIS (cp932), as Japanese spreadsheets save it, are read as well.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response

from cloud.kit.advice import FieldProblem
from cloud.kit.http import ProblemError

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_ROWS: Final = 5_000
MAX_PROBLEMS: Final = 100
"""More are not listed: whoever made a hundred mistakes made one."""
_MARK: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_ESCAPED: Final = (*_FORMULA, "'")

CSV_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A table as its download has it: UTF-8 or Shift_JIS, the first line names the columns. "
        f"At most {MAX_ROWS:,} rows.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


class CsvFile(Response):
    """A CSV file to save."""

    media_type = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was sent."""

    line: int
    """Where it begins in the file; the heading is line 1."""
    cells: dict[str, str]
    """Column to text, without spaces around it; columns that are not in the file are left out."""

    def problem(self, column: str, what: str, what_to_do: str) -> FieldProblem:
        """Something wrong with a cell."""
        return FieldProblem(field=f"line {self.line}, {column}", problem=what, what_to_do=what_to_do)


class BadTableError(ValueError):
    """A table that cannot be taken: every problem with line, column and what to do. Nothing of it is kept."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = list(problems)[:MAX_PROBLEMS]
        super().__init__(f"{len(problems)} problems; the first: {problems[0].field}: {problems[0].problem}")

    def answer(self) -> ProblemError:
        """The refusal over HTTP."""
        first = self.problems[0]
        words = f"Nothing was changed. {first.field}: {first.problem}. {first.what_to_do}"
        return ProblemError(422, "bad_table", words, fields=self.problems)


class DryRunDoneError(Exception):
    """Ends a transaction that shall keep nothing."""


@contextmanager
def taking() -> Iterator[None]:
    """Around the transaction that takes a table; `end_dry_run` ends it early, and what is wrong with it is answered.

    Raises:
        ProblemError: 422, every cell that is wrong; nothing is kept.
    """
    try:
        yield
    except DryRunDoneError:
        pass
    except BadTableError as error:
        raise error.answer() from error


def end_dry_run(*, is_dry_run: bool) -> None:
    """The last step of a dry run.

    Raises:
        DryRunDoneError: it is one.
    """
    if is_dry_run:
        raise DryRunDoneError


def written(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The file."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return _MARK + target.getvalue()


def download(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> CsvFile:
    """The file as a download called `name.csv`."""
    return CsvFile(written(columns, rows), headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_ESCAPED) else text


def _value(cell: str) -> str:
    text = cell[1:] if cell.startswith("'") and cell[1:].startswith(_ESCAPED) else cell
    return text.strip(" \u3000")


async def sent(request: Request) -> bytes:
    """The file in a request.

    Raises:
        ProblemError: 413, it is larger than `MAX_BYTES`.
    """
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MAX_BYTES:
            raise ProblemError(413, "too_large", f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB; split it.")
    return bytes(data)


def read(data: bytes, columns: Sequence[str], needed: Sequence[str]) -> list[Row]:
    """The rows of a file; empty lines are left out.

    Args:
        data: what was sent.
        columns: that are known.
        needed: columns that must be there.

    Raises:
        BadTableError: it is no table of these columns, with everything that is wrong with its heading.
    """
    reader = csv.reader(io.StringIO(text_of(data), newline=""), strict=True)
    rows: list[Row] = []
    heading: list[str] = []
    line = 1
    try:
        for cells in reader:
            if heading and any(cell.strip() for cell in cells):
                rows.append(_row(line, heading, cells))
            elif not heading:
                heading = _heading(cells, columns, needed)
            line = reader.line_num + 1
    except csv.Error as error:
        what = FieldProblem(field=f"line {line}", problem=str(error), what_to_do="Save the table as CSV again.")
        raise BadTableError([what]) from error
    if not heading:
        raise BadTableError([_whole("the file is empty", f"Begin with a line that names {', '.join(needed)}.")])
    if len(rows) > MAX_ROWS:
        raise BadTableError([_whole(f"{len(rows)} rows", f"Send at most {MAX_ROWS} at once.")])
    return rows


def _whole(what: str, what_to_do: str) -> FieldProblem:
    return FieldProblem(field="line 1", problem=what, what_to_do=what_to_do)


def text_of(data: bytes) -> str:
    """A file as text.

    Raises:
        BadTableError: it is in no encoding we know.
    """
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadTableError([_whole("neither UTF-8 nor Shift_JIS", "Save the table as CSV in UTF-8.")])


def _heading(cells: Sequence[str], columns: Sequence[str], needed: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    problems = [
        _whole(f"there is no column {name!r}", f"Use {', '.join(columns)}.") for name in names if name not in columns
    ]
    problems += [_whole(f"column {name!r} is missing", "Add it.") for name in needed if name not in names]
    problems += [_whole(f"column {name!r} stands twice", "Leave one out.") for name in columns if names.count(name) > 1]
    if problems:
        raise BadTableError(problems)
    return names


def _row(line: int, heading: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(heading):
        what = f"{len(cells)} cells under {len(heading)} columns"
        raise BadTableError(
            [FieldProblem(field=f"line {line}", problem=what, what_to_do="Put texts with commas in quotation marks.")]
        )
    return Row(line, {name: _value(cell) for name, cell in zip(heading, cells, strict=True)})
