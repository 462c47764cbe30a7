"""Errors over HTTP: every refusal is one JSON object a person can act on.

Source: RFC 9457 (problem details); `code` is what its `type` is for, in a word.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final

import structlog
from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from cloud.db.database import Database
from cloud.kit.advice import FieldProblem, field_problem
from cloud.kit.clock import local_day

log = structlog.get_logger()

PROBLEM_JSON: Final = "application/problem+json"

RowId = Annotated[int, Field(ge=1, lt=2**63)]
"""A row number in an address."""

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=64,
        description="`ETag` of it as you read it; the change is refused when somebody else changed it since.",
    ),
]

_MOST_DIGITS: Final = 9


def revision_of(if_match: str | None) -> int | None:
    """The revision an `If-Match` names: None for whichever it is; 0, which nothing has, for a tag that is not ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


class Problem(BaseModel):
    """The shape of every refusal (`application/problem+json`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"status": 404, "code": "no_such_machine", "detail": "there is no machine 'vm-nobody-0001'"}]
        }
    )

    status: int
    code: str
    """For programs: stable, one word."""
    detail: str
    """For people."""


class InvalidProblem(Problem):
    """A refusal of what was sent: each field that is wrong, and what to do about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": 422,
                    "code": "invalid",
                    "detail": "body.slot: Add it.",
                    "fields": [{"field": "body.slot", "problem": "Field required", "what_to_do": "Add it."}],
                }
            ]
        }
    )

    fields: list[FieldProblem] = Field(default_factory=list)
    """Empty when the refusal is about no single field."""


class ProblemError(Exception):
    """An expected refusal: what is wrong, in words for the caller."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: dict[str, str] | None = None,
        fields: Sequence[FieldProblem] = (),
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.fields = fields
        """For a 422: what is wrong where."""
        super().__init__(detail)


Refusals = Mapping[type[Exception], tuple[int, str]]
"""What a service refuses: the error's class to status and code; an empty code stands for the error's own `code`."""


def refusal_of(error: Exception, table: Refusals) -> ProblemError:
    """The answer that an error of the table becomes.

    Raises:
        Exception: the error itself when the table does not have it.
    """
    for kind in type(error).__mro__:
        if issubclass(kind, Exception) and kind in table:
            status, code = table[kind]
            words = str(error)
            sentence = words[:1].upper() + words[1:]
            return ProblemError(status, code or str(getattr(error, "code", "")), sentence.removesuffix(".") + ".")
    raise error


@contextmanager
def refusing(table: Refusals) -> Iterator[None]:
    """Turn what services refuse into answers.

    Raises:
        ProblemError: one of the table's errors was raised.
    """
    try:
        yield
    except tuple(table) as error:
        raise refusal_of(error, table) from error


def refusals(**codes: str) -> dict[int | str, dict[str, Any]]:
    """Describe an endpoint's own refusals.

    Args:
        **codes: status to codes, e.g. `http_404="no_such_machine"`; several codes with commas between them.
    """
    found: dict[int | str, dict[str, Any]] = {}
    for name, words in codes.items():
        status = int(name.removeprefix("http_"))
        text = ", ".join(f"`{code.strip()}`" for code in words.split(","))
        found[status] = {"model": InvalidProblem if status == HTTPStatus.UNPROCESSABLE_ENTITY else Problem}
        found[status]["description"] = f"{HTTPStatus(status).phrase}: {text}"
    return found


def _problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    content = {"status": status, "code": code, "detail": detail, **more}
    return JSONResponse(content, status_code=status, headers=headers, media_type=PROBLEM_JSON)


def answer_of(error: ProblemError) -> JSONResponse:
    """The answer that a refusal becomes."""
    more: dict[str, Any] = {}
    if error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        more["fields"] = [one.model_dump() for one in error.fields]
    return _problem(error.status, error.code, error.detail, error.headers, **more)


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this class only
    return answer_of(error)


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    headers = dict(error.headers) if error.headers else None
    code = HTTPStatus(error.status_code).name.lower()
    return _problem(error.status_code, code, str(error.detail), headers)


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    fields = [field_problem(item) for item in error.errors()]
    words = "; ".join(f"{one.field}: {one.what_to_do}" for one in fields)
    return _problem(422, "invalid", words, fields=[one.model_dump() for one in fields])


async def _on_unstorable(request: Request, error: Exception) -> JSONResponse:
    log.warning("a value the database cannot hold", path=request.url.path, reason=type(error).__name__)
    words = "A value cannot be stored: leave out control characters, and use smaller numbers."
    return _problem(422, "unstorable", words, fields=[])


async def _on_busy(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OperationalError)  # noqa: S101 - registered for this class only
    log.warning("database busy, request refused", path=request.url.path, reason=str(error.orig))
    words = "The database is busy or gone; nothing was kept. Try again in a moment."
    return _problem(503, "database_busy", words, {"Retry-After": "1"})


async def _on_crash(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", path=request.url.path, exc_info=error)
    return _problem(500, "internal", "The server failed on this request; the log has the reason.")


def install_error_answers(app: FastAPI) -> None:
    """Answer every error of `app` as `application/problem+json` with status, code and detail."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(DataError, _on_unstorable)
    app.add_exception_handler(OperationalError, _on_busy)
    app.add_exception_handler(Exception, _on_crash)


def database_of(request: Request) -> Database:
    """The application's database."""
    database: Database = request.app.state.database
    return database


DatabaseDep = Annotated[Database, Depends(database_of)]


def today_of(request: Request) -> date:
    """The operator's today."""
    return local_day(request.app.state.clock(), request.app.state.settings.timezone)


TodayDep = Annotated[date, Depends(today_of)]
