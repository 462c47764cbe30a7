"""The lock on every door: who is asking, and may they? And the record of what they then do.

`Reads` is for looking, `Writes` for changing, `Creates` for making something that must not be made twice. Each names
its permission; what names none is refused when the application starts (`cloud/doors.py`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from cloud.db.database import Database
from cloud.identity import activity
from cloud.identity.activity import Deed, Origin
from cloud.identity.gate import CurrentUser, Gate
from cloud.identity.permissions import Permission
from cloud.identity.tokens import BadTokenError
from cloud.kit import idempotency
from cloud.kit.http import ProblemError
from cloud.kit.idempotency import KeyReusedError, Name

COOKIE: Final = "vend_session"
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def gate_of(connection: HTTPConnection) -> Gate:
    """The application's gate."""
    gate: Gate = connection.app.state.gate
    return gate


GateDep = Annotated[Gate, Depends(gate_of)]


def origin_of(connection: HTTPConnection) -> Origin:
    """Where a request comes from."""
    via = "page" if connection.url.path.startswith("/dashboard") else "api"
    address = connection.client.host if connection.client else ""
    return Origin(via, address[:64], connection.headers.get("user-agent", "")[:200])


OriginDep = Annotated[Origin, Depends(origin_of)]


def token_of(connection: HTTPConnection) -> str | None:
    """The token a request carries: `Authorization: Bearer …`, else the pages' cookie."""
    return _bearer(connection) or connection.cookies.get(COOKIE)


def _bearer(connection: HTTPConnection) -> str | None:
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def is_same_origin(connection: HTTPConnection) -> bool:
    """Browsers name the page's origin; a page of another site must not use our cookie."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


async def current_user(connection: HTTPConnection) -> CurrentUser:
    """The user who asks.

    Raises:
        ProblemError: 401, nobody we know; 403, a cookie that another site's page sends.
    """
    known: CurrentUser | None = getattr(connection.state, "user", None)
    if known is not None:
        return known  # the application's own door has asked already
    token = token_of(connection)
    if token is None:
        raise ProblemError(401, "not_logged_in", "Log in first: POST /api/v1/admin/token.", _CHALLENGE)
    is_changing = connection.scope.get("method", "GET") not in _SAFE
    if is_changing and _bearer(connection) is None and not is_same_origin(connection):
        raise ProblemError(403, "wrong_origin", "Another site's page must not do this.")
    try:
        return await gate_of(connection).user_of(token)
    except BadTokenError as error:
        raise ProblemError(401, "bad_token", f"{error}.".capitalize(), _CHALLENGE) from error


def _not_allowed(user: CurrentUser, permission: Permission) -> ProblemError:
    words = f"Your role {user.role} does not have the permission {permission}; an owner can give you another role."
    return ProblemError(403, "not_allowed", words)


class Lock:
    """Lets in users who have a permission. Its kinds are dependencies and differ in what they give."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def admit(self, connection: HTTPConnection) -> CurrentUser:
        """The user who asks; a change that is refused is written down.

        Raises:
            ProblemError: 401, nobody we know; 403, the user may not.
        """
        user = await current_user(connection)
        if not user.may(self.permission):
            if connection.scope.get("method", "GET") not in _SAFE:
                await gate_of(connection).refused(user, self.permission, connection.url.path, origin_of(connection))
            raise _not_allowed(user, self.permission)
        return user


class Reads(Lock):
    """A lock that gives the user."""

    async def __call__(self, connection: HTTPConnection) -> CurrentUser:
        """The user who asks.

        Raises:
            ProblemError: 401, nobody we know; 403, the user may not.
        """
        return await self.admit(connection)


def needs(permission: Permission) -> Any:
    """For a router's or a route's `dependencies`: let in only users who have this permission."""
    return Depends(Reads(permission))


@dataclass(frozen=True, slots=True)
class Guest:
    """Who opens a WebSocket: a user, or the reason to close it again."""

    user: CurrentUser | None
    refusal: ProblemError | None


class SocketLock(Lock):
    """A lock that does not raise: a browser sees why only when the socket was accepted first."""

    async def __call__(self, connection: HTTPConnection) -> Guest:
        """Who opens the socket."""
        if not is_same_origin(connection):
            return Guest(None, ProblemError(403, "wrong_origin", "another site's page"))
        try:
            return Guest(await self.admit(connection), None)
        except ProblemError as error:
            return Guest(None, error)


@dataclass(frozen=True, slots=True)
class Writer:
    """One request of a user who may change something: opens the transaction, and writes down who did what in it."""

    user: CurrentUser
    action: str
    request: Request

    @property
    def now_ms(self) -> int:
        """Now, ms since 1970 UTC."""
        return int(self.request.app.state.clock())

    @asynccontextmanager
    async def write(self, **detail: Any) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends, with the record of it.

        Args:
            **detail: what matters of the request, for the record; never a secret.
        """
        database: Database = self.request.app.state.database
        async with database.write() as db_session:
            yield db_session
            await self.record(db_session, detail)

    async def record(self, db_session: AsyncSession, detail: dict[str, Any]) -> None:
        """Write down what the user did."""
        origin = origin_of(self.request)
        deed = Deed(self.user.email, self.action, self.request.url.path, origin, self.user.role, detail=detail)
        await activity.record(db_session, deed, self.now_ms)


class Writes(Lock):
    """A lock that gives a `Writer`."""

    def __init__(self, permission: Permission, action: str) -> None:
        super().__init__(permission)
        self.action = action

    async def __call__(self, request: Request) -> Writer:
        """The writer of an allowed request.

        Raises:
            ProblemError: 401, nobody we know; 403, the user may not.
        """
        return Writer(await self.admit(request), self.action, request)


@dataclass(slots=True)
class Once:
    """One request to make something, inside its transaction."""

    db_session: AsyncSession
    made: str = ""
    """Id of what this request made before; empty when it is new, and then the endpoint sets it."""
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Creator(Writer):
    """A writer whose request may carry an `Idempotency-Key`."""

    key: str | None
    response: Response

    @asynccontextmanager
    async def once(self, body: BaseModel, **detail: Any) -> AsyncIterator[Once]:
        """Make something, or find what this very request made before; then the answer is 200 instead of 201.

        Args:
            body: what was sent; with method and path it is what the key stands for.
            **detail: what matters of the request, for the record; never a secret.

        Raises:
            ProblemError: 409, the key came with another request.
        """
        sent = [self.request.method, self.request.url.path, body.model_dump(mode="json")]
        name = Name(self.user.email, self.key, sent) if self.key else None
        database: Database = self.request.app.state.database
        async with database.write() as db_session:
            known = await _claimed(db_session, name, self.now_ms)
            work = Once(db_session, known or "", is_new=known is None)
            yield work
            if not work.is_new:
                self.response.status_code = 200
                return
            if name is not None:
                await idempotency.keep(db_session, name, work.made)
            await self.record(db_session, {"made": work.made, **detail})


async def _claimed(db_session: AsyncSession, name: Name | None, now_ms: int) -> str | None:
    try:
        return await idempotency.claim(db_session, name, now_ms) if name else None
    except KeyReusedError as error:
        raise ProblemError(409, "key_reused", f"{error}.".capitalize()) from error


KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        description="Your name for this request, remembered for 30 days. The same key with the same body makes nothing "
        "new: the answer is 200 with what the first request made, as it is now.",
    ),
]


class Creates(Lock):
    """A lock that gives a `Creator`."""

    def __init__(self, permission: Permission, action: str) -> None:
        super().__init__(permission)
        self.action = action

    async def __call__(self, request: Request, response: Response, key: KeyHeader = None) -> Creator:
        """The creator of an allowed request.

        Raises:
            ProblemError: 401, nobody we know; 403, the user may not.
        """
        return Creator(await self.admit(request), self.action, request, key, response)
