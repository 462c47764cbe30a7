"""`/docs`: the API as a page of ours, rendered from the OpenAPI document. No script, nothing from another host."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from cloud.dashboard.pages import rendered

router = APIRouter(include_in_schema=False)

_METHODS = ("get", "post", "put", "patch", "delete")


def sections(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Operations by tag, in the order the application has them.

    Args:
        document: an OpenAPI 3.1 document.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if (operation := item.get(method)) is not None:
                tag = (operation.get("tags") or ["other"])[0]
                found.setdefault(tag, []).append(_row(path, method, operation))
    return found


def _row(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    body: dict[str, Any] = next((part.get("schema", {}) for part in content.values()), {})
    answer = operation.get("responses", {}).get("200", operation.get("responses", {}).get("201", {}))
    answered: dict[str, Any] = next((part.get("schema", {}) for part in answer.get("content", {}).values()), {})
    return {
        "path": path,
        "method": method.upper(),
        "text": operation.get("description") or operation.get("summary", ""),
        "parameters": [
            {"name": one["name"], "type": _type(one.get("schema", {})), "required": one.get("required", False)}
            for one in operation.get("parameters", [])
        ],
        "body": _type(body),
        "answer": _type(answered),
    }


def _type(schema: dict[str, Any]) -> str:
    """A schema in a word: `Planogram`, `list of SaleView`, `integer or null`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return str(schema.get("format") or schema.get("type") or "")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The API, for people; `/openapi.json` is the same for programs."""
    document = request.app.openapi()
    context = {
        "title": "API",
        "path": "/docs",
        "user": None,
        "app": document["info"]["title"],
        "version": document["info"]["version"],
        "sections": sections(document),
    }
    return rendered(request, "api.html", context)
