"""Where every coin and every unit of goods is, in a form that can be saved. Not responsible for how they move."""

from collections import Counter
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

K = TypeVar("K")


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Spiral(_State):
    """One coil and what stands in it."""

    units: list[str] = []
    """Product ids, front first."""
    capacity: int = Field(default=8, ge=1)
    angle: float = Field(default=0.0, ge=0, lt=1)
    """Turns past home: 0 at home, 0.5 half way round."""
    turn_s: float = Field(default=2.4, gt=0)
    """How long its motor takes for one turn. Common snack vendors: 20 to 40 turns a minute."""
    is_jammed: bool = False
    """Its motor stalls where it stands."""
    is_contact_stuck: bool = False
    """Its home contact stays closed."""
    turns_held_back: NonNegativeInt = 0
    """Next turns that let nothing fall."""


class HopperState(_State):
    """One hopper and the counters it keeps in its own memory."""

    count: NonNegativeInt = 0
    """Coins in it."""
    capacity: int = Field(default=200, ge=1)
    coin_s: float = Field(default=0.2, gt=0)
    """From one paid coin to the next."""
    is_enabled: bool = False
    event_counter: int = Field(default=0, ge=0, le=255)
    remaining: NonNegativeInt = 0
    paid: NonNegativeInt = 0
    unpaid: NonNegativeInt = 0
    flags: int = Field(default=0, ge=0, le=255)
    """Test register 1 without the "disabled" bit (ccTalk header 163)."""


class AcceptorState(_State):
    """What a coin acceptor remembers while it has power."""

    counter: int = Field(default=0, ge=0, le=255)
    buffer: list[tuple[int, int]] = []
    """(A, B) pairs, newest first, at most five."""
    mask: int = Field(default=0, ge=0, le=0xFFFF)
    """Bit n-1 set: position n is accepted."""
    is_accepting: bool = False
    accepted: NonNegativeInt = 0
    """Coins ever accepted: the only thing beside its paths that it never forgets."""
    paths: dict[int, int] = {}
    """Position -> sorter path."""


Movement = Literal["rest", "entering", "stacking", "returning"]


class BillNews(_State):
    """Something a bill validator has to tell at the next poll."""

    kind: Literal["escrowed", "stacked", "returned", "refused", "trouble", "ready"]
    value: NonNegativeInt = 0
    """Minor units of the bill, where there is one."""
    why: str = ""
    is_fraud_suspected: bool = False
    counter: NonNegativeInt = 0


class ValidatorState(_State):
    """One bill validator: the bills in it, and what it remembers."""

    escrow: int | None = Field(default=None, ge=1)
    """The bill between its rollers, read or not, resting or moving."""
    stacker: dict[int, NonNegativeInt] = {}
    capacity: int = Field(default=300, ge=1)
    """Bills the stacker holds."""
    is_stacker_out: bool = False
    will_jam: bool = False
    """The next movement stops where it is; the device does not know yet."""
    is_jammed: bool = False
    is_powered: bool = True

    movement: Movement = "rest"
    moving: NonNegativeInt = 0
    """Value of the bill the device believes it moves; means nothing at rest."""
    is_checking: bool = False
    """It has just got power and looks itself over."""
    is_forgetful: bool = False
    """After the self-check it will not know what it was doing."""
    has_lost_track: bool = False
    """It forgot what it was doing, and no bill is in sight."""
    is_accepting: bool = False
    stacked: NonNegativeInt = 0
    """Bills ever stacked, as it counts them."""
    news: list[BillNews] = []

    @property
    def is_full(self) -> bool:
        """No bill more fits into the stacker."""
        return sum(self.stacker.values()) >= self.capacity


class Card(_State):
    """The money behind one card, as its bank books it. Whatever a reader forgets, this stays. Minor units."""

    balance: NonNegativeInt = 0
    """Free to be spent."""
    reserved: dict[str, NonNegativeInt] = {}
    """Payment reference -> amount held for it."""
    charges: dict[str, NonNegativeInt] = {}
    """Payment reference -> amount taken. A charge that was refunded stays here."""
    refunds: dict[str, NonNegativeInt] = {}
    """Payment reference -> amount given back after the charge."""
    brought: NonNegativeInt = 0

    @property
    def spent(self) -> int:
        """What the customer paid for good: charges less refunds."""
        return sum(self.charges.values()) - sum(self.refunds.values())


class CardNews(_State):
    """Something a cashless reader has to tell at the next poll."""

    kind: Literal["begun", "ended", "approved", "denied"]
    session: str
    reference: str = ""
    amount: NonNegativeInt | None = None
    """Minor units: the card's funds if the reader tells them, or what was approved."""
    why: str = ""


class CardPayment(_State):
    """One payment, as the reader remembers it."""

    session: str
    card: str
    amount: NonNegativeInt
    state: Literal["reserved", "charged", "released"] = "reserved"
    is_read: bool = False
    """The machine has fetched the approval."""


ReaderPhase = Literal["idle", "open", "asked", "ignoring", "reserved"]


class ReaderState(_State):
    """What a cashless reader knows."""

    is_powered: bool = True
    is_accepting: bool = False
    card: str | None = None
    """Held to it or put in now."""
    phase: ReaderPhase = "idle"
    session: str = ""
    """Of the session under way, as the machine knows it; empty when there is none."""
    session_card: str = ""
    sessions: NonNegativeInt = 0
    """Sessions ever begun: the number of the last one is its id."""
    asked: NonNegativeInt = 0
    """Amount of the request under way."""
    reference: str = ""
    """Of the reservation under way."""
    references: NonNegativeInt = 0
    payments: dict[str, CardPayment] = {}
    news: list[CardNews] = []


class TubeState(_State):
    """One tube of a coin changer."""

    count: NonNegativeInt = 0
    capacity: int = Field(default=50, ge=1)
    is_jammed: bool = False
    """No coin leaves it."""


class CoinNews(_State):
    """Something a coin changer has to tell, until the machine has acknowledged it."""

    kind: Literal["accepted", "rejected", "restarted", "dispensed"]
    value: NonNegativeInt = 0
    is_in_tube: bool = False
    code: int = 0
    counter: int = Field(default=0, ge=0, le=255)


class ChangerState(_State):
    """One coin changer: its tubes, and what it remembers. Amounts of coins are by denomination in minor units."""

    tubes: dict[int, TubeState] = {}
    is_powered: bool = True
    is_accepting: bool = False
    counter: int = Field(default=0, ge=0, le=255)
    """Of its coin events, as a coin acceptor counts them."""
    news: list[CoinNews] = []
    payouts: NonNegativeInt = 0
    """Orders ever taken."""
    to_pay: dict[int, NonNegativeInt] = {}
    """Coins of the payout under way that are still to come."""
    is_busy: bool = False
    paid: dict[int, NonNegativeInt] | None = {}
    """Coins of the last payout that left the tubes; None when it forgot them in a power cut."""


class WorldState(_State):
    """Everything physical about one machine. Amounts of coins are by denomination in minor units."""

    spirals: dict[str, Spiral] = {}
    hoppers: dict[int, HopperState] = {}
    acceptor: AcceptorState = AcceptorState()
    validator: ValidatorState = ValidatorState()
    reader: ReaderState = ReaderState()
    changer: ChangerState = ChangerState()
    cash_box: dict[int, NonNegativeInt] = {}
    return_cup: dict[int, NonNegativeInt] = {}
    tray: list[str] = []
    falling: list[str] = []
    """Out of the coil and not yet in the tray."""
    is_drop_latched: bool = False
    is_beam_blocked: bool = False
    """Something hangs in the drop beam."""
    is_door_open: bool = False
    is_coin_path_blocked: bool = False
    """A coin hangs on its way through the acceptor or changer: all others fall into the return cup."""

    coins_brought: dict[int, NonNegativeInt] = {}
    """Coins that ever came into this world: thrown in by customers or filled in by staff."""
    coins_taken: dict[int, NonNegativeInt] = {}
    bill_mouth: dict[int, NonNegativeInt] = {}
    """Bills given back or refused, still to be taken by the customer."""
    bills_brought: dict[int, NonNegativeInt] = {}
    bills_taken: dict[int, NonNegativeInt] = {}
    """Taken back by customers."""
    bills_collected: dict[int, NonNegativeInt] = {}
    """Taken out of the stacker by staff."""
    cards: dict[str, Card] = {}
    units_brought: dict[str, NonNegativeInt] = {}
    units_taken: dict[str, NonNegativeInt] = {}

    @classmethod
    def stocked(
        cls,
        slots: dict[str, tuple[str, int]],
        hoppers: dict[int, int],
        *,
        slot_capacity: int = 8,
        hopper_capacity: int = 200,
    ) -> Self:
        """A filled machine.

        Args:
            slots: slot -> product id and units, at most `slot_capacity`.
            hoppers: denomination in minor units -> coins.
            slot_capacity: units a coil holds.
            hopper_capacity: coins a hopper holds.
        """
        spirals = {
            slot: Spiral(units=[product] * units, capacity=slot_capacity) for slot, (product, units) in slots.items()
        }
        units: Counter[str] = Counter()
        for product, count in slots.values():
            units[product] += count
        return cls(
            spirals=spirals,
            hoppers={value: HopperState(count=count, capacity=hopper_capacity) for value, count in hoppers.items()},
            coins_brought={value: count for value, count in hoppers.items() if count},
            units_brought=dict(units),
        )

    def coins_unaccounted(self) -> dict[int, int]:
        """Coins brought minus coins found and taken, where that is not zero. Empty in a sound world."""
        found = Counter(self.cash_box) + Counter(self.return_cup) + Counter(self.coins_taken)
        found.update({value: hopper.count for value, hopper in self.hoppers.items()})
        found.update({value: tube.count for value, tube in self.changer.tubes.items()})
        return _difference(Counter(self.coins_brought), found)

    def bills_unaccounted(self) -> dict[int, int]:
        """Bills brought minus bills found and taken, where that is not zero. Empty in a sound world."""
        found = Counter(self.validator.stacker) + Counter(self.bill_mouth)
        found += Counter(self.bills_taken) + Counter(self.bills_collected)
        if self.validator.escrow is not None:
            found[self.validator.escrow] += 1
        return _difference(Counter(self.bills_brought), found)

    def cards_unaccounted(self) -> dict[str, int]:
        """Money brought on each card minus money free, held and spent, where that is not zero."""
        rests = {
            name: card.brought - card.balance - sum(card.reserved.values()) - card.spent
            for name, card in self.cards.items()
        }
        return {name: rest for name, rest in rests.items() if rest}

    def units_unaccounted(self) -> dict[str, int]:
        """Units brought minus units found and taken, where that is not zero. Empty in a sound world."""
        found = Counter(self.tray) + Counter(self.falling) + Counter(self.units_taken)
        for spiral in self.spirals.values():
            found.update(spiral.units)
        return _difference(Counter(self.units_brought), found)


def _difference(brought: Counter[K], found: Counter[K]) -> dict[K, int]:
    return {key: rest for key in brought | found if (rest := brought[key] - found[key])}
