"""`/api/v1/analytics`: statistics, forecasts, what is odd, reports."""

from datetime import date, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting.earnings_endpoints import PeriodDep
from cloud.analytics import demand, jobs, report, report_pdf, service, statistics
from cloud.analytics.demand import ProductForecast
from cloud.analytics.report import BusinessReport
from cloud.analytics.service import (
    AnomalyChangedError,
    AnomalyOverError,
    AnomalyView,
    NoSuchAnomalyError,
    NoSuchReportError,
    ReportView,
)
from cloud.analytics.statistics import Statistics
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, IfMatch, ProblemError, RowId, TodayDep, refusals, revision_of
from cloud.kit.pages import AskedDep, Page
from cloud.kit.pdf import PdfResponse, shown

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])
_READ: Final = [needs(Permission.ANALYTICS_READ)]

MOST_DAYS: Final = 366

Acknowledges = Annotated[Writer, Depends(Writes(Permission.ANALYTICS_HANDLE, "anomaly.acknowledged"))]
Looks = Annotated[Writer, Depends(Writes(Permission.ANALYTICS_HANDLE, "anomalies.looked_for"))]


class NoteBody(BaseModel):
    """What a person says about something odd."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "明日の朝、見に行きます。"}]})

    note: Annotated[str, Field(max_length=500)] = ""


def days_of(between: PeriodDep) -> tuple[date, date]:
    """A period of at most a year.

    Raises:
        ProblemError: 422, it is longer.
    """
    if (between[1] - between[0]).days >= MOST_DAYS:
        raise ProblemError(422, "bad_period", f"The period is longer than {MOST_DAYS} days; ask for a shorter one.")
    return between


DaysDep = Annotated[tuple[date, date], Depends(days_of)]


@router.get("/statistics", dependencies=_READ, responses=refusals(http_422="bad_period"))
async def get_statistics(request: Request, database: DatabaseDep, between: DaysDep) -> Statistics:
    """Sales, stock, customers and costs of a period; from the first of the month to today unless told otherwise."""
    settings, now_ms = request.app.state.settings, int(request.app.state.clock())
    async with database.read() as db_session:
        return await statistics.gather(db_session, *between, timezone=settings.timezone, now_ms=now_ms)


@router.get("/forecasts", dependencies=_READ)
async def list_forecasts(
    request: Request,
    database: DatabaseDep,
    today: TodayDep,
    days: Annotated[int, Query(ge=1, le=28)] = demand.AHEAD,
    product_id: Annotated[str | None, Query(max_length=64)] = None,
) -> list[ProductForecast]:
    """What each product is expected to sell from today on, with a band, and how the method did on past weeks."""
    timezone, now_ms = request.app.state.settings.timezone, int(request.app.state.clock())
    async with database.read() as db_session:
        rows = await demand.forecasts(db_session, today, timezone, now_ms, days)
    return [row for row in rows if product_id in {None, row.product_id}]


@router.get("/anomalies", dependencies=_READ)
async def list_anomalies(
    database: DatabaseDep,
    asked: AskedDep,
    state: Literal["open", "acknowledged", "over"] | None = None,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[AnomalyView]:
    """What is or was odd, the last seen first."""
    async with database.read() as db_session:
        rows = await service.anomalies(
            db_session, limit=asked.one_more, before=asked.after(int, int), state=state, machine_id=machine_id
        )
    return asked.page(rows, lambda row: (row.last_at_ms, row.id))


@router.post("/anomalies/look")
async def look(request: Request, writer: Looks) -> list[AnomalyView]:
    """Look with every detector now; the answer is what is new. What is no longer odd is over."""
    return await look_now(request, writer)


async def look_now(request: Request, writer: Writer) -> list[AnomalyView]:
    """The same for pages."""
    settings, now_ms = request.app.state.settings, int(request.app.state.clock())
    async with writer.write() as db_session:
        return await jobs.look(db_session, now_ms, settings.timezone, settings.agent_loss_budget_yen)


@router.get("/anomalies/{anomaly_id}", dependencies=_READ, responses=refusals(http_404="no_such_anomaly"))
async def get_anomaly(anomaly_id: RowId, database: DatabaseDep, response: Response) -> AnomalyView:
    """One."""
    async with database.read() as db_session:
        try:
            found = await service.anomaly(db_session, anomaly_id)
        except NoSuchAnomalyError as error:
            raise ProblemError(404, "no_such_anomaly", str(error)) from error
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.post(
    "/anomalies/{anomaly_id}/acknowledge",
    responses=refusals(http_404="no_such_anomaly", http_409="anomaly_over", http_412="changed_meanwhile"),
)
async def acknowledge(
    anomaly_id: RowId, body: NoteBody, writer: Acknowledges, response: Response, if_match: IfMatch = None
) -> AnomalyView:
    """Say that you look after it."""
    found = await acknowledge_anomaly(writer, anomaly_id, body.note, revision_of(if_match))
    response.headers["ETag"] = f'"{found.revision}"'
    return found


async def acknowledge_anomaly(writer: Writer, number: int, note: str, revision: int | None) -> AnomalyView:
    """The same for pages.

    Raises:
        ProblemError: 404, 409 or 412.
    """
    try:
        async with writer.write(anomaly=number) as db_session:
            return await service.acknowledge(
                db_session, number, by=writer.user.email, said=note, now_ms=writer.now_ms, revision=revision
            )
    except NoSuchAnomalyError as error:
        raise ProblemError(404, "no_such_anomaly", str(error)) from error
    except AnomalyOverError as error:
        raise ProblemError(409, "anomaly_over", str(error)) from error
    except AnomalyChangedError as error:
        raise ProblemError(412, "changed_meanwhile", str(error)) from error


async def _report(
    request: Request, db_session: AsyncSession, between: tuple[date, date], today: date
) -> BusinessReport:
    settings = request.app.state.settings
    return await report.gather(
        db_session,
        *between,
        business=settings.company_name or settings.app_name,
        timezone=settings.timezone,
        now_ms=int(request.app.state.clock()),
        today=today,
    )


def last_days(today: TodayDep, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 28) -> tuple[date, date]:
    """The whole days before today."""
    return today - timedelta(days=days), today - timedelta(days=1)


LastDays = Annotated[tuple[date, date], Depends(last_days)]


@router.get("/report", dependencies=_READ)
async def get_report(request: Request, database: DatabaseDep, today: TodayDep, between: LastDays) -> BusinessReport:
    """Everything about the last days: statistics, what is odd, forecasts, and all of it in words."""
    async with database.read() as db_session:
        return await _report(request, db_session, between, today)


@router.get("/report.pdf", dependencies=_READ, response_class=PdfResponse)
async def get_report_pdf(request: Request, database: DatabaseDep, today: TodayDep, between: LastDays) -> PdfResponse:
    """The same to print and to take along."""
    async with database.read() as db_session:
        found = await _report(request, db_session, between, today)
    timezone = request.app.state.settings.timezone
    return await shown(f"analytics-{between[1]}", lambda: report_pdf.render(found, timezone))


@router.get("/reports", dependencies=_READ)
async def list_reports(
    database: DatabaseDep, asked: AskedDep, kind: Literal["business", "vending", "procurement"] | None = None
) -> Page[ReportView]:
    """Reports as agents wrote them, the newest first."""
    async with database.read() as db_session:
        kinds = [kind] if kind else []
        rows = await service.reports(db_session, limit=asked.one_more, before=asked.after(int), kinds=kinds)
    return asked.page(rows, lambda row: row.id)


@router.get("/reports/{report_id}", dependencies=_READ, responses=refusals(http_404="no_such_report"))
async def get_kept_report(report_id: RowId, database: DatabaseDep) -> ReportView:
    """One of them."""
    async with database.read() as db_session:
        try:
            return await service.report(db_session, report_id)
        except NoSuchReportError as error:
            raise ProblemError(404, "no_such_report", str(error)) from error
