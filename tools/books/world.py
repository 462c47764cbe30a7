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

CUSTOMER: Final = "c-1"
"""Whoever has store credit."""

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
    payment: str = ""

    @property
    def tax(self) -> int:
        """Cut off per vend."""
        return tax_inside(self.gross, self.rate)

    @property
    def machine(self) -> str:
        """Where it was."""
        return self.source.partition("/")[0]

    @property
    def is_own_credit(self) -> bool:
        """Whether a customer's own credit paid it."""
        return self.payment.startswith("credit:")

    @property
    def payer(self) -> Place:
        """Who owed its price, or what it was taken out of."""
        if self.is_own_credit:
            return ("2101", f"customer:{self.payment.split(':')[1]}")
        return ("2110", f"{self.machine}/credit") if self.tender == "cash" else ("1020", self.tender)


def tax_inside(gross: int, rate: int) -> int:
    """The tax in a price, fractions of a yen cut off."""
    return (gross * rate - gross * rate % (100 + rate)) // (100 + rate)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One refund as it must be booked."""

    vend: Vend
    gross: int
    tax: int
    way: str
    is_back: bool

    def is_owed_by_processor(self, tender: str) -> bool:
        """Whether the processor of this tender is to give it back."""
        return self.way == "original" and self.vend.tender == tender != "cash" and not self.vend.is_own_credit


@dataclass
class Order:
    """Goods that were ordered, one product."""

    number: int
    supplier: int
    product: str
    units: int
    price: int
    share: int
    """Per cent of the tax that may be deducted."""
    came: int = 0


@dataclass
class Receipt:
    """A delivery and what is owed for it."""

    number: int
    order: Order
    rates: dict[int, tuple[int, int]]
    """Rate to net and tax."""
    left: int
    cost: int
    units: int
    invoice: int = 0
    billed: dict[int, tuple[int, int]] = field(default_factory=dict)
    """As the invoice has them, less what was credited."""
    tax_credited: Counter[int] = field(default_factory=Counter)
    """By rate."""
    back: int = 0
    """Units that went back."""


@dataclass
class Note:
    """A supplier's credit note, and what is left of it."""

    number: int
    supplier: int
    left: int


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
    through: int = 0
    """What went through 仕入高, either way."""
    differences: int = 0
    """What invoices had more than receipts: cost of sales."""
    orders: list[Order] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    """Task of a debt that was refused to when, ms."""
    lapsed: set[int] = field(default_factory=set)
    """Those of them that a person was asked about again."""
    refunds: list[GivenBack] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    """Sources of vends that a payout brought."""
    payouts: list[int] = field(default_factory=list)
    """How many refunds each brought."""
    brought_back: list[GivenBack] = field(default_factory=list)

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
                self._visited(machine, kind, body)

    def _visited(self, machine: str, kind: str, body: Mapping[str, Any]) -> None:
        match kind:
            case "coin.tested":
                self._move((("1001", f"{machine}/{body['routed_to']}"), ("1001", "safe")), body["amount_minor"])
            case "cash.counted":
                self._counted(machine, body)
            case "slot.removed" | "slot.counted" | "slot.changed_over":
                self._staffed(f"{machine}/A1", kind, body)
            case _:
                pass  # moves neither money nor goods

    def _counted(self, machine: str, body: Mapping[str, Any]) -> None:
        part = ("1001", f"{machine}/{body['part']}")
        self._move((part, ("1160", machine)), body["counted_minor"] - self.yen[part])
        self._move((("1001", "safe"), part), body["collected_minor"])

    def _staffed(self, place: str, kind: str, body: Mapping[str, Any]) -> None:
        """What staff take out of a slot, and what they say is in it; nothing is left of the old after a change."""
        if kind == "slot.removed":
            product, units = body["product_id"], body["removed"]
            if body["why"] in {"expired", "damaged"}:
                self.lose_at_once(place, product, units)
            else:
                self.on_hand[place, product] -= units
                self.on_hand["warehouse", product] += units
            return
        is_count = kind == "slot.counted"
        product, there = (body["product_id"], body["counted"]) if is_count else (body["old_product_id"], 0)
        off = there - self.on_hand[place, product]
        if off > 0:
            self.find_at_once(place, product, off)
        elif off < 0:
            self.lose_at_once(place, product, -off)

    def _sold(self, machine: str, source: str, body: Mapping[str, Any], now_ms: int) -> None:
        product, gross, tender, day = body["product_id"], body["price_minor"], body["tender"], day_of(now_ms)
        self.on_hand[f"{machine}/A1", product] -= 1
        vend = Vend(
            source, product, tender, gross, rate_of(product, day), day, self.leave(product), body.get("payment", "")
        )
        self.vends[source] = vend
        self.yen[vend.payer] += gross

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
        """Goods are bought, and come into the warehouse."""
        self.take_in("warehouse", product, quantity, cost)
        self.purchased += cost
        self.through += cost

    def take_in(self, place: str, product: str, quantity: int, cost: int) -> None:
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
        self.on_hand[place, product] += quantity

    def lose(self, place: str, product: str) -> None:
        """One unit is gone; one the books did not have costs nothing."""
        self.on_hand[place, product] -= 1
        was_there = product in self.pools and self.pools[product].quantity > 0
        cost = self.leave(product)
        self.losses += cost if was_there else 0

    def find(self, place: str, product: str) -> None:
        """One unit more than the books had, at the average cost."""
        pool = self.pools.get(product, Pool())
        cost = (2 * pool.value + pool.quantity) // (2 * pool.quantity) if pool.quantity > 0 else pool.last_unit
        self.take_in(place, product, 1, cost)

    def lose_at_once(self, place: str, product: str, units: int) -> None:
        """Units are gone together: one rounding for those the books had, nothing for the others."""
        self.on_hand[place, product] -= units
        pool = self.pools.setdefault(product, Pool())
        there = min(units, max(pool.quantity, 0))
        if there:
            cost = (2 * pool.value * there + pool.quantity) // (2 * pool.quantity)
            pool.last_unit = (2 * pool.value + pool.quantity) // (2 * pool.quantity)
            pool.value -= cost
            self.losses += cost
        pool.quantity -= units

    def find_at_once(self, place: str, product: str, units: int) -> None:
        """Units more than the books had, at the average cost, rounded once."""
        pool = self.pools.get(product, Pool())
        worth = pool.last_unit * units
        if pool.quantity > 0:
            worth = (2 * pool.value * units + pool.quantity) // (2 * pool.quantity)
        self.take_in(place, product, units, worth)

    def receive(self, order: Order, units: int, number: int, rate: int) -> None:
        """A delivery: the shipping of 300 yen comes with the first, taxed at 10 %; tax is cut off once per rate."""
        nets = Counter({rate: order.price * units})
        if not order.came:
            nets[10] += 300
        rates = {at: (net, net * at // 100) for at, net in nets.items()}
        deducted = sum(tax * order.share // 100 for _, tax in rates.values())
        owed = sum(net + tax for net, tax in rates.values())
        order.came += units
        self.buy(order.product, units, owed - deducted)
        self.receipts.append(Receipt(number, order, rates, owed, owed - deducted, units))
        self.yen["1150", ""] += deducted
        self.yen["2001", f"supplier:{order.supplier}"] -= owed

    def invoice(self, receipt: Receipt, more: int) -> None:
        """An invoice has more, or less, than what came: that is cost of sales at once."""
        receipt.left += more
        self.differences += more
        self.purchased += more
        self.through += abs(more)
        self.yen["2001", f"supplier:{receipt.order.supplier}"] -= more

    def credit(self, receipt: Receipt, number: int, rate: tuple[int, int, int], units: int) -> None:
        """A credit note: goods leave at what they were bought for, and what they did not take is cost of sales."""
        percent, net, tax = rate
        share = receipt.order.share
        before = receipt.tax_credited[percent]
        deducted = (before + tax) * share // 100 - before * share // 100
        stock = self._send_back(receipt, units)
        left_net, left_tax = receipt.billed[percent]
        receipt.billed[percent] = (left_net - net, left_tax - tax)
        receipt.tax_credited[percent] += tax
        total, cost = net + tax, net + tax - deducted
        self.yen["1150", ""] -= deducted
        self.yen["2001", f"supplier:{receipt.order.supplier}"] += total
        self.purchased -= cost
        self.through += cost
        self.differences += stock - cost
        used = min(receipt.left, total)
        receipt.left -= used
        self.notes.append(Note(number, receipt.order.supplier, total - used))

    def _send_back(self, receipt: Receipt, units: int) -> int:
        """Yen that leave the stock: the delivery's own cost, in parts that add up, but never more than there is."""
        if not units:
            return 0
        parts = [
            (2 * receipt.cost * at + receipt.units) // (2 * receipt.units)
            for at in (receipt.back + units, receipt.back)
        ]
        pool = self.pools[receipt.order.product]
        pool.quantity -= units
        value = min(parts[0] - parts[1], pool.value) if pool.quantity else pool.value
        pool.value -= value
        if pool.quantity:
            pool.last_unit = (2 * pool.value + pool.quantity) // (2 * pool.quantity)
        receipt.back += units
        self.on_hand["warehouse", receipt.order.product] -= units
        return value

    def paid_out(self, tender: str, charged: list[Vend], given_back: list[GivenBack], rate: int) -> None:
        """A payout: 3 % fee of each charge, cut off, and its tax."""
        fees = [vend.gross * 3 // 100 for vend in charged]
        taxes = sum(fee * rate // 100 for fee in fees)
        gross = sum(vend.gross for vend in charged) - sum(row.gross for row in given_back)
        self.yen["1010", ""] += gross - sum(fees) - taxes
        self.yen["6002", ""] += sum(fees)
        self.yen["1150", ""] += taxes
        self.yen["1020", tender] -= gross
        self.settled |= {vend.source for vend in charged}
        self.brought_back += given_back
        self.payouts.append(len(given_back))

    def spend(self, account: str, net: int, tax: int, paid_from: Place) -> None:
        """An expense."""
        self.yen[account, ""] += net
        self.yen["1150", ""] += tax
        self.yen[paid_from] -= net + tax

    def left_of(self, vend: Vend) -> int:
        """What can still be given back of a sale."""
        return vend.gross - sum(row.gross for row in self.refunds if row.vend == vend)

    def give_back(self, vend: Vend, gross: int, way: str, *, is_back: bool) -> None:
        """A refund: the rest keeps the tax of what was really kept."""
        left = self.left_of(vend)
        tax = tax_inside(left, vend.rate) - tax_inside(left - gross, vend.rate)
        row = GivenBack(vend, gross, tax, way, is_back)
        self.refunds.append(row)
        if vend.is_own_credit or way == "store_credit":
            self.yen["2101", f"customer:{CUSTOMER}"] -= gross
        elif row.is_owed_by_processor(vend.tender):
            self.yen["1020", vend.tender] -= gross
        else:
            self.yen["2110", f"{vend.machine}/claims"] -= gross
        if is_back:
            self.take_in(f"{vend.machine}/A1", vend.product, 1, vend.cost)

    def move(self, debit: Place, credit: Place, amount: int) -> None:
        """Yen between two places."""
        self._move((debit, credit), amount)

    def _move(self, ends: tuple[Place, Place], amount: int) -> None:
        self.yen[ends[0]] += amount
        self.yen[ends[1]] -= amount
