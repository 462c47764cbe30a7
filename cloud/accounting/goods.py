"""Entries of goods that were neither bought nor sold: thrown away, given away, missing, found. Pure.

No consumption tax moves: goods that spoil keep their input credit. Losses are costs of their own, above 売上総利益;
what is given away is 広告宣伝費, and leaves cost of sales by 他勘定振替高.
"""

from cloud.accounting import chart
from cloud.accounting.rules import Draft, Event, legs


def spoiled(event: Event, name: str, *, from_stock_minor: int) -> Draft | None:
    """Units were thrown away; one the books did not have costs nothing here."""
    pairs = ((chart.SPOILAGE, from_stock_minor), (chart.GOODS, -from_stock_minor))
    return event.draft("spoilage", f"商品廃棄 - {name}", legs(*pairs))


def given_away(event: Event, name: str, *, from_stock_minor: int) -> Draft | None:
    """Units were given to somebody for nothing: samples, campaigns. No tax: nothing was sold."""
    pairs = ((chart.ADVERTISING, from_stock_minor), (chart.GOODS, -from_stock_minor))
    return event.draft("giveaway", f"見本・進呈 - {name}", legs(*pairs))


def found(event: Event, name: str, *, into_stock_minor: int) -> Draft | None:
    """A count found units the books did not have: shrinkage of earlier counts, taken back."""
    pairs = ((chart.GOODS, into_stock_minor), (chart.SHRINKAGE, -into_stock_minor))
    return event.draft("found", f"棚卸差異(過剰) - {name}", legs(*pairs))
