"""Prices of a list and the slots of a machine as tables, and back. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from cloud.assortment.rules import DatedPrice
from cloud.assortment.service import NewPrice
from cloud.catalogue.views import ProductView
from cloud.kit import csv_table
from cloud.kit.advice import FieldProblem, field_problem
from cloud.kit.csv_table import BadTableError, Row
from protocol.desired import PlanogramSlot

PRICES: Final = ("product_id", "valid_from", "price_minor")
SLOTS: Final = ("slot", "product_id", "price_minor", "temperature", "capacity", "par_level")

Point = tuple[str, date]
"""Product and first day."""


def points(rows: Sequence[DatedPrice]) -> dict[Point, int]:
    """What holds from each day on: of two entries for one day the later one; by product and day."""
    found = {(row.product_id, row.valid_from): row.price_minor for row in sorted(rows, key=lambda row: row.number)}
    return dict(sorted(found.items()))


def price_rows(rows: Sequence[DatedPrice]) -> list[Sequence[object]]:
    """Cells in the order of `PRICES`."""
    return [(product_id, day, price) for (product_id, day), price in points(rows).items()]


def prices_of(
    data: bytes, known: Mapping[Point, int], products: Mapping[str, ProductView], today: date
) -> list[tuple[Row, NewPrice]]:
    """The prices of a table that are not in the list yet, each with its row.

    Raises:
        BadTableError: every cell that is wrong.
    """
    problems: list[FieldProblem] = []
    found: dict[Point, tuple[Row, NewPrice]] = {}
    for row in csv_table.read(data, PRICES, PRICES):
        try:
            price = NewPrice.model_validate(row.cells)
        except ValidationError as error:
            problems += [_problem(row, item) for item in error.errors()]
            continue
        point = price.product_id, price.valid_from
        is_known = known.get(point) == price.price_minor
        if price.product_id not in products:
            problems.append(_unknown(row, price.product_id))
        elif point in found:
            problems.append(row.problem("valid_from", "the day stands twice for this product", "Leave one out."))
        elif price.valid_from < today and not is_known:
            problems.append(row.problem("valid_from", f"{price.valid_from} is over", f"Use {today} or later."))
        found[point] = row, price
    if problems:
        raise BadTableError(problems)
    return [pair for point, pair in found.items() if known.get(point) != pair[1].price_minor]


def slot_rows(slots: Sequence[PlanogramSlot]) -> list[Sequence[object]]:
    """Cells in the order of `SLOTS`, as the planogram has them."""
    return [tuple(getattr(slot, name) for name in SLOTS) for slot in slots]


def slots_of(data: bytes, products: Mapping[str, ProductView]) -> list[PlanogramSlot]:
    """The slots of a table; names and drawings are those of the catalogue.

    Raises:
        BadTableError: every cell that is wrong.
    """
    problems: list[FieldProblem] = []
    found: dict[str, PlanogramSlot] = {}
    for row in csv_table.read(data, SLOTS, SLOTS):
        product = products.get(row.cells["product_id"])
        if product is None:
            problems.append(_unknown(row, row.cells["product_id"]))
            continue
        try:
            slot = PlanogramSlot.model_validate(_shown(row.cells, product))
        except ValidationError as error:
            problems += [_problem(row, item) for item in error.errors()]
            continue
        if slot.slot in found:
            problems.append(row.problem("slot", f"{slot.slot} stands twice", "Leave one of the rows out."))
        found[slot.slot] = slot
    if problems:
        raise BadTableError(problems)
    return list(found.values())


def _shown(cells: Mapping[str, str], product: ProductView) -> dict[str, Any]:
    numbers = {name: int(text) for name, text in cells.items() if name in _NUMBERS and text.isdecimal()}
    return dict(cells) | numbers | product.on_display()


_NUMBERS: Final = {"price_minor", "capacity", "par_level"}


def _unknown(row: Row, product_id: str) -> FieldProblem:
    return row.problem("product_id", f"there is no product {product_id!r}", "Describe it first, or correct the id.")


def _problem(row: Row, item: Any) -> FieldProblem:
    found = field_problem(item)
    return row.problem(str(item["loc"][0]) if item["loc"] else "slot", found.problem, found.what_to_do)
