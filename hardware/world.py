"""The simulated physics of one machine: coils turn, goods fall, coins roll. The only truth about coins and goods.

Not responsible for bytes (the peers in `*/simulated.py` speak those) nor for pins (a `SimulatedBoard` carries
levels). Time comes from the running event loop, so a loop in virtual time runs the world in virtual time.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, TypedDict

from hardware.board import SimulatedBoard
from hardware.cabinet import Cabinet
from hardware.coils import Coils
from hardware.gpio import PinMap
from hardware.world_state import Card, HopperState, TubeState, WorldState

BILLS: Final = (1000,)
"""Yen bills a customer usually has for a machine; a validator may take others too."""
COINS: Final = (10, 50, 100, 500)
"""Yen coins this machine is built for."""

TUBE_PATH: Final = 256
"""Path into the changer's tube for that coin: beyond every path of a sorter."""

CoinJudge = Callable[[int], int | None]
"""What the coin acceptor does with a coin of this value: the sorter path it takes, or None to refuse it."""

BillSlot = Callable[[int], bool]
"""What the bill validator does with a bill of this value: True when it has drawn it in, False to leave it outside."""

CardSlot = Callable[[], None]
"""Told whenever a card comes or goes."""


class SlotView(TypedDict):
    """One coil, for a screen."""

    units: int
    capacity: int
    turning: bool


class WorldView(TypedDict):
    """What a person in front of the machine, with the door's back wall removed, would see. Plain JSON."""

    slots: dict[str, SlotView]
    tray: list[str]
    return_cup: dict[str, int]
    hoppers: dict[str, int]
    cash_box: dict[str, int]
    door_open: bool
    coins: list[int]
    bills: list[int]
    """Bills a validator takes; empty without one."""
    bill_mouth: dict[str, int]
    """Bills that stick out of the slot."""
    card: str | None
    """The card that lies on the reader; empty when none does, None without a reader."""


class World:
    """The physical machine and the hands around it. Needs a running event loop.

    Args:
        state: where everything is; owned and changed by this world.
        save: called with the state after each physical change, before anything else can happen, so that a killed
            process finds the machine as it was.
    """

    def __init__(self, state: WorldState, save: Callable[[WorldState], None] | None = None) -> None:
        self.state = state
        self._save = save
        self.on_change: Callable[[], None] | None = None
        """Called after each change worth drawing."""
        self.on_news: Callable[[], None] | None = None
        """Called when a device that is polled has something to tell."""
        self.judge_coin: CoinJudge | None = None
        """Set by the acceptor; without one every coin falls through to the return cup."""
        self.bill_slot: BillSlot | None = None
        """Set by the bill validator; without one every bill stays outside."""
        self.card_slot: CardSlot | None = None
        """Set by the cashless reader."""
        self.sorter: dict[int, int] = {}
        """Sorter path -> denomination of the hopper below it; any other path ends in the cash box."""
        self.coils = Coils(state, on_unit_out=self._unit_out, on_change=self.changed)
        self._cabinet: Cabinet | None = None

    def attach(self, board: SimulatedBoard, pin_map: PinMap) -> None:
        """Wire the machine to a controller's board, and let what was falling land."""
        self.coils.attach(board, pin_map)
        self._cabinet = Cabinet(self.state, board, pin_map, on_landed=self._unit_landed, on_change=self.changed)
        for product in list(self.state.falling):
            self._cabinet.drop(product)

    def close(self) -> None:
        """Stop time in this world. Safe to call twice."""
        self.coils.close()
        if self._cabinet is not None:
            self._cabinet.close()

    def changed(self) -> None:
        """Something physical has just happened: save it, then tell."""
        if self._save is not None:
            self._save(self.state)
        if self.on_change is not None:
            self.on_change()

    def news(self) -> None:
        """A device that is polled has something to tell."""
        if self.on_news is not None:
            self.on_news()

    # --- coins

    def insert_coin(self, value: int) -> None:
        """A customer drops a coin of `value` minor units into the slot, any coin of any kind."""
        _add(self.state.coins_brought, value)
        path = self.judge_coin(value) if self.judge_coin is not None else None
        if path is None:
            _add(self.state.return_cup, value)
        elif (holder := self._below(path, value)) is not None:
            holder.count += 1
        else:
            _add(self.state.cash_box, value)
        self.changed()

    def _below(self, path: int, value: int) -> HopperState | TubeState | None:
        if path == TUBE_PATH:
            return self.state.changer.tubes.get(value)
        return self.state.hoppers.get(self.sorter.get(path, 0))

    def hopper_has_room(self, value: int) -> bool:
        """There is a hopper for this coin and it is not full."""
        hopper = self.state.hoppers.get(value)
        return hopper is not None and hopper.count < hopper.capacity

    def eject_coin(self, value: int) -> None:
        """A hopper throws one coin into the return cup. The caller counts it and calls `changed`.

        Raises:
            ValueError: the hopper is empty.
        """
        hopper = self.hopper(value)
        if hopper.count == 0:
            raise ValueError(f"the hopper of {value} is empty")
        hopper.count -= 1
        _add(self.state.return_cup, value)

    def eject_from_tube(self, value: int) -> None:
        """A tube of the changer drops one coin into the return cup. The caller counts it and calls `changed`.

        Raises:
            KeyError: there is no such tube.
            ValueError: the tube is empty.
        """
        tube = self.state.changer.tubes[value]
        if tube.count == 0:
            raise ValueError(f"the tube of {value} is empty")
        tube.count -= 1
        _add(self.state.return_cup, value)

    def take_coins(self) -> dict[int, int]:
        """A hand empties the return cup. Returns denomination -> coins."""
        taken = dict(self.state.return_cup)
        self.state.return_cup.clear()
        for value, count in taken.items():
            _add(self.state.coins_taken, value, count)
        self.changed()
        return taken

    def hopper(self, value: int) -> HopperState:
        """The hopper of a denomination.

        Raises:
            KeyError: there is none.
        """
        return self.state.hoppers[value]

    # --- bills

    def insert_bill(self, value: int) -> None:
        """A customer holds a bill of `value` minor units to the slot, any bill of any kind."""
        _add(self.state.bills_brought, value)
        if self.bill_slot is None or not self.bill_slot(value):
            _add(self.state.bill_mouth, value)
        self.changed()

    def take_bills(self) -> dict[int, int]:
        """A hand takes the bills that stick out of the slot. Returns denomination -> bills."""
        taken = dict(self.state.bill_mouth)
        self.state.bill_mouth.clear()
        for value, count in taken.items():
            _add(self.state.bills_taken, value, count)
        self.changed()
        return taken

    # --- cards

    def issue_card(self, card: str, balance: int) -> None:
        """A card with `balance` minor units on it comes into this world.

        Raises:
            ValueError: there is such a card already.
        """
        if card in self.state.cards:
            raise ValueError(f"there is a card {card} already")
        self.state.cards[card] = Card(balance=balance, brought=balance)
        self.changed()

    def present_card(self, card: str) -> None:
        """A customer holds a card to the reader, and leaves it there.

        Raises:
            KeyError: there is no such card.
        """
        if card not in self.state.cards:
            raise KeyError(card)
        self._move_card(card)

    def remove_card(self) -> None:
        """The card, if any, is taken away."""
        self._move_card(None)

    def refund_card(self, reference: str) -> None:
        """The operator pays a charge back, away from the machine. Once per charge.

        Raises:
            KeyError: nothing was charged under this reference.
            ValueError: it was paid back before.
        """
        card = next((card for card in self.state.cards.values() if reference in card.charges), None)
        if card is None:
            raise KeyError(reference)
        if reference in card.refunds:
            raise ValueError(f"{reference} was paid back already")
        card.refunds[reference] = card.charges[reference]
        card.balance += card.charges[reference]
        self.changed()

    def _move_card(self, card: str | None) -> None:
        self.state.reader.card = card
        if self.card_slot is not None:
            self.card_slot()
        self.changed()

    # --- goods

    def take_products(self) -> list[str]:
        """A hand empties the tray. Returns product ids in the order they fell."""
        taken = list(self.state.tray)
        self.state.tray.clear()
        for product, count in Counter(taken).items():
            self.state.units_taken[product] = self.state.units_taken.get(product, 0) + count
        self.changed()
        return taken

    # --- staff

    def open_door(self) -> None:
        """The cabinet door is opened."""
        self._set_door(is_open=True)

    def close_door(self) -> None:
        """The cabinet door is shut."""
        self._set_door(is_open=False)

    def load(self, slot: str, product: str, units: int) -> None:
        """Staff put units at the back of a coil.

        Raises:
            KeyError: there is no such coil.
            ValueError: they do not fit, or `units` is negative.
        """
        spiral = self.state.spirals[slot]
        if not 0 <= units <= spiral.capacity - len(spiral.units):
            room = spiral.capacity - len(spiral.units)
            raise ValueError(f"{units} units do not fit into {slot}, which has room for {room}")
        spiral.units += [product] * units
        self.state.units_brought[product] = self.state.units_brought.get(product, 0) + units
        self.changed()

    def load_hopper(self, value: int, coins: int) -> None:
        """Staff fill coins into a hopper.

        Raises:
            KeyError: there is no hopper of this denomination.
            ValueError: they do not fit, or `coins` is negative.
        """
        hopper = self.hopper(value)
        if not 0 <= coins <= hopper.capacity - hopper.count:
            raise ValueError(f"{coins} coins do not fit; the hopper of {value} has {hopper.count} of {hopper.capacity}")
        hopper.count += coins
        _add(self.state.coins_brought, value, coins)
        self.changed()

    def load_tube(self, value: int, coins: int) -> None:
        """Staff fill coins into a tube of the changer.

        Raises:
            KeyError: there is no tube of this denomination.
            ValueError: they do not fit, or `coins` is negative.
        """
        tube = self.state.changer.tubes[value]
        if not 0 <= coins <= tube.capacity - tube.count:
            raise ValueError(f"{coins} coins do not fit; the tube of {value} has {tube.count} of {tube.capacity}")
        tube.count += coins
        _add(self.state.coins_brought, value, coins)
        self.changed()

    # --- faults

    def jam(self, slot: str) -> None:
        """The motor of this coil stalls where it stands, until `repair`."""
        self.coils.jam(slot)

    def stuck_home(self, slot: str) -> None:
        """The home contact of this coil stays closed, until `repair`."""
        self.coils.stick_home(slot)

    def empty_turn(self, slot: str, turns: int = 1) -> None:
        """The next `turns` turns of this coil let nothing fall."""
        self.coils.hold_back(slot, turns)

    def repair(self, slot: str) -> None:
        """All faults of this coil are gone; it stands where it stands."""
        self.coils.repair(slot)

    def block_beam(self, *, blocked: bool = True) -> None:
        """Something hangs in the drop beam, or no longer."""
        if self._cabinet is None:
            raise RuntimeError("the world is not attached to a board; call attach first")
        self._cabinet.block_beam(blocked=blocked)

    def hopper_jam(self, value: int, *, jammed: bool = True) -> None:
        """A coin jams the exit of this hopper, or is taken out. It stays latched until then, or a reset."""
        hopper = self.hopper(value)
        hopper.flags = hopper.flags | HOPPER_JAM if jammed else hopper.flags & ~HOPPER_JAM
        self.changed()

    def tube_jam(self, value: int, *, jammed: bool = True) -> None:
        """No coin leaves this tube of the changer any more, or it does again."""
        self.state.changer.tubes[value].is_jammed = jammed
        self.changed()

    def bill_jam(self) -> None:
        """The next movement of a bill stops where it is. It stays jammed until the validator is repaired."""
        self.state.validator.will_jam = True
        self.changed()

    @property
    def jammed_slots(self) -> list[str]:
        """Coils that stall."""
        return [slot for slot in self.state.spirals if self.coils.is_jammed(slot)]

    @property
    def is_beam_blocked(self) -> bool:
        """Something hangs in the drop beam."""
        return self.state.is_beam_blocked

    # --- looking

    def snapshot(self) -> WorldView:
        """Everything a screen needs to draw the machine."""
        state = self.state
        return {
            "slots": {
                slot: {
                    "units": len(spiral.units),
                    "capacity": spiral.capacity,
                    "turning": self.coils.is_turning(slot),
                }
                for slot, spiral in state.spirals.items()
            },
            "tray": list(state.tray),
            "return_cup": _by_name(state.return_cup),
            "hoppers": {str(value): hopper.count for value, hopper in state.hoppers.items()},
            "cash_box": _by_name(state.cash_box),
            "door_open": state.is_door_open,
            "coins": list(COINS),
            "bills": list(BILLS) if self.bill_slot is not None else [],
            "bill_mouth": _by_name(state.bill_mouth),
            "card": (state.reader.card or "") if self.card_slot is not None else None,
        }

    def _set_door(self, *, is_open: bool) -> None:
        self.state.is_door_open = is_open
        if self._cabinet is not None:
            self._cabinet.show_door()
        self.changed()

    def _unit_out(self, product: str) -> None:
        self.state.falling.append(product)
        self.changed()
        if self._cabinet is not None:
            self._cabinet.fall(product)

    def _unit_landed(self, product: str) -> None:
        self.state.falling.remove(product)
        self.state.tray.append(product)
        self.changed()


HOPPER_JAM: Final = 1 << 5
"""Exit opto blocked during payout: ccTalk header 163, register 1."""


def _add(pile: dict[int, int], value: int, count: int = 1) -> None:
    pile[value] = pile.get(value, 0) + count


def _by_name(pile: Mapping[int, int]) -> dict[str, int]:
    return {str(value): count for value, count in pile.items() if count}
