"""Entries that give a sale back, whole or in part, on a day of their own. Pure.

A refund takes back gross, tax and net of that very sale, not of today's rate. Of a part, as much tax goes back as makes
the rest carry the tax of what was really kept: all parts together are exactly the sale.
Source: accounting reference, section 11.
"""

from cloud.accounting import chart
from cloud.accounting.places import Place
from cloud.accounting.rules import Draft, Event, legs


def tax_back(*, tax_minor: int, tax_back_before: int, left_minor: int, amount_minor: int, percent: int) -> int:
    """The tax inside a refund.

    Args:
        tax_minor: of the sale.
        tax_back_before: that earlier refunds of it took back.
        left_minor: of its price, before this refund.
        amount_minor: of this refund, at most `left_minor`.
        percent: rate of the sale.
    """
    kept = left_minor - amount_minor
    tax_of_kept = kept * percent // (100 + percent)
    return min(max(tax_minor - tax_back_before - tax_of_kept, 0), amount_minor)


def refunded(event: Event, text: str, *, net_minor: int, tax_minor: int, owed_to: Place) -> Draft | None:
    """Sales and output tax go back; who gets the money is owed it until it is paid."""
    pairs = ((chart.SALES, net_minor), (chart.OUTPUT_TAX, tax_minor), (owed_to, -net_minor - tax_minor))
    return event.draft("refund", f"返金 - {text}", legs(*pairs))


def goods_back(event: Event, text: str, *, into_stock_minor: int, settled_minor: int) -> Draft | None:
    """The unit is in the slot again: in at the cost it left with.

    Args:
        event: the refund.
        text: for the journal.
        into_stock_minor: cost that goes into the pool.
        settled_minor: cost of a unit that had been sold before the books had it; 棚卸減耗費 carried it.
    """
    total = into_stock_minor + settled_minor
    pairs = ((chart.GOODS, into_stock_minor), (chart.SHRINKAGE, settled_minor), (chart.COST_OF_SALES, -total))
    return event.draft("goods", f"返品 - {text}", legs(*pairs))
