"""Watches the world from outside and writes the log that the checker reads; the controller has no part in it."""

from collections.abc import Callable, Mapping

from hardware.world_state import CardPayment, HopperState, TubeState, WorldState


class Watch:
    """One world's log."""

    def __init__(self, world: WorldState, see: Callable[[str, str, int], None]) -> None:
        """`see(what, where, count)` writes one line."""
        self._world = world
        self._see = see
        self._units = {slot: len(spiral.units) for slot, spiral in world.spirals.items()}
        self._floats: Mapping[int, HopperState | TubeState] = world.changer.tubes or world.hoppers
        self._coins = {value: pile.count for value, pile in self._floats.items()}
        self._is_hand_at_coins = False
        self._bill: int | None = None
        self._bills_kept = 0
        self._reserved = ""
        self._payment: CardPayment | None = None

    def changed(self, world: WorldState) -> None:
        """Something physical has just happened."""
        for slot, spiral in world.spirals.items():
            if len(spiral.units) != self._units[slot]:
                self._unit_moved(slot, len(spiral.units))
        if not self._is_hand_at_coins:
            for value, pile in self._floats.items():
                if pile.count != self._coins[value]:
                    self._coin_moved(value, pile.count)
        if world.validator.escrow != self._bill:
            self._bill_moved(world.validator.escrow)
        is_reserved = world.reader.phase == "reserved"
        if is_reserved != bool(self._reserved):
            self._money_reserved() if is_reserved else self._payment_ended()

    def coin(self, value: int, insert: Callable[[int], None]) -> None:
        """A customer throws a coin in: whatever comes into a hopper or tube now is no float."""
        cup = self._world.return_cup
        before = cup.get(value, 0)
        self._by_hand(value, insert)
        self._see("coin" if cup.get(value, 0) == before else "refused", str(value), 1)

    def drained(self, value: int) -> None:
        """The coins of a hopper or tube have gone without anybody telling the machine."""
        self._see("drained", str(value), self._coins[value])
        self._coins[value] = 0

    def keyed(self, value: int, press: Callable[[int], None]) -> None:
        """Somebody presses the key of a tube: the coin that falls is no payout."""
        before = self._coins[value]
        self._by_hand(value, press)
        if fallen := before - self._coins[value]:
            self._see("keyed", str(value), fallen)

    def _by_hand(self, value: int, act: Callable[[int], None]) -> None:
        self._is_hand_at_coins = True
        act(value)
        self._is_hand_at_coins = False
        if value in self._coins:
            self._coins[value] = self._floats[value].count

    def taken_out(self, slot: str, take: Callable[[], int]) -> None:
        """Staff take every unit out of a coil: nobody bought them."""
        self._units[slot] = 0
        if taken := take():
            self._see("taken", slot, taken)

    def bill_removed(self) -> None:
        """Staff took the bill between the rollers out."""
        self._see("bill_removed", str(self._bill), 1)
        self._bill = None
        self._bills_kept = self._kept()

    def _unit_moved(self, slot: str, units: int) -> None:
        change = units - self._units[slot]
        self._units[slot] = units
        self._see("unit" if change < 0 else "stocked", slot, abs(change))

    def _coin_moved(self, value: int, count: int) -> None:
        change = count - self._coins[value]
        self._coins[value] = count
        self._see("paid" if change < 0 else "loaded", str(value), abs(change))

    def _bill_moved(self, bill: int | None) -> None:
        kept = self._kept()
        if bill is not None:
            self._see("bill", str(bill), 1)
        else:
            self._see("bill_stacked" if kept > self._bills_kept else "bill_back", str(self._bill), 1)
        self._bill, self._bills_kept = bill, kept

    def _kept(self) -> int:
        return sum(self._world.validator.stacker.values()) + sum(self._world.bills_collected.values())

    def _money_reserved(self) -> None:
        reader = self._world.reader
        self._reserved, self._payment = reader.reference, reader.payments[reader.reference]
        self._see("reserved", self._reserved, self._payment.amount)

    def _payment_ended(self) -> None:
        payment, reference = self._payment, self._reserved
        if payment is None:
            return
        is_charged = reference in self._world.cards[payment.card].charges
        self._see("charged" if is_charged else "released", reference, payment.amount)
        self._reserved, self._payment = "", None
