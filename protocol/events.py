"""Bodies of the events a machine reports. Facts in past tense; nothing here is a wish.

Fields are only ever added, never re-typed or re-used; a changed meaning is a new kind.
Amounts are minor units of `currency`. A reader keeps kinds and fields it does not know.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError

from protocol.event_body import Amount, Count, Event
from protocol.ids import DayOrNone, Slot
from protocol.messages import summary
from protocol.staff_events import (
    STAFF_EVENTS,
    AuditExported,
    CashCounted,
    CoinTested,
    DeviceTested,
    MachineAdjusted,
    SlotChangedOver,
    SlotCounted,
    SlotRemoved,
    StaffRefused,
    Visit,
    VisitEnded,
    VisitStarted,
)

__all__ = [
    "EVENTS",
    "Amount",
    "AuditExported",
    "BadBodyError",
    "BillHeld",
    "BillReturned",
    "BillStacked",
    "Booted",
    "CashCounted",
    "ChangePaid",
    "CoinAccepted",
    "CoinTested",
    "CommandDone",
    "CommandTaken",
    "Count",
    "CreditReturned",
    "DeviceTested",
    "DoorClosed",
    "DoorOpened",
    "Event",
    "FaultCleared",
    "FaultRaised",
    "FloatLoaded",
    "MachineAdjusted",
    "PaymentDenied",
    "PaymentSettled",
    "SelectionMade",
    "SettingsApplied",
    "SlotChangedOver",
    "SlotCounted",
    "SlotRemoved",
    "SlotRestocked",
    "StaffRefused",
    "VendDispensed",
    "VendFailed",
    "VendStarted",
    "Visit",
    "VisitEnded",
    "VisitStarted",
    "parse_body",
]


class Booted(Event):
    """The controller started. The first event of every boot."""

    KIND: ClassVar[str] = "machine.booted"
    software: str
    """Version of this package."""
    devices: dict[str, str]
    """Device name to maker/model/serial as it reported itself; `simulated …` for simulated ones."""
    resumed: str = "idle"
    """State of the vend found in the store: `idle`, or what had to be recovered."""


class CoinAccepted(Event):
    """A coin is inside and its worth is credited."""

    KIND: ClassVar[str] = "coin.accepted"
    amount_minor: Annotated[int, Field(gt=0)]
    currency: str = "JPY"
    credit_minor: Amount
    """Credit after this coin."""
    routed_to: Literal["hopper", "cash_box"] | str
    """Where the sorter sent it: coins in a hopper can be paid out again."""
    counter: Count
    """The acceptor's event counter, for reconciliation."""


class BillHeld(Event):
    """A bill is in escrow: the customer may spend it, and would get the same bill back."""

    KIND: ClassVar[str] = "bill.held"
    amount_minor: Annotated[int, Field(gt=0)]
    currency: str = "JPY"
    credit_minor: Amount
    """What the customer may spend now, the bill included."""


class BillStacked(Event):
    """A bill is in the stacker: it is the machine's."""

    KIND: ClassVar[str] = "bill.stacked"
    amount_minor: Annotated[int, Field(gt=0)]
    currency: str = "JPY"
    credit_minor: Amount
    """Credit afterwards; what the bill paid of a price is already taken."""


class BillReturned(Event):
    """The bill in escrow went back to the customer."""

    KIND: ClassVar[str] = "bill.returned"
    amount_minor: Annotated[int, Field(gt=0)]
    currency: str = "JPY"
    credit_minor: Amount
    """Credit that is left."""
    unpaid_minor: Amount = 0
    """Of a delivered product that this bill was to pay: the machine's loss, recorded."""


class SelectionMade(Event):
    """A customer chose; `refused` says why nothing followed, if so."""

    KIND: ClassVar[str] = "selection.made"
    slot: Slot
    product_id: str = ""
    """Empty when the slot has no product."""
    price_minor: Amount = 0
    currency: str = "JPY"
    credit_minor: Amount
    refused: Literal["", "sold_out", "too_little_credit", "no_change", "locked", "unknown_slot"] | str = ""


class VendStarted(Event):
    """The intent, on disk before the motor turns."""

    KIND: ClassVar[str] = "vend.started"
    vend_id: str
    slot: Slot
    product_id: str
    price_minor: Amount
    currency: str = "JPY"
    planogram_rev: Annotated[int, Field(ge=1)]
    """The price charged is the price shown: revision that was on the screen."""
    tender: Literal["cash", "card", "remote"] | str = "cash"
    """`remote`: paid before the machine was asked, by a command of the cloud."""
    payment: str = ""
    """Reference of the payment: the reader's, or the cloud's; empty for cash."""
    list_minor: Amount = 0
    """The price without the coupon or gift; 0 when it is what was charged."""
    coupon: str = ""
    command: str = ""
    """Id of the command that asked for this vend, or offered its price."""


class VendDispensed(Event):
    """One unit fell. This makes the sale."""

    KIND: ClassVar[str] = "vend.dispensed"
    vend_id: str
    slot: Slot
    product_id: str
    price_minor: Amount
    currency: str = "JPY"
    planogram_rev: Annotated[int, Field(ge=1)]
    tender: Literal["cash", "card", "remote"] | str = "cash"
    """`remote`: paid before the machine was asked, by a command of the cloud."""
    payment: str = ""
    """Reference of the payment: the reader's, or the cloud's; empty for cash."""
    list_minor: Amount = 0
    """The price without the coupon or gift; 0 when it is what was charged."""
    coupon: str = ""
    command: str = ""
    """Id of the command that asked for this vend, or offered its price."""
    credit_minor: Amount
    """Left after the price was taken."""
    on_hand: Count
    """Units believed in the slot afterwards."""
    turns: Annotated[int, Field(ge=0)] = 1
    """Spiral turns it took; 0 when it was resolved after a restart."""
    unpaid_minor: Amount = 0
    """Of the price, what could not be collected: a bill that was to pay it was gone after a restart."""


class VendFailed(Event):
    """Nothing was delivered; the credit stays with the customer."""

    KIND: ClassVar[str] = "vend.failed"
    vend_id: str
    slot: Slot
    product_id: str
    price_minor: Amount
    currency: str = "JPY"
    reason: Literal["jammed", "not_home", "missing", "no_drop", "sensor_blocked", "interrupted", "uncertain"] | str
    credit_minor: Amount
    """Given back to the credit, price included."""
    on_hand: Count
    tender: Literal["cash", "card", "remote"] | str = "cash"


class ChangePaid(Event):
    """Coins were paid out after a sale."""

    KIND: ClassVar[str] = "change.paid"
    vend_id: str
    owed_minor: Amount
    paid_minor: Amount
    currency: str = "JPY"
    coins: dict[str, Count]
    """Denomination in minor units (as text) to coins paid."""
    short_minor: Amount = 0
    """owed - paid: recorded as a debt to the customer, never forgotten."""
    uncertain_minor: Amount = 0
    """Part of `short_minor` that a hopper may have paid after all; a person resolves it."""
    claim: str = ""
    """The code the customer was shown for `short_minor`; empty when nothing is owed."""


class CreditReturned(Event):
    """Credit was given back without a sale: the lever, or idle for too long."""

    KIND: ClassVar[str] = "credit.returned"
    reason: Literal["lever", "idle", "vend_failed"] | str
    owed_minor: Amount
    paid_minor: Amount
    currency: str = "JPY"
    coins: dict[str, Count]
    short_minor: Amount = 0
    uncertain_minor: Amount = 0
    claim: str = ""


class PaymentDenied(Event):
    """A card payment was not approved; nothing was delivered and nothing is charged."""

    KIND: ClassVar[str] = "payment.denied"
    slot: Slot
    price_minor: Amount
    currency: str = "JPY"
    why: str


class PaymentSettled(Event):
    """What became of an approved card payment."""

    KIND: ClassVar[str] = "payment.settled"
    payment: str
    """The reader's reference."""
    vend_id: str
    amount_minor: Amount
    currency: str = "JPY"
    outcome: Literal["charged", "released", "claim"] | str
    """`claim`: the reader could not be told; see `owed_to`."""
    owed_to: Literal["", "customer", "machine"] | str = ""
    """With `claim`: the customer may have been charged for nothing, or the machine not paid for goods."""
    claim: str = ""
    """The code the customer was shown, when the claim is theirs."""
    why: str = ""


class CommandTaken(Event):
    """A command of the cloud is being carried out. It never will be again."""

    KIND: ClassVar[str] = "command.taken"
    command: str
    """Its id."""
    n: Annotated[int, Field(ge=1)]
    name: str
    """Kind of the command."""


class CommandDone(Event):
    """What became of a command; nothing more will happen because of it."""

    KIND: ClassVar[str] = "command.done"
    command: str
    n: Annotated[int, Field(ge=1)]
    name: str
    outcome: Literal["succeeded", "failed", "rejected", "expired"] | str
    """`failed`: begun, and nothing was delivered. `rejected`, `expired`: never begun."""
    why: str = ""
    vend_id: str = ""


class DoorOpened(Event):
    """The cabinet was opened; selling stops."""

    KIND: ClassVar[str] = "door.opened"


class DoorClosed(Event):
    """The cabinet was closed; devices are checked before selling goes on."""

    KIND: ClassVar[str] = "door.closed"


class FaultRaised(Event):
    """Something is wrong; `code` is in `protocol.faults`."""

    KIND: ClassVar[str] = "fault.raised"
    code: str
    where: str = ""
    """Slot or device, as printed on the cabinet: `B2`, `hopper 100`."""
    detail: str = ""


class FaultCleared(Event):
    """It is right again."""

    KIND: ClassVar[str] = "fault.cleared"
    code: str
    where: str = ""
    staff: str = ""
    """Who cleared it; empty when the machine found out by itself."""
    visit: Visit = ""


class SlotRestocked(Event):
    """Units were put into a slot (or, negative, taken out)."""

    KIND: ClassVar[str] = "slot.restocked"
    slot: Slot
    product_id: str
    added: int
    on_hand: Count
    staff: str = ""
    """Who; empty before staff are named."""
    visit: Visit = ""
    """The visit it was a part of; empty outside of one."""
    lot: str = ""
    """As printed on the pack; empty when nobody read it."""
    best_before: DayOrNone = ""
    """Of what was put in."""


class FloatLoaded(Event):
    """Coins were put into a hopper so that change can be paid."""

    KIND: ClassVar[str] = "float.loaded"
    denomination_minor: Annotated[int, Field(gt=0)]
    currency: str = "JPY"
    added: int
    in_hopper: Count
    staff: str = ""
    visit: Visit = ""


class SettingsApplied(Event):
    """A settings document from the cloud took effect, or was refused (`ok` false)."""

    KIND: ClassVar[str] = "settings.applied"
    name: str
    rev: Annotated[int, Field(ge=1)]
    ok: bool
    why: str = ""


_KINDS: tuple[type[Event], ...] = (
    Booted, CoinAccepted, BillHeld, BillStacked, BillReturned, SelectionMade,
    VendStarted, VendDispensed, VendFailed, ChangePaid, CreditReturned, PaymentDenied, PaymentSettled,
    CommandTaken, CommandDone,
    DoorOpened, DoorClosed, FaultRaised, FaultCleared, SlotRestocked, FloatLoaded, SettingsApplied,
    *STAFF_EVENTS,
)  # fmt: skip

EVENTS: dict[str, type[Event]] = {kind.KIND: kind for kind in _KINDS}
"""Kind to body. A kind that is not here comes from the future: kept, forwarded, shown, never refused."""


class BadBodyError(ValueError):
    """A known kind with a body that breaks its shape."""

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(f"{kind}: {why}")


def parse_body(kind: str, body: dict[str, Any]) -> Event | None:
    """The typed body, or None for a kind we do not know.

    Raises:
        BadBodyError: a known kind with a missing or wrong field; the message names each.
    """
    model = EVENTS.get(kind)
    if model is None:
        return None
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise BadBodyError(kind, summary(error)) from error
