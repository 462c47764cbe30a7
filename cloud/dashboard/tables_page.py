"""Price lists and planograms as tables, pasted or uploaded: checked first, every wrong row named, then taken."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from cloud.assortment.csv_endpoints import TableReport, take_plan, take_prices
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.product_wording import REFUSALS
from cloud.db.database import Database
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit import csv_table
from cloud.kit.csv_table import MAX_BYTES, BadTableError
from cloud.kit.http import DatabaseDep, ProblemError, TodayDep

router = APIRouter(prefix="/dashboard", include_in_schema=False)

SHOWN: Final = 50
"""Problems at most."""
UNCONFIRMED: Final = "原価より低い価格か、今と大きく違う価格があります。このままでよければ、確認の印を付けてください。"

MayPublish = Annotated[CurrentUser, Depends(PageLock(Permission.PLANOGRAMS_PUBLISH))]
TakesPrices = Annotated[Writer, Depends(PageWrites(Permission.PLANOGRAMS_PUBLISH, "prices.imported"))]
TakesPlan = Annotated[Writer, Depends(PageWrites(Permission.PLANOGRAMS_PUBLISH, "planogram.imported"))]
ListName = Annotated[str, Path(max_length=64)]
MachineName = Annotated[str, Path(max_length=40)]
Taking = Callable[[bytes, bool, bool], Awaitable[TableReport]]
"""(file, is it only checked, are odd prices meant) to what it did."""


@router.get("/prices/{list_id}/csv")
async def prices_form(list_id: ListName, request: Request, user: MayPublish, database: DatabaseDep) -> Response:
    """The form for a table of prices."""
    return await _page(request, user, database, _prices(list_id))


@router.post("/prices/{list_id}/csv")
async def prices(
    list_id: ListName, request: Request, writer: TakesPrices, database: DatabaseDep, today: TodayDep
) -> Response:
    """Check a table of prices, or take it."""

    async def take(data: bytes, is_dry_run: bool, is_confirmed: bool) -> TableReport:  # noqa: FBT001 - as the form says
        return await take_prices(writer, list_id, data, today=today, is_dry_run=is_dry_run, is_confirmed=is_confirmed)

    return await _taken(request, writer, database, _prices(list_id), take)


@router.get("/machines/{machine_id}/planogram/csv")
async def plan_form(machine_id: MachineName, request: Request, user: MayPublish, database: DatabaseDep) -> Response:
    """The form for a table of slots."""
    return await _page(request, user, database, _plan(machine_id))


@router.post("/machines/{machine_id}/planogram/csv")
async def plan(machine_id: MachineName, request: Request, writer: TakesPlan, database: DatabaseDep) -> Response:
    """Check a table of slots, or take it from now on."""

    async def take(data: bytes, is_dry_run: bool, is_confirmed: bool) -> TableReport:  # noqa: FBT001 - as the form says
        return await take_plan(writer, machine_id, data, None, is_dry_run=is_dry_run, is_confirmed=is_confirmed)

    return await _taken(request, writer, database, _plan(machine_id), take)


def _prices(list_id: str) -> dict[str, str]:
    back = f"/dashboard/prices/{list_id}"
    return {"title": "価格の取り込み", "name": list_id, "back": back, "download": f"/api/v1/price-lists/{list_id}/csv"}


def _plan(machine_id: str) -> dict[str, str]:
    download = f"/api/v1/vending/machines/{machine_id}/planogram/csv"
    back = f"/dashboard/machines/{machine_id}/planogram"
    return {"title": "棚割りの取り込み", "name": machine_id, "back": back, "download": download}


async def _taken(request: Request, writer: Writer, database: Database, about: dict[str, str], take: Taking) -> Response:
    form = await request.form()
    try:
        data = await _file(form)
    finally:
        await form.close()
    is_dry_run = form.get("step") != "take"
    shown: dict[str, Any] = {"csv": "", "problems": [], "error": "", "report": None}
    try:
        shown["csv"] = csv_table.text_of(_small(data))
        shown["report"] = await take(data, is_dry_run, form.get("is_confirmed") == "true")
    except BadTableError as error:
        shown["problems"] = error.problems[:SHOWN]
    except ProblemError as error:
        shown["problems"] = list(error.fields)[:SHOWN]
        shown["needs_confirmation"] = error.code == "needs_confirmation"
        words = UNCONFIRMED if error.code == "needs_confirmation" else REFUSALS.get(error.code, error.detail)
        shown["error"] = "" if error.fields else words
    else:
        if not is_dry_run:
            return RedirectResponse(about["back"], status_code=303)
        return await _page(request, writer.user, database, about, shown)
    return with_status(await _page(request, writer.user, database, about, shown), 422)


async def _file(form: FormData) -> bytes:
    """The file that was chosen, else what was pasted."""
    chosen = form.get("file")
    data = await chosen.read(MAX_BYTES + 1) if isinstance(chosen, UploadFile) and chosen.filename else b""
    return data or str(form.get("csv", "")).encode()


def _small(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise ProblemError(413, "too_large", "ファイルが大きすぎます。分けてお送りください。")
    return data


async def _page(
    request: Request, user: CurrentUser, database: Database, about: dict[str, str], shown: dict[str, Any] | None = None
) -> Response:
    async def build(_: Contexts) -> dict[str, Any]:
        return {"about": about, "csv": "", "problems": [], "error": "", "report": None} | (shown or {})

    return await show(request, database, user, "table", about["title"], build)
