"""The door of the sales: record what vends led to, list and add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.kit.clock import local
from cloud.sales import refund_repository, repository
from cloud.sales.models import Sale

DAY_MS: Final = 86_400_000


class SaleFact(NamedTuple):
    """The commercial end of one vend."""

    machine_id: str
    epoch: str
    seq: int
    """With machine and epoch the key of the event: it is recorded once."""
    vend_id: str
    status: Literal["completed", "failed"]
    slot: str
    product_id: str
    currency: str
    occurred_at_ms: int
    sold_on: date
    reason: str = ""
    planogram_rev: int | None = None
    tender: str = ""
    payment: str = ""
    list_minor: int = 0
    """The price without the coupon; 0 when there was none."""
    coupon: str = ""
    gross_minor: int = 0
    tax_percent: int = 0
    tax_minor: int = 0
    net_minor: int = 0
    cost_minor: int = 0

    @property
    def key(self) -> repository.EventKey:
        """Machine, epoch, seq."""
        return self.machine_id, self.epoch, self.seq


class SaleView(BaseModel):
    """A sale as others see it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    machine_id: str
    epoch: str
    seq: int
    vend_id: str
    status: str
    reason: str
    slot: str
    product_id: str
    planogram_rev: int | None
    tender: str
    """cash, card or remote; empty when failed."""
    payment: str
    """The reader's or the cloud's reference."""
    list_minor: int
    """The price without the coupon; 0 when there was none."""
    coupon: str
    currency: str
    gross_minor: int
    tax_percent: int
    tax_minor: int
    net_minor: int
    cost_minor: int
    occurred_at_ms: int
    sold_on: date


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day in numbers, as it was sold; money in yen. Refunds stand in the books."""

    revenue: int
    """Tax included."""
    count: int
    failed: int
    gross_profit: int
    """Net of tax, less cost."""
    hourly: list[int]
    """Revenue per hour of the day, 24 of them."""


async def record(db_session: AsyncSession, facts: Sequence[SaleFact]) -> int:
    """Record sales and failed vends; an event that was recorded before is not recorded again.

    Returns:
        How many rows are new.
    """
    if not facts:
        return 0
    seen = await repository.known(db_session, [fact.key for fact in facts])
    rows = []
    for fact in facts:
        if fact.key not in seen:
            seen.add(fact.key)
            rows.append(fact)
    await repository.add(db_session, SaleFact._fields, rows)
    return len(rows)


async def listing(
    db_session: AsyncSession,
    *,
    limit: int,
    before: tuple[int, int] | None = None,
    machine_id: str | None = None,
    status: str | None = None,
) -> list[SaleView]:
    """A page of sales, newest first; `before` is (occurred_at_ms, id) of the last row of the page before."""
    rows = await repository.page(db_session, limit=limit, before=before, machine_id=machine_id, status=status)
    return [_view(row) for row in rows]


async def get(db_session: AsyncSession, sale_id: int) -> SaleView | None:
    """One sale, or None."""
    row = await repository.get(db_session, sale_id)
    return _view(row) if row else None


async def newest(db_session: AsyncSession) -> int:
    """The number of the row that was recorded last; 0 without sales."""
    return await repository.newest(db_session)


async def earliest_after(db_session: AsyncSession, number: int) -> date | None:
    """The earliest day of what was recorded after a row; None when nothing was."""
    return await repository.earliest_after(db_session, number)


async def day_figures(db_session: AsyncSession, day: date, timezone: str) -> DayFigures:
    """Add up one day of all machines; hours are those of `timezone`."""
    totals: Mapping[str, tuple[int, int, int, int]] = await repository.day_totals(db_session, day)
    count, revenue, net, cost = totals.get("completed", (0, 0, 0, 0))
    hourly = [0] * 24
    for at_ms, amount in await repository.times_and_amounts(db_session, day):
        hourly[local(at_ms, timezone).hour] += amount
    failed = totals.get("failed", (0, 0, 0, 0))[0]
    return DayFigures(revenue, count, failed, net - cost, hourly)


async def revenue_day_before(db_session: AsyncSession, yesterday: date, now_ms: int) -> int:
    """Revenue of `yesterday` up to the same time of day as `now_ms`: a fair figure to compare today's with."""
    return await repository.revenue_until(db_session, yesterday, now_ms - DAY_MS)


_Key = Literal["machine_id", "product_id"]


@dataclass(frozen=True, slots=True)
class Earned:
    """What one machine or product sold, less what was given back for it; money in yen."""

    key: str
    units: int
    net: int
    """Without tax."""
    cost: int


async def earned(
    db_session: AsyncSession,
    by: Literal["machine", "product"],
    first: date,
    last: date,
    only: str | None = None,
) -> list[Earned]:
    """What each machine or product sold from `first` to `last`, both included, by the true day of the sale.

    Refunds of these days are taken off, whenever the sale was; a unit is taken off when it came back.
    `only` names the one machine or product that is wanted.
    """
    columns: list[_Key] = ["machine_id" if by == "machine" else "product_id"]
    return _added(await _taken(db_session, columns, (first, last), only), 0)


async def earned_by_both(db_session: AsyncSession, first: date, last: date) -> tuple[list[Earned], list[Earned]]:
    """What each machine and what each product sold, as `earned` says; the sales are gone through once."""
    found = await _taken(db_session, ["machine_id", "product_id"], (first, last))
    return _added(found, 0), _added(found, 1)


async def _taken(
    db_session: AsyncSession, columns: Sequence[_Key], days: tuple[date, date], only: str | None = None
) -> list[tuple[tuple[str, ...], int, int, int]]:
    back = await refund_repository.earned(db_session, columns, days, only)
    sold = await repository.earned(db_session, columns, days, only)
    return sold + [(names, -units, -net, -cost) for names, units, net, cost in back]


def _added(rows: Sequence[tuple[tuple[str, ...], int, int, int]], at: int) -> list[Earned]:
    """One line for each name at a place of the keys, by name."""
    found: dict[str, Earned] = {}
    for names, units, net, cost in rows:
        row = found.get(names[at], Earned(names[at], 0, 0, 0))
        found[row.key] = Earned(row.key, row.units + units, row.net + net, row.cost + cost)
    return [found[name] for name in sorted(found)]


async def sold(
    db_session: AsyncSession,
    by: Literal["machine", "product"],
    name: str,
    days: tuple[date, date],
    *,
    limit: int,
    offset: int = 0,
) -> list[SaleView]:
    """The completed sales that `earned` adds up for one machine or product, newest first; `days` both included."""
    column: Literal["machine_id", "product_id"] = "machine_id" if by == "machine" else "product_id"
    return [_view(row) for row in await repository.sold(db_session, column, name, days, limit=limit, offset=offset)]


async def days(db_session: AsyncSession, first: date, last: date) -> dict[date, int]:
    """Day to revenue less refunds, tax included, from `first` to `last`; days without either are left out."""
    found = await repository.days(db_session, first, last)
    for day, gross in (await refund_repository.days(db_session, first, last)).items():
        found[day] = found.get(day, 0) - gross
    return found


@dataclass(frozen=True, slots=True)
class SlotDay:
    """What one slot sold of one product on a day; money in yen."""

    machine_id: str
    slot: str
    product_id: str
    day: date
    units: int
    gross: int
    """What customers paid."""
    net: int
    """Without tax."""
    cost: int


async def sold_by_day(db_session: AsyncSession, first: date, last: date) -> list[SlotDay]:
    """What each slot sold of what on each day from `first` to `last`; what sold nothing is left out."""
    return [SlotDay(*row) for row in await repository.sold_by_day(db_session, first, last)]


@dataclass(frozen=True, slots=True)
class VendDay:
    """How many vends of a machine ended so on a day."""

    machine_id: str
    day: date
    status: str
    """completed or failed."""
    reason: str
    """Why they failed."""
    vends: int


async def units_by_day(db_session: AsyncSession, first: date, last: date) -> list[tuple[str, date, int]]:
    """(product, day, units) of what was sold from `first` to `last`; days without sales are left out."""
    return await repository.units_by_day(db_session, first, last)


async def vends(db_session: AsyncSession, first: date, last: date) -> tuple[int, int]:
    """How many vends there were from `first` to `last`, and how many of them failed."""
    found = await repository.vends(db_session, first, last)
    return sum(found.values()), found.get("failed", 0)


async def vends_by_day(db_session: AsyncSession, first: date, last: date) -> list[VendDay]:
    """How the vends of each machine ended on the days from `first` to `last`."""
    return [VendDay(*row) for row in await repository.vends_by_day(db_session, first, last)]


async def sale_times(db_session: AsyncSession, since_ms: int, until_ms: int) -> list[tuple[str, str, int]]:
    """(machine, slot, time) of the sales from `since_ms` to before `until_ms`, the oldest first."""
    return await repository.sale_times(db_session, since_ms, until_ms)


@dataclass(frozen=True, slots=True)
class Taxed:
    """What was sold at one rate of tax, less what was given back; money in yen."""

    percent: int
    units: int
    gross: int
    tax: int
    net: int


async def taxed(db_session: AsyncSession, first: date, last: date) -> list[Taxed]:
    """What was sold at each rate of tax from `first` to `last`, by the true day of the sale, less refunds."""
    rows = {row[0]: Taxed(*row) for row in await repository.taxed(db_session, first, last)}
    for percent, units, gross, tax, net in await refund_repository.taxed(db_session, first, last):
        row = rows.get(percent, Taxed(percent, 0, 0, 0, 0))
        rows[percent] = Taxed(percent, row.units - units, row.gross - gross, row.tax - tax, row.net - net)
    return [rows[percent] for percent in sorted(rows)]


@dataclass(frozen=True, slots=True)
class Charge:
    """One sale that a processor owes; money in yen."""

    sale_id: int
    payment: str
    sold_on: date
    machine_id: str
    gross: int


async def open_charges(
    db_session: AsyncSession, tender: str, days: tuple[date, date], settled: Select[str], *, limit: int
) -> list[Charge]:
    """The oldest sales of a tender, of the days from the first to the last, whose payment is named and not settled.

    Args:
        db_session: open session.
        tender: whose.
        days: both included.
        settled: finds the payments that are; the database compares, since there may be tens of thousands.
        limit: at most so many.
    """
    return [Charge(*row) for row in await repository.charges(db_session, tender, days, settled, limit=limit)]


async def open_charges_by_day(
    db_session: AsyncSession, tender: str, days: tuple[date, date], settled: Select[str]
) -> dict[date, int]:
    """Day to the yen of the same sales, all of them."""
    return await repository.charged_by_day(db_session, tender, days, settled)


async def by_payments(db_session: AsyncSession, payments: Sequence[str], first: date, last: date) -> list[Charge]:
    """The sales that these payments paid, sold from `first` to `last`."""
    return [_charge(row) for row in await repository.by_payments(db_session, payments, first, last)]


def _charge(row: Sale) -> Charge:
    return Charge(row.id, row.payment, row.sold_on, row.machine_id, row.gross_minor)


def _view(row: Sale) -> SaleView:
    return SaleView.model_validate(row)


async def of_keys(db_session: AsyncSession, keys: Sequence[repository.EventKey]) -> list[SaleView]:
    """Sales by the keys of their events (machine, epoch, seq); those that exist, in no order."""
    return [_view(row) for row in await repository.of_keys(db_session, keys)]


async def around(db_session: AsyncSession, machine_id: str, from_ms: int, to_ms: int) -> list[SaleView]:
    """Sales and failed vends of a machine between two instants, the newest first."""
    return [_view(row) for row in await repository.around(db_session, machine_id, from_ms, to_ms)]
