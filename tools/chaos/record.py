"""What is known at the end of a run, as JSON: the only thing the checker sees.

Not responsible for judging it. The log is written by whoever watches the world, never by the controller.
"""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Seen:
    """One thing that happened in the world; `seq` is the newest event that was on the disk at that moment."""

    what: str
    """Coins: coin, refused, paid, loaded, drained, keyed (let out of a tube by hand).
    Goods: unit, stocked, taken (out by staff), beam.
    Bills: bill (drawn in), bill_stacked, bill_back, bill_removed (by staff). Cards: reserved, charged, released.
    Trouble a device was put into: validator, reader, changer; its end: validator_ok, reader_ok, changer_ok.
    Acceptor or changer without power: acceptor_restart.
    Computer: boot, kill, mains, amnesia,
    disk_low, disk_ok, disk_end.
    """
    seq: int
    at: float
    """Seconds of virtual time."""
    where: str = ""
    """Slot, denomination as text, or payment reference."""
    count: int = 1
    """Of a payment: yen. Of a changer in trouble: commands that will fail."""


@dataclass(slots=True)
class CloudEnd:
    """The cloud's side of the link, for the runs that have one."""

    log: list[str] = field(default_factory=list)
    """Every event it has committed, as bytes of the machine, in order."""
    acknowledged: int = 0
    """What the machine takes for committed at the end."""
    ahead: int = 0
    """Acknowledgements of events that were not committed when they were sent."""
    forks: int = 0
    """Events that came again with other bytes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that the cloud gave."""

    kind: str
    slot: str
    price: int
    """Yen: what was paid, or is to be paid."""


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
    cloud: CloudEnd | None = None
    asked: dict[str, Asked] = field(default_factory=dict)
    """Commands of the cloud by id."""
    ticks: int = 0
    virtual_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
