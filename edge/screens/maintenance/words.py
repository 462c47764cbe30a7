"""Small words that several tasks share: names of goods, what was typed, why something is refused."""

from datetime import date
from typing import Final

from edge.screens.maintenance.task import RefusedEntryError
from edge.screens.texts import text
from edge.service.memory import Standing
from edge.service.slots import Refusal
from protocol.desired import PlanogramSlot

MOST_UNITS: Final = 200
"""More do not fit into any slot."""


def name_of(goods: PlanogramSlot | Standing, language: str) -> str:
    """Name of a product."""
    return goods.name_ja if language == "ja" else goods.name_en


def units_text(units: int, language: str) -> str:
    """`3個`."""
    return text(language, "maintenance.units", units=units)


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
