"""What the books must say, worked out a second time from the same events by other code. Pure.

Shares nothing with `cloud`: amounts and rules are written down here again, from the accounting reference of the
project (Japanese bookkeeping: perpetual inventory, tax-exclusive, moving average, floor of the tax per vend).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tools.books.life import FOODS

ZERO_FROM: Final = date(2027, 1, 1)
"""In these lives food is taxed at 8 % before this day and at 0 % from it on: rates have dates, and 0 is one."""
TOKYO: Final = timedelta(hours=9)

Place = tuple[str, str]
"""Account and sub-account."""


def day_of(now_ms: int) -> date:
    """The day in Tokyo."""
    return (datetime.fromtimestamp(now_ms // 1000, UTC) + TOKYO).date()


def rate_of(product: str, day: date) -> int:
    """Per cent of consumption tax; what nobody has described is taxed at the standard rate."""
    if product not in FOODS:
        return 10
    return 8 if day < ZERO_FROM else 0


@dataclass(frozen=True, slots=True)
class Vend:
    """One sale as it must be booked."""

    source: str
    product: str
    tender: str
    gross: int
    rate: int
    day: date
    cost: int

    @property
    def tax(self) -> int:
        """Cut off per vend."""
        return (self.gross * self.rate - self.gross * self.rate % (100 + self.rate)) // (100 + self.rate)


@dataclass
class Pool:
    """Units and what they cost together."""

    quantity: int = 0
    value: int = 0
    last_unit: int = 0


@dataclass
class World:
    """Yen and units where they must be."""

    yen: Counter[Place] = field(default_factory=Counter)
    """Of 1001, 1010, 1020, 1160, 2110 by place: debit positive."""
    vends: dict[str, Vend] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    on_hand: Counter[Place] = field(default_factory=Counter)
    """(place, product) to units."""
    purchased: int = 0
    """Net cost of everything ever bought."""
    losses: int = 0
    """Yen of goods that left without being sold."""

    def happen(self, machine: str, source: str, kind: str, body: Mapping[str, Any], now_ms: int) -> None:
        """One event of a machine."""
        credit = ("2110", f"{machine}/credit")
        match kind:
            case "coin.accepted":
                self._move((("1001", f"{machine}/{body['routed_to']}"), credit), body["amount_minor"])
            case "bill.held":
                self._move((("1001", f"{machine}/escrow"), credit), body["amount_minor"])
            case "bill.stacked":
                self._move((("1001", f"{machine}/stacker"), ("1001", f"{machine}/escrow")), body["amount_minor"])
            case "bill.returned":
                self._move((credit, ("1001", f"{machine}/escrow")), body["amount_minor"])
                self.yen[credit] -= body.get("unpaid_minor", 0)
            case "change.paid" | "credit.returned":
                self._move((credit, ("1001", f"{machine}/hopper")), body["paid_minor"])
                self._move((credit, ("2110", f"{machine}/claims")), body["short_minor"])
            case "float.loaded":
                other = ("1160", machine) if body["staff"] == "changer" else ("1001", "safe")
                self._move((("1001", f"{machine}/hopper"), other), 100 * body["added"])
            case "slot.restocked":
                self.on_hand[f"{machine}/A1", body["product_id"]] += body["added"]
                self.on_hand["warehouse", body["product_id"]] -= body["added"]
            case "vend.dispensed":
                self._sold(machine, source, body, now_ms)
            case _:
                pass  # moves neither money nor goods

    def _sold(self, machine: str, source: str, body: Mapping[str, Any], now_ms: int) -> None:
        product, gross, tender, day = body["product_id"], body["price_minor"], body["tender"], day_of(now_ms)
        payer = ("2110", f"{machine}/credit") if tender == "cash" else ("1020", tender)
        self.yen[payer] += gross
        self.on_hand[f"{machine}/A1", product] -= 1
        self.vends[source] = Vend(source, product, tender, gross, rate_of(product, day), day, self.leave(product))

    def leave(self, product: str) -> int:
        """One unit leaves; its cost by moving average, half up, or the last known cost of one that was not there."""
        pool = self.pools.setdefault(product, Pool())
        pool.quantity -= 1
        if pool.quantity < 0:
            return pool.last_unit
        before = pool.quantity + 1
        cost = (2 * pool.value + before) // (2 * before)
        pool.last_unit = cost
        pool.value -= cost
        return cost

    def buy(self, product: str, quantity: int, cost: int) -> None:
        """Goods come in; those that had already been sold are paid by their part of it."""
        pool = self.pools.setdefault(product, Pool())
        gone = min(quantity, max(-pool.quantity, 0))
        settled = (2 * cost * gone + quantity) // (2 * quantity)
        pool.quantity += quantity
        pool.value += cost - settled
        if pool.quantity > 0:
            pool.last_unit = (2 * pool.value + pool.quantity) // (2 * pool.quantity)
        else:
            pool.last_unit = (2 * cost + quantity) // (2 * quantity)
        self.on_hand["warehouse", product] += quantity
        self.purchased += cost

    def move(self, debit: Place, credit: Place, amount: int) -> None:
        """Yen between two places."""
        self._move((debit, credit), amount)

    def _move(self, ends: tuple[Place, Place], amount: int) -> None:
        self.yen[ends[0]] += amount
        self.yen[ends[1]] -= amount
