"""Default is deny: every route names the permission it needs, is a customer's, or is named here as public."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.routing import iter_route_contexts

from cloud.customers.access import CustomerDoor, admit
from cloud.identity.access import Lock, current_user
from cloud.kit.http import ProblemError, answer_of

PUBLIC: Final = {
    "/",
    "/health",
    "/ready",
    "/docs",
    "/openapi.json",
    "/dashboard",
    "/dashboard/language",
    "/dashboard/login",
    "/dashboard/logout",
    "/dashboard/static",
    "/m/static",
    "/m/{machine_id}",
    "/m/{machine_id}/claim",
    "/m/{machine_id}/credit",
    "/m/{machine_id}/report",
    "/m/{machine_id}/say",
    "/m/{machine_id}/screen",
    "/m/{machine_id}/shelf",
    "/m/{machine_id}/ws",
    "/api/v1/admin/login",
    "/api/v1/admin/logout",
    "/api/v1/admin/token",
    "/api/v1/admin/token/refresh",
    "/api/v1/admin/token/revoke",
    "/api/v1/customer",
}
"""What strangers may open: what says nothing of the business, what logs in and out, what makes a new customer."""

CUSTOMERS: Final = ("/api/v1/customer", "/api/v1/tablet")
"""Below these, whoever has a customer's token comes in, and sees what is theirs; users have doors of their own."""


class UnlockedError(RuntimeError):
    """A route that names no permission, or several, or that is public and locked at once."""


def is_customers(path: str) -> bool:
    """Whether an address is for customers."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in CUSTOMERS)


def asks_for_customer(route: Any) -> bool:
    """Whether a route lets in only who has a customer's token."""
    dependant = getattr(route, "dependant", None)
    return any(isinstance(part.call, CustomerDoor) for part in _parts(dependant)) if dependant else False


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
    for part in _parts(dependant):
        if isinstance(part.call, Lock):
            yield part.call


def _parts(dependant: Any) -> Iterator[Any]:
    yield dependant
    for part in dependant.dependencies:
        yield from _parts(part)


def routes_of(app: FastAPI) -> list[Any]:
    """Every route, those of included routers too."""
    return list(iter_route_contexts(app.routes))


async def turn_strangers_away(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse whoever we do not know before a byte of the body is read, and before they learn which addresses exist."""
    path = request.url.path
    if path.startswith("/api/") and path not in PUBLIC:
        try:
            if is_customers(path):
                admit(request)
            else:
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
        is_locked, is_customer = lock_of(route) is not None, asks_for_customer(route)
        if is_locked and is_customer:
            raise UnlockedError(f"{route.path} is for users and for customers; make two")
        if (is_locked or is_customer) == (route.path in PUBLIC):
            raise UnlockedError(f"{route.path} names no permission, or is public and names one")
        if is_customer and not is_customers(route.path):
            raise UnlockedError(f"{route.path} is a customer's and not below {' or '.join(CUSTOMERS)}")
