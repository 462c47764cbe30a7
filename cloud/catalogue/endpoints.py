"""`/api/v1/products`: what is sold, and how it was before. Prices stand in the planograms."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from cloud.catalogue import rules, service
from cloud.catalogue.service import JanTakenError, ProductView, RevisionView
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, IfMatch, ProblemError, refusals
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/products", tags=["products"])

_READ = [needs(Permission.FLEET_READ)]
ProductId = Annotated[str, Path(max_length=64)]


def tag_of(product: ProductView) -> str:
    """An `ETag` that differs whenever the product does."""
    return f'"{sha256(product.model_dump_json().encode()).hexdigest()[:16]}"'


@router.get("", dependencies=_READ)
async def list_products(
    database: DatabaseDep,
    asked: AskedDep,
    is_active: bool | None = None,  # noqa: FBT001 - a filter in the address
    tax_class: rules.TaxClass | None = None,
    q: Annotated[str, Query(max_length=120, description="Part of a name, its reading, the id or the JAN code.")] = "",
) -> Page[ProductView]:
    """Every product, by id."""
    async with database.read() as db_session:
        rows = await service.products(db_session)
    found = [
        row
        for row in rows
        if (is_active is None or row.is_active == is_active)
        and (tax_class is None or row.tax_class == tax_class)
        and row.matches(q)
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


@router.get("/{product_id}/revisions", dependencies=_READ, responses=refusals(http_404="no_such_product"))
async def list_revisions(product_id: ProductId, database: DatabaseDep, asked: AskedDep) -> Page[RevisionView]:
    """What the product was and who changed it, newest first. Sales keep the name and the tax of their time."""
    after = asked.after(int)
    async with database.read() as db_session:
        rows = await service.revisions(db_session, product_id)
    if not rows:
        raise ProblemError(404, "no_such_product", f"There is no product {product_id!r}.")
    return asked.page([row for row in rows if after is None or row.number < after], lambda row: row.number)


@router.put(
    "/{product_id}",
    responses=refusals(http_409="jan_taken", http_412="changed_meanwhile", http_422="id_differs"),
)
async def put_product(
    product_id: ProductId,
    body: ProductView,
    writer: Annotated[Writer, Depends(Writes(Permission.PRODUCTS_WRITE, "product.saved"))],
    response: Response,
    if_match: IfMatch = None,
) -> ProductView:
    """Add a product, or replace the one of this id. Its `photo` stays: see `PUT …/picture`."""
    if body.id != product_id:
        raise ProblemError(422, "id_differs", f"The address says {product_id!r}, the body says {body.id!r}.")
    saved = await save_product(writer, body, if_match)
    response.headers["ETag"] = tag_of(saved)
    return saved


async def save_product(writer: Writer, body: ProductView, if_match: str | None) -> ProductView:
    """Save a product for a person; what it is then.

    Raises:
        ProblemError: 409, another product has its JAN; 412, it is no longer what `if_match` names.
    """
    try:
        async with writer.write(**body.model_dump(mode="json", exclude_defaults=True)) as db_session:
            if if_match is not None:
                before = await service.product(db_session, body.id)
                if before is None or if_match.strip() not in {tag_of(before), "*"}:
                    raise ProblemError(412, "changed_meanwhile", "Somebody else changed the product; read it again.")
            await service.save(db_session, [body], by=writer.user.email, now_ms=writer.now_ms)
            return await service.product(db_session, body.id) or body
    except JanTakenError as error:
        raise ProblemError(409, "jan_taken", f"{error}.") from error
