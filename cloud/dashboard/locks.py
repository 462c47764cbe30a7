"""Locks for pages: strangers are led to the login, and whoever may not is told so on a page."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import URL

from cloud.dashboard.forms import FormWriter, name_of
from cloud.identity.access import Lock
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import ProblemError


class LoginNeededError(Exception):
    """A page was asked for by nobody we know: the browser is sent to the login page."""

    def __init__(self, url: URL) -> None:
        self.wanted = url.path
        super().__init__(f"log in to see {url.path}")


class PageRefusedError(Exception):
    """A page that this user may not see, or a form they may not send."""

    def __init__(self, problem: ProblemError) -> None:
        self.problem = problem
        super().__init__(problem.detail)


async def _admitted(lock: Lock, request: Request) -> CurrentUser:
    try:
        return await lock.admit(request)
    except ProblemError as error:
        if error.status == 401:
            raise LoginNeededError(request.url) from error
        raise PageRefusedError(error) from error


class PageLock(Lock):
    """A lock on a page."""

    async def __call__(self, request: Request) -> CurrentUser:
        """The user who looks.

        Raises:
            LoginNeededError: nobody we know.
            PageRefusedError: the user may not see it.
        """
        return await _admitted(self, request)


class PageWrites(Lock):
    """A lock on a form."""

    def __init__(self, permission: Permission, action: str) -> None:
        super().__init__(permission)
        self.action = action

    async def __call__(self, request: Request) -> FormWriter:
        """The writer of an allowed form.

        Raises:
            LoginNeededError: nobody we know.
            PageRefusedError: the user may not send it.
        """
        user = await _admitted(self, request)
        return FormWriter(user, self.action, request, name_of(await request.form()))


async def to_login(request: Request, error: Exception) -> Response:
    """Send the browser to the login page; a fragment request tells htmx to do it."""
    assert isinstance(error, LoginNeededError)  # noqa: S101 - registered for this class only
    target = f"/dashboard/login?next={quote(error.wanted)}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)
