"""`/dashboard/…`: the operator's pages, rendered on the server.

The blocks of a page can be asked for one by one (`?part=name`): that is how an open page is refreshed.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from cloud.accounting.earnings_endpoints import EARLIEST
from cloud.dashboard.bilingual import environment
from cloud.dashboard.contexts import Contexts, clock_text
from cloud.dashboard.language import COOKIE as LANGUAGE
from cloud.dashboard.language import COOKIE_S as LANGUAGE_S
from cloud.dashboard.language import LANGUAGES, language, language_named, say
from cloud.dashboard.locks import PageLock, PageRefusedError
from cloud.dashboard.navigation import navigation
from cloud.db.database import Database
from cloud.identity.access import COOKIE, GateDep, OriginDep, is_same_origin, token_of
from cloud.identity.endpoints import checked_login, set_cookie
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.identity.rules import MAX_EMAIL_CHARS, MAX_PASSWORD_CHARS
from cloud.kit.http import DatabaseDep, ProblemError
from cloud.machines.service import NoSuchMachineError

HERE: Final = Path(__file__).parent
TEMPLATES: Final = {code: Jinja2Templates(env=environment(code, HERE / "templates")) for code in LANGUAGES}
router = APIRouter(prefix="/dashboard", include_in_schema=False)

PARTS: Final = {
    "home": {"attention", "metrics", "hourly", "sales", "machines", "events"},
    "machine": {"machine_state", "faults", "slots", "events"},
    "journal": {"entries"},
    "statements": {"profit", "balance", "cash_flow", "trial"},
    "queue": {"items"},
    "tasks": {"open_tasks", "resolved_tasks"},
    "agents": {"agents_today", "agents_tasks"},
}
"""The blocks each page can give out alone."""

SeesFigures = Annotated[CurrentUser, Depends(PageLock(Permission.FIGURES_READ))]
SeesFleet = Annotated[CurrentUser, Depends(PageLock(Permission.FLEET_READ))]
SeesBooks = Annotated[CurrentUser, Depends(PageLock(Permission.BOOKS_READ))]


def rendered(request: Request, name: str, context: dict[str, Any]) -> HTMLResponse:
    """A template with its context, in the language of the request; never kept by the browser."""
    headers = {"Cache-Control": "no-store"}
    return TEMPLATES[language()].TemplateResponse(request, name, context, headers=headers)


async def refused(request: Request, error: Exception) -> Response:
    """Say on a page that the user may not do this."""
    assert isinstance(error, PageRefusedError)  # noqa: S101 - registered for this class only
    page = _render(request, "refused", "権限がありません", None, {"code": error.problem.code}, part="")
    return with_status(page, error.problem.status)


def _render(
    request: Request,
    page: str,
    title: str,
    user: CurrentUser | None,
    context: dict[str, Any],
    part: str | None = None,
) -> HTMLResponse:
    part = request.query_params.get("part") if part is None else part
    name = f"{page}.html"
    if part:
        if part not in PARTS.get(page, ()):
            raise ProblemError(404, "no_such_part", f"The page has no part {part!r}.")
        name = f"parts/{part}.html"
    base = {
        "title": title,
        "user": user.email if user else None,
        "path": request.url.path,
        "stay": _stay(request, user),
        "navigation": navigation(user, request.url.path),
        "updated_at": clock_text(request.app.state.clock(), request.app.state.settings.timezone),
        "online": True,
    }
    return rendered(request, name, base | context)


def _stay(request: Request, user: CurrentUser | None) -> str:
    """Where this page can be asked for again: a form's answer has no address of its own, the menu leads above it."""
    here = [link.href for menu in navigation(user, request.url.path) for link in menu.links if link.is_here]
    if request.method == "GET" or user is None:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return here[0] if here else "/dashboard/"


async def show(
    request: Request,
    database: Database,
    user: CurrentUser,
    page: str,
    title: str,
    build: Callable[[Contexts], Awaitable[dict[str, Any]]],
) -> HTMLResponse:
    """Render a page, or one of its parts, from one state of the database.

    Args:
        request: may ask for one part by `?part=name`.
        database: to read from.
        user: who looks.
        page: name of the template.
        title: of the page.
        build: gives the page's own context.
    """
    async with database.read() as db_session:
        contexts = Contexts(db_session, request.app.state.clock(), request.app.state.settings.timezone)
        context = await build(contexts) | {"open_tasks": await contexts.open_tasks()}
    return _render(request, page, title, user, context)


def with_status(response: Response, status: int) -> Response:
    """A page that says what is refused: shown as ever, with the status of the refusal."""
    response.status_code = status
    return response


@router.get("/login")
async def login_page(request: Request) -> HTMLResponse:
    """The login form."""
    return _render(request, "login", "ログイン", None, {"error": ""})


@router.post("/login")
async def login(
    request: Request,
    gate: GateDep,
    origin: OriginDep,
    username: Annotated[str, Form(max_length=MAX_EMAIL_CHARS)],
    password: Annotated[str, Form(max_length=MAX_PASSWORD_CHARS)],
) -> Response:
    """Check the form; the right password leads to the page that was wanted."""
    try:
        token = await checked_login(gate, username, password, origin)
    except ProblemError as error:
        wait = error.headers.get("Retry-After") if error.headers else None
        text = (
            say("何度も間違えたため、{wait}秒待ってください。", wait=wait)
            if wait
            else "ユーザー名かパスワードが違います。"
        )
        return with_status(_render(request, "login", "ログイン", None, {"error": text}), error.status)
    response = RedirectResponse(_safe_next(request.query_params.get("next", "")), status_code=303)
    set_cookie(request, response, token)
    return response


def _safe_next(wanted: str) -> str:
    """Only our own pages: never a redirect to another site."""
    return wanted if wanted.startswith("/dashboard/") and "\\" not in wanted else "/dashboard/"


@router.post("/logout")
async def logout(request: Request, gate: GateDep, origin: OriginDep) -> Response:
    """End the browser's session."""
    if token := token_of(request):
        await gate.logout(token, origin)
    response = RedirectResponse("/dashboard/login", status_code=303)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.post("/language")
async def choose_language(
    request: Request,
    code: Annotated[str, Form(max_length=8, alias="language")],
    page: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Remember the language in the browser, for a year, and show the page again.

    Raises:
        ProblemError: 403, another site's page asks.
    """
    if not is_same_origin(request):
        raise ProblemError(403, "wrong_origin", "Another site's page must not do this.")
    response = RedirectResponse(_safe_next(page), status_code=303)
    secure = request.url.scheme == "https"
    chosen = language_named(code)
    response.set_cookie(LANGUAGE, chosen, LANGUAGE_S, path="/", httponly=True, samesite="lax", secure=secure)
    return response


@router.get("")
async def without_slash() -> Response:
    """The home page's real address."""
    return RedirectResponse("/dashboard/", status_code=308)


@router.get("/")
async def home(request: Request, user: SeesFigures, database: DatabaseDep) -> HTMLResponse:
    """今日."""
    metrics = request.app.state.metrics
    return await show(request, database, user, "home", "今日", lambda contexts: contexts.home(metrics))


@router.get("/machines/{machine_id}")
async def machine(machine_id: str, request: Request, user: SeesFleet, database: DatabaseDep) -> HTMLResponse:
    """One machine."""

    async def build(contexts: Contexts) -> dict[str, Any]:
        return await contexts.machine(machine_id) | {"may_count": user.may(Permission.CASH_COUNT)}

    try:
        return await show(request, database, user, "machine", machine_id, build)
    except NoSuchMachineError as error:
        raise ProblemError(404, "no_such_machine", str(error)) from error


def named_days(start: date | None = None, end: date | None = None) -> tuple[date, date] | None:
    """The first and the last day that are asked for; None when neither is."""
    return (max(start or EARLIEST, EARLIEST), end or date.max) if start or end else None


DaysDep = Annotated[tuple[date, date] | None, Depends(named_days)]


@router.get("/journal")
@router.get("/journal/{account}")
async def journal(
    request: Request,
    user: SeesBooks,
    database: DatabaseDep,
    days: DaysDep,
    page: Annotated[int, Query(ge=1, le=10_000_000)] = 1,
    account: str | None = None,
    place: Annotated[str | None, Query(max_length=64)] = None,
) -> HTMLResponse:
    """仕訳帳, of all accounts, of one, or of one place of it; of some days, if named."""
    return await show(
        request,
        database,
        user,
        "journal",
        "仕訳帳",
        lambda contexts: contexts.journal(page, account, place, days),
    )


@router.get("/inbox")
async def inbox(request: Request, user: SeesFleet, database: DatabaseDep) -> HTMLResponse:
    """受信箱."""
    return await show(request, database, user, "queue", "受信箱", lambda contexts: contexts.inbox())
