"""What the vending agent sees at the start of a run: every slot with price, cost, limits, stock, sales and dates."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.agent import Occasion
from cloud.agents.goods import taxed_costs
from cloud.agents.guard.limits import Limits
from cloud.agents.vending.shelf import Shelf, shelf
from cloud.agents.waiting import Asked, asked
from cloud.catalogue import service as catalogue
from cloud.inventory import levels, stock
from cloud.inventory import service as inventory
from cloud.inventory.service import slot_place
from cloud.kit.clock import local_day
from cloud.machines import service as machines
from cloud.sales import service as sales
from cloud.sales.service import SlotDay
from cloud.staff_tasks import service as staff_tasks

WEEK: Final = 7
MONTH: Final = 28
DAY_MS: Final = 86_400_000
EXPIRES_WITHIN: Final = 60
"""Days; what is good for longer needs no thought today."""
MOST_TASKS: Final = 200


class SlotFacts(BaseModel):
    """One slot. Yen with tax, units, days."""

    slot: str
    product_id: str
    name: str
    price: int
    """What customers pay today."""
    price_tomorrow: int
    price_changed_days_ago: int | None
    """None when it is not known to have changed."""
    is_price_of_people: bool
    """A person has planned another price: leave it."""
    cost: int | None
    """With tax; None when nobody knows: then there is no new price."""
    floor: int
    """The lowest price that may be set; 0 without a cost."""
    cap: int
    lowest_tomorrow: int
    """The lowest price a person need not be asked for."""
    highest_tomorrow: int
    on_hand: int
    capacity: int
    par_level: int
    storage: int
    """Units in warehouses and vans."""
    sold_7_days: int
    sold_28_days: int
    days_observed: int
    """For so many of the 28 days the machine has been selling at all."""
    days_of_cover: int | None
    """On hand over what is sold a day while there is some; None when nothing is sold."""
    minutes_sold_out_7_days: int
    first_expires_in_days: int | None
    """0 is the last good day; negative is over."""
    expired_units: int
    has_removal_request: bool
    expires_before_sold: int
    """Units that will be past their date before they are sold at this pace."""


class MachineFacts(BaseModel):
    """One machine with its slots."""

    machine_id: str
    name: str
    place: str
    is_online: bool
    price_list: str
    """Which machines follow the same list change price together; empty for a machine of its own."""
    shares_prices_with: list[str]
    has_restock_request: bool
    slots: list[SlotFacts]


class StoredFacts(BaseModel):
    """A product that is in storage and in no slot of some machine: it could replace another one."""

    product_id: str
    name: str
    storage: int
    price: int
    """What it would cost customers: the list's, or another machine's; 0 when nobody set one."""
    cost: int | None
    sold_28_days_elsewhere: int
    missing_in: list[str]
    """Machines that do not have it."""


class ExpiredLot(BaseModel):
    """A lot in storage that is past its date."""

    place_id: str
    product_id: str
    name: str
    lot: str
    units: int
    days_over: int


class Situation(BaseModel):
    """Everything at once."""

    today: date
    machines: list[MachineFacts]
    could_be_sold: list[StoredFacts]
    expired_in_storage: list[ExpiredLot]
    asked_before: list[Asked]
    """What waits for a person, or was refused lately: do not ask again."""


@dataclass(frozen=True, slots=True)
class _Sources:
    """What was read for all machines together."""

    goods: catalogue.Catalogue
    costs: dict[str, int | None]
    storage: dict[str, int]
    on_hand: dict[tuple[str, str, str], int]
    minutes: dict[tuple[str, str, str], int]
    sold: dict[tuple[str, str, str], tuple[int, int]]
    """In 7 and in 28 days."""
    observed: dict[str, int]
    """Machine to the days since it first sold something, at most 28."""
    lots: dict[tuple[str, str], list[stock.LotHeld]]


def situation(limits: Limits) -> Callable[[AsyncSession, Occasion], Awaitable[dict[str, Any]]]:
    """Reads the situation; of one machine when the occasion names one."""

    async def read(db_session: AsyncSession, occasion: Occasion) -> dict[str, Any]:
        return (await gather(db_session, occasion, limits)).model_dump(mode="json")

    return read


async def gather(db_session: AsyncSession, occasion: Occasion, limits: Limits) -> Situation:
    """The same as an object."""
    today = local_day(occasion.now_ms, occasion.timezone)
    fleet = [row for row in await machines.machines(db_session) if occasion.machine_id in {"", row.id}]
    known = await machines.planograms(db_session)
    shelves = {row.id: await shelf(db_session, row.id, occasion.now_ms) for row in fleet if row.id in known}
    sources = await _read(db_session, today, occasion.now_ms)
    requests = await _requests(db_session, occasion.now_ms)
    rows = [
        MachineFacts(
            machine_id=row.id,
            name=row.name,
            place=row.place,
            is_online=row.is_online,
            price_list=shelves[row.id].list_id,
            shares_prices_with=[name for name in shelves[row.id].sharing if name != row.id],
            has_restock_request=(row.id, "", "") in requests,
            slots=[_slot(shelves[row.id], slot.slot, sources, limits, requests) for slot in shelves[row.id].now],
        )
        for row in fleet
        if row.id in shelves
    ]
    return Situation(
        today=today,
        machines=rows,
        could_be_sold=_could(rows, sources),
        expired_in_storage=_expired(sources),
        asked_before=await asked(db_session, "vending", occasion.now_ms),
    )


async def _requests(db_session: AsyncSession, now_ms: int) -> set[tuple[str, str, str]]:
    """(machine, slot, product) of what the staff was asked for, and has not done or was asked today.

    A request to fill up a machine has neither slot nor product.
    """
    found = set()
    for kind in ("restock_wanted", "goods_to_remove"):
        rows = await staff_tasks.listing(db_session, limit=MOST_TASKS, state="open", kind=kind)
        rows += await staff_tasks.listing(db_session, limit=MOST_TASKS, after=(now_ms - DAY_MS // 2, 0), kind=kind)
        found |= {(row.machine_id, row.slot, row.product_id) for row in rows}
    return found


async def _read(db_session: AsyncSession, today: date, now_ms: int) -> _Sources:
    products = [row.id for row in await catalogue.products(db_session) if row.is_active]
    held = await inventory.stock_of_products(db_session, products)
    days = await sales.sold_by_day(db_session, today - timedelta(days=MONTH), today - timedelta(days=1))
    lots: defaultdict[tuple[str, str], list[stock.LotHeld]] = defaultdict(list)
    for lot in await stock.expiring(db_session, today, EXPIRES_WITHIN):
        lots[lot.place_id, lot.product_id].append(lot)
    return _Sources(
        goods=await catalogue.load(db_session),
        costs=await taxed_costs(db_session, products, today + timedelta(days=1)),
        storage={row.product_id: row.storage_stock for row in held},
        on_hand=await inventory.stock_in_slots(db_session),
        minutes=await levels.minutes_out(db_session, now_ms - WEEK * DAY_MS, now_ms),
        sold=_sold(days, today),
        observed=_observed(days, today),
        lots=dict(lots),
    )


def _sold(days: Sequence[SlotDay], today: date) -> dict[tuple[str, str, str], tuple[int, int]]:
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for row in days:
        key = (row.machine_id, row.slot, row.product_id)
        week, month = found.get(key, (0, 0))
        is_new = row.day >= today - timedelta(days=WEEK)
        found[key] = (week + (row.units if is_new else 0), month + row.units)
    return found


def _observed(days: Sequence[SlotDay], today: date) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in days:
        found[row.machine_id] = max(found.get(row.machine_id, 0), (today - row.day).days)
    return found


def _slot(shown: Shelf, name: str, sources: _Sources, limits: Limits, requests: set[tuple[str, str, str]]) -> SlotFacts:
    slot = next(row for row in shown.now if row.slot == name)
    key = (shown.machine_id, name, slot.product_id)
    week, month = sources.sold.get(key, (0, 0))
    on_hand = max(sources.on_hand.get(key, 0), 0)
    minutes = sources.minutes.get(key, 0)
    cost = sources.costs.get(slot.product_id)
    later = shown.slot(name)
    changed = shown.changed_on.get(slot.product_id)
    observed = sources.observed.get(shown.machine_id, 0)
    rate = _per_day(week, month - week, observed, minutes)
    lots = sources.lots.get((slot_place(shown.machine_id, name), slot.product_id), [])
    change = slot.price_minor * limits.price_change_percent // 100
    floor, cap = (limits.floor(cost), limits.cap(cost)) if cost else (0, 0)
    return SlotFacts(
        slot=name,
        product_id=slot.product_id,
        name=sources.goods.name(slot.product_id),
        price=slot.price_minor,
        price_tomorrow=later.price_minor if later else 0,
        price_changed_days_ago=(shown.today - changed).days if changed else None,
        is_price_of_people=slot.product_id in shown.by_people,
        cost=cost,
        floor=floor,
        cap=cap,
        lowest_tomorrow=max(floor, slot.price_minor - change),
        highest_tomorrow=min(cap, slot.price_minor + change),
        on_hand=on_hand,
        capacity=slot.capacity,
        par_level=slot.par_level,
        storage=sources.storage.get(slot.product_id, 0),
        sold_7_days=week,
        sold_28_days=month,
        days_observed=observed,
        days_of_cover=int(on_hand / rate) if rate else None,
        minutes_sold_out_7_days=minutes,
        first_expires_in_days=min((row.days_left for row in lots), default=None),
        expired_units=sum(row.quantity for row in lots if row.days_left < 0),
        has_removal_request=key in requests,
        expires_before_sold=_unsold(lots, rate),
    )


def _per_day(week: int, before: int, observed: int, minutes_out: int) -> float:
    """Units a day while there are some: the last week counts as much as the weeks before it."""
    now = week / max(min(observed, WEEK) - minutes_out / 1440, 1.0)
    return (now + before / (observed - WEEK)) / 2 if observed > WEEK else now


def _unsold(lots: Sequence[stock.LotHeld], rate: float) -> int:
    """Units that pass their date before they are sold, the first to expire sold first."""
    gone = lost = 0
    for row in sorted(lots, key=lambda lot: lot.days_left):
        if row.days_left < 0:
            continue
        sold = int(rate * (row.days_left + 1))
        kept = max(gone + row.quantity - max(sold, gone), 0)
        lost += min(kept, row.quantity)
        gone += row.quantity
    return lost


def _could(rows: Sequence[MachineFacts], sources: _Sources) -> list[StoredFacts]:
    prices: dict[str, int] = {}
    elsewhere: defaultdict[str, int] = defaultdict(int)
    for machine in rows:
        for slot in machine.slots:
            prices.setdefault(slot.product_id, slot.price)
            elsewhere[slot.product_id] += slot.sold_28_days
    found = []
    for product, units in sorted(sources.storage.items()):
        missing = [row.machine_id for row in rows if product not in {slot.product_id for slot in row.slots}]
        if units > 0 and missing:
            found.append(
                StoredFacts(
                    product_id=product,
                    name=sources.goods.name(product),
                    storage=units,
                    price=prices.get(product, 0),
                    cost=sources.costs.get(product),
                    sold_28_days_elsewhere=elsewhere[product],
                    missing_in=missing,
                )
            )
    return found


def _expired(sources: _Sources) -> list[ExpiredLot]:
    return [
        ExpiredLot(
            place_id=row.place_id,
            product_id=row.product_id,
            name=sources.goods.name(row.product_id),
            lot=row.code,
            units=row.quantity,
            days_over=-row.days_left,
        )
        for rows in sources.lots.values()
        for row in rows
        if row.days_left < 0 and "/" not in row.place_id
    ]
