"""Strangers may send a phone's forms, and no more: what is too large is refused before it is read."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request, Response

from cloud.kit.http import ProblemError, answer_of

PREFIX: Final = "/m/"
MOST_BYTES: Final = 64 * 1024
"""Of a form: all fields at their longest, in any encoding."""


async def refuse_large(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse a form that does not say how long it is, or is too long."""
    if request.method == "POST" and request.url.path.startswith(PREFIX):
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            return answer_of(ProblemError(411, "no_length", "Say how long the form is: Content-Length."))
        if int(length) > MOST_BYTES:
            return answer_of(ProblemError(413, "too_large", f"A form has at most {MOST_BYTES} bytes."))
    return await call_next(request)
