"""`/api/v1/products/csv`: all products as a table, out and in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from cloud.catalogue import csv_products, service
from cloud.catalogue.csv_products import ImportReport
from cloud.catalogue.service import JanTakenError
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit import csv_table
from cloud.kit.advice import FieldProblem
from cloud.kit.csv_table import CSV_BODY, BadTableError, CsvFile
from cloud.kit.http import DatabaseDep, refusals

router = APIRouter(prefix="/api/v1/products/all", tags=["products"])

DryRun = Annotated[bool, Query(description="True: say what would change, and change nothing.")]


@router.get("/csv", response_class=CsvFile, dependencies=[needs(Permission.FLEET_READ)])
async def get_products_csv(database: DatabaseDep) -> CsvFile:
    """Every product, one row each; sent back unchanged it changes nothing."""
    async with database.read() as db_session:
        rows = await service.products(db_session)
    return csv_table.download("products", csv_products.COLUMNS, map(csv_products.row_of, rows))


@router.post("/csv", responses=refusals(http_413="too_large", http_422="bad_table"), openapi_extra=CSV_BODY)
async def put_products_csv(
    request: Request,
    writer: Annotated[Writer, Depends(Writes(Permission.PRODUCTS_WRITE, "products.imported"))],
    dry_run: DryRun = False,  # noqa: FBT002 - a switch in the address
) -> ImportReport:
    """Add and change products from a table: all rows or none. Products that are not in it stay as they are."""
    return await import_products(writer, await csv_table.sent(request), is_dry_run=dry_run)


async def import_products(writer: Writer, data: bytes, *, is_dry_run: bool) -> ImportReport:
    """Take a table of products, or only say what it would change.

    Raises:
        ProblemError: 422, every cell that is wrong; nothing was changed.
    """
    report = ImportReport(is_dry_run=is_dry_run, rows=0, changes=[])
    with csv_table.taking():
        async with writer.write(bytes=len(data)) as db_session:
            known = {row.id: row for row in await service.products(db_session)}
            rows, report.changes = csv_products.products_of(data, known)
            report.rows = len(rows)
            try:
                await service.save(db_session, rows, by=writer.user.email, now_ms=writer.now_ms)
            except JanTakenError as error:
                raise BadTableError([_jan_taken(error, report)]) from error
            csv_table.end_dry_run(is_dry_run=is_dry_run)
    return report


def _jan_taken(error: JanTakenError, report: ImportReport) -> FieldProblem:
    lines = {row.id: row.line for row in report.changes}
    return FieldProblem(
        field=f"line {lines.get(error.product_id, 1)}, jan",
        problem=f"{error.jan} belongs to {error.owner}",
        what_to_do="Read the code again, or first take it from that product.",
    )
