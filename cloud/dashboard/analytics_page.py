"""`/dashboard/analytics`: what is odd and who looks after it, what comes, the period in figures; reports as written."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.analytics import report, service
from cloud.analytics.demand import ProductForecast
from cloud.analytics.endpoints import acknowledge_anomaly, look_now
from cloud.analytics.report import BusinessReport
from cloud.analytics.service import AnomalyView, NoSuchReportError, ReportView
from cloud.analytics.words import SEVERITIES, STATES, told
from cloud.catalogue.service import Catalogue
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep

router = APIRouter(prefix="/dashboard/analytics", include_in_schema=False)

SeesAnalytics = Annotated[CurrentUser, Depends(PageLock(Permission.ANALYTICS_READ))]
Handles = Annotated[Writer, Depends(PageWrites(Permission.ANALYTICS_HANDLE, "anomaly.acknowledged"))]
Looks = Annotated[Writer, Depends(PageWrites(Permission.ANALYTICS_HANDLE, "anomalies.looked_for"))]

TONES: Final = {"alarm": "danger", "warning": "warn", "notice": "low"}
KINDS: Final = {"business": "経営", "vending": "価格と補充", "procurement": "仕入"}
METHODS: Final = {"none": "記録なし", "level": "平均", "seasonal": "曜日つき", "intermittent": "まれ"}
PERIODS: Final = (7, 28, 91)
OVER_SHOWN: Final = 10
REPORTS_SHOWN: Final = 20

WIDTH, HEIGHT, BASE = 560, 150, 126
"""Of the drawing of a forecast."""


@router.get("")
async def analytics(
    request: Request,
    user: SeesAnalytics,
    database: DatabaseDep,
    today: TodayDep,
    days: Annotated[int, Query(ge=1, le=366)] = 28,
    product: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """分析."""
    settings, now_ms = request.app.state.settings, int(request.app.state.clock())

    async def build(contexts: Contexts) -> dict[str, Any]:
        first, last = today - timedelta(days=days), today - timedelta(days=1)
        found = await report.gather(
            contexts.db_session, first, last, business="", timezone=settings.timezone, now_ms=now_ms, today=today
        )
        over = await service.anomalies(contexts.db_session, limit=OVER_SHOWN, state="over")
        kept = await service.reports(contexts.db_session, limit=REPORTS_SHOWN)
        names = await contexts.catalogue()
        found = _called(found, names)
        chosen = next((row for row in found.forecasts if row.product_id == product), None)
        chosen = chosen or next(iter(found.forecasts), None)
        return {
            "days": days,
            "periods": PERIODS,
            "asked": f"start={first}&end={last}",
            "report": found,
            "paragraphs": report.words(found.statistics, found.anomalies, found.forecasts, say),
            "figures": found.statistics,
            "anomalies": [_anomaly(contexts, row) for row in found.anomalies],
            "over": [_anomaly(contexts, _odd_called(row, names)) for row in over],
            "reports": [_report(contexts, row) for row in kept],
            "may_handle": user.may(Permission.ANALYTICS_HANDLE),
            "may_see_books": user.may(Permission.BOOKS_READ),
            "chosen": chosen,
            "drawing": _drawing(chosen) if chosen else None,
            "methods": METHODS,
        }

    return await show(request, database, user, "analytics", "分析", build)


@router.post("/look")
async def look(request: Request, writer: Looks) -> Response:
    """Look for what is odd now."""
    await look_now(request, writer)
    return RedirectResponse("/dashboard/analytics#anomalies", status_code=303)


@router.post("/anomalies/{anomaly_id}")
async def handle(
    anomaly_id: RowId, writer: Handles, note: Annotated[str, Form(max_length=500)] = "", revision: int | None = None
) -> Response:
    """Look after something odd. What is over meanwhile needs nobody, and the page shows it."""
    try:
        await acknowledge_anomaly(writer, anomaly_id, note.strip(), revision)
    except ProblemError as error:
        if error.status == 404:
            raise
    return RedirectResponse("/dashboard/analytics#anomalies", status_code=303)


@router.get("/reports/{report_id}")
async def kept_report(report_id: RowId, request: Request, user: SeesAnalytics, database: DatabaseDep) -> Response:
    """A report as it was written."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        row = await service.report(contexts.db_session, report_id)
        return {"report": _report(contexts, row), "paragraphs": [part.split("\n") for part in row.text.split("\n\n")]}

    try:
        return await show(request, database, user, "analytics_report", "報告", build)
    except NoSuchReportError as error:
        raise ProblemError(404, "no_such_report", str(error)) from error


def _called(found: BusinessReport, names: Catalogue) -> BusinessReport:
    """The report with its products as the reader calls them."""
    sold = found.statistics.sales
    products = [row.model_copy(update={"name": names.name(row.key)}) for row in sold.products]
    sales = sold.model_copy(update={"products": products})
    ahead = [row.model_copy(update={"name": names.name(row.product_id)}) for row in found.forecasts]
    return found.model_copy(
        update={
            "statistics": found.statistics.model_copy(update={"sales": sales}),
            "anomalies": [_odd_called(row, names) for row in found.anomalies],
            "forecasts": ahead,
        }
    )


def _odd_called(row: AnomalyView, names: Catalogue) -> AnomalyView:
    if not row.product_id or "name" not in row.figures:
        return row
    return row.model_copy(update={"figures": row.figures | {"name": names.name(row.product_id)}})


def _anomaly(contexts: Contexts, row: AnomalyView) -> dict[str, Any]:
    return {
        "id": row.id,
        "revision": row.revision,
        "tone": TONES[row.severity],
        "severity": SEVERITIES[row.severity],
        "text": told(row, say),
        "href": row.href,
        "state": row.state,
        "state_text": STATES[row.state],
        "since": contexts.moment(row.first_at_ms),
        "last": contexts.moment(row.last_at_ms),
        "by": row.handled_by,
        "note": row.note,
    }


def _report(contexts: Contexts, row: ReportView) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": KINDS[row.kind],
        "title": row.title,
        "made": contexts.moment(row.made_at_ms),
        "by": row.made_by,
        "run_id": row.run_id,
        "days": say("{first} から {last} まで", first=row.first_day, last=row.last_day),
    }


def _drawing(row: ProductForecast) -> dict[str, Any]:
    """Bars of what was sold, then a band and a line of what is expected: numbers for an SVG."""
    most = max([*row.sold, *(day.high for day in row.days), 1])
    count = len(row.sold) + len(row.days)
    step = WIDTH / max(count, 1)

    def tall(units: float) -> float:
        return round(104 * units / most, 1)

    start = len(row.sold)
    middles = [round((start + at) * step + step / 2, 1) for at in range(len(row.days))]
    upper = [f"{x},{BASE - tall(day.high)}" for x, day in zip(middles, row.days, strict=True)]
    lower = [f"{x},{BASE - tall(day.low)}" for x, day in zip(middles, row.days, strict=True)]
    line = [f"{x},{BASE - tall(day.expected)}" for x, day in zip(middles, row.days, strict=True)]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "base": BASE,
        "bars": [
            {"x": round(at * step + step * 0.15, 1), "width": round(step * 0.7, 1), "tall": tall(units), "units": units}
            for at, units in enumerate(row.sold)
        ],
        "band": " ".join([*upper, *reversed(lower)]),
        "line": " ".join(line),
        "border": round(start * step, 1),
        "most": most,
        "from_day": {"x": middles[0], "text": f"{row.days[0].day:%-m/%-d}"} if row.days else None,
    }
