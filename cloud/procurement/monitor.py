"""Price monitor: what changed in the offers that somebody should know. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

RISE_PERCENT: Final = 5
"""A rise above this is told; a default, see the setting PRICE_RISE_ALERT_PERCENT."""

ENDS_SOON_DAYS: Final = 14

AlertKind = Literal["price_rise", "cheaper_elsewhere", "offer_expired", "offer_ends_soon"]


@dataclass(frozen=True, slots=True)
class Quote:
    """One offer in a history."""

    offer_id: int
    supplier_id: int
    product_id: str
    pack_size: int
    net_minor: int
    """Of a pack, without tax, so that offers with and without tax compare."""
    valid_from: date
    valid_to: date | None
    is_confirmed: bool = True

    def is_valid_on(self, day: date) -> bool:
        """Whether one may order by it on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something somebody should know about a price."""

    kind: AlertKind
    product_id: str
    supplier_id: int
    offer_id: int
    other_offer_id: int = 0
    """price_rise: the offer before; cheaper_elsewhere: the dearer one we last had with another supplier."""
    percent: int = 0
    """How much dearer or cheaper, rounded down."""


def alerts(
    quotes: Sequence[Quote], day: date, rise_percent: int = RISE_PERCENT, usual: dict[str, int] | None = None
) -> list[Alert]:
    """What the offers say on a day.

    Args:
        quotes: every offer, the oldest recorded first.
        day: today.
        rise_percent: a rise of more than this is told.
        usual: product to the supplier it was last ordered from; without one, the cheapest is never news.

    Returns:
        Alerts by product and supplier, in a fixed order.
    """
    usual = usual or {}
    histories: defaultdict[tuple[str, int], list[Quote]] = defaultdict(list)
    for row in quotes:
        if row.is_confirmed and row.valid_from <= day:
            histories[row.product_id, row.supplier_id].append(row)
    found: list[Alert] = []
    current: defaultdict[str, list[Quote]] = defaultdict(list)
    for (product, supplier), rows in sorted(histories.items()):
        newest = rows[-1]
        if newest.is_valid_on(day):
            current[product].append(newest)
        found += _of_history(rows, day, rise_percent, product, supplier)
    for product, rows in sorted(current.items()):
        found += _cheaper(rows, product, usual.get(product))
    return found


def _of_history(rows: Sequence[Quote], day: date, rise_percent: int, product: str, supplier: int) -> list[Alert]:
    newest = rows[-1]
    found = []
    if len(rows) > 1 and (percent := _dearer(rows[-2], newest)) is not None and percent >= 0:
        exact = (
            newest.net_minor * rows[-2].pack_size * 100 > (100 + rise_percent) * rows[-2].net_minor * newest.pack_size
        )
        if exact:
            found.append(Alert("price_rise", product, supplier, newest.offer_id, rows[-2].offer_id, percent))
    if newest.valid_to is not None:
        if newest.valid_to < day:
            found.append(Alert("offer_expired", product, supplier, newest.offer_id))
        elif newest.valid_to < day + timedelta(days=ENDS_SOON_DAYS):
            found.append(Alert("offer_ends_soon", product, supplier, newest.offer_id))
    return found


def _dearer(before: Quote, now: Quote) -> int | None:
    """How many per cent a unit costs more than before, rounded down; None when it was free."""
    if not before.net_minor:
        return None
    return now.net_minor * before.pack_size * 100 // (before.net_minor * now.pack_size) - 100


def _cheaper(rows: Sequence[Quote], product: str, usual: int | None) -> list[Alert]:
    ours = [row for row in rows if row.supplier_id == usual]
    if not ours:
        return []
    mine = ours[0]
    best = min(rows, key=lambda row: (row.net_minor * 1_000_000 // row.pack_size, row.offer_id))
    if best.net_minor * mine.pack_size >= mine.net_minor * best.pack_size:
        return []
    percent = 100 - -(-best.net_minor * mine.pack_size * 100 // (mine.net_minor * best.pack_size))
    return [Alert("cheaper_elsewhere", product, best.supplier_id, best.offer_id, mine.offer_id, percent)]
