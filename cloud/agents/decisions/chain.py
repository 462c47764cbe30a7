"""The hash chain of the log, and what may be written into it. Pure."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from cloud.agents.guard.screening import redact

GENESIS: Final = "0" * 64
"""What the first decision names as the hash before it."""

_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]{0,40}")
_LONGEST: Final = 2_000
_DEEPEST: Final = 8
_MOST: Final = 200
_LARGEST: Final = 2**63

HASHED: Final = (
    "number",
    "at_ms",
    "day",
    "run_id",
    "call_id",
    "call_sha256",
    "agent",
    "channel",
    "machine_id",
    "customer_id",
    "conversation_id",
    "model",
    "prompt_sha256",
    "tool",
    "action",
    "arguments",
    "facts",
    "verdicts",
    "ruling",
    "outcome",
    "why",
    "answer",
    "loss_minor",
    "posted",
    "proposal_id",
    "approver",
    "is_suspicious",
    "is_outside",
    "took_us",
)
"""Columns the hash covers, in this order."""


def hash_of(previous_hash: str, row: Mapping[str, Any]) -> str:
    """SHA-256 over everything a decision says and the hash before it, as 64 hex digits.

    What is hashed is compact JSON with sorted keys, in UTF-8; days are ISO 8601.
    """
    content = [previous_hash, *(row[name] for name in HASHED)]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def clean(value: Any, depth: int = 0) -> Any:
    """A value as every database keeps it and people may read it: short, no secrets, no addresses of anybody."""
    if isinstance(value, str):
        return redact(_storable(value))
    if value is None or isinstance(value, bool | int | float):
        return _number(value)
    if depth >= _DEEPEST:
        return "…"
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {_storable(str(key))[:80]: clean(inner, depth + 1) for key, inner in list(value.items())[:_MOST]}
    if isinstance(value, Iterable):
        return [clean(inner, depth + 1) for inner in list(value)[:_MOST]]
    return _storable(str(value))


def words_of(value: Any) -> set[str]:
    """Every text in a value that is no code or name of ours: what somebody may have said."""
    if isinstance(value, str):
        return set() if _CODE.fullmatch(value) else {value}
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {word for one in inner for word in words_of(one)}


def without_words(value: Any, words: Collection[str]) -> Any:
    """The same without what somebody said: of a text that holds any of `words` only the length is left.

    The log can never be changed, and a customer may have their words deleted: those stand in the sealed transcript of
    the run, which goes with them. The digest of the call still tells whether a transcript is the true one.
    """
    if isinstance(value, str):
        return f"({len(value)} characters, in the transcript)" if any(word in value for word in words) else value
    if isinstance(value, Mapping):
        return {key: without_words(inner, words) for key, inner in value.items()}
    return [without_words(inner, words) for inner in value] if isinstance(value, list) else value


def _number(value: Any) -> Any:
    """What JSON and both databases can hold; the rest as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if -_LARGEST <= value < _LARGEST else "a number beyond 64 bits"


def _storable(text: str) -> str:
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def call_digest(tool: str, arguments: Any) -> str:
    """Tells one call from another under the same id."""
    return sha256(repr((tool, _sorted(arguments))).encode("utf-8", "replace")).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sorted((str(key), _sorted(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return [_sorted(inner) for inner in value]
    return value
