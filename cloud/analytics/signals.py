"""Read from the services what the detectors look at, and look. Reads only."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import counting
from cloud.agents.decisions import service as decisions
from cloud.analytics import detectors, hours
from cloud.analytics.detectors import (
    CashCounts,
    DayUnits,
    Expired,
    Insight,
    Losses,
    OpenFault,
    Planograms,
    Quiet,
    Refunds,
    SlotSilence,
    Vends,
)
from cloud.catalogue import service as catalogue
from cloud.inventory import stock
from cloud.kit.clock import local, local_day
from cloud.machines import service as machines
from cloud.machines import stock as slots
from cloud.machines.service import MachineView
from cloud.sales import refunds
from cloud.sales import service as sales
from cloud.staff_tasks import service as staff_tasks

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
WEEKS: Final = 4
LOOKED_BACK: Final = WEEKS * 7
WEEKDAYS: Final = 8
"""Weeks whose same weekday a day is compared with."""
MIN_SALES: Final = 30
"""Sales of a machine before a slot's share says something."""
MOST: Final = 500
COUNTS: Final = 200
CLAIMS: Final = ("debt", "card_refund", "remote_refund")
"""Tasks in which a customer got less than they paid for."""
LEAST_HISTORY_DAYS: Final = 14
"""A machine that has sold for a shorter time is not called silent."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look: when, and the fleet."""

    db_session: AsyncSession
    now_ms: int
    timezone: str
    today: date
    fleet: Sequence[MachineView]

    def name(self, machine_id: str) -> str:
        """What operators call a machine."""
        return next((row.name or row.id for row in self.fleet if row.id == machine_id), machine_id)


async def look(db_session: AsyncSession, now_ms: int, timezone: str, loss_budget: int) -> list[Insight]:
    """Everything odd at this moment, the gravest first.

    Args:
        db_session: open session.
        now_ms: ms since 1970 UTC.
        timezone: of the operator's days.
        loss_budget: yen that agents may give away a day.
    """
    fleet = await machines.machines(db_session)
    one = _Look(db_session, now_ms, timezone, local_day(now_ms, timezone), fleet)
    seen = [
        *await _days(one),
        *await _times(one),
        *await _vends(one),
        *await _refunds(one),
        *await _cash(one),
        *await _machines(one),
        *await _expired(one),
        await _losses(one, loss_budget),
    ]
    return detectors.found(seen)


async def _days(one: _Look) -> list[Insight | None]:
    """Yesterday of each machine beside the same weekdays before it."""
    yesterday = one.today - timedelta(days=1)
    rows = await sales.sold_by_day(one.db_session, yesterday - timedelta(weeks=WEEKDAYS), yesterday)
    units: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for row in rows:
        units[row.machine_id][row.day] += row.units
    found = []
    for machine_id, days in units.items():
        first = min(days)
        same = [yesterday - timedelta(weeks=week) for week in range(1, WEEKDAYS + 1)]
        known = tuple(days[day] for day in same if day >= first)
        found.append(
            detectors.sales_drop(DayUnits(machine_id, one.name(machine_id), yesterday, days[yesterday], known))
        )
    return found


async def _times(one: _Look) -> list[Insight | None]:
    """Machines and slots that have been silent for longer than chance explains."""
    rows = await sales.sale_times(one.db_session, one.now_ms - LOOKED_BACK * DAY_MS, one.now_ms)
    by_machine: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for machine_id, slot, at_ms in rows:
        by_machine[machine_id].append((slot, at_ms))
    offset_ms = round((local(one.now_ms, one.timezone).utcoffset() or timedelta()).total_seconds() * 1000)
    names = await catalogue.load(one.db_session)
    found: list[Insight | None] = []
    for machine_id, sold in by_machine.items():
        if one.now_ms - sold[0][1] >= LEAST_HISTORY_DAYS * DAY_MS:
            found.append(detectors.silent_machine(_quiet(one, machine_id, sold, offset_ms)))
    for level in await slots.slot_levels(one.db_session):
        sold = by_machine.get(level.machine_id, [])
        own = [at for at, (slot, _) in enumerate(sold) if slot == level.slot.slot]
        # Until its last sale: what came after it is what is judged.
        before = own[-1] + 1 if own else 0
        share = len(own) / before if before >= MIN_SALES else 0.0
        product = level.slot.product_id
        found.append(
            detectors.stuck_slot(
                SlotSilence(
                    level.machine_id,
                    level.slot.slot,
                    product,
                    names.name(product),
                    level.on_hand,
                    share,
                    len(sold) - before,
                )
            )
        )
    return found


def _quiet(one: _Look, machine_id: str, sold: Sequence[tuple[str, int]], offset_ms: int) -> Quiet:
    last_ms = sold[-1][1]
    weeks = max((one.now_ms - sold[0][1]) / (7 * DAY_MS), 1.0)
    rates = hours.rates([at_ms for _, at_ms in sold], offset_ms, weeks)
    usual = hours.expected(rates, last_ms, one.now_ms, offset_ms)
    return Quiet(machine_id, one.name(machine_id), (one.now_ms - last_ms) // HOUR_MS, usual)


async def _vends(one: _Look) -> list[Insight | None]:
    rows = await sales.vends_by_day(one.db_session, one.today - timedelta(days=LOOKED_BACK), one.today)
    new = one.today - timedelta(days=1)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        when = "now" if row.day >= new else "before"
        counts[row.machine_id][f"tried_{when}"] += row.vends
        counts[row.machine_id][f"failed_{when}"] += row.vends if row.status == "failed" else 0
    return [
        detectors.error_rate(
            Vends(name, one.name(name), of["tried_now"], of["failed_now"], of["tried_before"], of["failed_before"])
        )
        for name, of in counts.items()
    ]


async def complaints(
    db_session: AsyncSession, days: tuple[date, date], since_ms: int, timezone: str
) -> list[tuple[str, date, int]]:
    """(machine, day, yen) of every refund and claim on the days from the first to the last.

    Args:
        db_session: open session.
        days: both included.
        since_ms: when the first of them began.
        timezone: of the days.
    """
    given = await refunds.listing(db_session, limit=MOST, days=days)
    found = [(row.machine_id, row.refunded_on, row.gross) for row in given]
    for kind in CLAIMS:
        for task in await staff_tasks.listing(db_session, limit=MOST, after=(since_ms - 1, 0), kind=kind):
            day = local_day(task.opened_at_ms, timezone)
            if day <= days[1]:
                found.append((task.machine_id, day, task.amount_minor))
    return found


async def _refunds(one: _Look) -> list[Insight | None]:
    first = one.today - timedelta(days=LOOKED_BACK)
    since_ms = one.now_ms - (LOOKED_BACK + 1) * DAY_MS
    rows = await complaints(one.db_session, (first, one.today), since_ms, one.timezone)
    found = []
    for machine_id in {name for name, _, _ in rows}:
        own = [(day, yen) for name, day, yen in rows if name == machine_id]
        now = [yen for day, yen in own if day == one.today]
        before = (len(own) - len(now)) / LOOKED_BACK
        found.append(detectors.refund_pattern(Refunds(machine_id, one.name(machine_id), len(now), sum(now), before)))
    return found


async def _cash(one: _Look) -> list[Insight | None]:
    differences: defaultdict[str, list[int]] = defaultdict(list)
    for row in await counting.counts(one.db_session, limit=COUNTS):
        differences[row.machine_id].append(row.difference)
    return [
        detectors.cash_difference(CashCounts(name, one.name(name), tuple(rows))) for name, rows in differences.items()
    ]


async def _machines(one: _Look) -> list[Insight | None]:
    published = await machines.published_at(one.db_session)
    found: list[Insight | None] = [
        detectors.price_mismatch(
            Planograms(
                row.id,
                row.name or row.id,
                row.planogram_rev,
                row.applied_planogram_rev,
                (one.now_ms - published.get(row.id, one.now_ms)) // HOUR_MS,
            )
        )
        for row in one.fleet
        if row.is_online
    ]
    for fault in await machines.faults(one.db_session):
        since = (one.now_ms - fault.since_ms) // HOUR_MS
        name = one.name(fault.machine_id)
        found.append(detectors.temperature(OpenFault(fault.machine_id, name, fault.code, fault.where, since)))
    return found


async def _expired(one: _Look) -> list[Insight | None]:
    names = await catalogue.load(one.db_session)
    found = []
    for row in await stock.expiring(one.db_session, one.today, -1):
        machine_id, is_slot, slot = row.place_id.partition("/")
        if is_slot:
            found.append(
                detectors.expired_goods(
                    Expired(machine_id, slot, row.product_id, names.name(row.product_id), row.quantity, -row.days_left)
                )
            )
    return found


async def _losses(one: _Look, budget: int) -> Insight | None:
    first = one.today - timedelta(days=LOOKED_BACK)
    days = await decisions.lost_by_day(one.db_session, first, one.today)
    before = tuple(days.get(first + timedelta(days=at), 0) for at in range(LOOKED_BACK))
    return detectors.agent_losses(Losses(days.get(one.today, 0), budget, before))
