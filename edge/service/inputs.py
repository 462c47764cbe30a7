"""What staff do that the machine must write down. Frozen data, no behaviour; part of `edge.vend.inputs.Input`.

A PIN is in none of them: it is judged before anything is written, and only the verdict goes to the disk.
"""

from dataclasses import dataclass

from edge.service.memory import CashPart
from protocol.desired import RestockList, StaffList


# --- who is there ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StaffListArrived:
    """A newer list of those who may work at the machine."""

    staff_list: StaffList


@dataclass(frozen=True, slots=True)
class RestockListArrived:
    """A newer pick list for this machine."""

    restock_list: RestockList


@dataclass(frozen=True, slots=True)
class StaffIn:
    """Somebody proved who they are. Begins a visit, or goes on with theirs."""

    staff: str
    new_visit: str
    """The id of the visit, if this begins one: 128 random bits in hex."""
    at_ms: int
    """Wall time, milliseconds since 1970 UTC."""
    how: str = "pin"


@dataclass(frozen=True, slots=True)
class StaffTurnedAway:
    """Somebody could not prove it."""

    staff: str
    """Who they said they are; empty when that is nobody."""
    why: str
    """As in `protocol.staff_events.StaffRefused.why`."""


@dataclass(frozen=True, slots=True)
class VisitOver:
    """Staff say that they are done."""

    at_ms: int
    """Wall time, milliseconds since 1970 UTC."""


# --- goods -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Removal:
    """Units taken out of a slot."""

    units: int
    why: str
    """As in `protocol.staff_events.SlotRemoved.why`."""
    lot: str = ""
    best_before: str = ""
    """YYYY-MM-DD, or empty."""


@dataclass(frozen=True, slots=True)
class SlotServiced:
    """All that was done to one slot in one go: counted, then emptied of some, then filled. One write."""

    slot: str
    found: int | None = None
    """Units counted before; None when nobody counted."""
    removed: tuple[Removal, ...] = ()
    added: int = 0
    lot: str = ""
    """Of what was added."""
    best_before: str = ""
    """… YYYY-MM-DD, or empty."""
    is_count_only: bool = False
    """Nobody came to restock it: the pick list's line stays to be done."""


@dataclass(frozen=True, slots=True)
class SlotChangedOver:
    """The old product was taken out, all of it, and the planogram's stands there now. One write."""

    slot: str
    taken_out: int
    """Units of the old product, counted."""
    added: int = 0
    """Units of the new one."""
    lot: str = ""
    best_before: str = ""


# --- cash --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CashCounted:
    """One part of the machine's cash was counted, and some of it taken along. One write."""

    part: CashPart
    counted: tuple[tuple[int, int], ...]
    """Denomination in minor units, pieces that were there. Of hoppers: those that were counted."""
    collected: tuple[tuple[int, int], ...] = ()
    """Denomination, pieces taken along: not more than were counted."""
    bag: str = ""


@dataclass(frozen=True, slots=True)
class FloatFilled:
    """Coins were put into hoppers or tubes, or taken out of them. One write."""

    added: tuple[tuple[int, int], ...]
    """Denomination in minor units, coins; negative when they were taken out."""


ServiceInput = (
    StaffListArrived
    | RestockListArrived
    | StaffIn
    | StaffTurnedAway
    | VisitOver
    | SlotServiced
    | SlotChangedOver
    | CashCounted
    | FloatFilled
)
