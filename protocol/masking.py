"""Hide secrets in text and data before they reach a log. Pure; knows nothing of the logging library in use.

Three nets: keys whose names speak of a secret, shapes that are secrets wherever they stand (API keys, JWTs,
passwords inside URLs), and the literal values the process was configured with.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

MASK: Final = "***MASKED***"

MIN_LITERAL: Final = 6
"""Shorter configured values are not searched for: masking every `a` would hide the log, not the secret."""

_SECRET_KEY: Final = re.compile(
    r"(password|passwd|secret|token|api_?key|encryption_key|private_key|authorization|cookie|credential)", re.IGNORECASE
)
_SHAPES: Final = (
    (re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"), f"sk-{MASK}"),
    (re.compile(r"\bsk_(live|test)_[A-Za-z0-9]{8,}"), rf"sk_\1_{MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+"), f"eyJ{MASK}"),
    (re.compile(r"(://[^\s:/@]*:)[^\s@/]+@"), rf"\1{MASK}@"),
)


def mask_text(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with every secret-shaped part and every literal of `secrets` replaced.

    Args:
        text: anything that may end up in a log line.
        secrets: configured values; those shorter than `MIN_LITERAL` characters are ignored.
    """
    for literal in secrets:
        if len(literal) >= MIN_LITERAL:
            text = text.replace(literal, MASK)
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def mask(value: Any, secrets: Iterable[str] = (), *, key: str = "") -> Any:
    """A copy of `value` fit for a log; mappings and lists are followed, other types are left alone.

    Args:
        value: plain data: mappings, lists, tuples, strings, bytes, numbers.
        secrets: configured values to hide wherever they occur.
        key: the name `value` was found under; a name that speaks of a secret hides the whole value.
    """
    if key and _SECRET_KEY.search(key) and value not in (None, "", True, False):
        return MASK
    if isinstance(value, str):
        return mask_text(value, secrets)
    if isinstance(value, bytes):
        return mask_text(value.decode(errors="replace"), secrets)
    if isinstance(value, Mapping):
        return {name: mask(inner, secrets, key=str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask(inner, secrets) for inner in value]
    return value
