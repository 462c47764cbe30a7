"""All queries of the assortment."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.assortment.models import ListPrice, MachinePriceList, PlannedPlanogram, PriceList
from cloud.db.statements import upsert


async def lists(db_session: AsyncSession) -> list[PriceList]:
    """Every price list, by id."""
    return list((await db_session.scalars(select(PriceList).order_by(PriceList.id))).all())


async def price_list(db_session: AsyncSession, list_id: str) -> PriceList | None:
    """One price list, or None."""
    return await db_session.get(PriceList, list_id)


async def add_list(db_session: AsyncSession, row: dict[str, Any]) -> None:
    """Make a price list."""
    db_session.add(PriceList(**row))
    await db_session.flush()


async def prices(db_session: AsyncSession, list_id: str) -> list[ListPrice]:
    """Every price that was ever entered in a list, in that order."""
    query = select(ListPrice).where(ListPrice.list_id == list_id).order_by(ListPrice.id)
    return list((await db_session.scalars(query)).all())


async def add_prices(db_session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Enter prices, in this order."""
    db_session.add_all([ListPrice(**row) for row in rows])
    await db_session.flush()


async def followed(db_session: AsyncSession) -> dict[str, str]:
    """Machine to the list its prices follow."""
    rows = await db_session.scalars(select(MachinePriceList).order_by(MachinePriceList.machine_id))
    return {row.machine_id: row.list_id for row in rows}


async def follow(db_session: AsyncSession, machine_id: str, list_id: str | None) -> None:
    """Let a machine follow a list, or none."""
    await db_session.execute(delete(MachinePriceList).where(MachinePriceList.machine_id == machine_id))
    if list_id is not None:
        statement = upsert(db_session, MachinePriceList.__table__).on_conflict_do_nothing()
        await db_session.execute(statement.values(machine_id=machine_id, list_id=list_id))


async def waiting_plans(db_session: AsyncSession, machine_ids: Collection[str] | None = None) -> list[PlannedPlanogram]:
    """Plans that are neither published nor withdrawn, by day."""
    query = select(PlannedPlanogram).where(PlannedPlanogram.published_rev == 0, PlannedPlanogram.withdrawn_at_ms == 0)
    if machine_ids is not None:
        query = query.where(PlannedPlanogram.machine_id.in_(machine_ids))
    query = query.order_by(PlannedPlanogram.valid_from, PlannedPlanogram.id)
    return list((await db_session.scalars(query)).all())


async def plans(db_session: AsyncSession, machine_id: str) -> list[PlannedPlanogram]:
    """Every plan of a machine, the newest day first."""
    query = select(PlannedPlanogram).where(PlannedPlanogram.machine_id == machine_id)
    query = query.order_by(PlannedPlanogram.valid_from.desc(), PlannedPlanogram.id.desc())
    return list((await db_session.scalars(query)).all())


async def plan(db_session: AsyncSession, plan_id: int) -> PlannedPlanogram | None:
    """One plan, or None."""
    return await db_session.get(PlannedPlanogram, plan_id, populate_existing=True)


async def add_plan(db_session: AsyncSession, row: dict[str, Any]) -> PlannedPlanogram:
    """Write a plan down."""
    made = PlannedPlanogram(**row, published_rev=0, withdrawn_at_ms=0)
    db_session.add(made)
    await db_session.flush()
    return made


async def settle_plans(db_session: AsyncSession, ids: Sequence[int], **values: int) -> None:
    """Note that plans were published or withdrawn."""
    if ids:
        await db_session.execute(update(PlannedPlanogram).where(PlannedPlanogram.id.in_(ids)).values(**values))
