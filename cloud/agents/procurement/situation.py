"""What the procurement agent sees at the start of a run: needs with the best offers, open orders, money, prices."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.agent import Occasion
from cloud.agents.guard.limits import Limits
from cloud.agents.procurement import buying
from cloud.agents.waiting import Asked, asked
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import Catalogue
from cloud.kit.clock import local_day
from cloud.procurement import generator, ordering, service
from cloud.procurement.finder import USUAL, Ranked, Weights
from cloud.procurement.generator import Chosen
from cloud.procurement.monitor import RISE_PERCENT

MOST: Final = 100
OPEN: Final = ("pending_human_approval", "approved", "sent", "partly_received")


class BestOffer(BaseModel):
    """What is best to order of one product. Yen."""

    supplier_id: int
    supplier: str
    offer_id: int
    packs: int
    units: int
    total: int
    """With tax and its share of the shipping."""
    reasons: list[str]


class NeedFacts(BaseModel):
    """A product that runs low. Units."""

    product_id: str
    name: str
    units: int
    on_hand: int
    on_order: int
    par_level: int
    sold_28_days: int
    best: BestOffer | None
    why_none: str
    """Why nobody can be ordered from; empty when somebody can."""
    instruction: str
    """What to order and why, for the person who approves."""


class OpenOrder(BaseModel):
    """An order that is not here yet. Yen."""

    number: str
    supplier: str
    status: str
    total: int
    expected_on: date
    products: list[str]


class PriceNews(BaseModel):
    """What changed in the offers."""

    kind: str
    product_id: str
    supplier: str
    percent: int


class Money(BaseModel):
    """What may be spent. Yen."""

    available: int
    """Cash and bank, what is owed taken off."""
    reserve: int
    ordered_by_agents_today: int
    ordered_by_agents_7_days: int
    most_per_order: int
    most_per_day: int
    most_per_7_days: int


class Situation(BaseModel):
    """Everything at once."""

    today: date
    can_search: bool
    needs: list[NeedFacts]
    open_orders: list[OpenOrder]
    prices: list[PriceNews]
    money: Money
    offers_to_confirm: int
    """Found or imported; nothing is ordered by them before a person confirms them."""
    asked_before: list[Asked]
    """What waits for a person, or was refused lately: do not ask again."""


def situation(
    limits: Limits, *, can_search: bool, weights: Weights = USUAL
) -> Callable[[AsyncSession, Occasion], Awaitable[dict[str, Any]]]:
    """Reads the situation."""

    async def read(db_session: AsyncSession, occasion: Occasion) -> dict[str, Any]:
        found = await gather(db_session, occasion, limits, can_search=can_search, weights=weights)
        return found.model_dump(mode="json")

    return read


async def gather(
    db_session: AsyncSession, occasion: Occasion, limits: Limits, *, can_search: bool, weights: Weights = USUAL
) -> Situation:
    """The same as an object."""
    today = local_day(occasion.now_ms, occasion.timezone)
    goods = await catalogue.load(db_session)
    chosen, offered = await generator.chosen_on(db_session, goods, today, weights)
    unconfirmed = await service.offers(db_session, limit=MOST, is_confirmed=False)
    return Situation(
        today=today,
        can_search=can_search,
        needs=[_need(row, goods, generator.why_nobody(offered[row.need.level.product_id])) for row in chosen],
        open_orders=await _open(db_session),
        prices=await news(db_session, today),
        money=await _money(db_session, today, limits),
        offers_to_confirm=len(unconfirmed),
        asked_before=await asked(db_session, "procurement", occasion.now_ms),
    )


async def news(db_session: AsyncSession, today: date) -> list[PriceNews]:
    """What changed in the offers that somebody should know."""
    names = await service.names(db_session)
    return [
        PriceNews(
            kind=row.kind,
            product_id=row.product_id,
            supplier=names.get(row.supplier_id, ""),
            percent=row.percent,
        )
        for row in await service.price_alerts(db_session, today, RISE_PERCENT)
    ]


def _need(row: Chosen, goods: Catalogue, why: str) -> NeedFacts:
    level = row.need.level
    return NeedFacts(
        product_id=level.product_id,
        name=goods.name(level.product_id),
        units=row.need.units,
        on_hand=level.on_hand,
        on_order=level.on_order,
        par_level=level.par_level,
        sold_28_days=level.sold,
        best=_best(row.best) if row.best else None,
        why_none="" if row.best else why,
        instruction=generator.instruction(row.need, row.best, goods) if row.best else row.need.ja,
    )


def _best(row: Ranked) -> BestOffer:
    return BestOffer(
        supplier_id=row.candidate.supplier_id,
        supplier=row.candidate.supplier,
        offer_id=row.candidate.offer_id,
        packs=row.packs,
        units=row.units,
        total=row.total_minor,
        reasons=[reason.ja for reason in row.reasons],
    )


async def _open(db_session: AsyncSession) -> list[OpenOrder]:
    found = []
    for status in OPEN:
        for row in await ordering.listing(db_session, limit=MOST, status=status):
            detail = await ordering.detail(db_session, row.id)
            found.append(
                OpenOrder(
                    number=row.number,
                    supplier=row.supplier,
                    status=row.status,
                    total=row.total,
                    expected_on=row.expected_on,
                    products=[line.product_id for line in detail.lines],
                )
            )
    return found


async def _money(db_session: AsyncSession, today: date, limits: Limits) -> Money:
    of_today, of_week = await buying.spent_by_agents(db_session, today)
    return Money(
        available=await buying.money(db_session),
        reserve=limits.cash_reserve_minor,
        ordered_by_agents_today=of_today,
        ordered_by_agents_7_days=of_week,
        most_per_order=limits.order_minor,
        most_per_day=limits.order_day_minor,
        most_per_7_days=limits.order_week_minor,
    )


def by_supplier(needs: Sequence[NeedFacts]) -> dict[int, list[NeedFacts]]:
    """Needs with a best offer, by its supplier."""
    found: dict[int, list[NeedFacts]] = {}
    for row in needs:
        if row.best is not None:
            found.setdefault(row.best.supplier_id, []).append(row)
    return dict(sorted(found.items()))
