"""Views whose texts are as long as those of another language may be. Pure.

Figures, codes and names of things to press stay as they are; what a customer or a member of staff reads grows.
"""

import math
from typing import Any, Final

LONGER: Final = 1.4
"""Texts of another language may be so much longer; what is drawn must still have room."""
_KEPT: Final = frozenset(
    {
        "accepts", "action", "code", "credit", "entered", "field", "intent", "key", "keypad", "kind", "language",
        "languages", "list_price_text", "lines", "missing_text", "picture", "price_text", "product_id", "rows", "says",
        "screen", "slot", "staff", "standing_key", "state", "temperature", "tone", "unit",
    }
)  # fmt: skip
"""Fields that are figures, names or marks."""
_NAMES: Final = frozenset({"page", "picture"})
"""Dictionaries whose `name` is not read by anybody."""


def lengthened(view: dict[str, Any]) -> dict[str, Any]:
    """The same view with longer texts."""
    found: dict[str, Any] = _grown(view, "")
    return found


def longer(text: str) -> str:
    """A text 40 % longer: some of its own words again, or a longer word where it is only one."""
    if not any(letter.isalpha() for letter in text):
        return text
    more = math.ceil(len(text) * (LONGER - 1))
    words = text.split(" ")
    if len(words) < 2:
        return text + (text * 2)[:more]
    return f"{text} {text[: max(1, more - 1)].strip()}"


def _grown(value: Any, name: str) -> Any:
    if name in _KEPT:
        return value
    if isinstance(value, dict):
        is_named = name in _NAMES or value.get("kind") == "picture"
        is_amount = value.get("kind") in {"stepper", "entry"}
        return {
            key: one if (is_named and key == "name") or (is_amount and key == "value") else _grown(one, key)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_grown(one, name) for one in value]
    return longer(value) if isinstance(value, str) else value
