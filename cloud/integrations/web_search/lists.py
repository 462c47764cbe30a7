"""The operator's own price lists as CSV or JSON: read with an error for each row that is wrong, and searched by words.

One row is one price: `supplier, product_id, pack_size, price` and, if known, `kana, registration_number, lead_days,
is_tax_included, minimum_packs, valid_from, valid_to, reference`. A JSON list holds objects with the same names.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cloud.integrations.web_search.port import MOST_FINDINGS, Finding, SearchUnavailableError
from cloud.integrations.web_search.texts import EXCERPT_LENGTH, TITLE_LENGTH, plain
from cloud.kit.advice import FieldProblem, field_problem

MOST_ROWS: Final = 5_000
MOST_BYTES: Final = 2_000_000


class ListRow(BaseModel):
    """One price of a list."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    supplier: Annotated[str, Field(min_length=1, max_length=120)]
    product_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    pack_size: Annotated[int, Field(ge=1, le=10_000)]
    price: Annotated[int, Field(ge=1, le=100_000_000)]
    """Yen, of a pack."""
    kana: Annotated[str, Field(max_length=120)] = ""
    registration_number: Annotated[str, Field(max_length=32)] = ""
    lead_days: Annotated[int, Field(ge=0, le=365)] = 3
    is_tax_included: bool = False
    minimum_packs: Annotated[int, Field(ge=1, le=10_000)] = 1
    valid_from: date | None = None
    valid_to: date | None = None
    reference: Annotated[str, Field(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a list holds."""

    rows: tuple[ListRow, ...]
    problems: tuple[FieldProblem, ...]
    """Each names its row as people count them: in a CSV the heading is row 1."""


def parse(text: str, kind: str) -> Parsed:
    """Read a list.

    Args:
        text: of the file, at most `MOST_BYTES`.
        kind: csv or json.
    """
    try:
        raw, first = (_csv(text), 2) if kind == "csv" else (_json(text), 1)
    except (ValueError, csv.Error, RecursionError) as error:
        return Parsed((), (FieldProblem(field="file", problem=str(error)[:200], what_to_do=f"Send a {kind} file."),))
    if len(raw) > MOST_ROWS:
        words = f"{len(raw)} rows"
        return Parsed((), (FieldProblem(field="file", problem=words, what_to_do=f"Send at most {MOST_ROWS} rows."),))
    rows, problems = [], []
    for number, one in enumerate(raw, start=first):
        try:
            rows.append(ListRow.model_validate(one))
        except ValidationError as error:
            problems += [_problem(number, item) for item in error.errors()]
    return Parsed(tuple(rows), tuple(problems))


def _csv(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="(more columns)")
    if not reader.fieldnames:
        raise ValueError("the file is empty")
    return [{name: value for name, value in row.items() if value not in ("", None)} for row in reader]


def _json(text: str) -> list[Any]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("not a list of objects")  # noqa: TRY004 - the file is wrong, not our call
    return found


def _problem(row: int, item: Any) -> FieldProblem:
    found = field_problem(item)
    return FieldProblem(field=f"row {row} {found.field}".rstrip(), problem=found.problem, what_to_do=found.what_to_do)


@dataclass(frozen=True, slots=True)
class OwnListsSearch:
    """Searches the CSV and JSON files of a folder for lines that hold every word."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder."""
        return self.folder.name

    async def search(self, query: str, limit: int) -> list[Finding]:
        """Lines whose supplier, product or reference hold every word of the query.

        Raises:
            SearchUnavailableError: a file cannot be read.
        """
        words = query.casefold().split()
        found = []
        for path in sorted([*self.folder.glob("*.csv"), *self.folder.glob("*.json")]):
            found += [_finding(row, path.name) for row in self._rows(path) if _holds(row, words)]
        return found[: min(limit, MOST_FINDINGS)]

    def _rows(self, path: Path) -> Sequence[ListRow]:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise SearchUnavailableError(f"{path.name} has more than {MOST_BYTES} bytes")
            return parse(path.read_text("utf-8-sig"), path.suffix[1:]).rows
        except (OSError, UnicodeError) as error:
            raise SearchUnavailableError(f"{path.name} cannot be read: {type(error).__name__}") from error


def _holds(row: ListRow, words: Sequence[str]) -> bool:
    text = f"{row.supplier} {row.product_id} {row.reference}".casefold()
    return all(word in text for word in words)


def _finding(row: ListRow, file: str) -> Finding:
    tax = "税込" if row.is_tax_included else "税抜"
    words = f"{row.pack_size} 個入り ¥{row.price:,}({tax}) {row.reference}"
    return Finding(
        plain(f"{row.supplier} {row.product_id}", TITLE_LENGTH), "", plain(words, EXCERPT_LENGTH), file, (row.price,)
    )
