"""`/api/v1/inventory`: how much of what is where."""

from fastapi import APIRouter
from pydantic import BaseModel

from cloud.catalogue import service as catalogue
from cloud.inventory import service
from cloud.inventory.service import ProductStock
from cloud.kit.http import DatabaseDep
from cloud.machines import stock

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"])


class Summary(BaseModel):
    """The stock in four numbers."""

    total_products: int
    low_stock_count: int
    """Slots with units left, but fewer than half of their par level."""
    out_of_stock_count: int
    """Slots of a planogram with nothing in them."""
    total_value: int
    """What all stock cost, in yen."""


@router.get("/products")
async def list_stock(database: DatabaseDep) -> list[ProductStock]:
    """Machine, storage and total stock of every product."""
    async with database.read() as db_session:
        products = await catalogue.products(db_session)
        return await service.stock_of_products(db_session, [row.id for row in products])


@router.get("/summary")
async def get_summary(database: DatabaseDep) -> Summary:
    """Total products, low and empty slots, total value."""
    async with database.read() as db_session:
        levels = await stock.slot_levels(db_session)
        return Summary(
            total_products=await catalogue.product_count(db_session),
            low_stock_count=sum(level.tone == "low" for level in levels),
            out_of_stock_count=sum(level.tone == "out" for level in levels),
            total_value=await service.total_value(db_session),
        )
