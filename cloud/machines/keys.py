"""Read the few fields of an event that name it, fast, and nothing else. Pure.

The whole envelope is checked later, by the interpreter: an event with a readable key is kept, whatever else it says.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

import orjson

from protocol.ids import EPOCH_PATTERN

MAX_KIND_CHARS: Final = 64

_epoch = re.compile(EPOCH_PATTERN)


@lru_cache(maxsize=65_536)
def _is_epoch(text: str) -> bool:
    return _epoch.match(text) is not None


class BadKeyError(ValueError):
    """Bytes without a usable key: they cannot be stored as an event, only quarantined."""


class EventKey(NamedTuple):
    """What names an event, and its kind."""

    machine: str
    epoch: str
    seq: int
    kind: str

    @property
    def stream(self) -> tuple[str, str]:
        """Machine and epoch."""
        return self.machine, self.epoch


def read_key(raw: bytes, machine: str) -> EventKey:
    """The key of one event.

    Args:
        raw: its bytes.
        machine: whose topic it came on; the event must name the same.

    Raises:
        BadKeyError: not JSON, or a field of the key is missing or impossible.
    """
    try:
        found = orjson.loads(raw)
        key = EventKey(found["m"], found["ep"], found["seq"], found["kind"])
    except orjson.JSONDecodeError as error:
        raise BadKeyError(f"not JSON: {error}") from error
    except (KeyError, TypeError) as error:
        raise BadKeyError(f"not an envelope: no {error}") from error
    if key.machine != machine:
        raise BadKeyError(f"names machine {key.machine!r} on the topic of {machine!r}")
    if type(key.seq) is not int or not 1 <= key.seq < 2**63:
        raise BadKeyError(f"seq {key.seq!r} is not a whole number from 1 to 2^63-1")
    if not isinstance(key.epoch, str) or not _is_epoch(key.epoch):
        raise BadKeyError(f"epoch {key.epoch!r} is not 32 hex digits")
    if not isinstance(key.kind, str) or not 1 <= len(key.kind) <= MAX_KIND_CHARS:
        raise BadKeyError(f"kind {key.kind!r} is not a text of 1 to {MAX_KIND_CHARS} characters")
    return key
