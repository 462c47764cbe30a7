"""Errors over HTTP: every refusal is one JSON object a person can act on."""

from typing import Annotated

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cloud.db.database import Database

log = structlog.get_logger()


class Problem(BaseModel):
    """The shape of every refusal (`application/problem+json`), for the API's description."""

    status: int
    code: str
    """For programs: stable, one word."""
    detail: str
    """For people."""


class ProblemError(Exception):
    """An expected refusal: what is wrong, in words for the caller."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        super().__init__(detail)


def _problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    content = {"status": status, "code": code, "detail": detail}
    return JSONResponse(content, status_code=status, headers=headers, media_type="application/problem+json")


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this class only
    return _problem(error.status, error.code, error.detail, error.headers)


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    headers = dict(error.headers) if error.headers else None
    return _problem(error.status_code, "http", str(error.detail), headers)


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    words = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
    return _problem(422, "invalid", words)


async def _on_crash(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", path=request.url.path, exc_info=error)
    return _problem(500, "internal", "The server failed on this request; the log has the reason.")


def install_error_answers(app: FastAPI) -> None:
    """Answer every error of `app` as `application/problem+json` with status, code and detail."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_crash)


def database_of(request: Request) -> Database:
    """The application's database."""
    database: Database = request.app.state.database
    return database


DatabaseDep = Annotated[Database, Depends(database_of)]
