"""`/api/v1/accounting/reports/month`: the month's report, as JSON and as PDF."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request

from cloud.accounting.month_report import MonthReport, report_of
from cloud.accounting.month_report_pdf import render
from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit import pdf
from cloud.kit.http import DatabaseDep, TodayDep
from cloud.kit.pdf import PdfResponse

router = APIRouter(
    prefix="/api/v1/accounting/reports", tags=["accounting"], dependencies=[needs(Permission.BOOKS_READ)]
)

MonthQuery = Annotated[
    str | None,
    Query(
        pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
        examples=["2026-10"],
        description="A month; the newest that is over unless told otherwise.",
    ),
]


@router.get("/month")
async def get_month(request: Request, database: DatabaseDep, today: TodayDep, month: MonthQuery = None) -> MonthReport:
    """Statements with the month before, tax, cash at the month's end, counts, what earned: all of one month."""
    async with database.read() as db_session:
        return await report_of(db_session, request.app.state.settings, month, today)


@router.get("/month.pdf", response_class=PdfResponse)
async def get_month_pdf(
    request: Request, database: DatabaseDep, today: TodayDep, month: MonthQuery = None
) -> PdfResponse:
    """The same to print and to keep. The same books give the same bytes."""
    async with database.read() as db_session:
        report = await report_of(db_session, request.app.state.settings, month, today)
    return await pdf.shown(f"report-{report.month}", partial(render, report))
