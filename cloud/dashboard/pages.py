"""`/dashboard/…`: the operator's pages, rendered on the server.

The blocks of a page can be asked for one by one (`?part=name`): that is how an open page is refreshed.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.datastructures import URL

from cloud.dashboard.contexts import Contexts, clock_text
from cloud.db.database import Database
from cloud.identity.access import COOKIE, GateDep, current_operator
from cloud.identity.endpoints import checked_login, set_cookie
from cloud.identity.service import CurrentOperator
from cloud.kit.clock import local_day
from cloud.kit.http import DatabaseDep, ProblemError
from cloud.machines.service import NoSuchMachineError

HERE: Final = Path(__file__).parent
templates: Final = Jinja2Templates(directory=HERE / "templates")
router = APIRouter(prefix="/dashboard", include_in_schema=False)

PARTS: Final = {
    "home": {"attention", "metrics", "hourly", "sales", "machines", "events"},
    "machine": {"machine_state", "faults", "slots", "events"},
    "journal": {"entries"},
    "statements": {"profit", "balance", "trial"},
    "queue": {"items"},
    "tasks": {"open_tasks", "resolved_tasks"},
}
"""The blocks each page can give out alone."""


class LoginNeededError(Exception):
    """A page was asked for by nobody we know: the browser is sent to the login page."""

    def __init__(self, url: URL) -> None:
        self.wanted = url.path
        super().__init__(f"log in to see {url.path}")


async def page_operator(request: Request) -> CurrentOperator:
    """The operator who looks at a page.

    Raises:
        LoginNeededError: nobody we know.
    """
    try:
        return await current_operator(request)
    except ProblemError as error:
        raise LoginNeededError(request.url) from error


PageOperator = Annotated[CurrentOperator, Depends(page_operator)]


async def to_login(request: Request, error: Exception) -> Response:
    """Send the browser to the login page; a fragment request tells htmx to do it."""
    assert isinstance(error, LoginNeededError)  # noqa: S101 - registered for this class only
    target = f"/dashboard/login?next={quote(error.wanted)}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def _render(request: Request, page: str, title: str, user: str | None, context: dict[str, Any]) -> HTMLResponse:
    part = request.query_params.get("part")
    name = f"{page}.html"
    if part:
        if part not in PARTS.get(page, ()):
            raise ProblemError(404, "no_such_part", f"The page has no part {part!r}.")
        name = f"parts/{part}.html"
    base = {
        "title": title,
        "path": request.url.path,
        "user": user,
        "updated_at": clock_text(request.app.state.clock(), request.app.state.settings.timezone),
        "online": True,
    }
    return templates.TemplateResponse(request, name, base | context, headers={"Cache-Control": "no-store"})


async def show(
    request: Request,
    database: Database,
    operator: CurrentOperator,
    page: str,
    title: str,
    build: Callable[[Contexts], Awaitable[dict[str, Any]]],
) -> HTMLResponse:
    """Render a page, or one of its parts, from one state of the database.

    Args:
        request: may ask for one part by `?part=name`.
        database: to read from.
        operator: who looks.
        page: name of the template.
        title: of the page.
        build: gives the page's own context.
    """
    async with database.read() as db_session:
        contexts = Contexts(db_session, request.app.state.clock(), request.app.state.settings.timezone)
        context = await build(contexts) | {"open_tasks": await contexts.open_tasks()}
    return _render(request, page, title, operator.email, context)


@router.get("/login")
async def login_page(request: Request) -> HTMLResponse:
    """The login form."""
    return _render(request, "login", "ログイン", None, {"error": ""})


@router.post("/login")
async def login(
    request: Request, gate: GateDep, username: Annotated[str, Form()], password: Annotated[str, Form()]
) -> Response:
    """Check the form; the right password leads to the page that was wanted."""
    try:
        token = await checked_login(gate, username, password)
    except ProblemError as error:
        wait = error.headers.get("Retry-After") if error.headers else None
        text = f"何度も間違えたため、{wait}秒待ってください。" if wait else "ユーザー名かパスワードが違います。"
        response: Response = _render(request, "login", "ログイン", None, {"error": text})
        response.status_code = error.status
        return response
    response = RedirectResponse(_safe_next(request.query_params.get("next", "")), status_code=303)
    set_cookie(request, response, token)
    return response


def _safe_next(wanted: str) -> str:
    """Only our own pages: never a redirect to another site."""
    return wanted if wanted.startswith("/dashboard/") and "\\" not in wanted else "/dashboard/"


@router.post("/logout")
async def logout() -> Response:
    """Forget the browser's session."""
    response = RedirectResponse("/dashboard/login", status_code=303)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("")
async def without_slash() -> Response:
    """The home page's real address."""
    return RedirectResponse("/dashboard/", status_code=308)


@router.get("/")
async def home(request: Request, operator: PageOperator, database: DatabaseDep) -> HTMLResponse:
    """今日."""
    metrics = request.app.state.metrics
    return await show(request, database, operator, "home", "今日", lambda contexts: contexts.home(metrics))


@router.get("/machines/{machine_id}")
async def machine(machine_id: str, request: Request, operator: PageOperator, database: DatabaseDep) -> HTMLResponse:
    """One machine."""
    try:
        return await show(
            request, database, operator, "machine", machine_id, lambda contexts: contexts.machine(machine_id)
        )
    except NoSuchMachineError as error:
        raise ProblemError(404, "no_such_machine", str(error)) from error


@router.get("/journal")
@router.get("/journal/{account}")
async def journal(
    request: Request,
    operator: PageOperator,
    database: DatabaseDep,
    page: Annotated[int, Query(ge=1, le=10_000_000)] = 1,
    account: str | None = None,
) -> HTMLResponse:
    """仕訳帳, of all accounts or of one."""
    return await show(
        request, database, operator, "journal", "仕訳帳", lambda contexts: contexts.journal(page, account)
    )


@router.get("/statements")
async def statements(request: Request, operator: PageOperator, database: DatabaseDep) -> HTMLResponse:
    """決算."""
    today = local_day(request.app.state.clock(), request.app.state.settings.timezone)
    return await show(request, database, operator, "statements", "決算", lambda contexts: contexts.statements(today))


@router.get("/inbox")
async def inbox(request: Request, operator: PageOperator, database: DatabaseDep) -> HTMLResponse:
    """受信箱."""
    return await show(request, database, operator, "queue", "受信箱", lambda contexts: contexts.inbox())
