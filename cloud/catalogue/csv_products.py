"""Products as a table, and a table as products. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from cloud.catalogue.views import ProductView
from cloud.kit import csv_table
from cloud.kit.advice import FieldProblem, field_problem
from cloud.kit.csv_table import BadTableError, Row

COLUMNS: Final = tuple(name for name in ProductView.model_fields if name != "photo")
NEEDED: Final = ("id",)


class Change(BaseModel):
    """What a row does."""

    line: int
    id: str
    changed: list[str]
    """Fields that become others; all that are given for a new product."""
    is_new: bool


class ImportReport(BaseModel):
    """What a table did, or would do."""

    is_dry_run: bool
    rows: int
    changes: list[Change]
    """Rows that change something, in order."""


def row_of(product: ProductView) -> list[object]:
    """A product as cells, in the order of `COLUMNS`."""
    said = product.model_dump() | {
        "allergens": " ".join(product.allergens),
        "tax_changes": " ".join(f"{row.valid_from}={row.tax_class}" for row in product.tax_changes),
    }
    return [said[name] for name in COLUMNS]


def products_of(data: bytes, known: Mapping[str, ProductView]) -> tuple[list[ProductView], list[Change]]:
    """The products a table names, and what changes. Columns that are not in it keep what they are.

    Raises:
        BadTableError: every cell that is wrong.
    """
    rows = csv_table.read(data, COLUMNS, NEEDED)
    problems: list[FieldProblem] = []
    found: dict[str, ProductView] = {}
    changes: list[Change] = []
    for row in rows:
        name = row.cells["id"]
        before = known.get(name)
        if name in found:
            problems.append(row.problem("id", f"{name!r} stands twice", "Leave one of the rows out."))
            continue
        try:
            product = ProductView.model_validate((before.model_dump() if before else {}) | _said(row))
        except ValidationError as error:
            problems += [_problem(row, item) for item in error.errors()]
            continue
        found[name] = product
        changed = _changed(before, product)
        if changed or before is None:
            changes.append(Change(line=row.line, id=name, changed=changed, is_new=before is None))
    if problems:
        raise BadTableError(problems)
    return list(found.values()), changes


def _changed(before: ProductView | None, after: ProductView) -> list[str]:
    if before is None:
        return [name for name in COLUMNS if name in after.model_fields_set]
    return [name for name in COLUMNS if getattr(before, name) != getattr(after, name)]


def _said(row: Row) -> dict[str, Any]:
    """Cells as values; an empty cell is nothing where nothing is allowed."""
    said: dict[str, Any] = dict(row.cells)
    for name in ("jan", "size_amount", "shelf_life_days"):
        if said.get(name) == "":
            said[name] = None
    for name in ("temperature", "is_active", "tax_class"):
        if said.get(name) == "":
            del said[name]
    if "allergens" in said:
        said["allergens"] = said["allergens"].split()
    if "tax_changes" in said:
        pairs = [part.partition("=") for part in said["tax_changes"].split()]
        said["tax_changes"] = [{"valid_from": day, "tax_class": name} for day, _, name in pairs]
    return said


def _problem(row: Row, item: Any) -> FieldProblem:
    found = field_problem(item)
    column = str(item["loc"][0]) if item["loc"] else "size_amount"
    return row.problem(column, found.problem, found.what_to_do)
