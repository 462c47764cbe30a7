"""What an entry must be, its hash, and the entries our business makes. Pure.

Sources: Japanese bookkeeping with tax-exclusive books (税抜経理) and perpetual inventory: a purchase passes through
仕入高 into 商品, every sale also moves its cost out of 商品 into 売上原価.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import orjson

from cloud.accounting import chart
from cloud.accounting.places import Place
from cloud.kit.clock import date_text

GENESIS: Final = "0" * 64
"""What the first entry names as the hash before it."""


class Leg(NamedTuple):
    """One leg. Debit positive, credit negative, in yen."""

    account: str
    amount_minor: int
    sub_account: str = ""
    """Where or whose (`places.py`); at most 64 characters."""


class Draft(NamedTuple):
    """An entry that is not posted yet."""

    source: str
    """What it follows from; the same source posts once. At most 120 characters."""
    entry_date: date
    occurred_at_ms: int
    description: str
    legs: tuple[Leg, ...]
    reverses: int | None = None


class SealedEntry(NamedTuple):
    """A draft with its place in the chain."""

    number: int
    draft: Draft
    previous_hash: str
    hash: str


class BadEntryError(ValueError):
    """A draft that is not an entry: unbalanced, too few legs, an unknown account, a zero or a fraction."""

    def __init__(self, draft: Draft, why: str) -> None:
        self.draft = draft
        super().__init__(f"entry {draft.source!r}: {why}")


def seal(draft: Draft, number: int, previous_hash: str) -> SealedEntry:
    """Check a draft and chain it to the entry before.

    Raises:
        BadEntryError: see there; the database would refuse it too.
    """
    _check(draft)
    return SealedEntry(number, draft, previous_hash, entry_hash(draft, number, previous_hash))


def _check(draft: Draft) -> None:
    if len(draft.legs) < 2:
        raise BadEntryError(draft, f"has {len(draft.legs)} legs, needs two or more")
    total = 0
    for account, amount, _ in draft.legs:
        if type(amount) is not int or amount == 0:
            raise BadEntryError(draft, f"{account} {amount!r} is not a whole amount other than zero")
        if account not in chart.BY_CODE:
            raise BadEntryError(draft, f"account {account} is not in the chart")
        total += amount
    if total:
        raise BadEntryError(draft, f"debits and credits differ by {total}")


def entry_hash(draft: Draft, number: int, previous_hash: str) -> str:
    """SHA-256 over everything the entry says and the hash before it, as 64 hex digits.

    What is hashed is compact JSON in UTF-8, as `json.dumps(…, ensure_ascii=False, separators=(",", ":"))` writes it;
    orjson writes the same bytes in a tenth of the time.
    """
    content = [
        previous_hash,
        number,
        draft.source,
        date_text(draft.entry_date),
        draft.occurred_at_ms,
        draft.description,
        draft.reverses,
        # One without a sub-account reads as it did before there were any.
        [leg[:] if leg[2] else leg[:2] for leg in draft.legs],
    ]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def legs(*parts: tuple[str | Place, int]) -> tuple[Leg, ...]:
    """Legs without the empty ones: a tax of 0 yen is no leg."""
    found = [
        Leg(place, amount) if isinstance(place, str) else Leg(place.account, amount, place.sub_account)
        for place, amount in parts
        if amount
    ]
    return tuple(found)


def reversal(entry: Draft, number: int, *, on: date, at_ms: int, why: str) -> Draft:
    """The entry that undoes `entry`, which was posted as `number`."""
    return Draft(
        source=f"reversal:{number}",
        entry_date=on,
        occurred_at_ms=at_ms,
        description=f"取消 #{number} {why}".rstrip(),
        legs=tuple(leg._replace(amount_minor=-leg.amount_minor) for leg in entry.legs),
        reverses=number,
    )


class Event(NamedTuple):
    """What every entry made from an event or document has in common."""

    source: str
    entry_date: date
    occurred_at_ms: int

    def draft(self, part: str, description: str, entry_legs: Sequence[Leg]) -> Draft | None:
        """The entry for one part of the event, or None when no money moved."""
        if not entry_legs:
            return None
        return Draft(f"{self.source}#{part}", self.entry_date, self.occurred_at_ms, description, tuple(entry_legs))


def sale(event: Event, name: str, *, net_minor: int, tax_minor: int, paid_from: Place) -> Draft | None:
    """Sales and output tax, paid from the customer's credit or by a processor that owes it to us."""
    pairs = ((paid_from, net_minor + tax_minor), (chart.SALES, -net_minor), (chart.OUTPUT_TAX, -tax_minor))
    return event.draft("sale", f"商品売上 - {name}", legs(*pairs))


def cost_of_sale(event: Event, name: str, *, from_stock_minor: int, uncovered_minor: int) -> Draft | None:
    """The cost of what was sold leaves 商品.

    Args:
        event: the vend.
        name: of the product.
        from_stock_minor: cost taken out of the pool.
        uncovered_minor: cost of a unit the books did not have; 棚卸減耗費 carries it until the next count or receipt.
    """
    total = from_stock_minor + uncovered_minor
    pairs = ((chart.COST_OF_SALES, total), (chart.GOODS, -from_stock_minor), (chart.SHRINKAGE, -uncovered_minor))
    return event.draft("cost", f"売上原価 - {name}", legs(*pairs))


def purchase(
    event: Event,
    name: str,
    *,
    net_minor: int,
    tax_minor: int,
    settled_minor: int = 0,
    owed_to: str | Place = chart.PAYABLE,
) -> list[Draft]:
    """Goods received on credit, and straight into stock.

    Args:
        event: the receipt.
        name: of the product.
        net_minor: cost without tax.
        tax_minor: input tax on the invoice.
        settled_minor: the part of the cost for units that had been sold before the books had them.
        owed_to: the supplier's sub-account.
    """
    bought = ((chart.PURCHASES, net_minor), (chart.INPUT_TAX, tax_minor), (owed_to, -net_minor - tax_minor))
    stocked = (
        (chart.GOODS, net_minor - settled_minor),
        (chart.SHRINKAGE, settled_minor),
        (chart.PURCHASES, -net_minor),
    )
    drafts = (
        event.draft("purchase", f"商品仕入 - {name}", legs(*bought)),
        event.draft("stock", f"商品受入 - {name}", legs(*stocked)),
    )
    return [draft for draft in drafts if draft]


def purchase_credited(
    event: Event,
    words: str,
    *,
    gross_minor: int,
    deductible_minor: int,
    from_stock_minor: int,
    owed_to: Place,
) -> list[Draft]:
    """A supplier's credit note: 仕入戻し of goods that went back, 仕入値引 on goods that are kept.

    Less is owed, less was bought, and less tax may be deducted. What the goods did not take out of the stock lowers the
    cost of sales: an allowance, since the goods may be sold already, and the difference to the average of what is left.

    Args:
        event: the credit note.
        words: whose, and which.
        gross_minor: taken off what is owed, tax included.
        deductible_minor: of its tax, what had been deducted.
        from_stock_minor: what the goods that went back took out of 商品.
        owed_to: the supplier's sub-account.
    """
    cost = gross_minor - deductible_minor
    credited = ((owed_to, gross_minor), (chart.PURCHASES, -cost), (chart.INPUT_TAX, -deductible_minor))
    passed = (
        (chart.PURCHASES, cost),
        (chart.GOODS, -from_stock_minor),
        (chart.COST_OF_SALES, from_stock_minor - cost),
    )
    drafts = (
        event.draft("purchase", f"仕入戻し・値引 - {words}", legs(*credited)),
        event.draft("stock", f"仕入戻し・値引の原価 - {words}", legs(*passed)),
    )
    return [draft for draft in drafts if draft]


def unit_missing(event: Event, name: str, *, from_stock_minor: int) -> Draft | None:
    """A unit is gone and was not sold; one the books did not have costs nothing here."""
    pairs = ((chart.SHRINKAGE, from_stock_minor), (chart.GOODS, -from_stock_minor))
    return event.draft("missing", f"棚卸減耗 - {name}", legs(*pairs))


def transfer(
    event: Event,
    description: str,
    *,
    debit: str | Place,
    credit: str | Place,
    amount_minor: int,
) -> Draft | None:
    """A plain entry of two legs."""
    return event.draft("transfer", description, legs((debit, amount_minor), (credit, -amount_minor)))
