"""What cash does in a machine, as entries: event in, entry out. Pure; the reasons stand in docs/decisions/0014.

Money that a customer put in is owed to the customer (お客様預り金) until a vend takes the price of it. So at any
moment the places of a machine hold what lies in it, and its credit is what its screen shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cloud.accounting import chart, places
from cloud.accounting.rules import Draft, Event, legs

COUNTED_BY_CHANGER: Final = "changer"
"""`staff` of a `float.loaded` that is a difference found by the changer's own count (docs/decisions/0010)."""


class MachineCash(NamedTuple):
    """Entries of one event of one machine. Amounts in yen, not negative unless said."""

    event: Event
    machine_id: str

    def coin_accepted(self, amount_minor: int, routed_to: str) -> Draft | None:
        """A coin fell into a hopper or the cash box; it is the customer's credit."""
        return self._taken("硬貨投入", routed_to, amount_minor)

    def bill_held(self, amount_minor: int) -> Draft | None:
        """A bill is between the rollers: inside, and the customer's until a sale needs it."""
        return self._taken("紙幣投入", places.ESCROW, amount_minor)

    def bill_stacked(self, amount_minor: int) -> Draft | None:
        """The bill moved on; what it pays was taken from the credit by the sale."""
        moved = ((self._cash(places.STACKER), amount_minor), (self._cash(places.ESCROW), -amount_minor))
        return self.event.draft("bill", "紙幣収納", legs(*moved))

    def bill_returned(self, amount_minor: int) -> Draft | None:
        """The customer has the bill again."""
        back = ((places.credit(self.machine_id), amount_minor), (self._cash(places.ESCROW), -amount_minor))
        return self.event.draft("bill", "紙幣返却", legs(*back))

    def paid_out(self, *, paid_minor: int, short_minor: int, claim: str) -> Draft | None:
        """Credit went back in coins; what was missing stays owed, under the claim code the customer was shown.

        Coins that may or may not have come out count as not paid and as still in the hopper: a person's answer and
        the next count settle both, in whatever order they come.
        """
        text = "お返し"
        if short_minor:
            text = f"お返し(不足あり) 番号 {claim}" if claim else "お返し(不足あり)"
        moved = (
            (places.credit(self.machine_id), paid_minor + short_minor),
            (self._cash(places.HOPPER), -paid_minor),
            (places.claims(self.machine_id), -short_minor),
        )
        return self.event.draft("payout", text, legs(*moved))

    def float_loaded(self, amount_minor: int, staff: str) -> Draft | None:
        """Coins were put into a hopper or, negative, taken out: from and to the hands of staff.

        What the changer found by counting is a difference instead: nobody carried it.
        """
        is_count = staff == COUNTED_BY_CHANGER
        other = places.difference(self.machine_id) if is_count else places.SAFE
        text = "釣銭機の計数差異" if is_count else "釣銭補充"
        return self.event.draft("float", text, legs((self._cash(places.HOPPER), amount_minor), (other, -amount_minor)))

    def coin_tested(self, amount_minor: int, routed_to: str) -> Draft | None:
        """A coin from the hands of staff went in to try the acceptor: ours before and after, and nobody's credit."""
        moved = ((self._cash(routed_to), amount_minor), (places.SAFE, -amount_minor))
        return self.event.draft("float", "硬貨投入の点検", legs(*moved))

    def price_not_collected(self, unpaid_minor: int) -> Draft | None:
        """Goods were delivered and the bill that was to pay them went back: the sale stands, the money is lost."""
        lost = ((chart.OTHER_LOSSES, unpaid_minor), (places.credit(self.machine_id), -unpaid_minor))
        return self.event.draft("unpaid", "代金未収", legs(*lost))

    def _taken(self, text: str, part: str, amount_minor: int) -> Draft | None:
        inside = ((self._cash(part), amount_minor), (places.credit(self.machine_id), -amount_minor))
        return self.event.draft("money", text, legs(*inside))

    def _cash(self, part: str) -> places.Place:
        return places.cash(self.machine_id, part)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count found in one part of a machine, in yen."""

    part: str
    expected_minor: int
    counted_minor: int
    collected_minor: int = 0
    """Of what was counted, what was taken to the safe."""

    @property
    def difference_minor(self) -> int:
        """Too much is positive, too little negative."""
        return self.counted_minor - self.expected_minor


def counted(event: Event, machine_id: str, lines: Sequence[Counted]) -> list[Draft | None]:
    """The books follow the count: each difference to 現金過不足, then what was taken goes to the safe."""
    total = sum(line.difference_minor for line in lines)
    found = [(places.cash(machine_id, line.part), line.difference_minor) for line in lines]
    by_part = legs(*found, (places.difference(machine_id), -total))
    taken = [(places.cash(machine_id, line.part), -line.collected_minor) for line in lines]
    return [
        event.draft("difference", f"現金実査 {machine_id}", by_part),
        event.draft("collected", f"売上金回収 {machine_id}", legs((places.SAFE, -sum(n for _, n in taken)), *taken)),
    ]


def explained(event: Event, machine_id: str, balance_minor: int, why: str) -> Draft | None:
    """What nobody could explain becomes a loss (debit balance) or an income, so that 現金過不足 of a machine is 0."""
    other = chart.OTHER_LOSSES if balance_minor > 0 else chart.OTHER_INCOME
    moved = ((other, balance_minor), (places.difference(machine_id), -balance_minor))
    return event.draft("explained", f"現金過不足の整理 {machine_id} {why}".rstrip(), legs(*moved))


def deposited(event: Event, amount_minor: int) -> Draft | None:
    """Cash of the safe was paid in at the bank."""
    moved = ((chart.BANK, amount_minor), (places.SAFE, -amount_minor))
    return event.draft("deposit", "預け入れ", legs(*moved))
