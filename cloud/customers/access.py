"""Who a customer is, without an account: a signed token, as a cookie on phones and a header elsewhere.

The token names 128 random bits. Nothing is kept for it until its bearer says, buys or asks something, so strangers who
collect tokens cost us nothing. Whoever has the token is the customer; a new one is given to whoever has none.
"""

import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from starlette.requests import HTTPConnection

from cloud.identity.access import is_same_origin
from cloud.kit.http import ProblemError
from cloud.kit.secrecy import Secrecy

COOKIE: Final = "vend_customer"
HEADER: Final = "X-Customer-Token"
GOOD_FOR_MS: Final = 400 * 86_400_000
"""Longer than that browsers keep no cookie."""
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_USE: Final = "customer token"
_ID_CHARS: Final = 32


class BadCustomerTokenError(Exception):
    """A token that is not ours, or has run out."""

    def __init__(self) -> None:
        super().__init__("the customer token is not valid; get a new one")


class CustomerTokens:
    """Makes and reads customers' tokens."""

    def __init__(self, secrecy: Secrecy) -> None:
        self._secrecy = secrecy

    def new(self, now_ms: int) -> tuple[str, str]:
        """A new customer's id, and their token."""
        customer_id = secrets.token_hex(_ID_CHARS // 2)
        return customer_id, self.issue(customer_id, now_ms)

    def issue(self, customer_id: str, now_ms: int) -> str:
        """A token of a customer, good for 400 days."""
        content = f"{customer_id}.{(now_ms + GOOD_FOR_MS) // 1000}"
        return f"{content}.{self._secrecy.sign(content, _USE)}"

    def read(self, token: str, now_ms: int) -> str:
        """The id of the customer whose token it is.

        Raises:
            BadCustomerTokenError: it is not ours or has run out.
        """
        content, _, signature = token.rpartition(".")
        customer_id, _, until = content.partition(".")
        if len(customer_id) != _ID_CHARS or not self._secrecy.is_signed(content, _USE, signature):
            raise BadCustomerTokenError
        if int(until) * 1000 <= now_ms:
            raise BadCustomerTokenError
        return customer_id


@dataclass(frozen=True, slots=True)
class Guest:
    """The customer who asks."""

    customer_id: str


def tokens_of(connection: HTTPConnection) -> CustomerTokens:
    """The application's customer tokens."""
    found: CustomerTokens = connection.app.state.customer_tokens
    return found


def guest_of(connection: HTTPConnection) -> Guest | None:
    """The customer who asks, of a page or a socket; None without a good token."""
    token = connection.headers.get(HEADER) or connection.cookies.get(COOKIE)
    if not token:
        return None
    try:
        return Guest(tokens_of(connection).read(token, int(connection.app.state.clock())))
    except BadCustomerTokenError:
        return None


def admit(connection: HTTPConnection) -> Guest:
    """The customer who asks; asked before a byte of the body is read, see `cloud/doors.py`.

    Raises:
        ProblemError: 401, no good token; 403, a cookie that another site's page sends.
    """
    guest = guest_of(connection)
    if guest is None:
        words = f"Get a customer token first: POST /api/v1/customer, then send it as {HEADER} or as the cookie it sets."
        raise ProblemError(401, "no_customer", words)
    is_changing = connection.scope.get("method", "GET") not in _SAFE
    if is_changing and HEADER.lower() not in connection.headers and not is_same_origin(connection):
        raise ProblemError(403, "wrong_origin", "Another site's page must not do this.")
    return guest


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Give a phone its token: unreadable for scripts, never sent from other sites."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=GOOD_FOR_MS // 1000,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )


class CustomerDoor:
    """Lets in who has a customer's token. For routes below the addresses in `doors.CUSTOMERS`."""

    async def __call__(self, connection: HTTPConnection) -> Guest:
        """The customer who asks.

        Raises:
            ProblemError: 401, no good token; 403, a cookie that another site's page sends.
        """
        return admit(connection)


_DOOR: Final = CustomerDoor()
GuestDep = Annotated[Guest, Depends(_DOOR)]
