"""An invoice beside what was received, and what is owed by age. Pure; whole yen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cloud.procurement.orders import Difference
from cloud.procurement.rules import Rate


@dataclass(frozen=True, slots=True)
class AtRate:
    """One tax rate of a document."""

    percent: int
    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        """With tax."""
        return self.net_minor + self.tax_minor


def by_rate(rows: Iterable[Rate]) -> dict[int, AtRate]:
    """Documents added up: tax rate to their sum at it, the lowest rate first."""
    sums: dict[int, AtRate] = {}
    for row in rows:
        before = sums.get(row.percent, AtRate(row.percent, 0, 0))
        sums[row.percent] = AtRate(row.percent, before.net_minor + row.net_minor, before.tax_minor + row.tax_minor)
    return dict(sorted(sums.items()))


def compare(received: Sequence[AtRate], invoiced: Sequence[AtRate], documents: int) -> list[Difference]:
    """What an invoice has otherwise than the receipts it is for.

    Each receipt was rounded for itself, the invoice once per rate: the tax may differ by a yen per receipt, and with
    prices that include it so may the net value. That is told as `rounding` and needs nobody.

    Args:
        received: what the receipts had booked, added up per rate.
        invoiced: what the invoice says.
        documents: how many receipts.
    """
    ours = {row.percent: row for row in received}
    theirs = {row.percent: row for row in invoiced}
    found = []
    for percent in sorted(ours.keys() | theirs.keys()):
        mine = ours.get(percent, AtRate(percent, 0, 0))
        other = theirs.get(percent, AtRate(percent, 0, 0))
        more_net, more_tax = other.net_minor - mine.net_minor, other.tax_minor - mine.tax_minor
        where = f"{percent} %"
        if abs(more_tax) <= documents and more_net in {0, -more_tax}:
            if more_tax:
                found.append(Difference("rounding", where, str(mine.tax_minor), str(other.tax_minor)))
            continue
        if more_net:
            found.append(Difference("net", where, str(mine.net_minor), str(other.net_minor)))
        if more_tax:
            found.append(Difference("tax", where, str(mine.tax_minor), str(other.tax_minor)))
    return found


def needs_person(found: Sequence[Difference]) -> bool:
    """Whether somebody must accept the differences."""
    return any(row.kind != "rounding" for row in found)


@dataclass(slots=True)
class Owed:
    """What is owed to one supplier, in yen."""

    not_invoiced: int = 0
    by_age: list[int] = field(default_factory=lambda: [0] * 5)
    """Not due; overdue 1 to 30, 31 to 60, 61 to 90 days, longer."""
    credit: int = 0
    """On credit notes that were not set off yet."""

    def add(self, amount_minor: int, days_late: int) -> None:
        """Owed on an invoice that has been due for so many days; negative while it is not due."""
        self.by_age[0 if days_late <= 0 else min(1 + (days_late - 1) // 30, 4)] += amount_minor

    @property
    def total(self) -> int:
        """All of it; below 0 while the supplier owes us more."""
        return self.not_invoiced + sum(self.by_age) - self.credit
