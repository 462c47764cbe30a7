"""What is known at the end of a run, as JSON: the only thing the checker sees.

Not responsible for judging it. The log is written by whoever watches the world, never by the controller.
"""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Seen:
    """One thing that happened in the world; `seq` is the newest event that was on the disk at that moment."""

    what: str
    """coin, unit, paid, loaded, drained, stocked, beam; boot, kill, mains, amnesia, acceptor_restart"""
    seq: int
    at: float
    """Seconds of virtual time."""
    where: str = ""
    """Slot, or denomination as text."""
    count: int = 1


@dataclass(slots=True)
class Record:
    """One run from outside."""

    prices: dict[str, int]
    log: list[Seen] = field(default_factory=list)
    world: dict[str, Any] = field(default_factory=dict)
    """The world at the end, as its own JSON."""
    events: list[str] = field(default_factory=list)
    """Every event, as the bytes in the outbox."""
    books: dict[str, Any] = field(default_factory=dict)
    """The machine's own memory at the end, as its own JSON."""
    crashes: list[str] = field(default_factory=list)
    """Ends of the controller that no power cut explains, and waits that never ended."""
    cuts: list[tuple[str, str]] = field(default_factory=list)
    """Kind and place of each power cut that struck."""
    ticks: int = 0
    virtual_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
