"""The Messages API's shapes: a message as JSON and as server-sent events, errors, and what it refuses. Pure.

Source: anthropic 2.12 (`types/`), API version 2026-10-21; the refusals are those our adapter could run into.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

from tools.fake_claude.steps import BreakOff, CutCall, FailWithin, Refuse, Say, Step

VERSION: Final = "2026-10-21"
_GONE: Final = ("temperature", "top_p", "top_k")
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern")
MOST_CACHE_MARKS: Final = 4
CHARS_PER_TOKEN: Final = 4


class BadRequestError(Exception):
    """What the real API answers 400 to; in its words."""


def check(body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Refuse what the real API refuses.

    Raises:
        BadRequestError: see there.
    """
    if headers.get("anthropic-version") != VERSION:
        raise BadRequestError(f"anthropic-version: expected {VERSION}")
    if gone := [name for name in _GONE if name in body]:
        raise BadRequestError(f"{gone[0]}: Extra inputs are not permitted")
    if body.get("tool_choice", {}).get("type") in {"any", "tool"}:
        raise BadRequestError("tool_choice: forced tool use is not supported by this model")
    for name in ("model", "max_tokens", "messages"):
        if not body.get(name):
            raise BadRequestError(f"{name}: Field required")
    text = json.dumps(body)
    if text.count('"cache_control"') > MOST_CACHE_MARKS:
        raise BadRequestError(f"A maximum of {MOST_CACHE_MARKS} blocks with cache_control may be provided")
    for tool in body.get("tools", ()):
        if tool.get("strict"):
            _check_schema(tool["input_schema"], f"tools.{tool['name']}")
    _check_messages(body["messages"])


def _check_schema(schema: Any, where: str) -> None:
    if isinstance(schema, list):
        for item in schema:
            _check_schema(item, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        raise BadRequestError(f"{where}: 'additionalProperties' must be false")
    for name, inner in schema.items():
        if name in _BOUNDS and not isinstance(inner, dict):
            raise BadRequestError(f"{where}: property '{name}' is not supported")
        _check_schema(inner, f"{where}.{name}")


def _check_messages(messages: list[dict[str, Any]]) -> None:
    open_calls: list[str] = []
    for message in messages:
        blocks = message["content"]
        if isinstance(blocks, str):
            blocks = [{"type": "text", "text": blocks}]
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if message["role"] == "user" and sorted(answered) != sorted(open_calls):
            raise BadRequestError("`tool_use` ids were found without `tool_result` blocks immediately after")
        if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            raise BadRequestError("text content blocks must be non-empty")
        used = [block["id"] for block in blocks if block["type"] == "tool_use"]
        open_calls = used if message["role"] == "assistant" else []


def error_of(kind: str, words: str) -> dict[str, Any]:
    """The body of an error."""
    return {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_fake"}


def tokens_of(value: Any) -> int:
    """About how many tokens `value` is."""
    return max(len(json.dumps(value, ensure_ascii=False)) // CHARS_PER_TOKEN, 1)


_ids = count(1)


def message_of(step: Step, model: str, usage: dict[str, int]) -> dict[str, Any]:
    """A step as a whole message."""
    content: list[dict[str, Any]] = []
    stop = "end_turn"
    details = None
    match step:
        case Refuse():
            stop, details = "refusal", {"type": "refusal", "category": step.category, "explanation": None}
        case CutCall():
            content = [*_text(step.text), _used(step.name, {}, "")]
            stop = "max_tokens"
        case Say():
            if step.thinking:
                content.append({"type": "thinking", "thinking": step.thinking, "signature": f"signed-{next(_ids)}"})
            content += _text(step.text) + [_used(call.name, call.arguments, call.id) for call in step.calls]
            stop = step.stop or ("tool_use" if step.calls else "end_turn")
        case BreakOff():
            content = _text(step.text) + [_used(call.name, call.arguments, call.id) for call in step.calls]
        case FailWithin():
            content = _text(step.text)
    written = getattr(step, "output_tokens", 0) or tokens_of(content)
    return {
        "id": f"msg_fake_{next(_ids)}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": details,
        "usage": usage | {"output_tokens": written},
    }


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def _used(name: str, arguments: Any, given_id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": given_id or f"toolu_fake_{next(_ids)}", "name": name, "input": arguments}


def events_of(message: dict[str, Any], half_json: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """A message as events, words in small pieces. `half_json` stands in for the last tool call's arguments."""
    start = message | {"content": [], "stop_reason": None, "usage": message["usage"] | {"output_tokens": 1}}
    yield "message_start", {"message": start}
    for index, block in enumerate(message["content"]):
        empty, deltas = _pieces(block, half_json)
        yield "content_block_start", {"index": index, "content_block": empty}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield "message_delta", {"delta": ending, "usage": {"output_tokens": message["usage"]["output_tokens"]}}
    yield "message_stop", {}


def _pieces(block: dict[str, Any], half_json: str | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "text":
            words = block["text"]
            cut = [words[at : at + 12] for at in range(0, len(words), 12)]
            return block | {"text": ""}, [{"type": "text_delta", "text": piece} for piece in cut]
        case "thinking":
            empty = block | {"thinking": "", "signature": ""}
            thought = {"type": "thinking_delta", "thinking": block["thinking"]}
            return empty, [thought, {"type": "signature_delta", "signature": block["signature"]}]
        case _:
            text = half_json if half_json is not None else json.dumps(block["input"], ensure_ascii=False)
            cut = [text[at : at + 20] for at in range(0, len(text), 20)]
            return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in cut]


def sse(kind: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | data, ensure_ascii=False)}\n\n".encode()
