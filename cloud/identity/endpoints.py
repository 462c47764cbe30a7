"""`/api/v1/admin`: log in, log out, who am I."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from cloud.identity.access import COOKIE, GateDep, OperatorDep
from cloud.identity.service import TOKEN_HOURS, Gate, TooManyTriesError, WrongPasswordError
from cloud.kit.http import ProblemError

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])


class Login(BaseModel):
    """E-mail address and password."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024)


class Token(BaseModel):
    """A bearer token."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme's name
    expires_in: int = TOKEN_HOURS * 3600


class Me(BaseModel):
    """Who is logged in."""

    email: str


async def checked_login(gate: Gate, email: str, password: str) -> str:
    """A token, or the refusal a person can act on.

    Raises:
        ProblemError: 401 for a wrong password, 429 while the account is closed.
    """
    try:
        return await gate.login(email, password)
    except WrongPasswordError as error:
        raise ProblemError(401, "wrong_password", f"{error}.".capitalize()) from error
    except TooManyTriesError as error:
        detail = f"{error}.".capitalize()
        raise ProblemError(429, "too_many_tries", detail, {"Retry-After": str(error.wait_s)}) from error


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its session: unreadable for scripts, never sent from other sites."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=TOKEN_HOURS * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )


@router.post("/login")
async def login(body: Login, gate: GateDep, request: Request, response: Response) -> Token:
    """Exchange e-mail address and password for a token; browsers get it as a cookie too."""
    token = await checked_login(gate, body.email, body.password)
    set_cookie(request, response, token)
    return Token(access_token=token)


@router.post("/logout", status_code=204)
async def logout(response: Response) -> None:
    """Take the browser's cookie back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/me")
async def me(operator: OperatorDep) -> Me:
    """Who is logged in."""
    return Me(email=operator.email)
