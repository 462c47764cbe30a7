"""Price lists of suppliers, as CSV or JSON: all rows or none. The caller's boundary commits."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.integrations.web_search.lists import MOST_BYTES, ListRow, Parsed, parse
from cloud.kit.advice import FieldProblem, field_problem
from cloud.procurement import repository, service
from cloud.procurement.ordering import Maker
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody


class ImportBody(BaseModel):
    """A price list."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "csv",
                    "text": "supplier,product_id,pack_size,price\nみどり飲料,green-tea,24,1980\n",
                    "is_confirmed": True,
                }
            ]
        },
    )

    kind: Literal["csv", "json"]
    text: Annotated[str, Field(max_length=MOST_BYTES)]
    is_confirmed: bool = False
    """You stand for every price: they may be ordered by. Otherwise each must be confirmed first."""


class ImportReport(BaseModel):
    """What became of a list."""

    is_imported: bool
    """With a single problem nothing is."""
    suppliers_added: int
    offers_added: int
    problems: list[FieldProblem]
    """Each names its row; in a CSV the heading is row 1."""


async def take(db_session: AsyncSession, body: ImportBody, maker: Maker) -> ImportReport:
    """Record the prices of a list; suppliers nobody knew are added, and are not allowed to be paid yet."""
    parsed = parse(body.text, body.kind)
    ready, problems = await _checked(db_session, parsed, maker, 2 if body.kind == "csv" else 1)
    if problems or not ready:
        nothing = FieldProblem(field="file", problem="no rows", what_to_do="Send at least one price.")
        return ImportReport(is_imported=False, suppliers_added=0, offers_added=0, problems=problems or [nothing])
    recorded = Recorded("list", maker.who if body.is_confirmed else "", maker.now_ms)
    added = 0
    for supplier, offer in ready:
        known = await repository.supplier_named(db_session, supplier.name)
        number = known.id if known else await service.add_supplier(db_session, supplier, maker.now_ms)
        added += known is None
        await service.add_offer(db_session, number, offer, recorded)
    return ImportReport(is_imported=True, suppliers_added=added, offers_added=len(ready), problems=[])


async def _checked(
    db_session: AsyncSession, parsed: Parsed, maker: Maker, first: int
) -> tuple[list[tuple[SupplierBody, OfferBody]], list[FieldProblem]]:
    problems = list(parsed.problems)
    if problems:
        return [], problems
    goods = await catalogue.load(db_session)
    ready = []
    for number, row in enumerate(parsed.rows, start=first):
        try:
            ready.append(_bodies(row, maker))
        except ValidationError as error:
            for item in error.errors():
                found = field_problem(item)
                problems.append(found.model_copy(update={"field": f"row {number} {found.field}".rstrip()}))
        if row.product_id not in goods:
            problems.append(
                FieldProblem(
                    field=f"row {number} product_id",
                    problem=f"there is no product {row.product_id!r}",
                    what_to_do="Add it to the catalogue, or correct the id.",
                ),
            )
    return ready, problems


def _bodies(row: ListRow, maker: Maker) -> tuple[SupplierBody, OfferBody]:
    supplier = SupplierBody(
        name=row.supplier,
        kana=row.kana or row.supplier,
        registration_number=row.registration_number,
        lead_days=row.lead_days,
    )
    offer = OfferBody(
        product_id=row.product_id,
        pack_size=row.pack_size,
        price=row.price,
        is_tax_included=row.is_tax_included,
        minimum_packs=row.minimum_packs,
        valid_from=row.valid_from or maker.today,
        valid_to=row.valid_to,
        reference=row.reference,
    )
    return supplier, offer
