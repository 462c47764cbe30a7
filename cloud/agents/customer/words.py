"""What the clerk says: texts by key in Japanese and English (`wording/*.json`), which have the same keys."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from cloud.agents.customer.shelf import Good
from cloud.catalogue.allergens import ALLERGENS

FOLDER: Final = Path(__file__).parent / "wording"


@cache
def texts(language: str) -> dict[str, str]:
    """Every text of a language (`ja` or `en`) by its key."""
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def text(language: str, key: str, **values: Any) -> str:
    """One text.

    Args:
        language: `ja` or `en`.
        key: a key of the files.
        **values: for its braces; whole numbers get their thousands' commas.

    Raises:
        KeyError: there is no such key, or a value is missing.
    """
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
    return texts(language)[key].format(**shown)


def joined(language: str, parts: list[str]) -> str:
    """A list as one text."""
    return texts(language)["separator"].join(parts)


def sentences(language: str, parts: list[str]) -> str:
    """Sentences one after another."""
    return ("" if language == "ja" else " ").join(part for part in parts if part)


def short(language: str, row: Good) -> str:
    """A product in a few words."""
    return text(language, "good.short", name=row.name(language), slot=row.slot, price=row.price_minor)


def line(language: str, row: Good) -> str:
    """A product with all that a customer asks first."""
    return text(
        language,
        f"good.{row.state}",
        slot=row.slot,
        name=row.name(language),
        price=row.price_minor,
        left=row.on_hand,
        temperature=texts(language)[f"temperature.{row.temperature}"],
    )


def allergen(language: str, code: str) -> str:
    """An allergen as a label calls it."""
    return ALLERGENS.get(code, code) if language == "ja" else code.replace("-", " ")
