"""The door of the alerts: which slots are low or sold out, since when, for how long; what a plan fills. Reads only."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import plan, repository, service
from cloud.inventory.lots import LotShare
from cloud.inventory.plan import Fill, Need, Priority
from cloud.inventory.service import slot_place
from cloud.inventory.stock import HeldLot
from cloud.kit.clock import zone
from cloud.machines import stock
from cloud.machines.stock import SlotLevel

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
LOOKED_BACK: Final = 60
"""Movements of a slot that are looked at to find out since when it is low."""


class SlotAlert(BaseModel):
    """A slot that is low or sold out."""

    machine_id: str
    slot: str
    product_id: str
    state: Literal["low", "out"]
    on_hand: int
    par_level: int
    capacity: int
    since_ms: int
    """When the sale that made it so happened; 0 when that is not known."""


class SoldOut(BaseModel):
    """How long a slot was sold out on a day."""

    machine_id: str
    slot: str
    product_id: str
    minutes: int
    is_out: bool
    """Whether it was so at the end of the day, or is so now."""


class PlanLine(BaseModel):
    """What goes into one slot."""

    machine_id: str
    slot: str
    product_id: str
    priority: Priority
    """high: below a fifth of the par level; medium: below half; low: only topped up."""
    on_hand: int
    par_level: int
    capacity: int
    sold: int
    """Units in the last 14 days."""
    wanted: int
    quantity: int
    """Less than wanted when the storage has too little for all."""
    lots: list[HeldLot]
    """Which lots to take, the first to expire first; what they do not add up to carries no lot."""


class Pick(BaseModel):
    """What is taken from the storage of one product."""

    product_id: str
    storage: int
    """Units there before."""
    wanted: int
    quantity: int
    lots: list[HeldLot]


class RestockingPlan(BaseModel):
    """One trip over several machines."""

    source_id: str
    lines: list[PlanLine]
    """By machine and slot: the order of the trip."""
    picks: list[Pick]
    """By product: the order in the storage."""


async def alerts(db_session: AsyncSession, now_ms: int, slots: Sequence[SlotLevel] | None = None) -> list[SlotAlert]:
    """Slots that are sold out or below half of their par level, the sold-out ones first, each since when.

    Args:
        db_session: open session.
        now_ms: what changed in the last two days is looked at for all slots at once.
        slots: of the machines, for whoever has read them already.
    """
    slots = await stock.slot_levels(db_session) if slots is None else slots
    rows = [row for row in slots if row.tone != "ok"]
    recent = await _changes(db_session, now_ms - 2 * DAY_MS) if rows else {}
    found = [await _alert(db_session, row, recent) for row in rows]
    return sorted(found, key=lambda row: (row.state != "out", row.machine_id, plan.slot_order(row.slot)))


async def _changes(db_session: AsyncSession, since_ms: int) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """(slot, product) to (time, units) of what changed at `since_ms` or later, by time."""
    found: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for place, product, at_ms, units in await repository.slot_changes(db_session, since_ms):
        found[place, product].append((at_ms, units))
    return found


async def _alert(
    db_session: AsyncSession, row: SlotLevel, recent: dict[tuple[str, str], list[tuple[int, int]]]
) -> SlotAlert:
    place, product = slot_place(row.machine_id, row.slot.slot), row.slot.product_id
    threshold = 1 if row.tone == "out" else (row.slot.par_level + 1) // 2
    since_ms = plan.below_since(row.on_hand, reversed(recent.get((place, product), [])), threshold)
    if not since_ms:
        rows = await repository.movements(db_session, limit=LOOKED_BACK, product_id=product, place_id=place)
        changes = [(move.occurred_at_ms, move.quantity if move.to_place == place else -move.quantity) for move in rows]
        since_ms = plan.below_since(row.on_hand, changes, threshold)
    return SlotAlert(
        machine_id=row.machine_id,
        slot=row.slot.slot,
        product_id=product,
        state="out" if row.tone == "out" else "low",
        on_hand=row.on_hand,
        par_level=row.slot.par_level,
        capacity=row.slot.capacity,
        since_ms=since_ms,
    )


async def sold_out(
    db_session: AsyncSession, day: date, timezone: str, now_ms: int, slots: Sequence[SlotLevel] | None = None
) -> list[SoldOut]:
    """How long each slot of the present planograms was sold out on a day, those that were.

    Args:
        db_session: open session.
        day: in `timezone`.
        timezone: says when a day begins.
        now_ms: the day of today ends now.
        slots: of the machines, for whoever has read them already.
    """
    start_ms, end_ms = (_midnight_ms(at, timezone) for at in (day, day + timedelta(days=1)))
    end_ms = min(end_ms, now_ms)
    changes = await _changes(db_session, start_ms)
    found = []
    for row in await stock.slot_levels(db_session) if slots is None else slots:
        mine = changes.get((slot_place(row.machine_id, row.slot.slot), row.slot.product_id), [])
        level = row.on_hand - sum(units for _, units in mine)
        minutes = plan.below_ms(level, mine, 1, start_ms, end_ms) // MINUTE_MS
        at_end = level + sum(units for at_ms, units in mine if at_ms < end_ms)
        if minutes > 0:
            found.append(
                SoldOut(
                    machine_id=row.machine_id,
                    slot=row.slot.slot,
                    product_id=row.slot.product_id,
                    minutes=minutes,
                    is_out=at_end < 1,
                )
            )
    return found


def _midnight_ms(day: date, timezone: str) -> int:
    return int(datetime.combine(day, time(0), zone(timezone)).timestamp()) * 1000


async def minutes_out(
    db_session: AsyncSession, since_ms: int, until_ms: int, slots: Sequence[SlotLevel] | None = None
) -> dict[tuple[str, str, str], int]:
    """(machine, slot, product) to the minutes it was sold out from `since_ms` to `until_ms`; of the present planograms.

    Args:
        db_session: open session.
        since_ms: ms since 1970 UTC.
        until_ms: not later than now.
        slots: of the machines, for whoever has read them already.
    """
    changes = await _changes(db_session, since_ms)
    found = {}
    for row in await stock.slot_levels(db_session) if slots is None else slots:
        mine = changes.get((slot_place(row.machine_id, row.slot.slot), row.slot.product_id), [])
        level = row.on_hand - sum(units for _, units in mine)
        minutes = plan.below_ms(level, mine, 1, since_ms, until_ms) // MINUTE_MS
        found[row.machine_id, row.slot.slot, row.slot.product_id] = minutes
    return found


async def open_shares(
    db_session: AsyncSession, days: Sequence[date], timezone: str, now_ms: int
) -> dict[tuple[str, str, str], dict[date, float]]:
    """(machine, slot, product) to the share of each day on which there was something to buy; 1 is left out.

    Args:
        db_session: open session.
        days: consecutive, the oldest first; each in `timezone`.
        timezone: says when a day begins.
        now_ms: the day of today ends now.
    """
    if not days:
        return {}
    changes = await _changes(db_session, _midnight_ms(days[0], timezone))
    midnights = [_midnight_ms(day, timezone) for day in (*days, days[-1] + timedelta(days=1))]
    found: dict[tuple[str, str, str], dict[date, float]] = {}
    for row in await stock.slot_levels(db_session):
        mine = changes.get((slot_place(row.machine_id, row.slot.slot), row.slot.product_id), [])
        level = row.on_hand - sum(units for _, units in mine)
        parts = plan.open_shares(level, mine, midnights, now_ms)
        shares = {day: share for day, share in zip(days, parts, strict=True) if share < 1}
        found[row.machine_id, row.slot.slot, row.slot.product_id] = shares
    return found


async def restocking_plan(
    db_session: AsyncSession,
    source_id: str,
    now_ms: int,
    *,
    machine_ids: Collection[str] = (),
    is_top_up: bool = False,
) -> RestockingPlan:
    """What to put where on one trip.

    Args:
        db_session: open session.
        source_id: where goods are taken.
        now_ms: sales of the 14 days before it count.
        machine_ids: machines that are visited; all when empty.
        is_top_up: fill up every slot to its par level.
    """
    sold = await repository.sold_in_slots(db_session, now_ms - plan.SALES_DAYS * DAY_MS)
    inside = await service.stock_in_slots(db_session)
    taken: defaultdict[tuple[str, str], int] = defaultdict(int)
    for (machine_id, slot, _), units in inside.items():
        taken[machine_id, slot] += max(units, 0)
    levels = [row for row in await stock.slot_levels(db_session) if not machine_ids or row.machine_id in machine_ids]
    needs = [_need(row, taken[row.machine_id, row.slot.slot], sold) for row in levels]
    storage = {product: units for _, product, units in await repository.held(db_session, place_id=source_id)}
    fills = plan.plan(needs, storage, is_top_up=is_top_up)
    capacity = {(row.machine_id, row.slot.slot): row.slot.capacity for row in levels}
    lots = await service.lots_at(db_session, [source_id])
    return _with_lots(source_id, fills, storage, capacity, {product: rows for (_, product), rows in lots.items()})


def _need(row: SlotLevel, inside: int, sold: dict[tuple[str, str], int]) -> Need:
    place = slot_place(row.machine_id, row.slot.slot)
    return Need(
        machine_id=row.machine_id,
        slot=row.slot.slot,
        product_id=row.slot.product_id,
        on_hand=row.on_hand,
        par_level=row.slot.par_level,
        room=max(0, row.slot.capacity - inside),
        sold=sold.get((place, row.slot.product_id), 0),
    )


def _with_lots(
    source_id: str,
    fills: Sequence[Fill],
    storage: dict[str, int],
    capacity: dict[tuple[str, str], int],
    lots: dict[str, list[LotShare]],
) -> RestockingPlan:
    by_product: defaultdict[str, list[int]] = defaultdict(list)
    for at, fill in enumerate(fills):
        by_product[fill.need.product_id].append(at)
    shares: dict[int, list[LotShare]] = {}
    for product, places in by_product.items():
        parts = plan.share_out(lots.get(product, []), storage.get(product, 0), [fills[at].quantity for at in places])
        shares.update(zip(places, parts, strict=True))
    lines = [_line(fill, capacity, shares[at]) for at, fill in enumerate(fills)]
    return RestockingPlan(
        source_id=source_id,
        lines=lines,
        picks=[
            Pick(
                product_id=product,
                storage=storage.get(product, 0),
                wanted=sum(lines[at].wanted for at in places),
                quantity=sum(lines[at].quantity for at in places),
                lots=held_lots([share for at in places for share in shares[at]]),
            )
            for product, places in sorted(by_product.items())
        ],
    )


def _line(fill: Fill, capacity: dict[tuple[str, str], int], shares: Sequence[LotShare]) -> PlanLine:
    need = fill.need
    return PlanLine(
        machine_id=need.machine_id,
        slot=need.slot,
        product_id=need.product_id,
        priority=need.priority,
        on_hand=need.on_hand,
        par_level=need.par_level,
        capacity=capacity[need.machine_id, need.slot],
        sold=need.sold,
        wanted=need.wanted,
        quantity=fill.quantity,
        lots=held_lots(shares),
    )


def held_lots(shares: Sequence[LotShare]) -> list[HeldLot]:
    """The same lots once each, in the order given."""
    units: dict[str, int] = {}
    days = {share.code: share.best_before for share in shares}
    for share in shares:
        units[share.code] = units.get(share.code, 0) + share.quantity
    return [HeldLot(code=code, best_before=days[code], quantity=quantity) for code, quantity in units.items()]
