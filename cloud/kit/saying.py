"""How a capability puts something into words without knowing its reader's language."""

from collections.abc import Callable
from typing import Any

Say = Callable[..., str]
"""Makes a text of a Japanese phrase with `{slots}` and their values: `in_japanese`, or the dashboard's own `say`."""


def in_japanese(phrase: str, /, **slots: Any) -> str:
    """The phrase with its values, as it is written."""
    return phrase.format_map(slots)
