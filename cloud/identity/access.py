"""The lock on every door: who is asking? Used as a dependency by every router except the public ones."""

from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import HTTPConnection

from cloud.identity.service import BadTokenError, CurrentOperator, Gate
from cloud.kit.http import ProblemError

COOKIE: Final = "vend_session"


def gate_of(connection: HTTPConnection) -> Gate:
    """The application's gate."""
    gate: Gate = connection.app.state.gate
    return gate


def token_of(connection: HTTPConnection) -> str | None:
    """The token a request carries: `Authorization: Bearer …`, else the pages' cookie."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    return connection.cookies.get(COOKIE)


async def current_operator(connection: HTTPConnection) -> CurrentOperator:
    """The operator who asks.

    Raises:
        ProblemError: 401, nobody we know.
    """
    token = token_of(connection)
    challenge = {"WWW-Authenticate": "Bearer"}
    if token is None:
        raise ProblemError(401, "not_logged_in", "Log in first: POST /api/v1/admin/login.", challenge)
    try:
        return await gate_of(connection).operator_of(token)
    except BadTokenError as error:
        raise ProblemError(401, "bad_token", str(error), challenge) from error


OperatorDep = Annotated[CurrentOperator, Depends(current_operator)]
GateDep = Annotated[Gate, Depends(gate_of)]
