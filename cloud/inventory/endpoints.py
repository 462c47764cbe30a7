"""`/api/v1/inventory`: how much of what is where."""

from fastapi import APIRouter
from pydantic import BaseModel

from cloud.catalogue import service as catalogue
from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.inventory import service
from cloud.inventory.service import ProductStock
from cloud.kit.http import DatabaseDep
from cloud.kit.pages import AskedDep, Page
from cloud.machines import stock

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"], dependencies=[needs(Permission.INVENTORY_READ)])


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
async def list_stock(database: DatabaseDep, asked: AskedDep) -> Page[ProductStock]:
    """Machine, storage and total stock of every product, by id."""
    async with database.read() as db_session:
        products = asked.cut(await catalogue.products(db_session), lambda row: row.id, str)
        rows = await service.stock_of_products(db_session, [row.id for row in products.items])
    return Page(items=rows, next=products.next)


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
