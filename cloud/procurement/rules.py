"""What an order costs, what of its tax may be deducted, when it is due. Pure; whole yen, packs and units.

Tax: one rounding per rate and document, fractions cut off (reference: qualified invoices). From a supplier without a
registration number only a share of the tax may be deducted; the rest is cost.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from cloud.catalogue.rules import tax_on, tax_within
from cloud.kit.rounding import half_up

MONTH_END: Final = 31
"""As a closing day or a day of payment: whatever the month's last day is."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some goods on a document, at one tax rate."""

    amount_minor: int
    """Yen, with tax when `is_tax_included`."""
    is_tax_included: bool
    percent: int
    """Tax rate, whole per cent."""


class Rate(Protocol):
    """One tax rate of a document: a row or a sum; whole per cent and yen."""

    @property
    def percent(self) -> int:
        """The rate."""

    @property
    def net_minor(self) -> int:
        """Without tax."""

    @property
    def tax_minor(self) -> int:
        """The tax alone."""


@dataclass(frozen=True, slots=True)
class RateSum:
    """All parts of a document at one rate."""

    percent: int
    net_minor: int
    tax_minor: int
    deductible_minor: int
    """Of the tax, what may be deducted."""

    @property
    def gross_minor(self) -> int:
        """What is owed."""
        return self.net_minor + self.tax_minor

    @property
    def cost_minor(self) -> int:
        """What it really costs: what is owed less what the tax office gives back."""
        return self.gross_minor - self.deductible_minor


def sums(parts: Iterable[Part], share_percent: int) -> list[RateSum]:
    """Add a document up per tax rate.

    Args:
        parts: of it.
        share_percent: of the tax, what may be deducted: 100 from a registered supplier.

    Returns:
        One row per rate, the lowest first.
    """
    without: dict[int, int] = {}
    within: dict[int, int] = {}
    for part in parts:
        kind = within if part.is_tax_included else without
        kind[part.percent] = kind.get(part.percent, 0) + part.amount_minor
    found = []
    for percent in sorted(without.keys() | within.keys()):
        inside = tax_within(within.get(percent, 0), percent)
        tax = tax_on(without.get(percent, 0), percent) + inside
        net = without.get(percent, 0) + within.get(percent, 0) - inside
        found.append(RateSum(percent, net, tax, tax * share_percent // 100))
    return found


def share_on(shares: Sequence[tuple[date, int]], day: date, *, is_registered: bool) -> int:
    """Per cent of the input tax that may be deducted on a day.

    Args:
        shares: (valid from, per cent) for unregistered suppliers, earliest first.
        day: of the delivery.
        is_registered: on that day.
    """
    if is_registered:
        return 100
    index = bisect_right(shares, day, key=lambda row: row[0])
    return shares[index - 1][1] if index else 100


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """An amount in whole yen by weights; what is left over goes to the largest remainders, then to the first.

    Args:
        amount_minor: not negative.
        weights: not negative; with all of them 0 everything goes to the first.
    """
    total = sum(weights)
    if not total:
        return [amount_minor, *[0] * (len(weights) - 1)]
    parts = [amount_minor * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(amount_minor * weights[at] % total), at))
    for at in by_remainder[: amount_minor - sum(parts)]:
        parts[at] += 1
    return parts


def amount_of(price_minor: int, pack_size: int, before: int, units: int) -> int:
    """What `units` more cost after `before` units of the same line: the parts of a pack add up to its price.

    Args:
        price_minor: of a pack.
        pack_size: units in a pack, at least 1.
        before: units delivered earlier.
        units: delivered now.
    """
    return _upto(price_minor, pack_size, before + units) - _upto(price_minor, pack_size, before)


def _upto(price_minor: int, pack_size: int, units: int) -> int:
    return half_up(price_minor * units, pack_size)


def packs_for(units: int, pack_size: int, minimum_packs: int) -> int:
    """Whole packs for so many units, and at least the smallest lot."""
    return max(-(-units // pack_size), minimum_packs)


def shipping_for(net_minor: int, shipping_minor: int, free_from_minor: int) -> int:
    """Shipping of an order of goods worth `net_minor` without tax; `free_from_minor` 0 means never free."""
    return 0 if free_from_minor and net_minor >= free_from_minor else shipping_minor


def due_on(issued_on: date, closing_day: int, pay_months: int, pay_day: int) -> date:
    """支払期日: close on or after the invoice's day, go on so many months, pay on that day.

    Args:
        issued_on: of the invoice.
        closing_day: 1 to 28, or 31 for the end of the month.
        pay_months: 0 to 6.
        pay_day: 1 to 28, or 31 for the end of the month.
    """
    months = pay_months + (_in_month(issued_on.year, issued_on.month, closing_day) < issued_on)
    year, month = divmod(issued_on.year * 12 + issued_on.month - 1 + months, 12)
    return max(_in_month(year, month + 1, pay_day), issued_on)


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


class PaidInTheFutureError(ValueError):
    """Money that has moved on a day that has not come."""

    def __init__(self, day: date, today: date) -> None:
        super().__init__(f"{day} has not come yet; today is {today}")


def day_paid(asked: date | None, today: date) -> date:
    """The day money moved: as somebody says, else today.

    Raises:
        PaidInTheFutureError: it has not come yet.
    """
    if asked is not None and asked > today:
        raise PaidInTheFutureError(asked, today)
    return asked or today
