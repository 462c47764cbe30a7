"""What each product sold on each day, and what it will sell. Reads only."""

from collections import defaultdict
from datetime import date, timedelta
from functools import partial
from typing import Final, NamedTuple

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.analytics import forecast as rules
from cloud.analytics import past
from cloud.analytics.forecast import Day, Forecast, Quality
from cloud.analytics.past import Today
from cloud.catalogue import service as catalogue
from cloud.inventory import levels
from cloud.inventory import service as inventory
from cloud.machines import stock
from cloud.sales import service as sales

HISTORY_DAYS: Final = 182
OPEN_DAYS: Final = 56
"""For so many days it is known for which part of a day there was something to buy; older days count as whole."""
AHEAD: Final = 7


class AheadView(BaseModel):
    """What is expected of one day. Units; `expected` in tenths is enough for people."""

    day: date
    expected: float
    low: int
    high: int


class QualityView(BaseModel):
    """How the same method did on weeks that are over."""

    weeks: int
    wape_percent: int | None
    """Σ|error| over Σ sold, of weekly sums."""
    bias_percent: int | None
    covered_percent: int | None
    """Weeks inside the band of 80 %."""


class ProductForecast(BaseModel):
    """One product of the whole fleet. Units."""

    product_id: str
    name: str
    method: str
    sold: list[int]
    """Of the last 28 days, the oldest first."""
    sold_7_days: int
    days: list[AheadView]
    expected: float
    low: int
    """With 90 % probability it is not less."""
    high: int
    """With 90 % probability it is not more."""
    needed_95: int
    """Units that will do with 95 %."""
    on_hand: int
    """In machines and storage."""
    days_of_cover: int | None
    """None when nothing is expected to sell."""
    quality: QualityView


class _Known(NamedTuple):
    """What the days that are over say about one product."""

    sold: list[int]
    """Units of the last 28 days, the oldest first."""
    ahead: Forecast
    quality: Quality


async def history(db_session: AsyncSession, today: date, timezone: str, now_ms: int) -> dict[str, list[Day]]:
    """Product to its days before today, from its first sale on, without a gap."""
    first = today - timedelta(days=HISTORY_DAYS)
    units: defaultdict[str, defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    for product, day, sold_units in await sales.units_by_day(db_session, first, today - timedelta(days=1)):
        units[product][day] = sold_units
    shares = await _shares(db_session, today, timezone, now_ms)
    found = {}
    for product, sold in sorted(units.items()):
        start = min(sold)
        days = [start + timedelta(days=at) for at in range((today - start).days)]
        found[product] = [_day(day, sold[day], shares.get((product, day), 1.0)) for day in days]
    return found


def _day(day: date, units: int, open_share: float) -> Day:
    """What was sold was there, whatever the books say."""
    return Day(day, units, open_share if open_share > 0 or not units else 1.0)


async def _shares(db_session: AsyncSession, today: date, timezone: str, now_ms: int) -> dict[tuple[str, date], float]:
    """(product, day) to the share on which it could be bought: in any slot of a machine, the mean of all machines."""
    days = [today - timedelta(days=at) for at in range(OPEN_DAYS, 0, -1)]
    best: defaultdict[tuple[str, date], dict[str, float]] = defaultdict(dict)
    for (machine_id, _, product), shares in (await levels.open_shares(db_session, days, timezone, now_ms)).items():
        for day in days:
            known = best[product, day]
            known[machine_id] = max(known.get(machine_id, 0.0), shares.get(day, 1.0))
    return {key: sum(rows.values()) / len(rows) for key, rows in best.items()}


async def forecasts(
    db_session: AsyncSession, today: date, timezone: str, now_ms: int, days: int = AHEAD
) -> list[ProductForecast]:
    """Every product that a machine has or that was sold, the one expected to sell most first."""
    known = await past.of_days_over(
        db_session,
        Today(today, timezone, now_ms),
        ("demand", days),
        partial(_known, db_session, today, timezone, now_ms, days),
    )
    shown = {row.slot.product_id for row in await stock.slot_levels(db_session)} | known.keys()
    names = await catalogue.load(db_session)
    held = {row.product_id: row.total_stock for row in await inventory.stock_of_products(db_session, sorted(shown))}
    nothing = _Known([], rules.forecast([], days), rules.check([]))
    rows = [_view(product, names.name(product), known.get(product, nothing), held[product], days) for product in shown]
    return sorted(rows, key=lambda row: (-row.expected, row.product_id))


async def _known(db_session: AsyncSession, today: date, timezone: str, now_ms: int, days: int) -> dict[str, _Known]:
    found = await history(db_session, today, timezone, now_ms)
    return {
        product: _Known([row.units for row in sold[-28:]], rules.forecast(sold, days), rules.check(sold))
        for product, sold in found.items()
    }


def _view(product: str, name: str, known: _Known, on_hand: int, days: int) -> ProductForecast:
    units, found, quality = known
    per_day = found.total / days
    return ProductForecast(
        product_id=product,
        name=name,
        method=found.method,
        sold=units,
        sold_7_days=sum(units[-7:]),
        days=[
            AheadView(day=row.day, expected=round(row.expected, 1), low=row.low, high=row.high) for row in found.days
        ],
        expected=round(found.total, 1),
        low=found.total_low,
        high=found.total_high,
        needed_95=found.at_most(0.95),
        on_hand=max(on_hand, 0),
        days_of_cover=int(max(on_hand, 0) / per_day) if per_day > 0 else None,
        quality=QualityView(
            weeks=quality.weeks,
            wape_percent=quality.wape_percent,
            bias_percent=quality.bias_percent,
            covered_percent=quality.covered_percent,
        ),
    )
