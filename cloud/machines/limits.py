"""What of a machine's event fits into the cloud's tables, the same on every database. Pure.

The protocol bounds few texts and numbers. SQLite would keep anything, PostgreSQL refuses what does not fit its column:
the same event must not be a sale on one and a failure on the other. What does not fit is quarantined as a broken body.
"""

from functools import cache
from typing import Any, Final

from pydantic import BaseModel

MAX_BOOT: Final = 2**31 - 1
"""Starts of one store: more than one a second for a lifetime."""

_MAX_INT: Final = 2**53 - 1
"""Amounts, counts and times: what JSON carries everywhere without loss, and room to add many of them up in 64 bits."""

_MAX_INTS: Final = dict.fromkeys(
    ("boot", "minutes", "planogram_rev", "rev", "slots_filled", "units_added", "units_removed"), MAX_BOOT
)

_MAX_CHARS: Final = {
    "bag": 64,
    "claim": 32,
    "code": 64,
    "coupon": 64,
    "currency": 3,
    "lot": 40,
    "new_product_id": 64,
    "old_product_id": 64,
    "part": 24,
    "payment": 128,
    "product_id": 64,
    "staff": 64,
    "tender": 24,
    "vend_id": 64,
    "where": 64,
}
"""Field to the length of the column it goes into."""


def misfits(body: dict[str, Any]) -> list[str]:
    """Why fields of a body cannot be stored, one sentence each."""
    found = []
    for name, value in body.items():  # of every event that comes: no call per field that fits
        if isinstance(value, str):
            if name in _MAX_CHARS and len(value) > _MAX_CHARS[name]:
                found.append(f"{name}: longer than {_MAX_CHARS[name]} characters")
            if "\0" in value:
                found.append(f"{name}: contains the character U+0000")
        elif isinstance(value, int):
            limit = _MAX_INTS.get(name, _MAX_INT)
            if not -limit <= value <= limit:
                found.append(f"{name}: beyond {limit}")
    return found


_NUL: Final = b"\\u0000"
"""How JSON spells the character U+0000; as itself it may not stand in a text."""


@cache
def _bounded(kind: type[BaseModel]) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """The fields of a body that have a limit: texts with their most characters, numbers with their highest."""
    fields = kind.model_fields
    numbers = tuple((name, _MAX_INTS.get(name, _MAX_INT)) for name in fields if fields[name].annotation is int)
    names = {name for name, _ in numbers}
    return tuple((name, most) for name, most in _MAX_CHARS.items() if name in fields and name not in names), numbers


def fits(raw: bytes, body: BaseModel, boot: int, mono_ms: int) -> bool:
    """Whether an event surely can be stored; what does not fit, `misfits` says. Asked of every event that comes.

    Args:
        raw: its bytes.
        body: its body.
        boot: of the envelope.
        mono_ms: of the envelope.
    """
    if _NUL in raw or boot > MAX_BOOT or mono_ms > _MAX_INT:
        return False
    values = vars(body)
    texts, numbers = _bounded(type(body))
    for name, most in texts:
        if len(values[name]) > most:
            return False
    for name, most in numbers:  # noqa: SIM110 - half the time of `all`
        if not -most <= values[name] <= most:
            return False
    return True
