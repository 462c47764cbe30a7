"""`/api/v1/accounting/reports/month`: the month's report, as JSON and as PDF."""

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting.endpoints import TodayDep
from cloud.accounting.month_report import MonthReport, gather, last_day_named, last_day_of_month_before
from cloud.accounting.month_report_pdf import render
from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep

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


class PdfResponse(Response):
    """A PDF file."""

    media_type = "application/pdf"


async def _report(request: Request, db_session: AsyncSession, month: str | None, today: date) -> MonthReport:
    settings = request.app.state.settings
    last_day = last_day_named(month) if month else last_day_of_month_before(today)
    business = settings.company_name or settings.app_name
    return await gather(
        db_session,
        last_day,
        business=business,
        timezone=settings.timezone,
        today=today,
    )


@router.get("/month")
async def get_month(request: Request, database: DatabaseDep, today: TodayDep, month: MonthQuery = None) -> MonthReport:
    """Statements with the month before, tax, cash at the month's end, counts, what earned: all of one month."""
    async with database.read() as db_session:
        return await _report(request, db_session, month, today)


@router.get("/month.pdf", response_class=PdfResponse)
async def get_month_pdf(
    request: Request, database: DatabaseDep, today: TodayDep, month: MonthQuery = None
) -> PdfResponse:
    """The same to print and to keep. The same books give the same bytes."""
    async with database.read() as db_session:
        report = await _report(request, db_session, month, today)
    content = await asyncio.to_thread(render, report)
    return PdfResponse(content, headers={"Content-Disposition": f'inline; filename="report-{report.month}.pdf"'})
