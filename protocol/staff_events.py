"""Bodies of the events that staff cause at the machine: visits, goods and cash in their hands, devices tried.

The rules of `events.py` hold: facts in past tense, fields only ever added, amounts in minor units of `currency`.
What is said of a visit carries its id and who did it, so that the cloud can say who, when and what.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from protocol.event_body import Amount, Count, Event
from protocol.ids import DayOrNone, Slot

Visit = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")]
"""128 random bits in hex, drawn when a visit starts; empty outside of a visit."""


class StaffEvent(Event):
    """What an event says of whoever caused it."""

    visit: Visit = ""
    staff: str
    """Their id in the staff list."""


class SlotEvent(StaffEvent):
    """… and of the goods it is about."""

    slot: Slot
    product_id: str


class VisitStarted(Event):
    """A member of staff proved who they are and works at the machine now."""

    KIND: ClassVar[str] = "visit.started"
    visit: Visit
    staff: str
    """Id in the staff list."""
    how: Literal["pin"] | str
    """How they proved it."""


class VisitEnded(Event):
    """The visit is over, by their word or because nobody did anything for long. Sums are for reading, not for books."""

    KIND: ClassVar[str] = "visit.ended"
    visit: Visit
    staff: str
    minutes: Count
    """Whole minutes from start to end, on the machine's own clock."""
    slots_filled: Count = 0
    units_added: Count = 0
    units_removed: Count = 0
    cash_collected_minor: Amount = 0
    open_tasks: list[str] = Field(default_factory=list)
    """What stayed undone, as codes: `door_open`, `slot:B2`."""


class StaffRefused(Event):
    """Somebody wanted to begin a visit and was not let in. A PIN is never said, not even a wrong one."""

    KIND: ClassVar[str] = "staff.refused"
    staff: str
    """Who they said they are; empty when nobody knows."""
    visit: Visit = ""
    why: Literal["wrong_pin", "locked", "unknown"] | str
    failures: Count
    """Wrong PINs since the last success, this one included. The fifth locks the machine's maintenance, and each after
    it again, twice as long. A try while it is locked (`locked`, told once for each lock) counts nothing."""


class SlotRemoved(SlotEvent):
    """Units were taken out of a slot, and why."""

    KIND: ClassVar[str] = "slot.removed"
    removed: Annotated[int, Field(gt=0)]
    why: Literal["expired", "damaged", "changeover", "test", "other"] | str
    """Expired and damaged goods are thrown away; what was removed for another reason is still good."""
    lot: str = ""
    best_before: DayOrNone = ""
    on_hand: Count
    """Units believed in the slot afterwards."""


class SlotCounted(SlotEvent):
    """Staff counted a slot; from now on the machine believes them. `on_hand` is what they counted."""

    KIND: ClassVar[str] = "slot.counted"
    counted: Count
    believed: Count
    """Units the machine believed in the slot before."""
    on_hand: Count


class SlotChangedOver(StaffEvent):
    """Staff say that the product of the planogram stands in the slot now, instead of the old one."""

    KIND: ClassVar[str] = "slot.changed_over"
    slot: Slot
    old_product_id: str
    """Empty when the slot was empty before."""
    new_product_id: str
    planogram_rev: Annotated[int, Field(ge=1)]


class CashCounted(StaffEvent):
    """Staff counted one part of the machine's cash, and took some or all of it along."""

    KIND: ClassVar[str] = "cash.counted"
    part: Literal["cash_box", "stacker", "hopper"] | str
    believed_minor: Amount
    """What the machine thought was in the part."""
    counted_minor: Amount
    collected_minor: Amount
    """Of what was counted: taken along. The rest stays in the part."""
    currency: str = "JPY"
    pieces: dict[str, Count] = Field(default_factory=dict)
    """Denomination in minor units (as text) to pieces counted; empty when only the sum was."""
    bag: str = ""
    """Number on the bag that the collected cash went into."""


class CoinTested(StaffEvent):
    """A coin of staff's went in to try the acceptor: no credit; it is the machine's from now on, as float is."""

    KIND: ClassVar[str] = "coin.tested"
    amount_minor: Annotated[int, Field(gt=0)]
    currency: str = "JPY"
    routed_to: Literal["hopper", "cash_box"] | str
    counter: Count
    """The acceptor's event counter, for reconciliation."""


class DeviceTested(StaffEvent):
    """A device was tried out; what it moved is told by events of its own."""

    KIND: ClassVar[str] = "device.tested"
    test: Literal["vend", "motor", "coin", "sensor", "change"] | str
    where: str
    """Slot or device, as printed on the cabinet: `B2`, `hopper 100`."""
    ok: bool
    detail: str = ""


class AuditExported(StaffEvent):
    """The machine's counters were written out for somebody."""

    KIND: ClassVar[str] = "audit.exported"
    format: Literal["dts", "csv"] | str
    to: str
    """Where it went: `usb`, `screen`."""


class MachineAdjusted(StaffEvent):
    """Staff turned one of the machine's knobs."""

    KIND: ClassVar[str] = "machine.adjusted"
    name: Literal["volume", "brightness"] | str
    value: int
    """Percent, for these two."""


STAFF_EVENTS: tuple[type[Event], ...] = (
    VisitStarted, VisitEnded, StaffRefused, SlotRemoved, SlotCounted, SlotChangedOver,
    CashCounted, CoinTested, DeviceTested, AuditExported, MachineAdjusted,
)  # fmt: skip
"""Every kind of this file, for the register in `events.py`."""
