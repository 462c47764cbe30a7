"""`/dashboard/months`: closing the next month, what is not in order before, and what was closed and reopened."""

from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounting import closing, months, service
from cloud.accounting.endpoints import TodayDep
from cloud.accounting.months import ClosingView
from cloud.accounting.months_endpoints import close_month, findings_of, last_day_of, reopen_month
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError

router = APIRouter(prefix="/dashboard/months", include_in_schema=False)

REFUSALS: Final = {
    "wrong_month": "この月は、いまは締めることも開くこともできません。一覧の状態をご確認ください。",
    "not_in_order": "確認していない項目があるため、締められません。内容を確かめ、了承する項目に印を付けてください。",
}

SeesMonths = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
Closes = Annotated[Writer, Depends(PageWrites(Permission.BOOKS_CLOSE, "month.closed"))]
Reopens = Annotated[Writer, Depends(PageWrites(Permission.BOOKS_REOPEN, "month.reopened"))]
MonthName = Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


@router.get("")
async def all_months(request: Request, user: SeesMonths, database: DatabaseDep, today: TodayDep) -> Response:
    """月次締め."""
    return await _page(request, user, database, today)


@router.post("/{month}/close")
async def close(month: MonthName, request: Request, writer: Closes, today: TodayDep) -> Response:
    """Close the month; the boxes that were ticked are what the person accepts."""
    sent = await request.form()
    try:
        await close_month(writer, last_day_of(month), [str(code) for code in sent.getlist("despite")], today)
    except ProblemError as error:
        return await _refused(request, writer, today, error)
    return RedirectResponse("/dashboard/months", status_code=303)


@router.post("/{month}/reopen")
async def reopen(
    month: MonthName,
    request: Request,
    writer: Reopens,
    today: TodayDep,
    why: Annotated[str, Form(min_length=1, max_length=500)],
) -> Response:
    """Open the newest closed month again."""
    try:
        await reopen_month(writer, last_day_of(month), why)
    except ProblemError as error:
        return await _refused(request, writer, today, error)
    return RedirectResponse("/dashboard/months", status_code=303)


async def _refused(request: Request, writer: Writer, today: date, error: ProblemError) -> Response:
    database: Database = request.app.state.database
    response = await _page(request, writer.user, database, today, REFUSALS[error.code])
    response.status_code = error.status
    return response


async def _page(request: Request, user: CurrentUser, database: Database, today: date, error: str = "") -> Response:
    timezone: str = request.app.state.settings.timezone

    async def build(contexts: Contexts) -> dict[str, Any]:
        last_day = await _next(contexts, today)
        is_over = last_day < today
        rows = await months.listing(contexts.db_session)
        newest = await months.closed_upto(contexts.db_session)
        return {
            "month": f"{last_day:%Y-%m}",
            "month_text": f"{last_day:%Y年%-m月}",
            "is_over": is_over,
            "findings": await findings_of(contexts.db_session, last_day, timezone) if is_over else [],
            "closings": [_row(contexts, row) | {"is_newest": row.is_closed and row.last_day == newest} for row in rows],
            "may_close": user.may(Permission.BOOKS_CLOSE),
            "may_reopen": user.may(Permission.BOOKS_REOPEN),
            "error": error,
        }

    return await show(request, database, user, "months", "月次締め", build)


async def _next(contexts: Contexts, today: date) -> date:
    """The last day of the month to close next: the one after the newest closed one, else that of the first entry."""
    closed = await months.closed_upto(contexts.db_session)
    if closed is not None:
        return closing.following(closed)
    first = await service.first_day(contexts.db_session) or today
    return closing.following(first.replace(day=1) - timedelta(days=1))


def _row(contexts: Contexts, row: ClosingView) -> dict[str, Any]:
    return row.model_dump() | {
        "closed_at": contexts.moment(row.closed_at_ms),
        "reopened_at": contexts.moment(row.reopened_at_ms),
    }
