"""Small words that several tasks share: names of goods, what was typed, why something is refused."""

from datetime import date
from typing import Final

from edge.screens.maintenance.task import RefusedEntryError
from edge.screens.maintenance.view import Entry, Key
from edge.screens.texts import text
from edge.screens.tiles import money_text
from edge.service.memory import Standing
from edge.service.slots import Refusal
from protocol.desired import PlanogramSlot

MOST_UNITS: Final = 200
"""More do not fit into any slot."""
MOST_LOT: Final = 40
"""Characters of a batch's number."""


def name_of(goods: PlanogramSlot | Standing, language: str) -> str:
    """Name of a product."""
    return goods.name_ja if language == "ja" else goods.name_en


def back_key(language: str) -> Key:
    """One page back, or out of the task."""
    return Key("back", text(language, "maintenance.back"))


def main_key(action: str, language: str, name: str = "maintenance.save") -> Key:
    """What most people want next; `name` is its text."""
    return Key(action, text(language, name), is_main=True)


def moved_text(amount: int) -> str:
    """Money with its sign, also where nothing moved: `+¥120`, `−¥50`, `±¥0`."""
    return f"{'+' if amount > 0 else '−' if amount else '±'}{money_text(abs(amount))}"


def units_text(units: int, language: str) -> str:
    """`3個`."""
    return text(language, "maintenance.units", units=units)


def batch(prefix: str, lot: str, day: str, language: str) -> tuple[Entry, Entry]:
    """Which batch goods are of: its number and the day on them. `prefix` is of the fields' names and texts."""
    return (
        Entry(f"{prefix}lot", text(language, f"maintenance.restock.{prefix}lot"), lot, "code", MOST_LOT),
        Entry(f"{prefix}best_before", text(language, f"maintenance.restock.{prefix}best_before"), day, "date", 10),
    )


def number_of(value: str, most: int, language: str, least: int = 0) -> int:
    """A whole number that was typed.

    Raises:
        RefusedEntryError: it is none, or out of range.
    """
    digits = value.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 7 and least <= int(value) <= most):
        raise RefusedEntryError(text(language, "maintenance.refused.number", least=least, most=most))
    return int(value)


def day_of(value: str, language: str) -> str:
    """A date that was typed as YYYY-MM-DD, or nothing.

    Raises:
        RefusedEntryError: there is no such day.
    """
    if not value.strip():
        return ""
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        raise RefusedEntryError(text(language, "maintenance.refused.day")) from None


def refuse(why: Refusal | None, language: str) -> None:
    """Raise what the rules say.

    Raises:
        RefusedEntryError: there is a refusal.
    """
    if why is not None:
        raise RefusedEntryError(text(language, f"maintenance.refused.{why.why}", units=why.units))
