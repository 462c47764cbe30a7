"""`/api/v1/admin`: log in and out, exchange tokens, who am I, my password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud.identity import service
from cloud.identity.access import COOKIE, GateDep, OriginDep, Reads, Writer, Writes, token_of
from cloud.identity.activity import Origin
from cloud.identity.gate import CurrentUser, Gate, Tokens, TooManyTriesError, WrongPasswordError
from cloud.identity.permissions import ALLOWED, Permission, Role
from cloud.identity.rules import BROWSER_HOURS, MAX_EMAIL_CHARS, MAX_PASSWORD_CHARS, WeakPasswordError
from cloud.identity.tokens import BadTokenError
from cloud.kit.http import ProblemError, refusals

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])

EmailText = Annotated[str, Field(max_length=MAX_EMAIL_CHARS)]
PasswordText = Annotated[str, Field(max_length=MAX_PASSWORD_CHARS)]


class Login(BaseModel):
    """E-mail address and password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "owner@example.com", "password": "a long sentence of yours"}]}
    )

    email: EmailText
    password: PasswordText


class Token(BaseModel):
    """A bearer token."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme's name
    expires_in: int = BROWSER_HOURS * 3600
    """Seconds."""


class TokenPair(Token):
    """A short bearer token, and what the next one is exchanged for."""

    refresh_token: str
    """Good once: every exchange gives the next one."""
    refresh_expires_in: int
    """Seconds until somebody must log in again."""
    role: Role


class RefreshBody(BaseModel):
    """A refresh token."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"refresh_token": "q0q1m0b9oV4lSxq3Yw7q9o0l0b1o0c8Qv0m2n5x7aBc"}]},
    )

    refresh_token: str = Field(min_length=1, max_length=256)


class Me(BaseModel):
    """Who is logged in."""

    id: int
    email: str
    role: Role
    permissions: list[Permission]


class NewPassword(BaseModel):
    """My password, and the one to have from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"password": "the old sentence", "new_password": "a longer sentence"}]},
    )

    password: PasswordText
    new_password: PasswordText


LOGIN_REFUSALS: dict[int | str, dict[str, Any]] = refusals(http_401="wrong_password", http_429="too_many_tries")


async def checked_login(gate: Gate, email: str, password: str, origin: Origin) -> str:
    """A browser's token, or the refusal a person can act on.

    Raises:
        ProblemError: 401 for a wrong password, 429 while the login is closed.
    """
    try:
        return await gate.login_browser(email, password, origin)
    except (WrongPasswordError, TooManyTriesError) as error:
        raise login_problem(error) from error


def login_problem(error: WrongPasswordError | TooManyTriesError) -> ProblemError:
    """The refusal of a login."""
    detail = f"{error}.".capitalize()
    if isinstance(error, TooManyTriesError):
        return ProblemError(429, "too_many_tries", detail, {"Retry-After": str(error.wait_s)})
    return ProblemError(401, "wrong_password", detail)


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its session: unreadable for scripts, never sent from other sites."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=BROWSER_HOURS * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )


def _pair(tokens: Tokens) -> TokenPair:
    return TokenPair(
        access_token=tokens.access,
        expires_in=tokens.access_s,
        refresh_token=tokens.refresh,
        refresh_expires_in=tokens.refresh_s,
        role=tokens.user.role,
    )


def _no_store(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


@router.post("/login", responses=LOGIN_REFUSALS)
async def login(body: Login, gate: GateDep, origin: OriginDep, request: Request, response: Response) -> Token:
    """Exchange e-mail address and password for a session of 12 hours; browsers get it as a cookie too."""
    token = await checked_login(gate, body.email, body.password, origin)
    set_cookie(request, response, token)
    _no_store(response)
    return Token(access_token=token)


@router.post("/logout", status_code=204)
async def logout(gate: GateDep, origin: OriginDep, request: Request, response: Response) -> None:
    """End the session, and take the browser's cookie back."""
    if token := token_of(request):
        await gate.logout(token, origin)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.post("/token", responses=LOGIN_REFUSALS)
async def get_token(body: Login, gate: GateDep, origin: OriginDep, response: Response) -> TokenPair:
    """Log a program in: an access token for 15 minutes, and a refresh token to get the next pair with."""
    _no_store(response)
    try:
        return _pair(await gate.login_api(body.email, body.password, origin))
    except (WrongPasswordError, TooManyTriesError) as error:
        raise login_problem(error) from error


@router.post("/token/refresh", responses=refusals(http_401="bad_token"))
async def refresh_token(body: RefreshBody, gate: GateDep, origin: OriginDep, response: Response) -> TokenPair:
    """Exchange a refresh token for the next pair. One that was used before ends the session: somebody copied it."""
    _no_store(response)
    try:
        return _pair(await gate.refresh(body.refresh_token, origin))
    except BadTokenError as error:
        raise ProblemError(401, "bad_token", f"{error}.".capitalize()) from error


@router.post("/token/revoke", status_code=204)
async def revoke_token(body: RefreshBody, gate: GateDep, origin: OriginDep) -> None:
    """End a program's session. A token that is not good any more is no error."""
    await gate.revoke(body.refresh_token, origin)


@router.get("/me")
async def me(user: Annotated[CurrentUser, Depends(Reads(Permission.SELF))]) -> Me:
    """Who is logged in, and what they may do."""
    permissions = [permission for permission in ALLOWED if user.may(permission)]
    return Me(id=user.id, email=user.email, role=user.role, permissions=permissions)


@router.put(
    "/me/password",
    status_code=204,
    responses=refusals(http_403="wrong_password", http_422="weak_password", http_429="too_many_tries"),
)
async def change_my_password(
    body: NewPassword,
    gate: GateDep,
    writer: Annotated[Writer, Depends(Writes(Permission.SELF, "user.password_changed"))],
    origin: OriginDep,
) -> None:
    """Change my password; every session of mine ends, this one too."""
    try:
        if not await gate.is_password(writer.user, body.password, origin):
            raise ProblemError(403, "wrong_password", "The present password is another one.")
        password = await service.new_password(body.new_password)
        async with writer.write() as db_session:
            await service.set_password(db_session, writer.user.id, password, now_ms=gate.now_ms())
    except TooManyTriesError as error:
        raise login_problem(error) from error
    except WeakPasswordError as error:
        raise ProblemError(422, "weak_password", f"{error}.".capitalize()) from error
