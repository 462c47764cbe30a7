"""All queries of the customers."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.customers.models import Coupon, Customer, CustomerPayment, CustomerRequest, CustomerSale
from cloud.db.statements import among, only, upsert

SaleKey = tuple[str, str, int]
"""Machine, epoch, seq."""


# --- people ------------------------------------------------------------------------------------------------------


async def see(db_session: AsyncSession, customer_id: str, machine_id: str, now_ms: int) -> None:
    """Note that somebody was here; the first time makes the row."""
    values = {
        "id": customer_id,
        "language": "ja",
        "machine_id": machine_id,
        "first_seen_ms": now_ms,
        "last_seen_ms": now_ms,
        "sealed": b"",
    }
    statement = upsert(db_session, Customer.__table__).values(values)
    news: dict[str, Any] = {"last_seen_ms": now_ms} | ({"machine_id": machine_id} if machine_id else {})
    await db_session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=news))


async def customer(db_session: AsyncSession, customer_id: str, *, for_update: bool = False) -> Customer | None:
    """One customer, or None."""
    query = select(Customer).where(Customer.id == customer_id).execution_options(populate_existing=True)
    return await db_session.scalar(query.with_for_update() if for_update else query)


async def customers(db_session: AsyncSession, *, limit: int, before: tuple[int, str] | None = None) -> list[Customer]:
    """Customers, last seen first; `before` is (last_seen_ms, id) of the last row of the page before."""
    query = select(Customer).order_by(Customer.last_seen_ms.desc(), Customer.id.desc()).limit(limit)
    if before:
        query = query.where(tuple_(Customer.last_seen_ms, Customer.id) < before)
    return list((await db_session.scalars(query)).all())


async def customers_total(db_session: AsyncSession) -> int:
    """How many there are."""
    return int(await db_session.scalar(select(func.count()).select_from(Customer)) or 0)


async def stale_profiles(db_session: AsyncSession) -> list[Customer]:
    """Those who told something of themselves."""
    return list((await db_session.scalars(select(Customer).where(Customer.sealed != b"").with_for_update())).all())


# --- what is theirs ------------------------------------------------------------------------------------------------


async def tie(db_session: AsyncSession, key: SaleKey, customer_id: str, how: str, occurred_at_ms: int) -> bool:
    """Tie a sale to a customer; False when it is somebody's already."""
    values = dict(zip(("machine_id", "epoch", "seq"), key, strict=True))
    row = values | {"customer_id": customer_id, "how": how, "occurred_at_ms": occurred_at_ms}
    statement = upsert(db_session, CustomerSale.__table__).values(row).on_conflict_do_nothing()
    return await db_session.scalar(statement.returning(CustomerSale.customer_id)) is not None


async def owner_of_sale(db_session: AsyncSession, key: SaleKey) -> str | None:
    """Whose a sale is, or None."""
    query = select(CustomerSale.customer_id).where(
        CustomerSale.machine_id == key[0], CustomerSale.epoch == key[1], CustomerSale.seq == key[2]
    )
    return await db_session.scalar(query)


async def sales_of(
    db_session: AsyncSession, customer_id: str, *, limit: int, before: int | None = None
) -> list[CustomerSale]:
    """Sales of a customer, newest first; `before` is the time of the last row of the page before."""
    query = select(CustomerSale).where(CustomerSale.customer_id == customer_id)
    if before is not None:
        query = query.where(CustomerSale.occurred_at_ms < before)
    query = query.order_by(CustomerSale.occurred_at_ms.desc(), CustomerSale.seq.desc()).limit(limit)
    return list((await db_session.scalars(query)).all())


async def sale_counts(db_session: AsyncSession, customer_ids: Sequence[str]) -> dict[str, int]:
    """Customer to how many sales are theirs."""
    query = select(CustomerSale.customer_id, func.count()).group_by(CustomerSale.customer_id)
    query = query.where(among(db_session, CustomerSale.customer_id, customer_ids))
    return {name: int(count) for name, count in await db_session.execute(query)}


async def expect(db_session: AsyncSession, payment: str, customer_id: str, now_ms: int) -> None:
    """Note whose a payment is; a known one stays whose it was."""
    values = {"payment": payment, "customer_id": customer_id, "at_ms": now_ms}
    await db_session.execute(upsert(db_session, CustomerPayment.__table__).values(values).on_conflict_do_nothing())


async def payers(db_session: AsyncSession, payments: Sequence[str]) -> dict[str, str]:
    """Payment to customer, for those that are known."""
    query = select(CustomerPayment.payment, CustomerPayment.customer_id)
    query = query.where(among(db_session, CustomerPayment.payment, payments))
    return {row[0]: row[1] for row in await db_session.execute(query)}


# --- coupons -------------------------------------------------------------------------------------------------------


async def add_coupon(db_session: AsyncSession, row: Coupon) -> None:
    """Add a coupon; it has a number then."""
    db_session.add(row)
    await db_session.flush()


async def coupon(db_session: AsyncSession, code: str, *, for_update: bool = False) -> Coupon | None:
    """One coupon, or None; `for_update` keeps others from using it until the end of the transaction."""
    query = select(Coupon).where(Coupon.code == code).execution_options(populate_existing=True)
    return await db_session.scalar(query.with_for_update() if for_update else query)


async def coupons(
    db_session: AsyncSession, *, limit: int, before: int | None = None, customer_id: str | None = None
) -> list[Coupon]:
    """Coupons, the newest first; `before` is the number of the last row of the page before."""
    query = select(Coupon).order_by(Coupon.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Coupon.id < before)
    query = only(query, (Coupon.customer_id, customer_id))
    return list((await db_session.scalars(query)).all())


async def live_coupons(db_session: AsyncSession, customer_id: str, now_ms: int) -> int:
    """How many a customer could still use."""
    query = select(func.count()).select_from(Coupon).where(Coupon.customer_id == customer_id)
    query = query.where(Coupon.state.in_(("open", "offered")), Coupon.valid_until_ms > now_ms)
    return int(await db_session.scalar(query) or 0)


async def coupons_of_codes(db_session: AsyncSession, codes: Sequence[str]) -> dict[str, Coupon]:
    """Coupons by code, locked, in the order of their numbers; those that exist."""
    query = select(Coupon).where(among(db_session, Coupon.code, codes)).order_by(Coupon.id).with_for_update()
    return {row.code: row for row in await db_session.scalars(query)}


# --- wishes --------------------------------------------------------------------------------------------------------


async def add_request(db_session: AsyncSession, row: CustomerRequest) -> None:
    """Add a wish; it has a number then."""
    db_session.add(row)
    await db_session.flush()


async def requests(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    customer_id: str | None = None,
    state: str | None = None,
) -> list[CustomerRequest]:
    """Wishes, the newest first; `before` is the number of the last row of the page before."""
    query = select(CustomerRequest).order_by(CustomerRequest.id.desc()).limit(limit)
    if before is not None:
        query = query.where(CustomerRequest.id < before)
    query = only(query, (CustomerRequest.customer_id, customer_id), (CustomerRequest.state, state))
    return list((await db_session.scalars(query)).all())


async def requests_of_ids(db_session: AsyncSession, ids: Sequence[int]) -> list[CustomerRequest]:
    """Wishes by number, locked."""
    query = select(CustomerRequest).where(among(db_session, CustomerRequest.id, ids)).order_by(CustomerRequest.id)
    return list((await db_session.scalars(query.with_for_update())).all())


async def requests_since(db_session: AsyncSession, customer_id: str, since_ms: int) -> int:
    """How many a customer has written since then."""
    query = select(func.count()).select_from(CustomerRequest)
    query = query.where(CustomerRequest.customer_id == customer_id, CustomerRequest.at_ms >= since_ms)
    return int(await db_session.scalar(query) or 0)


async def all_requests(db_session: AsyncSession) -> list[CustomerRequest]:
    """Every wish, locked."""
    return list((await db_session.scalars(select(CustomerRequest).with_for_update())).all())


# --- forgetting ----------------------------------------------------------------------------------------------------


async def known(db_session: AsyncSession, names: Collection[str]) -> set[str]:
    """Those of these customers that there are."""
    return set(await db_session.scalars(select(Customer.id).where(among(db_session, Customer.id, names))))


async def forget(db_session: AsyncSession, customer_id: str, now_ms: int) -> None:
    """Delete a person: what was theirs is nobody's any more. Freed pages are overwritten where the database can."""
    if db_session.get_bind().dialect.name == "sqlite":
        await db_session.execute(text("PRAGMA secure_delete = ON"))
    withdrawn = {"state": "withdrawn", "ended_at_ms": now_ms, "ended_by": "deleted"}
    live = (Coupon.customer_id == customer_id, Coupon.state.in_(("open", "offered")))
    await db_session.execute(update(Coupon).where(*live).values(withdrawn))
    await db_session.execute(update(Coupon).where(Coupon.customer_id == customer_id).values(customer_id="", reason=""))
    for table in (CustomerSale, CustomerPayment, CustomerRequest):
        await db_session.execute(delete(table).where(table.customer_id == customer_id))
    await db_session.execute(delete(Customer).where(Customer.id == customer_id))


async def seen_since(db_session: AsyncSession, since_ms: int) -> int:
    """How many people said or bought something since an instant."""
    return int(await db_session.scalar(select(func.count()).where(Customer.last_seen_ms >= since_ms)) or 0)


async def repeating(db_session: AsyncSession, since_ms: int) -> int:
    """How many people bought at least twice since an instant."""
    often = select(CustomerSale.customer_id).where(CustomerSale.occurred_at_ms >= since_ms)
    often = often.group_by(CustomerSale.customer_id).having(func.count() > 1)
    return int(await db_session.scalar(select(func.count()).select_from(often.subquery())) or 0)
