"""Everything the machine must remember over a power cut, as one immutable document.

It is written with every step, in the transaction that writes the step's events. Reading it back is all
that recovery starts from.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from edge.service.memory import Standing, Visit
from protocol.desired import Planogram, PlanogramSlot, RestockList, StaffList
from protocol.faults import Severity, fault


class Phase(StrEnum):
    """Where the customer's business stands. An open door or a fault is not a phase: see `blocked_by`."""

    IDLE = "idle"
    """No credit, nothing under way."""
    CREDIT = "credit"
    """Money is held."""
    APPROVING = "approving"
    """The cashless reader was asked to reserve the price."""
    DISPENSING = "dispensing"
    """Intent on disk, motor ordered, outcome unknown."""
    SETTLING = "settling"
    """Coins are being paid out."""
    SERVICING = "servicing"
    """A device is being tested by staff; intent on disk, outcome unknown. Nothing is sold meanwhile."""


def hopper_name(kind: int) -> str:
    """What a hopper is called in faults: `hopper 100`."""
    return f"hopper {kind}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Vend(_Part):
    """One attempt to deliver one unit."""

    vend_id: str
    slot: str
    product_id: str
    price_minor: int
    planogram_rev: int
    tender: Literal["cash", "card", "remote"] = "cash"
    payment: str = ""
    """Reference of the payment when it is not cash."""
    list_minor: int = 0
    """The price without the coupon or gift; 0 when it is what is charged."""
    coupon: str = ""
    command: str = ""
    """The command that asked for it, or offered its price."""


class Order(_Part):
    """A command of the cloud that is being carried out."""

    command: str
    """Its id."""
    n: int
    name: str
    """Kind of the command."""


class Offer(_Part):
    """The price of one coupon for the next unit of one slot."""

    order: Order
    slot: str
    product_id: str
    list_minor: int
    price_minor: int
    coupon: str
    over: str = ""
    """Why it cannot be used any more; it is kept until the vend that hangs on it is decided."""


class Leg(_Part):
    """One order to one hopper: a part of a payout."""

    denomination: int
    count: int
    counter_before: int | None = None
    """The hopper's event counter right before the order; None while the order is not yet allowed to go out."""


PayoutReason = Literal["change", "lever", "idle", "bill"]
"""`bill`: a bill cannot be found, so the business ends here."""


class Payout(_Part):
    """Money on its way back to the customer."""

    reason: PayoutReason
    vend_id: str = ""
    number: int = 0
    """Counts payouts of this store; a claim code is made from it."""
    owed: int
    paid: int = 0
    uncertain: int = 0
    """Worth of legs whose end nobody knows."""
    coins: dict[int, int] = Field(default_factory=dict)
    """Paid so far."""
    legs: tuple[Leg, ...] = ()
    """Still to do; the first one is under way."""


class Bill(_Part):
    """The bill in escrow, and what was ordered of it."""

    value: int
    stacked_before: int
    """The validator's counter of bills ever stacked, when this one came into escrow."""
    order: Literal["", "stack", "give_back"] = ""
    """Empty while the customer may still spend it or have it back."""
    unpaid: int = 0
    """Of a delivered product: this bill is on its way to pay it."""


class Card(_Part):
    """A card session, and the payment that is reserved in it."""

    session: str
    funds: int | None = None
    """Most it can pay; None when the reader does not say."""
    reference: str = ""
    """Of the reserved payment; empty while nothing is reserved."""
    amount: int = 0
    vend_id: str = ""
    order: Literal["", "confirm", "release"] = ""
    """What the reader must be told, until it has been."""


class Asked(_Part):
    """A request to a card session that came to nothing."""

    session: str
    amount: int


class Ending(_Part):
    """Why the customer's business is being brought to its end: bill first, then coins."""

    reason: PayoutReason
    vend_id: str = ""


class DeviceTest(_Part):
    """A test that staff ordered, from its intent to its outcome."""

    test: Literal["vend", "motor", "coin"]
    """`vend`: one unit must fall. `motor`: one turn, whatever falls. `coin`: coins are taken and are no credit."""
    slot: str = ""
    """Empty for coins."""
    staff: str = ""
    visit: str = ""
    coins: int = 0
    """Taken so far."""
    worth: int = 0
    """… in minor units."""
    newest: tuple[tuple[int, str], ...] = ()
    """The last of them, newest first: minor units, and where the sorter sent it."""


class Tested(_Part):
    """How the newest test ended."""

    test: str
    slot: str
    ok: bool
    detail: str


class ActiveFault(_Part):
    """A fault that was raised and not cleared."""

    code: str
    where: str = ""


class MachineState(_Part):
    """The whole memory of the machine."""

    phase: Phase = Phase.IDLE
    credit: Annotated[int, Field(ge=0)] = 0
    """Minor units the customer may spend now."""
    currency: str = "JPY"
    bill: Bill | None = None
    ending: Ending | None = None
    """Set while settling."""
    card: Card | None = None
    taken_back: tuple[Asked, ...] = ()
    """Requests that were denied or answered too late; the reader must let go of them, and may have charged them."""
    settled: tuple[str, ...] = ()
    """References of the newest payments that have their outcome; what is heard of them later is old."""
    doubtful: int = 0
    """Worth of a bill that nobody can find; the next payout records it as uncertain, with a claim code."""
    test: DeviceTest | None = None
    """Set while servicing."""
    tested: Tested | None = None
    chosen: str = ""
    """A slot that was chosen before there was enough money; vends when there is."""
    vend: Vend | None = None
    armed_on: str = ""
    """`Context.host_boot` when the drop latch was cleared for the newest vend."""
    order: Order | None = None
    """The command that paid for the vend under way."""
    offer: Offer | None = None
    last_command: int = 0
    """Number of the newest command that was taken or refused; only a higher one is new."""
    payout: Payout | None = None
    vend_count: int = 0
    """Vends ever started by this store; numbers them."""
    payout_count: int = 0
    """Payouts ever begun by this store; numbers them."""
    coin_counter: int | None = None
    """The coin acceptor's event counter at the last journaled coin."""
    coins_ever: int | None = None
    """The acceptor's count of coins ever accepted, at the last journaled coin; None while it is not known."""
    on_hand: dict[str, int] = Field(default_factory=dict)
    """Units believed in each slot."""
    hoppers: dict[int, int] = Field(default_factory=dict)
    """Coins believed in each hopper, by denomination."""
    no_drop_streak: dict[str, int] = Field(default_factory=dict)
    """Vends in a row that turned and dropped nothing, by slot."""
    faults: tuple[ActiveFault, ...] = ()
    door_open: bool = False
    visit: Visit | None = None
    """Of staff."""
    pin_failures: int = 0
    """Wrong PINs in a row."""
    changing: dict[str, Standing] = Field(default_factory=dict)
    """Slots in which another product still stands than the planogram says; `on_hand` is of that one."""
    cash_box: dict[int, int] = Field(default_factory=dict)
    """Coins believed in the cash box, by denomination, since it was last emptied."""
    stacker: dict[int, int] = Field(default_factory=dict)
    """Bills believed in the stacker, likewise."""
    restock_done: tuple[str, ...] = ()
    """Slots of the pick list that were seen to."""
    volume: Annotated[int, Field(ge=0, le=100)] = 60
    """Of sounds, percent."""
    brightness: Annotated[int, Field(ge=10, le=100)] = 90
    """Of the display, percent; never dark, or nobody would find the way back."""
    planogram: Planogram | None = None
    staff_list: StaffList | None = None
    """Who may work at the machine; None until the cloud has said."""
    restock_list: RestockList | None = None

    @property
    def applied(self) -> dict[str, int]:
        """Name of each settings document in force, as it travels, to its revision."""
        kept = {"planogram": self.planogram, "staff": self.staff_list, "restock": self.restock_list}
        return {name: document.rev for name, document in kept.items() if document is not None}

    def slot(self, name: str) -> PlanogramSlot | None:
        """What the planogram has in a slot."""
        if self.planogram is None:
            return None
        return next((row for row in self.planogram.slots if row.slot == name), None)

    def product_in(self, name: str) -> str:
        """Id of the product that stands in a slot, whatever the planogram wants there; empty when nobody knows."""
        standing, row = self.changing.get(name), self.slot(name)
        return standing.product_id if standing else row.product_id if row else ""

    def offer_for(self, row: PlanogramSlot) -> Offer | None:
        """The offer that lowers the price of this row now."""
        offer = self.offer
        if offer is None or offer.over or (offer.slot, offer.product_id) != (row.slot, row.product_id):
            return None
        return offer if offer.list_minor == row.price_minor else None

    def price_of(self, row: PlanogramSlot) -> int:
        """What the next unit of this row costs: shown, and charged."""
        offer = self.offer_for(row)
        return offer.price_minor if offer is not None else row.price_minor

    @property
    def open_vend(self) -> Vend:
        """The vend under way; only where the phase says that there is one."""
        assert self.vend is not None, "no vend is under way"  # noqa: S101 - the phase guarantees it
        return self.vend

    @property
    def open_test(self) -> DeviceTest:
        """The test under way; only where the phase says that there is one."""
        assert self.test is not None, "nothing is being tested"  # noqa: S101 - the phase guarantees it
        return self.test

    @property
    def spendable(self) -> int:
        """Credit, and the bill in escrow while nothing was ordered of it."""
        return self.credit + (self.bill.value if self.bill and not self.bill.order else 0)

    @property
    def due_to_customer(self) -> int:
        """Money of the customer's that the machine still has: credit, what a bill leaves, coins not yet paid out."""
        bill = self.bill.value - self.bill.unpaid if self.bill else 0
        payout = self.payout.owed - self.payout.paid if self.payout else 0
        return self.credit + bill + payout

    def card_covers(self, price: int) -> bool:
        """Is a card there that may pay this?"""
        card = self.card
        return card is not None and not card.reference and (card.funds is None or card.funds >= price)

    @property
    def resting_phase(self) -> Phase:
        """Where a customer's business stands when nothing is under way."""
        return Phase.CREDIT if self.spendable or self.card else Phase.IDLE

    def has_fault(self, code: str, where: str = "") -> bool:
        """Is this fault raised and not cleared?"""
        return ActiveFault(code=code, where=where) in self.faults

    @property
    def blocked_by(self) -> str:
        """Why nothing can be sold: `door`, a fault code, or empty when selling is possible."""
        if self.door_open:
            return "door"
        return next((f.code for f in self.faults if fault(f.code).severity is Severity.MACHINE), "")

    def slot_fault(self, name: str) -> str:
        """The fault that locks a slot, or empty."""
        return next((f.code for f in self.faults if f.where == name and fault(f.code).severity is Severity.SLOT), "")

    @property
    def payable(self) -> dict[int, int]:
        """Coins that change can be made of: a hopper with a fault of its own pays nothing until it is cleared."""
        faulty = {f.where for f in self.faults}
        return {kind: count for kind, count in self.hoppers.items() if hopper_name(kind) not in faulty}

    @property
    def accepts_money(self) -> bool:
        """May a customer pay now? Not while something moves, and never without a way to sell."""
        return self.phase in {Phase.IDLE, Phase.CREDIT} and not self.blocked_by

    @property
    def is_testing_coins(self) -> bool:
        """Coins are staff's, and no credit."""
        return self.test is not None and self.test.test == "coin"

    @property
    def accepts_coins(self) -> bool:
        """May the acceptor take coins now, a customer's or those of a test?"""
        if self.is_testing_coins:
            return not self.door_open
        return self.accepts_money and not self.has_fault("coin_acceptor.jammed")
