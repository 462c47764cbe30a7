"""What of a machine's event fits into the cloud's tables, the same on every database. Pure.

The protocol bounds few texts and numbers. SQLite would keep anything, PostgreSQL refuses what does not fit its column:
the same event must not be a sale on one and a failure on the other. What does not fit is quarantined as a broken body.
"""

from typing import Any, Final

MAX_BOOT: Final = 2**31 - 1
"""Starts of one store: more than one a second for a lifetime."""

_MAX_INT: Final = 2**53 - 1
"""Amounts, counts and times: what JSON carries everywhere without loss, and room to add many of them up in 64 bits."""

_MAX_INTS: Final = {"boot": MAX_BOOT, "planogram_rev": MAX_BOOT, "rev": MAX_BOOT}

_MAX_CHARS: Final = {
    "claim": 32,
    "code": 64,
    "coupon": 64,
    "currency": 3,
    "payment": 128,
    "product_id": 64,
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
