"""The API's description (`/openapi.json`): what holds for every operation is written here once, from the locks.

Each operation gets its permission, its security, and the refusals every operation of its kind may give.
"""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from cloud.customers.access import HEADER
from cloud.doors import asks_for_customer, lock_of, routes_of
from cloud.identity.access import COOKIE, Creates, Lock
from cloud.kit.http import PROBLEM_JSON, InvalidProblem, Problem

TAGS: Final = {
    "health": "Whether it runs.",
    "admin": "Log in and out, tokens, my own account.",
    "users": "Who may do what, and who did what.",
    "dashboard": "The day in numbers.",
    "products": "What is sold.",
    "price-lists": "Prices from a day on, and which machines follow them.",
    "vending": "Machines, their slots and planograms; remote vends and coupons.",
    "monitoring": "What machines reported, what is not understood, and tasks for people.",
    "transactions": "The list of sales.",
    "inventory": "How much of what is where, with lots; what moved; counts, the restocking plan, trips.",
    "procurement": "Suppliers and their prices, purchase orders, goods received, invoices to pay.",
    "accounting": "The ledger and its statements.",
    "agents": "What agents are asked to do; what they did and why, what waits for a person, and how to stop them.",
    "customer": "What customers see and say of themselves, with a token of their own.",
    "tablet": "Conversations of a customer.",
    "customers": "Customers for the operator: coupons, wishes, conversations.",
}
ABOUT: Final = """\
**Log in** with `POST /api/v1/admin/token` and send the access token as `Authorization: Bearer …`; exchange the
refresh token before the access token expires.

**Customers** have no account: `POST /api/v1/customer` gives a token, sent as `X-Customer-Token` or as a cookie. It
opens what is theirs and nothing else.

**Lists** take `limit` and `cursor` and answer with `items` and `next`: pass `next` as `cursor` until it is null.

**Refusals** are `application/problem+json` with `status`, a stable `code` and a `detail` for people; those of a 422
also name each field and what to do about it.

**Requests that make something** take an `Idempotency-Key`: sent again with the same body they make nothing new.

**Changes** of what two people may edit take the `ETag` as `If-Match`, or a revision in the document.
"""
SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    "customer": {"type": "apiKey", "in": "header", "name": HEADER},
}
_SCHEMAS: Final = "#/components/schemas/"


def describe(app: FastAPI) -> None:
    """Replace the application's description by the complete one."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    tags = [{"name": name, "description": text} for name, text in TAGS.items()]
    found = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes, tags=tags)
    parts = found.setdefault("components", {})
    parts["securitySchemes"] = SECURITY
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, made = models_json_schema(
        [(Problem, "serialization"), (InvalidProblem, "serialization")], ref_template=_SCHEMAS + "{model}"
    )
    schemas.update(made["$defs"])
    routes = {(route.path_format, method.lower()): route for route in _described(app) for method in route.methods}
    for path, item in found["paths"].items():
        for method, operation in item.items():
            if asks_for_customer(routes[path, method]):
                _for_customer(operation)
            _complete(operation, lock_of(routes[path, method]))
    return found


def _described(app: FastAPI) -> list[Any]:
    return [route for route in routes_of(app) if getattr(route, "include_in_schema", False) and route.methods]


def _for_customer(operation: dict[str, Any]) -> None:
    """What holds for every operation of a customer."""
    answers = operation["responses"]
    own_words = {status: answer.get("description", "") for status, answer in answers.items()}
    operation["security"] = [{"customer": []}]
    operation["description"] = f"{operation.get('description', '')}\n\nFor the customer whose token it is."
    _add(answers, own_words, "401", "`no_customer`", "Problem")
    _add(answers, own_words, "403", "`wrong_origin`", "Problem")


def _complete(operation: dict[str, Any], lock: Lock | None) -> None:
    """Add what holds for every operation of its kind to what the operation says itself."""
    answers = operation["responses"]
    own_words = {status: answer.get("description", "") for status, answer in answers.items()}
    takes_something = bool(operation.get("parameters") or operation.get("requestBody"))
    if takes_something:
        _add(answers, own_words, "422", "`invalid`, `bad_cursor`, `unstorable`", "InvalidProblem")
    if operation.get("requestBody"):
        _add(answers, own_words, "400", "`bad_request`: the body cannot be read", "Problem")
    if lock is not None:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
        operation["x-permission"] = str(lock.permission)
        operation["description"] = f"{operation.get('description', '')}\n\nPermission: `{lock.permission}`."
        _add(answers, own_words, "401", "`not_logged_in`, `bad_token`", "Problem")
        _add(answers, own_words, "403", "`not_allowed`, `wrong_origin`", "Problem")
    if isinstance(lock, Creates):
        answers["200"] = {
            "description": "This request came before, under the same `Idempotency-Key`: what it made, as it is now.",
            "content": answers["201"]["content"],
        }
    for status, answer in answers.items():
        if status >= "400":
            _as_problem(answer)


def _add(answers: dict[str, Any], own_words: dict[str, str], status: str, codes: str, schema: str) -> None:
    own = own_words.get(status, "")
    is_own = bool(own) and own != "Validation Error"
    words = f"{own}, {codes}" if is_own else codes
    answers[status] = {"description": words, "content": {PROBLEM_JSON: {"schema": {"$ref": _SCHEMAS + schema}}}}


def _as_problem(answer: dict[str, Any]) -> None:
    """Refusals are of one media type; FastAPI describes each by that of the operation's good answer."""
    if content := answer.get("content"):
        answer["content"] = {PROBLEM_JSON: next(iter(content.values()))}
