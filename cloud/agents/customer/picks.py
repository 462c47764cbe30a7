"""What to recommend: from what is there and what somebody bought before. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from cloud.agents.customer.shelf import Good

MOST: Final = 3


class Bought(Protocol):
    """One earlier purchase."""

    @property
    def product_id(self) -> str:
        """Of what."""

    @property
    def temperature(self) -> str:
        """cold, hot or ambient."""


def recommended(goods: Sequence[Good], bought: Sequence[Bought]) -> list[Good]:
    """At most three goods that are there: what they buy most, then what is like it, then what there is most of.

    Each product once; which slot it stands in does not matter.
    """
    products = Counter(row.product_id for row in bought)
    temperatures = Counter(row.temperature for row in bought)
    there = {row.product_id: row for row in reversed(goods) if row.state == "available"}
    ranked = sorted(
        there.values(),
        key=lambda row: (-products[row.product_id], -temperatures[row.temperature], -row.on_hand, row.slot),
    )
    return ranked[:MOST]
