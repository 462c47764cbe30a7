"""`/api/v1/products`: what is sold. Prices stand in the planograms."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from cloud.catalogue import rules, service
from cloud.catalogue.service import ProductView
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, refusals
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/products", tags=["products"])

_READ = [needs(Permission.FLEET_READ)]
ProductId = Annotated[str, Path(max_length=64)]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=64,
        description="`ETag` of the product as you read it; refused when somebody else changed it since.",
    ),
]


def tag_of(product: ProductView) -> str:
    """An `ETag` that differs whenever the product does."""
    return f'"{sha256(product.model_dump_json().encode()).hexdigest()[:16]}"'


@router.get("", dependencies=_READ)
async def list_products(
    database: DatabaseDep,
    asked: AskedDep,
    is_active: bool | None = None,  # noqa: FBT001 - a filter in the address
    tax_class: rules.TaxClass | None = None,
) -> Page[ProductView]:
    """Every product, by id."""
    async with database.read() as db_session:
        rows = await service.products(db_session)
    found = [
        row
        for row in rows
        if (is_active is None or row.is_active == is_active) and (tax_class is None or row.tax_class == tax_class)
    ]
    return asked.cut(found, lambda row: row.id, str)


@router.get("/{product_id}", dependencies=_READ, responses=refusals(http_404="no_such_product"))
async def get_product(product_id: ProductId, database: DatabaseDep, response: Response) -> ProductView:
    """One product; the `ETag` is for a change."""
    async with database.read() as db_session:
        found = await service.product(db_session, product_id)
    if found is None:
        raise ProblemError(404, "no_such_product", f"There is no product {product_id!r}.")
    response.headers["ETag"] = tag_of(found)
    return found


@router.put("/{product_id}", responses=refusals(http_412="changed_meanwhile", http_422="id_differs"))
async def put_product(
    product_id: ProductId,
    body: ProductView,
    writer: Annotated[Writer, Depends(Writes(Permission.PRODUCTS_WRITE, "product.saved"))],
    response: Response,
    if_match: IfMatch = None,
) -> ProductView:
    """Add a product, or replace the one of this id."""
    if body.id != product_id:
        raise ProblemError(422, "id_differs", f"The address says {product_id!r}, the body says {body.id!r}.")
    async with writer.write(**body.model_dump(mode="json")) as db_session:
        if if_match is not None:
            before = await service.product(db_session, product_id)
            if before is None or if_match.strip() not in {tag_of(before), "*"}:
                raise ProblemError(412, "changed_meanwhile", "Somebody else changed the product; read it again.")
        await service.save(db_session, [body])
    response.headers["ETag"] = tag_of(body)
    return body
