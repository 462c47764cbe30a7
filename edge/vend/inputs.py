"""What can happen to the machine, and what it then wants done. Frozen data, no behaviour."""

from dataclasses import dataclass
from typing import Literal

from edge.service.device_inputs import DeviceTestAsked, DeviceTestEnded, StaffReported
from edge.service.inputs import ServiceInput
from edge.vend.state import Order
from protocol.commands import CouponOffer, VendPaid
from protocol.desired import Planogram


# --- what happens ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CoinIn:
    """A coin was accepted. Money, in every phase."""

    amount: int
    routed_to: str
    counter: int


@dataclass(frozen=True, slots=True)
class CoinCounterMoved:
    """The acceptor counted something that was not a credit."""

    counter: int | None


@dataclass(frozen=True, slots=True)
class CoinsCounted:
    """The acceptor's count of coins ever accepted, once all its events have been taken."""

    total: int
    """0…2^24 - 1, then 0 again."""


@dataclass(frozen=True, slots=True)
class BillHeld:
    """A bill is in escrow (said again: nothing new)."""

    amount: int
    stacked_before: int
    """The validator's counter of bills ever stacked."""


@dataclass(frozen=True, slots=True)
class BillIn:
    """A bill was stacked. Money, in every phase."""

    amount: int


@dataclass(frozen=True, slots=True)
class BillBack:
    """The bill in escrow went back to the customer."""

    amount: int


@dataclass(frozen=True, slots=True)
class BillUncertain:
    """Nobody knows where the bill is."""

    why: str


@dataclass(frozen=True, slots=True)
class CardBegun:
    """A card session began."""

    session: str
    funds: int | None


@dataclass(frozen=True, slots=True)
class CardEnded:
    """The card session is over. A reservation in it stands until it is settled."""

    session: str


@dataclass(frozen=True, slots=True)
class CardApproved:
    """The amount is reserved."""

    session: str
    reference: str
    amount: int


@dataclass(frozen=True, slots=True)
class CardDenied:
    """Nothing is reserved."""

    session: str
    why: str


@dataclass(frozen=True, slots=True)
class CardSettled:
    """The reader charged or released the payment, as it was told."""

    reference: str


@dataclass(frozen=True, slots=True)
class CardUnsettled:
    """The reader could not be told, or did the other thing."""

    reference: str
    why: str


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The reader charged a payment although nothing was delivered for it."""

    reference: str
    amount: int
    why: str


@dataclass(frozen=True, slots=True)
class CardTakenBack:
    """The reader has let go of a request that came to nothing, except for what it charged all the same."""

    session: str
    taken: tuple[CardTaken, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """The customer chose a slot."""

    slot: str


@dataclass(frozen=True, slots=True)
class Clear:
    """The customer takes a choice back."""


@dataclass(frozen=True, slots=True)
class ReturnCredit:
    """The lever was pulled, or the customer has gone."""

    reason: Literal["lever", "idle"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A unit fell."""

    turns: int
    fault: str = ""
    """A slot fault that came with it (the coil did not come home), or empty."""


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """No unit fell."""

    reason: str
    """As in `protocol.events.VendFailed.reason`."""
    fault: str = ""
    """A slot fault that locks the slot, or empty."""
    turned: bool = False
    """The coil turned: the unit that should have fallen is suspect."""


@dataclass(frozen=True, slots=True)
class LegReady:
    """The hopper was asked for its event counter; now the order may be written down and sent."""

    counter_before: int


@dataclass(frozen=True, slots=True)
class LegDone:
    """The hopper finished: the truth about this leg."""

    paid: int


@dataclass(frozen=True, slots=True)
class LegRefused:
    """The hopper said no or is gone; it is certain that nothing moved."""

    why: str


@dataclass(frozen=True, slots=True)
class LegUncertain:
    """The order may or may not have been carried out."""

    why: str


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """The cabinet was opened or closed."""

    is_open: bool


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """Something is wrong (seen again: no new event)."""

    code: str
    where: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FaultGone:
    """It is right again."""

    code: str
    where: str = ""
    staff: str = ""
    """Who says so; empty when the machine found it out itself."""
    visit: str = ""


@dataclass(frozen=True, slots=True)
class PlanogramArrived:
    """A newer settings document."""

    planogram: Planogram


@dataclass(frozen=True, slots=True)
class SettingsRefused:
    """A settings document that cannot be used; the one in force stays."""

    name: str
    rev: int
    why: str


@dataclass(frozen=True, slots=True)
class Restocked:
    """Units were put into a slot."""

    slot: str
    added: int
    staff: str = ""


@dataclass(frozen=True, slots=True)
class FloatLoaded:
    """Coins were put into a hopper, or left it by hand."""

    denomination: int
    added: int
    staff: str = ""
    counter: int | None = None
    """Of the device's event that told of it, written down in the same step; None when a person or a count did."""


@dataclass(frozen=True, slots=True)
class PaidVendAsked:
    """The cloud asks for a unit that was paid there."""

    order: Order
    wish: VendPaid


@dataclass(frozen=True, slots=True)
class CouponOffered:
    """The cloud lowers the price of the next unit of a slot."""

    order: Order
    wish: CouponOffer
    left_ms: int
    """For so long, milliseconds."""


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command that cannot be carried out: too late, or not understood."""

    order: Order
    outcome: Literal["rejected", "expired"]
    why: str


@dataclass(frozen=True, slots=True)
class OfferEnded:
    """The time of an offer is over."""

    command: str


@dataclass(frozen=True, slots=True)
class Started:
    """The controller started; the first input of every boot."""

    software: str
    devices: dict[str, str]


Input = (
    CoinIn | CoinCounterMoved | CoinsCounted | BillHeld | BillIn | BillBack | BillUncertain
    | CardBegun | CardEnded | CardApproved | CardDenied | CardSettled | CardUnsettled | CardTakenBack
    | Select | Clear | ReturnCredit | Delivered | NotDelivered
    | LegReady | LegDone | LegRefused | LegUncertain | DoorMoved | FaultSeen | FaultGone
    | PlanogramArrived | SettingsRefused | Restocked | FloatLoaded | Started
    | PaidVendAsked | CouponOffered | CommandRefused | OfferEnded
    | DeviceTestAsked | DeviceTestEnded | StaffReported
    | ServiceInput
)  # fmt: skip


# --- what is to be done ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TurnCoil:
    """Vend: the intent is on disk, the motor may turn."""

    slot: str


@dataclass(frozen=True, slots=True)
class ResolveVend:
    """After a restart: find out from the sensors how the open vend ended. The motor must not turn."""

    slot: str
    kept_power: bool
    """The drop latch had its supply all the time, so that it proves what did not fall, too."""


@dataclass(frozen=True, slots=True)
class MoveBill:
    """The order is on disk; the validator may stack the bill or give it back."""

    order: Literal["stack", "give_back"]
    amount: int
    stacked_before: int


@dataclass(frozen=True, slots=True)
class FindBill:
    """After a restart, with nothing ordered: is the bill still there?"""

    amount: int
    stacked_before: int


@dataclass(frozen=True, slots=True)
class RequestCard:
    """Ask the reader to reserve the price. Nothing may be delivered before it says yes."""

    session: str
    amount: int
    slot: str


@dataclass(frozen=True, slots=True)
class SettleCard:
    """Charge or release a reserved payment. Safe to do again: the reader knows the reference."""

    reference: str
    order: Literal["confirm", "release"]


@dataclass(frozen=True, slots=True)
class AbandonCard:
    """The business with this session is over: release whatever is reserved in it, and end it."""

    session: str
    asked: int = 0
    """What the reader was asked to reserve, if the answer came never or too late."""


@dataclass(frozen=True, slots=True)
class ReadHopper:
    """Ask the hopper for its counter, so that the order can be written down first."""

    denomination: int


@dataclass(frozen=True, slots=True)
class OrderCoins:
    """The order is on disk; the hopper may pay."""

    denomination: int
    count: int


@dataclass(frozen=True, slots=True)
class ResolveLeg:
    """After a restart: find out from the hopper's counter how the open order ended."""

    denomination: int
    count: int
    counter_before: int


@dataclass(frozen=True, slots=True)
class EndOfferAfter:
    """Tell when the time of an offer is over."""

    command: str
    left_ms: int


Effect = (
    TurnCoil
    | ResolveVend
    | MoveBill
    | FindBill
    | RequestCard
    | SettleCard
    | AbandonCard
    | ReadHopper
    | OrderCoins
    | ResolveLeg
    | EndOfferAfter
)
