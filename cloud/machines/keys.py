"""Read the few fields of an event that name it, fast, and nothing else. Pure.

The whole envelope is checked later, by the interpreter: an event with a readable key is kept, whatever else it says.
"""

import re
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

import orjson

from protocol.ids import EPOCH_PATTERN

MAX_KIND_CHARS: Final = 64

_epoch = re.compile(EPOCH_PATTERN)
_chosen: Final = itemgetter("m", "ep", "seq", "kind")


@lru_cache(maxsize=65_536)
def _stream(machine: str, epoch: str) -> tuple[str, str] | None:
    """The one pair for all events of a stream; None when the epoch is none."""
    return (machine, epoch) if _epoch.match(epoch) else None


class BadKeyError(ValueError):
    """Bytes without a usable key: they cannot be stored as an event, only quarantined."""


class EventKey(NamedTuple):
    """What names an event, and its kind."""

    stream: tuple[str, str]
    """Machine and epoch; the same object for all events of a stream."""
    seq: int
    kind: str


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
        named, epoch, seq, kind = _chosen(found)
    except orjson.JSONDecodeError as error:
        raise BadKeyError(f"not JSON: {error}") from error
    except (KeyError, TypeError) as error:
        raise BadKeyError(f"not an envelope: no {error}") from error
    if named != machine:
        raise BadKeyError(f"names machine {named!r} on the topic of {machine!r}")
    if type(seq) is not int or not 1 <= seq < 2**63:
        raise BadKeyError(f"seq {seq!r} is not a whole number from 1 to 2^63-1")
    stream = _stream(machine, epoch) if isinstance(epoch, str) else None
    if stream is None:
        raise BadKeyError(f"epoch {epoch!r} is not 32 hex digits")
    if not isinstance(kind, str) or not 1 <= len(kind) <= MAX_KIND_CHARS:
        raise BadKeyError(f"kind {kind!r} is not a text of 1 to {MAX_KIND_CHARS} characters")
    return EventKey(stream, seq, kind)
