"""What the clerk says: texts by key in Japanese and English (`wording/*.json`), which have the same keys."""

from pathlib import Path
from typing import Any, Final

from cloud.agents.customer.shelf import Good
from cloud.catalogue.allergens import ALLERGENS
from cloud.kit.texts import Texts

TEXTS: Final = Texts(Path(__file__).parent / "wording")
text: Final = TEXTS.text


def joined(language: str, parts: list[str]) -> str:
    """A list as one text."""
    return text(language, "separator").join(parts)


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
        temperature=text(language, f"temperature.{row.temperature}"),
    )


def allergen(language: str, code: str) -> str:
    """An allergen as a label calls it."""
    return ALLERGENS.get(code, code) if language == "ja" else code.replace("-", " ")


def refund(language: str, outcome: str, result: dict[str, Any]) -> str:
    """What became of a refund: `outcome` and `result` as the desk answered."""
    if outcome == "proposed":
        return text(language, "refund.proposed")
    if outcome != "done":
        return text(language, "refund.denied")
    is_cash = result.get("method") == "claim"
    how = (
        text(language, "refund.how.cash", code=result.get("code", "")) if is_cash else text(language, "refund.how.card")
    )
    return text(language, "refund.done", amount=result.get("amount_yen", 0), how=how)


def claim(language: str, code: str, outcome: str, result: dict[str, Any]) -> str:
    """What became of the money behind a code."""
    if outcome != "done" or not result.get("is_known"):
        return text(language, "claim.unknown", code=code)
    if result.get("standing") == "waiting":
        return text(language, "claim.open", code=code, amount=result.get("owed_yen", 0))
    closed = text(language, "claim.how.paid" if result.get("standing") == "paid" else "claim.how.other")
    return text(language, "claim.closed", code=code, how=closed)
