"""`/api/v1/accounting/statements/…`: the three statements in Japanese form, with the period before beside them."""

from fastapi import APIRouter

from cloud.accounting import periods
from cloud.accounting.csv_files import CsvResponse, csv_response
from cloud.accounting.earnings_endpoints import PeriodDep
from cloud.accounting.periods import StatementName
from cloud.accounting.statements import Statement, StatementLine
from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, refusals

router = APIRouter(
    prefix="/api/v1/accounting/statements", tags=["accounting"], dependencies=[needs(Permission.BOOKS_READ)]
)


@router.get("/{name}", responses=refusals(http_422="bad_period"))
async def get_statement(name: StatementName, database: DatabaseDep, between: PeriodDep) -> Statement:
    """One statement; `before` of each line is the month before, or as many days before, if not a whole month."""
    async with database.read() as db_session:
        return await periods.statement(db_session, name, *between)


@router.get("/{name}/csv", response_class=CsvResponse, responses=refusals(http_422="bad_period"))
async def get_statement_csv(name: StatementName, database: DatabaseDep, between: PeriodDep) -> CsvResponse:
    """The same as a table."""
    async with database.read() as db_session:
        found = await periods.statement(db_session, name, *between)
    return csv_response(name, list(StatementLine.model_fields), [line.model_dump().values() for line in found.lines])
