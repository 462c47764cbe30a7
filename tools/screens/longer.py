"""Views whose texts are as long as those of another language may be. Pure.

Figures, codes and names of things to press stay as they are; what a customer or a member of staff reads grows.
"""

import math
from typing import Any, Final

LONGER: Final = 1.4
"""Texts of another language may be so much longer; what is drawn must still have room."""
# fmt: off
_KEPT: Final = frozenset({
    "accepts", "action", "code", "colour", "credit", "cue", "entered", "field", "intent", "key", "keypad", "kind",
    "language", "languages", "lines", "list_price_text", "missing_text", "picture", "price_text", "product_id",
    "rows", "says", "screen", "slot", "slots", "staff", "standing_key", "state", "temperature", "tone", "unit",
    "who",
})
# fmt: on
"""Fields that are figures, names or marks."""
_MEANT: Final = {
    "page": {"name"},
    "picture": {"name"},
    "stepper": {"value"},
    "entry": {"value"},
    "stages": {"standing"},
    "tiles": {"name"},  # of goods: the operator's, not a translator's
    "clerk": {"standing"},
}
"""Of a dictionary of this name or kind, fields that nobody reads as they are."""


def lengthened(view: dict[str, Any]) -> dict[str, Any]:
    """The same view with longer texts."""
    found: dict[str, Any] = _grown(view, "")
    return found


def longer(text: str) -> str:
    """A text 40 % longer: some of its own words again."""
    if not any(letter.isalpha() for letter in text):
        return text
    more = math.ceil(len(text) * (LONGER - 1))
    return f"{text} {text[: max(1, more - 1)].strip()}" if text.isascii() else text + (text * 2)[:more]


def _grown(value: Any, name: str) -> Any:
    if name in _KEPT:
        return value
    if isinstance(value, dict):
        kept = _MEANT.get(str(value.get("kind")), _MEANT.get(name, set()))
        return {key: one if key in kept else _grown(one, key) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_grown(one, name) for one in value]
    return longer(value) if isinstance(value, str) else value
