"""All queries of the sales."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting.places import CREDIT_PAYMENT
from cloud.db.statements import ByKeys, among, insert_many
from cloud.sales.models import Sale

_SALES: Any = Sale.__table__

EventKey = tuple[str, str, int]
"""Machine, epoch, seq."""


_KNOWN: Final = ByKeys(
    select(_SALES.c.seq).where(_SALES.c.machine_id == bindparam("machine"), _SALES.c.epoch == bindparam("of_epoch")),
    _SALES.c.seq,
)


async def known(db_session: AsyncSession, keys: Sequence[EventKey]) -> set[EventKey]:
    """Those of `keys` that have a row already."""
    by_stream: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for machine, epoch, seq in keys:
        by_stream[machine, epoch].append(seq)
    found: set[EventKey] = set()
    for (machine, epoch), seqs in by_stream.items():
        rows = await _KNOWN.rows(db_session, seqs, machine=machine, of_epoch=epoch)
        found.update((machine, epoch, seq) for (seq,) in rows)
    return found


async def add(db_session: AsyncSession, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert sales; `columns` names the values of a row."""
    await insert_many(db_session, _SALES, columns, rows)


async def page(
    db_session: AsyncSession,
    *,
    limit: int,
    before: tuple[int, int] | None = None,
    machine_id: str | None = None,
    status: str | None = None,
) -> list[Sale]:
    """Sales, newest first.

    Args:
        db_session: open session.
        limit: at most so many.
        before: (occurred_at_ms, id) of the last row of the page before.
        machine_id: only of this machine.
        status: only with this status.
    """
    query = select(Sale).order_by(Sale.occurred_at_ms.desc(), Sale.id.desc()).limit(limit)
    if before:
        query = query.where(tuple_(Sale.occurred_at_ms, Sale.id) < before)
    if machine_id:
        query = query.where(Sale.machine_id == machine_id)
    if status:
        query = query.where(Sale.status == status)
    return list((await db_session.scalars(query)).all())


async def get(db_session: AsyncSession, sale_id: int) -> Sale | None:
    """One sale, or None."""
    return await db_session.get(Sale, sale_id)


async def newest(db_session: AsyncSession) -> int:
    """The highest row number; 0 without sales."""
    return await db_session.scalar(select(func.max(Sale.id))) or 0


async def earliest_after(db_session: AsyncSession, number: int) -> date | None:
    """The earliest day of the rows with higher numbers, or None."""
    # With the count the rows are gone through by number; the minimum alone would be looked for by day.
    row = (await db_session.execute(select(func.min(Sale.sold_on), func.count()).where(Sale.id > number))).one()
    return row[0]


async def day_totals(db_session: AsyncSession, day: date) -> dict[str, tuple[int, int, int, int]]:
    """Status to (rows, gross, net, cost) of one day."""
    query = (
        select(
            Sale.status,
            func.count(),
            func.coalesce(func.sum(Sale.gross_minor), 0),
            func.coalesce(func.sum(Sale.net_minor), 0),
            func.coalesce(func.sum(Sale.cost_minor), 0),
        )
        .where(Sale.sold_on == day)
        .group_by(Sale.status)
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in await db_session.execute(query)}


async def times_and_amounts(db_session: AsyncSession, day: date) -> list[tuple[int, int]]:
    """(occurred_at_ms rounded down to the minute, gross) of the completed sales of one day, added up per minute."""
    minute = Sale.occurred_at_ms - Sale.occurred_at_ms % 60_000
    query = (
        select(minute, func.sum(Sale.gross_minor))
        .where(Sale.sold_on == day, Sale.status == "completed")
        .group_by(minute)
    )
    return [(int(at), int(amount)) for at, amount in await db_session.execute(query)]


async def revenue_until(db_session: AsyncSession, day: date, until_ms: int) -> int:
    """Gross of the completed sales of `day` that occurred before `until_ms`."""
    query = select(func.coalesce(func.sum(Sale.gross_minor), 0)).where(
        Sale.sold_on == day,
        Sale.status == "completed",
        Sale.occurred_at_ms < until_ms,
    )
    return int(await db_session.scalar(query) or 0)


async def earned(
    db_session: AsyncSession,
    columns: Sequence[Literal["machine_id", "product_id"]],
    days: tuple[date, date],
    only: str | None = None,
) -> list[tuple[tuple[str, ...], int, int, int]]:
    """(machine, product or both, units, net, cost) of the completed sales of these days."""
    keys = [getattr(Sale, column) for column in columns]
    query = (
        select(*keys, func.count(), func.sum(Sale.net_minor), func.sum(Sale.cost_minor))
        .where(Sale.sold_on.between(*days), Sale.status == "completed")
        .group_by(*keys)
    )
    if only is not None:
        query = query.where(keys[0] == only)
    rows = await db_session.execute(query)
    return [(tuple(names), int(units), int(net), int(cost)) for *names, units, net, cost in rows]


async def sold(
    db_session: AsyncSession,
    column: Literal["machine_id", "product_id"],
    name: str,
    days: tuple[date, date],
    *,
    limit: int,
    offset: int,
) -> list[Sale]:
    """Completed sales of one machine or product on the days from the first to the last, newest first."""
    query = select(Sale).where(getattr(Sale, column) == name, Sale.sold_on.between(*days), Sale.status == "completed")
    query = query.order_by(Sale.occurred_at_ms.desc(), Sale.id.desc()).limit(limit).offset(offset)
    return list((await db_session.scalars(query)).all())


async def days(db_session: AsyncSession, first: date, last: date) -> dict[date, int]:
    """Day to gross of the completed sales, from `first` to `last`; days without sales are left out."""
    query = select(Sale.sold_on, func.sum(Sale.gross_minor)).where(
        Sale.sold_on.between(first, last), Sale.status == "completed"
    )
    return {day: int(gross) for day, gross in await db_session.execute(query.group_by(Sale.sold_on))}


async def taxed(db_session: AsyncSession, first: date, last: date) -> list[tuple[int, int, int, int, int]]:
    """(rate, units, gross, tax, net) of the completed sales of the days from `first` to `last`, by rate."""
    query = (
        select(
            Sale.tax_percent,
            func.count(),
            func.sum(Sale.gross_minor),
            func.sum(Sale.tax_minor),
            func.sum(Sale.net_minor),
        )
        .where(Sale.sold_on.between(first, last), Sale.status == "completed")
        .group_by(Sale.tax_percent)
        .order_by(Sale.tax_percent)
    )
    return [
        (int(rate), int(units), int(gross), int(tax), int(net))
        for rate, units, gross, tax, net in await db_session.execute(query)
    ]


def _charges(tender: str, first: date, last: date, settled: Select[str]) -> tuple[ColumnElement[bool], ...]:
    found = settled.subquery()
    is_settled = exists().where(found.c[0] == Sale.payment)
    return (
        Sale.sold_on.between(first, last),
        Sale.status == "completed",
        and_(Sale.tender == tender, Sale.payment != "", ~is_settled),
        ~Sale.payment.startswith(CREDIT_PAYMENT),  # no processor owes what a customer had with us
    )


async def charges(
    db_session: AsyncSession, tender: str, days: tuple[date, date], settled: Select[str], *, limit: int
) -> list[tuple[int, str, date, str, int]]:
    """(id, payment, day, machine, gross) of the oldest completed sales of a tender whose payment is not settled."""
    columns = (Sale.id, Sale.payment, Sale.sold_on, Sale.machine_id, Sale.gross_minor)
    query = select(*columns).where(*_charges(tender, *days, settled)).order_by(Sale.sold_on, Sale.id).limit(limit)
    rows = await db_session.execute(query)
    return [(number, payment, day, machine, gross) for number, payment, day, machine, gross in rows]


async def charged_by_day(
    db_session: AsyncSession, tender: str, days: tuple[date, date], settled: Select[str]
) -> dict[date, int]:
    """Day to gross of the same sales, all of them."""
    query = select(Sale.sold_on, func.sum(Sale.gross_minor)).where(*_charges(tender, *days, settled))
    return {day: int(gross) for day, gross in await db_session.execute(query.group_by(Sale.sold_on))}


async def by_payments(db_session: AsyncSession, payments: Sequence[str], first: date, last: date) -> list[Sale]:
    """Completed sales that these payments paid, sold from `first` to `last`."""
    query = select(Sale).where(Sale.sold_on.between(first, last), Sale.status == "completed")
    return list((await db_session.scalars(query.where(among(db_session, Sale.payment, payments)))).all())


async def sold_by_day(
    db_session: AsyncSession, first: date, last: date
) -> list[tuple[str, str, str, date, int, int, int, int]]:
    """(machine, slot, product, day, units, gross, net, cost) of the completed sales from `first` to `last`."""
    key = (Sale.machine_id, Sale.slot, Sale.product_id, Sale.sold_on)
    query = (
        select(*key, func.count(), func.sum(Sale.gross_minor), func.sum(Sale.net_minor), func.sum(Sale.cost_minor))
        .where(Sale.sold_on.between(first, last), Sale.status == "completed")
        .group_by(*key)
        .order_by(*key)
    )
    return [
        (machine, slot, product, day, int(units), int(gross), int(net), int(cost))
        for machine, slot, product, day, units, gross, net, cost in await db_session.execute(query)
    ]


async def units_by_day(db_session: AsyncSession, first: date, last: date) -> list[tuple[str, date, int]]:
    """(product, day, units) of the completed sales from `first` to `last`."""
    key = (Sale.product_id, Sale.sold_on)
    query = select(*key, func.count()).where(Sale.sold_on.between(first, last), Sale.status == "completed")
    return [(product, day, int(units)) for product, day, units in await db_session.execute(query.group_by(*key))]


async def vends(db_session: AsyncSession, first: date, last: date) -> dict[str, int]:
    """Status to vends of the days from `first` to `last`."""
    query = select(Sale.status, func.count()).where(Sale.sold_on.between(first, last)).group_by(Sale.status)
    return {status: int(n) for status, n in await db_session.execute(query)}


async def vends_by_day(db_session: AsyncSession, first: date, last: date) -> list[tuple[str, date, str, str, int]]:
    """(machine, day, status, reason, vends) of the days from `first` to `last`."""
    key = (Sale.machine_id, Sale.sold_on, Sale.status, Sale.reason)
    query = select(*key, func.count()).where(Sale.sold_on.between(first, last)).group_by(*key).order_by(*key)
    return [
        (machine, day, status, reason, int(n)) for machine, day, status, reason, n in await db_session.execute(query)
    ]


async def sale_times(db_session: AsyncSession, since_ms: int, until_ms: int) -> list[tuple[str, str, int]]:
    """(machine, slot, occurred_at_ms) of the completed sales in a time, the oldest first."""
    query = (
        select(Sale.machine_id, Sale.slot, Sale.occurred_at_ms)
        .where(Sale.occurred_at_ms >= since_ms, Sale.occurred_at_ms < until_ms, Sale.status == "completed")
        .order_by(Sale.occurred_at_ms, Sale.id)
    )
    return [(machine, slot, int(at_ms)) for machine, slot, at_ms in await db_session.execute(query)]


async def of_keys(db_session: AsyncSession, keys: Sequence[EventKey]) -> list[Sale]:
    """Sales by the keys of their events; those that exist, in no order."""
    by_stream: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for machine, epoch, seq in keys:
        by_stream[machine, epoch].append(seq)
    found: list[Sale] = []
    for (machine, epoch), seqs in by_stream.items():
        query = select(Sale).where(Sale.machine_id == machine, Sale.epoch == epoch)
        found += await db_session.scalars(query.where(among(db_session, Sale.seq, seqs)))
    return found


async def around(db_session: AsyncSession, machine_id: str, from_ms: int, to_ms: int) -> list[Sale]:
    """Sales and failed vends of a machine between two instants, the newest first."""
    query = select(Sale).where(Sale.machine_id == machine_id, Sale.occurred_at_ms.between(from_ms, to_ms))
    return list((await db_session.scalars(query.order_by(Sale.occurred_at_ms.desc(), Sale.id.desc()))).all())
