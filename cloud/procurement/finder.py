"""Supplier finder: who is best to buy so many units of a product from, and why. Pure.

Ranked by what a unit costs in the end: packs rounded up, smallest lots, the supplier's least order, its share of the
shipping, and the tax that cannot be deducted. Then lateness and lead time are priced, so that the order of the list
is one number in yen per unit, and every part of that number is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from cloud.kit.rounding import half_up
from cloud.procurement.rules import Part, packs_for, shipping_for, sums

SHIPPING_PERCENT: Final = 10
"""Transport is taxed at the standard rate whatever is in the box."""

FEW_DELIVERIES: Final = 3
"""Fewer deliveries than this say little; nobody is ranked down for them."""

Criterion = Literal[
    "price", "packs", "minimum_order", "shipping", "tax", "lead_time", "reliability", "approval", "validity"
]


@dataclass(frozen=True, slots=True)
class Weights:
    """What waiting and unreliability are worth, in per mille of the goods' cost: the operator's to say.

    The defaults are guesses (# unverified): a day of lead time ties up money and asks for stock on hand, and a supplier
    that never delivers on time and complete empties slots.
    """

    lead_day_per_mille: int = 2
    """Of each day from order to receipt."""
    unreliable_per_mille: int = 100
    """Of a supplier that was never on time and complete; in proportion for others."""


USUAL: Final = Weights()


@dataclass(frozen=True, slots=True)
class Reliability:
    """What our own receipts say about a supplier."""

    deliveries: int = 0
    on_time: int = 0
    complete: int = 0

    @property
    def per_mille(self) -> int | None:
        """On time and complete, the mean of both; None when there are too few deliveries to say."""
        if self.deliveries < FEW_DELIVERIES:
            return None
        return 500 * (self.on_time + self.complete) // self.deliveries


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer with what is known of its supplier."""

    offer_id: int
    supplier_id: int
    supplier: str
    pack_size: int
    price_minor: int
    is_tax_included: bool
    minimum_packs: int
    minimum_order_minor: int
    shipping_minor: int
    free_shipping_minor: int
    lead_days: int
    share_percent: int
    """Of the tax, what may be deducted."""
    is_allowed: bool
    valid_to: date | None = None
    reliability: Reliability = Reliability()


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many units of a product at which tax rate, and what else goes on the same order."""

    units: int
    percent: int
    also_net: Mapping[int, int] = field(default_factory=dict)
    """Supplier to the value in yen, without tax, of other goods that would go on the same order: they help to reach
    free shipping and the least order."""
    weights: Weights = USUAL


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion, in yen for the wanted quantity and in words."""

    criterion: Criterion
    yen: int
    """What it adds to the cost; 0 for a remark."""
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its place and the reasons for it."""

    candidate: Candidate
    packs: int
    units: int
    """In these packs; at least what is wanted."""
    total_minor: int
    """Owed for it, tax and shipping included."""
    landed_minor: int
    """What it really costs: without deductible tax, shipping included."""
    score_minor: int
    """Landed cost with lead time and unreliability priced in, for all units: what the list is ordered by, per unit."""
    is_orderable: bool
    """Reaches the supplier's least order, and its supplier is on the list of allowed payees."""
    reasons: tuple[Reason, ...]

    @property
    def unit_sen(self) -> int:
        """Landed cost of a unit in hundredths of a yen, rounded; to compare and to show, never to book."""
        return half_up(100 * self.landed_minor, self.units)


def rank(candidates: Sequence[Candidate], wanted: Wanted) -> list[Ranked]:
    """The best first. What cannot be ordered stands after all that can.

    Args:
        candidates: offers of one product that are valid and confirmed.
        wanted: at least 1 unit.
    """
    rows = [_ranked(row, wanted) for row in candidates]

    def key(row: Ranked) -> tuple[bool, int, int, int]:
        # Scores per unit are compared as fractions over a common scale: no rounding decides who is best.
        per_unit = row.score_minor * 1_000_000 // row.units
        return (not row.is_orderable, per_unit, row.candidate.lead_days, row.candidate.offer_id)

    return sorted(rows, key=key)


def _ranked(row: Candidate, wanted: Wanted) -> Ranked:
    packs = packs_for(wanted.units, row.pack_size, row.minimum_packs)
    units = packs * row.pack_size
    goods = sums([Part(packs * row.price_minor, row.is_tax_included, wanted.percent)], row.share_percent)[0]
    order_net = goods.net_minor + wanted.also_net.get(row.supplier_id, 0)
    shipping_net = shipping_for(order_net, row.shipping_minor, row.free_shipping_minor)
    # Goods on one order share its shipping by value.
    own_shipping = -(-shipping_net * goods.net_minor // order_net) if order_net else shipping_net
    shipping = sums([Part(own_shipping, is_tax_included=False, percent=SHIPPING_PERCENT)], row.share_percent)[0]
    landed = goods.cost_minor + shipping.cost_minor
    per_mille = row.reliability.per_mille
    by = wanted.weights
    waiting = goods.cost_minor * by.lead_day_per_mille * row.lead_days // 1000
    risk = 0 if per_mille is None else goods.cost_minor * by.unreliable_per_mille * (1000 - per_mille) // 1_000_000
    short_of = max(row.minimum_order_minor - order_net, 0)
    reasons = [
        _price(row, packs, goods.net_minor),
        _packs(row, packs, units, wanted.units),
        _shipping(shipping.cost_minor, row),
        _tax(row, goods.cost_minor - goods.net_minor),
        _lead_time(row.lead_days, by, waiting),
        _reliability(row.reliability, by, risk),
        *_conditions(row, short_of),
    ]
    return Ranked(
        candidate=row,
        packs=packs,
        units=units,
        total_minor=goods.gross_minor + shipping.gross_minor,
        landed_minor=landed,
        score_minor=landed + waiting + risk,
        is_orderable=row.is_allowed and not short_of,
        reasons=tuple(reasons),
    )


def _conditions(row: Candidate, short_of_minor: int) -> Iterator[Reason]:
    """What stands in the way of an order, or will."""
    if short_of_minor:
        yield Reason(
            "minimum_order",
            0,
            f"最低発注額 ¥{row.minimum_order_minor:,} に ¥{short_of_minor:,} 足りません",
            f"¥{short_of_minor:,} short of the least order of ¥{row.minimum_order_minor:,}",
        )
    if not row.is_allowed:
        yield Reason("approval", 0, "取引先として未承認です", "not on the list of allowed suppliers")
    if row.valid_to is not None:
        yield Reason("validity", 0, f"{row.valid_to} まで有効", f"valid until {row.valid_to}")


def _price(row: Candidate, packs: int, net_minor: int) -> Reason:
    words = "税込" if row.is_tax_included else "税抜"
    return Reason(
        "price",
        net_minor,
        f"{packs} ケース × ¥{row.price_minor:,}({words}、{row.pack_size} 個入り)",
        f"{packs} packs of {row.pack_size} at ¥{row.price_minor:,} {'with' if row.is_tax_included else 'without'} tax",
    )


def _packs(row: Candidate, packs: int, units: int, wanted: int) -> Reason:
    more = units - wanted
    if not more:
        return Reason("packs", 0, "数量はちょうどです", "exactly the wanted quantity")
    lot = packs == row.minimum_packs and packs * row.pack_size - wanted >= row.pack_size
    why_ja = f"最小 {row.minimum_packs} ケースのため" if lot else "ケース単位のため"
    why_en = f"the smallest lot is {row.minimum_packs} packs" if lot else "whole packs only"
    return Reason("packs", 0, f"{why_ja} {more} 個多くなります", f"{more} units more than wanted: {why_en}")


def _shipping(cost_minor: int, row: Candidate) -> Reason:
    if cost_minor:
        free = f"(¥{row.free_shipping_minor:,} 以上で無料)" if row.free_shipping_minor else ""
        return Reason("shipping", cost_minor, f"送料 ¥{cost_minor:,}{free}", f"shipping ¥{cost_minor:,}")
    return Reason("shipping", 0, "送料無料", "no shipping")


def _tax(row: Candidate, lost_minor: int) -> Reason:
    if row.share_percent == 100:
        return Reason("tax", 0, "適格請求書:仕入税額を全額控除", "registered: all input tax is deductible")
    return Reason(
        "tax",
        lost_minor,
        f"登録番号なし:控除は {row.share_percent}%、¥{lost_minor:,} は費用",
        f"not registered: {row.share_percent}% deductible, ¥{lost_minor:,} of tax is cost",
    )


def _lead_time(days: int, by: Weights, waiting_minor: int) -> Reason:
    share = _percent(by.lead_day_per_mille)
    return Reason(
        "lead_time",
        waiting_minor,
        f"納期 {days} 日(1 日につき商品の {share})",
        f"{days} {'day' if days == 1 else 'days'} from order to receipt, each {share} of the goods",
    )


def _percent(per_mille: int) -> str:
    return f"{per_mille // 10}.{per_mille % 10}%" if per_mille % 10 else f"{per_mille // 10}%"


def _reliability(row: Reliability, by: Weights, risk_minor: int) -> Reason:
    if row.per_mille is None:
        return Reason(
            "reliability",
            0,
            f"納品実績 {row.deliveries} 件(評価には {FEW_DELIVERIES} 件必要)",
            f"deliveries so far: {row.deliveries}; {FEW_DELIVERIES} are needed to judge",
        )
    most = _percent(by.unreliable_per_mille)
    return Reason(
        "reliability",
        risk_minor,
        f"納品 {row.deliveries} 件中、期日どおり {row.on_time}、全量 {row.complete}(最大で商品の {most})",
        f"of {row.deliveries} deliveries {row.on_time} on time, {row.complete} complete; at worst {most} of the goods",
    )
