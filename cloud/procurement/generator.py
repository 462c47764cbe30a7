"""Order generator: what runs low, from whom, as proposals that a person approves. The caller's boundary commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.catalogue.service import Catalogue
from cloud.inventory import service as inventory
from cloud.kit.rounding import hundredths_text
from cloud.machines import stock
from cloud.procurement import finder, needs, order_repository, ordering, service
from cloud.procurement.finder import USUAL, Candidate, Ranked, Wanted, Weights
from cloud.procurement.needs import Level, Need
from cloud.procurement.order_schemas import OrderBody, OrderLineBody
from cloud.procurement.ordering import Maker
from cloud.sales import service as sales

SHOWN = 100

ROUNDS = 2
"""Suppliers are chosen for each product alone, then again with what else would go on the same order."""


class NeedView(BaseModel):
    """A product that runs low. Units."""

    product_id: str
    name: str
    on_hand: int
    on_order: int
    par_level: int
    sold_28_days: int
    reorder_point: int
    units: int
    """To order."""
    ja: str
    en: str


class Proposal(BaseModel):
    """One product of a run: what is proposed, or why nothing is."""

    product: str
    supplier: str | None
    order_instruction: str
    """What to order and why, in words."""
    status: Literal["pending_human_approval", "no_supplier"]
    order_id: int | None = None
    order_number: str = ""
    units: int
    landed_cost: int = 0
    """Yen, shipping and lost tax included, at the moment of the proposal; 0 when it is listed later."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A product that is needed, and the best offer for it."""

    need: Need
    best: Ranked | None


async def levels(db_session: AsyncSession, today: date) -> list[Level]:
    """Every active product with its par level, stock, what is on order and what is sold."""
    products = [row.id for row in await catalogue.products(db_session) if row.is_active]
    par: dict[str, int] = {}
    for slot in await stock.slot_levels(db_session):
        par[slot.slot.product_id] = par.get(slot.slot.product_id, 0) + slot.slot.par_level
    on_hand = {row.product_id: row.total_stock for row in await inventory.stock_of_products(db_session, products)}
    first = today - timedelta(days=needs.DEMAND_DAYS)
    sold = {row.key: row.units for row in await sales.earned(db_session, "product", first, today - timedelta(days=1))}
    on_order = await order_repository.on_order(db_session)
    offered = await service.candidates(db_session, products, today)
    return [
        Level(
            product_id=product,
            par_level=par.get(product, 0),
            on_hand=on_hand.get(product, 0),
            on_order=on_order.get(product, 0),
            sold=sold.get(product, 0),
            lead_days=min((row.lead_days for row in offered[product]), default=needs.LEAD_DAYS),
        )
        for product in products
    ]


async def low(db_session: AsyncSession, today: date) -> list[NeedView]:
    """What runs low, and how much of it to order."""
    goods = await catalogue.load(db_session)
    found = [needs.need_of(level) for level in await levels(db_session, today)]
    return [_need_view(row, goods) for row in found if row is not None]


async def propose(db_session: AsyncSession, maker: Maker, weights: Weights = USUAL) -> list[Proposal]:
    """Make an order for each supplier that is best for something that runs low. All wait for a person.

    What is on order, or waits for approval, counts as if it were here: running again proposes nothing twice.
    """
    goods = await catalogue.load(db_session)
    chosen, offered = await chosen_on(db_session, goods, maker.today, weights)
    proposals = []
    by_supplier: dict[int, list[Chosen]] = {}
    for row in chosen:
        if row.best is None:
            proposals.append(_nobody(row.need, offered[row.need.level.product_id], goods))
        else:
            by_supplier.setdefault(row.best.candidate.supplier_id, []).append(row)
    for supplier_id, rows in sorted(by_supplier.items()):
        proposals += await _order(db_session, supplier_id, rows, goods, maker)
    return sorted(proposals, key=lambda row: row.product)


async def chosen_on(
    db_session: AsyncSession, goods: Catalogue, today: date, weights: Weights = USUAL
) -> tuple[list[Chosen], dict[str, list[Candidate]]]:
    """What runs low with the best offer for it, as `propose` would order it, and every offer there is for it."""
    found = [needs.need_of(level) for level in await levels(db_session, today)]
    wanted = [row for row in found if row is not None]
    offered = await service.candidates(db_session, [row.level.product_id for row in wanted], today)
    return choose(wanted, offered, goods, today, weights), offered


async def waiting(db_session: AsyncSession) -> list[Proposal]:
    """Orders of the generator and of agents that wait for a person, product by product, the newest order first."""
    rows = await ordering.listing(db_session, limit=SHOWN, status="pending_human_approval")
    found = []
    for order in [row for row in rows if row.origin != "person"]:
        detail = await ordering.detail(db_session, order.id)
        found += [
            Proposal(
                product=line.product_id,
                supplier=order.supplier,
                order_instruction=line.reason,
                status="pending_human_approval",
                order_id=order.id,
                order_number=order.number,
                units=line.units,
            )
            for line in detail.lines
        ]
    return found


def choose(
    wanted: Sequence[Need],
    offered: Mapping[str, Sequence[Candidate]],
    goods: Catalogue,
    today: date,
    weights: Weights = USUAL,
) -> list[Chosen]:
    """The best orderable offer for each need, with the shipping and least orders of what goes together.

    A supplier whose least order is not reached even together drops out, and the choice is made again without it.
    """
    dropped: set[int] = set()
    while True:
        found = _together(wanted, offered, goods, today, weights, dropped)
        net = _net_by_supplier(found)
        below = {
            row.best.candidate.supplier_id
            for row in found
            if row.best and net[row.best.candidate.supplier_id] < row.best.candidate.minimum_order_minor
        }
        if not below:
            return found
        dropped |= below


def _together(
    wanted: Sequence[Need],
    offered: Mapping[str, Sequence[Candidate]],
    goods: Catalogue,
    today: date,
    weights: Weights,
    dropped: set[int],
) -> list[Chosen]:
    # First as if every supplier's least order were reached by what else is bought there; then with what really is.
    found: list[Chosen] = []
    for turn in range(ROUNDS):
        net = _net_by_supplier(found)
        own = {row.need.level.product_id: _net(row) for row in found if row.best}
        sellers = {row.need.level.product_id: row.best.candidate.supplier_id for row in found if row.best}
        again = []
        for need in wanted:
            product = need.level.product_id
            rows = [row for row in offered[product] if row.is_allowed and row.supplier_id not in dropped]
            also = {row.supplier_id: net.get(row.supplier_id, 0) for row in rows}
            if turn == 0:
                also = {row.supplier_id: row.minimum_order_minor for row in rows}
            elif sellers.get(product) in also:
                also[sellers[product]] -= own[product]
            ranked = finder.rank(rows, Wanted(need.units, goods.percent(product, today), also, weights))
            again.append(Chosen(need, next((row for row in ranked if row.is_orderable), None)))
        found = again
    return found


def _net(row: Chosen) -> int:
    """Value of the goods without tax."""
    return next((one.yen for one in row.best.reasons if one.criterion == "price"), 0) if row.best else 0


def _net_by_supplier(found: Sequence[Chosen]) -> dict[int, int]:
    net: dict[int, int] = {}
    for row in found:
        if row.best is not None:
            seller = row.best.candidate.supplier_id
            net[seller] = net.get(seller, 0) + _net(row)
    return net


async def _order(
    db_session: AsyncSession, supplier_id: int, rows: Sequence[Chosen], goods: Catalogue, maker: Maker
) -> list[Proposal]:
    lines, proposals = [], []
    for row in rows:
        assert row.best is not None  # noqa: S101 - grouped by its supplier
        words = instruction(row.need, row.best, goods)
        lines.append(OrderLineBody(offer_id=row.best.candidate.offer_id, packs=row.best.packs, reason=words[:500]))
        proposals.append((row, row.best, words))
    body = OrderBody(supplier_id=supplier_id, lines=lines)
    number = await ordering.make(db_session, body, Maker(maker.who, "generator", maker.now_ms, maker.today))
    order = await ordering.detail(db_session, number)
    return [
        Proposal(
            product=row.need.level.product_id,
            supplier=best.candidate.supplier,
            order_instruction=words,
            status="pending_human_approval",
            order_id=number,
            order_number=order.number,
            units=best.units,
            landed_cost=best.landed_minor,
        )
        for row, best, words in proposals
    ]


def instruction(need: Need, best: Ranked, goods: Catalogue) -> str:
    """What to order and why, in words for the person who approves."""
    name = goods.name(need.level.product_id)
    reasons = "、".join(row.ja for row in best.reasons if row.criterion in {"shipping", "tax", "lead_time", "packs"})
    return (
        f"{best.candidate.supplier}へ{name}を {best.packs} ケース({best.units} 個)。{need.ja}。"
        f"1 個あたり ¥{hundredths_text(best.unit_sen)}(送料・控除できない税込み)。{reasons}"
    )


def why_nobody(offered: Sequence[Candidate]) -> str:
    """Why none of these offers can be ordered by, in words."""
    if not offered:
        return "いま有効で、確認済みの見積りがありません"
    if not any(row.is_allowed for row in offered):
        return "見積りのある仕入先が、承認された取引先ではありません"
    return "どの仕入先の最低発注額にも届きません"


def _nobody(need: Need, offered: Sequence[Candidate], goods: Catalogue) -> Proposal:
    why = why_nobody(offered)
    return Proposal(
        product=need.level.product_id,
        supplier=None,
        order_instruction=f"{goods.name(need.level.product_id)}が {need.units} 個必要ですが、{why}。{need.ja}",
        status="no_supplier",
        units=need.units,
    )


def _need_view(row: Need, goods: Catalogue) -> NeedView:
    level = row.level
    return NeedView(
        product_id=level.product_id,
        name=goods.name(level.product_id),
        on_hand=level.on_hand,
        on_order=level.on_order,
        par_level=level.par_level,
        sold_28_days=level.sold,
        reorder_point=row.reorder_point,
        units=row.units,
        ja=row.ja,
        en=row.en,
    )
