"""`/api/v1/products`: what is sold. Prices stand in the planograms."""

from fastapi import APIRouter

from cloud.catalogue import service
from cloud.catalogue.service import ProductView
from cloud.kit.http import DatabaseDep, ProblemError

router = APIRouter(prefix="/api/v1/products", tags=["products"])


@router.get("")
async def list_products(database: DatabaseDep) -> list[ProductView]:
    """Every product, by id."""
    async with database.read() as db_session:
        return await service.products(db_session)


@router.get("/{product_id}")
async def get_product(product_id: str, database: DatabaseDep) -> ProductView:
    """One product."""
    async with database.read() as db_session:
        found = await service.product(db_session, product_id)
    if found is None:
        raise ProblemError(404, "no_such_product", f"There is no product {product_id!r}.")
    return found


@router.put("/{product_id}")
async def put_product(product_id: str, body: ProductView, database: DatabaseDep) -> ProductView:
    """Add a product, or replace the one of this id."""
    if body.id != product_id:
        raise ProblemError(422, "id_differs", f"The address says {product_id!r}, the body says {body.id!r}.")
    async with database.write() as db_session:
        await service.save(db_session, [body])
    return body
