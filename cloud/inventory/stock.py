"""The door for what is where, with lots, value and days left. Reads only."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.inventory import repository, service
from cloud.inventory.lots import LotShare


class HeldLot(BaseModel):
    """Units of one lot at a place."""

    code: str
    best_before: date | None
    quantity: int


class Held(BaseModel):
    """Units of one product at one place."""

    place_id: str
    product_id: str
    quantity: int
    """Below 0: more left than the books had; a count is due."""
    lots: list[HeldLot]
    """The first to expire first; what they do not add up to carries no lot."""


class LotHeld(BaseModel):
    """A lot that expires, at one place."""

    place_id: str
    product_id: str
    code: str
    best_before: date
    quantity: int
    days_left: int
    """0 is the last good day; below 0 it is over."""


async def held(db_session: AsyncSession, *, place_id: str | None = None, product_id: str | None = None) -> list[Held]:
    """Everything that is somewhere, by place and product; of one place, of one product."""
    lots = await service.lots_at(db_session, [place_id] if place_id else None)
    rows = await repository.held(db_session, place_id=place_id, product_id=product_id)
    return [
        Held(place_id=place, product_id=product, quantity=units, lots=_lots(lots.get((place, product), ())))
        for place, product, units in rows
    ]


def _lots(shares: Sequence[LotShare]) -> list[HeldLot]:
    return [HeldLot(code=row.code, best_before=row.best_before, quantity=row.quantity) for row in shares]


async def expiring(db_session: AsyncSession, today: date, within_days: int) -> list[LotHeld]:
    """Lots whose last good day is at most so many days away, or over; the first to expire first."""
    found = [
        LotHeld(
            place_id=place,
            product_id=product,
            code=row.code,
            best_before=row.best_before,
            quantity=row.quantity,
            days_left=(row.best_before - today).days,
        )
        for (place, product), rows in (await service.lots_at(db_session)).items()
        for row in rows
        if row.best_before is not None and (row.best_before - today).days <= within_days
    ]
    return sorted(found, key=lambda row: (row.best_before, row.place_id, row.product_id, row.code))
