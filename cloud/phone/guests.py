"""A customer at their phone: known by the customers' token in a cookie, and given one with the first page."""

from dataclasses import dataclass

from fastapi import Request, Response
from starlette.requests import HTTPConnection

from cloud.customers import access


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    customer_id: str
    token: str
    """To be given to somebody new; empty for who has one."""
    address: str
    """Where the request came from; only to count how often."""

    @property
    def is_new(self) -> bool:
        """They had no token of ours."""
        return bool(self.token)


def caller_of(connection: HTTPConnection) -> Caller:
    """Who asks; somebody new when there is no good token."""
    address = connection.client.host if connection.client else ""
    known = access.guest_of(connection)
    if known is not None:
        return Caller(known.customer_id, "", address)
    customer_id, token = access.tokens_of(connection).new(int(connection.app.state.clock()))
    return Caller(customer_id, token, address)


def remember(request: Request, response: Response, caller: Caller) -> None:
    """Give somebody new their token."""
    if caller.is_new:
        access.set_cookie(request, response, caller.token)
