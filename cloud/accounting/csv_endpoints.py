"""`/api/v1/accounting/*.csv`: journal, general ledger and trial balance as tables for other programs."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from cloud.accounting import chart, service
from cloud.accounting.csv_files import CsvResponse, csv_response, csv_rows
from cloud.accounting.earnings_endpoints import PeriodDep
from cloud.accounting.reports import TrialLine
from cloud.db.database import Database
from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, refusals

router = APIRouter(prefix="/api/v1/accounting", tags=["accounting"], dependencies=[needs(Permission.BOOKS_READ)])

JOURNAL = ("number", "date", "description", "source", "account", "name", "place", "debit", "credit", "reverses")
LEDGER = ("number", "date", "description", "source", "place", "debit", "credit", "balance")

Table = list[object]


@router.get("/journal.csv", response_class=CsvResponse, responses=refusals(http_422="bad_period"))
async def get_journal_csv(database: DatabaseDep, between: PeriodDep) -> StreamingResponse:
    """One row for each leg, by the number of the entry."""
    return _download("journal", JOURNAL, _legs(database, between))


@router.get(
    "/ledger/{account}.csv",
    response_class=CsvResponse,
    responses=refusals(http_404="no_such_account", http_422="bad_period"),
)
async def get_ledger_csv(
    account: Annotated[str, Path(pattern=r"^\d{4}$")],
    database: DatabaseDep,
    between: PeriodDep,
) -> StreamingResponse:
    """One account: what it was carried forward with, each leg, the balance after it (debit positive)."""
    if account not in chart.BY_CODE:
        raise ProblemError(404, "no_such_account", f"There is no account {account}.")
    return _download(f"ledger-{account}", LEDGER, _running(database, account, between))


@router.get("/trial-balance.csv", response_class=CsvResponse)
async def get_trial_balance_csv(database: DatabaseDep) -> CsvResponse:
    """Every account's turnovers and balance, now."""
    async with database.read() as db_session:
        trial = await service.trial_balance(db_session)
    return csv_response(
        "trial-balance",
        list(TrialLine.model_fields),
        [row.model_dump().values() for row in trial.lines],
    )


async def _legs(database: Database, between: tuple[date, date]) -> AsyncIterator[Table]:
    async with database.read() as db_session:
        async for entry in service.entries_of_days(db_session, between):
            for leg in entry.draft.legs:
                yield [
                    entry.number,
                    entry.draft.entry_date,
                    entry.draft.description,
                    entry.draft.source,
                    leg.account,
                    chart.BY_CODE[leg.account].name_ja,
                    leg.sub_account,
                    max(leg.amount_minor, 0),
                    max(-leg.amount_minor, 0),
                    entry.draft.reverses,
                ]


async def _running(database: Database, account: str, between: tuple[date, date]) -> AsyncIterator[Table]:
    async with database.read() as db_session:
        balance = await service.balance_before(db_session, account, between[0])
        yield ["", between[0], "前期繰越", "", "", "", "", balance]
        async for entry in service.entries_of_days(db_session, between, account=account):
            draft = entry.draft
            for leg in draft.legs:
                if leg.account == account:
                    balance += leg.amount_minor
                    sides = max(leg.amount_minor, 0), max(-leg.amount_minor, 0)
                    said = [entry.number, draft.entry_date, draft.description, draft.source, leg.sub_account]
                    yield [*said, *sides, balance]


def _download(name: str, heading: tuple[str, ...], rows: AsyncIterator[Table]) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(csv_rows(heading, rows), media_type=CsvResponse.media_type, headers=headers)
