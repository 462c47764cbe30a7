"""The acceptor's event buffer: what is new in it, and what its codes mean. Pure.

The device keeps its last five events and counts them 1…255, 1…255, and so on; 0 means "just reset".
Source: ccTalk Generic Specification 4.6, part 2, header 229 and table 2.
"""

from dataclasses import dataclass
from typing import Final

BUFFER_SIZE: Final = 11
"""Bytes of the answer: the counter and five pairs, newest first."""
DEPTH: Final = 5
COUNTER_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One pair of the buffer."""

    a: int
    """Coin position 1…255 when a coin was accepted, else 0."""
    b: int
    """Sorter path of an accepted coin, else the event code."""
    counter: int
    """The device's counter right after this event: 1…255."""


@dataclass(frozen=True, slots=True)
class News:
    """What changed since the counter we last saw."""

    counter: int
    events: tuple[RawEvent, ...] = ()
    """Oldest first; at most five."""
    lost: int = 0
    """Events that have fallen out of the buffer unseen."""
    is_reset: bool = False
    """The device was reset: how many events it had before is unknown."""

    @property
    def counter_of_lost(self) -> int:
        """The counter right after the newest event that was lost; journal no other one before the kept events."""
        return _counter_back(self.counter, len(self.events))


def next_counter(counter: int) -> int:
    """The counter after one more event: 255 is followed by 1; 0 stands only for a reset."""
    return counter % COUNTER_MAX + 1


def read_news(last: int, reply: bytes) -> News:
    """Compare the buffer with the counter last seen.

    Args:
        last: 0…255; 0 when the device was reset since, so that all it has counted is new.
        reply: the 11 bytes of header 229.

    Raises:
        ValueError: the reply has another length.
    """
    if len(reply) != BUFFER_SIZE:
        raise ValueError(f"an event buffer has {BUFFER_SIZE} bytes, not {len(reply)}")
    new = reply[0]
    if new == 0:
        return News(0, is_reset=last != 0)
    count = new - last if new >= last else new - last + COUNTER_MAX
    kept = min(count, DEPTH)
    pairs = [(reply[1 + 2 * age], reply[2 + 2 * age]) for age in range(kept)]
    events = tuple(RawEvent(a, b, _counter_back(new, age)) for age, (a, b) in reversed(list(enumerate(pairs))))
    return News(new, events, lost=count - kept)


def _counter_back(counter: int, steps: int) -> int:
    return (counter - 1 - steps) % COUNTER_MAX + 1


_MEANINGS: Final = {
    0: "null event",
    1: "unknown coin",
    2: "inhibited coin",
    3: "several coin windows matched",
    4: "wake-up timeout",
    5: "validation timeout",
    6: "credit sensor timeout",
    7: "sorter opto timeout",
    8: "second close coin",
    9: "accept gate not ready",
    10: "credit sensor not ready",
    11: "sorter not ready",
    12: "reject coin not cleared",
    13: "validation sensor not ready",
    14: "credit sensor blocked",
    15: "sorter opto blocked",
    16: "credit sequence error",
    17: "coin moved backwards",
    18: "too fast over the credit sensor",
    19: "too slow over the credit sensor",
    20: "coin on a string",
    21: "double entry opto timeout",
    22: "double entry opto not seen",
    23: "credit sensor reached too early",
    24: "repeated sequential trip",
    25: "slug",
    26: "reject sensor blocked",
    27: "games overload",
    28: "meter pulse overrun",
    29: "accept gate open, not closed",
    30: "accept gate closed, not open",
    31: "manifold opto timeout",
    32: "manifold blocked",
    33: "manifold not ready",
    34: "security status changed",
    35: "motor exception",
    36: "swallowed coin",
    37: "too fast over the validation sensor",
    38: "too slow over the validation sensor",
    39: "incorrectly sorted",
    40: "external light",
    253: "data block request",
    254: "coin return lever pressed",
    255: "unspecified alarm",
}
_FRAUD: Final = frozenset({16, 17, 18, 19, 20, 23, 36})
_PATH_BLOCKED: Final = frozenset({14, 15, 26, 29, 30, 31, 32, 33, 35})
_FIRST_INHIBITED_TYPE: Final = 128
_LAST_INHIBITED_TYPE: Final = 159
_INHIBITED: Final = 2


def meaning_of(code: int) -> str:
    """A few words for an event code, 0…255."""
    if _FIRST_INHIBITED_TYPE <= code <= _LAST_INHIBITED_TYPE:
        return f"inhibited coin of type {code - _FIRST_INHIBITED_TYPE + 1}"
    return _MEANINGS.get(code, f"event code {code}")


def is_fraud(code: int) -> bool:
    """The code is one that honest coins do not cause."""
    return code in _FRAUD


def is_path_blocked(code: int) -> bool:
    """The way of coins is not free: something hangs before a sensor, or the gate or the manifold does not move."""
    return code in _PATH_BLOCKED


def is_inhibited(code: int) -> bool:
    """A good coin was refused because the device is not accepting it."""
    return code == _INHIBITED or _FIRST_INHIBITED_TYPE <= code <= _LAST_INHIBITED_TYPE


SELF_CHECK_FAULTS: Final = {
    1: "EEPROM checksum",
    2: "inductive coil",
    3: "credit sensor",
    4: "piezo sensor",
    5: "reflective sensor",
    6: "diameter sensor",
    7: "wake-up sensor",
    8: "sorter exit sensor",
    9: "NVRAM checksum",
    18: "reject sensor",
    19: "return mechanism",
    20: "coin-on-string mechanism",
    21: "rim sensor",
    22: "thermistor",
    30: "ROM checksum",
    32: "internal communication",
    33: "supply voltage",
    34: "temperature",
    35: "double entry sensor",
    40: "RAM",
    42: "gate stuck open",
    43: "gate stuck closed",
    255: "unspecified",
}
"""Faults header 232 may name, those a coin acceptor can have; 0 is none."""
