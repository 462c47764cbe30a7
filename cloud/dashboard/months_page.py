"""`/dashboard/months`: closing the next month, what is not in order before, and what was closed and reopened."""

from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from cloud.accounting import closing, months, service, years
from cloud.accounting.months import ClosingView
from cloud.accounting.months_endpoints import close_month, findings_of, last_day_of, reopen_month
from cloud.accounting.years import YearView
from cloud.accounting.years_endpoints import YearCloseBody, close_year, undo_year
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import language, say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep

router = APIRouter(prefix="/dashboard/months", include_in_schema=False)

REFUSALS: Final = {
    "wrong_year": "この年度は、いまは締めることも開くこともできません。前の月がすべて締められているかご確認ください。",
    "declared_tax": "申告する消費税を、円単位の整数でご記入ください。還付のときは、先頭に - を付けます。",
    "wrong_month": "この月は、いまは締めることも開くこともできません。一覧の状態をご確認ください。",
    "not_in_order": "確認していない項目があるため、締められません。内容を確かめ、了承する項目に印を付けてください。",
}

SeesMonths = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]
Closes = Annotated[Writer, Depends(PageWrites(Permission.BOOKS_CLOSE, "month.closed"))]
Reopens = Annotated[Writer, Depends(PageWrites(Permission.BOOKS_REOPEN, "month.reopened"))]
ClosesYear = Annotated[Writer, Depends(PageWrites(Permission.BOOKS_CLOSE, "year.closed"))]
ReopensYear = Annotated[Writer, Depends(PageWrites(Permission.BOOKS_REOPEN, "year.reopened"))]
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


@router.post("/{month}/close-year")
async def end_year(month: MonthName, request: Request, writer: ClosesYear, today: TodayDep) -> Response:
    """Close the year that ends with the month: tax is settled, profit carried forward, the month closed."""
    sent = await request.form()
    declared = str(sent.get("declared_tax", "")).replace(",", "").strip()
    despite = [str(code) for code in sent.getlist("despite")]
    try:
        body = YearCloseBody.model_validate({"declared_tax": declared or None, "despite": despite})
        await close_year(writer, last_day_of(month), body, today)
    except ValidationError:
        return await _refused(request, writer, today, ProblemError(422, "declared_tax", ""))
    except ProblemError as error:
        return await _refused(request, writer, today, error)
    return RedirectResponse("/dashboard/months", status_code=303)


@router.post("/years/{number}/undo")
async def open_year(
    number: Annotated[int, Path(ge=1, lt=2**63)],
    request: Request,
    writer: ReopensYear,
    today: TodayDep,
    why: Annotated[str, Form(min_length=1, max_length=500)],
) -> Response:
    """Open the newest closed year again."""
    try:
        await undo_year(writer, number, why)
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
    return with_status(await _page(request, writer.user, database, today, REFUSALS[error.code]), error.status)


async def _page(request: Request, user: CurrentUser, database: Database, today: date, error: str = "") -> Response:
    timezone: str = request.app.state.settings.timezone

    async def build(contexts: Contexts) -> dict[str, Any]:
        last_day = await _next(contexts, today)
        is_over = last_day < today
        rows = await months.listing(contexts.db_session)
        newest = await months.closed_upto(contexts.db_session)
        return {
            "month": f"{last_day:%Y-%m}",
            "month_text": say("{day:%Y年%-m月}", day=last_day),
            "is_over": is_over,
            "year": await _year(contexts, last_day, request.app.state.settings.fiscal_year_end_month),
            "years": [_year_row(contexts, row) for row in await years.listing(contexts.db_session)],
            "findings": [
                {"code": row.code, "is_blocking": row.is_blocking, "words": _words(row)}
                for row in (await findings_of(contexts.db_session, last_day, timezone) if is_over else [])
            ],
            "closings": [_row(contexts, row) | {"is_newest": row.is_closed and row.last_day == newest} for row in rows],
            "may_close": user.may(Permission.BOOKS_CLOSE),
            "may_reopen": user.may(Permission.BOOKS_REOPEN),
            "error": error,
        }

    return await show(request, database, user, "months", "月次締め", build)


def _words(row: closing.Finding) -> str:
    return row.text if language() == "ja" else row.text_en


async def _year(contexts: Contexts, last_day: date, end_month: int) -> dict[str, Any] | None:
    """What closing the year needs; None for a month that does not end one."""
    if last_day.month != end_month:
        return None
    due = await years.tax_due(contexts.db_session, last_day)
    text = say("{day:%Y年%-m月期}", day=last_day)
    return {"text": text, "output_tax": due.output_tax, "input_tax": due.input_tax, "due": due.due}


def _year_row(contexts: Contexts, row: YearView) -> dict[str, Any]:
    return row.model_dump() | {
        "closed_at": contexts.moment(row.closed_at_ms),
        "undone_at": contexts.moment(row.undone_at_ms),
    }


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
