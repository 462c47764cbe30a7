"""Default is deny: every route of the application names the permission it needs, or is named here as public."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.routing import iter_route_contexts

from cloud.identity.access import Lock, current_user
from cloud.kit.http import ProblemError, answer_of

PUBLIC: Final = {
    "/",
    "/health",
    "/ready",
    "/docs",
    "/openapi.json",
    "/dashboard",
    "/dashboard/login",
    "/dashboard/logout",
    "/dashboard/static",
    "/api/v1/admin/login",
    "/api/v1/admin/logout",
    "/api/v1/admin/token",
    "/api/v1/admin/token/refresh",
    "/api/v1/admin/token/revoke",
}
"""What strangers may open: what says nothing of the business, and what logs in and out."""


class UnlockedError(RuntimeError):
    """A route that names no permission, or several, or that is public and locked at once."""


def lock_of(route: Any) -> Lock | None:
    """The lock of a route, or None.

    Raises:
        UnlockedError: it has several.
    """
    dependant = getattr(route, "dependant", None)
    locks = list(_locks(dependant)) if dependant else []
    if len(locks) > 1:
        raise UnlockedError(f"{route.path} has {len(locks)} locks")
    return locks[0] if locks else None


def _locks(dependant: Any) -> Iterator[Lock]:
    if isinstance(dependant.call, Lock):
        yield dependant.call
    for part in dependant.dependencies:
        yield from _locks(part)


def routes_of(app: FastAPI) -> list[Any]:
    """Every route, those of included routers too."""
    return list(iter_route_contexts(app.routes))


async def turn_strangers_away(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse whoever we do not know before a byte of the body is read, and before they learn which addresses exist."""
    path = request.url.path
    if path.startswith("/api/") and path not in PUBLIC:
        try:
            request.state.user = await current_user(request)
        except ProblemError as error:
            return answer_of(error)
    return await call_next(request)


def check_doors(app: FastAPI) -> None:
    """Refuse to start with a door that nobody locked.

    Raises:
        UnlockedError: naming the first one.
    """
    for route in routes_of(app):
        if (lock_of(route) is None) != (route.path in PUBLIC):
            raise UnlockedError(f"{route.path} names no permission, or is public and names one")
