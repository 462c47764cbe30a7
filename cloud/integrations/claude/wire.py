"""Turns as the Messages API takes them, and its answers as replies. Pure.

A request has a part that stays the same in every run (tools, then the system prompt) and the turns, which only grow:
both are cached by the provider, and thinking blocks of earlier replies must come back as they were. What people say
and what the services know travels as JSON in a user turn or in a tool result, never in the system prompt.

Source: Messages API of 2026-10-21 (`anthropic` 2.x, `types/message_create_params.py`); strict tools know no bounds.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from anthropic import transform_schema

from cloud.agents.mind import MindError, Prompt, Reply, Stop, Told, Turn, Usage
from cloud.agents.tools import Answer, AnyTool, Call

CACHED: Final = {"type": "ephemeral"}

STOPS: Final[Mapping[str, Stop]] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tools",
    "max_tokens": "cut_off",
    "pause_turn": "paused",
    "refusal": "refused",
}
"""The provider's reason to stop, in our words. What is not here ends the run of the model."""


def as_json(value: Any) -> str:
    """`value` as JSON that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def tool_of(tool: AnyTool) -> dict[str, Any]:
    """A tool's description. Its bounds move into words, because the grammar knows none; the desk checks them."""
    found: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "input_schema": transform_schema(tool.schema()),
        "strict": True,
    }
    if tool.examples:
        found["input_examples"] = [dict(example) for example in tool.examples]
    return found


def prefix_of(prompt: Prompt) -> dict[str, Any]:
    """What is the same in every request of an agent, byte for byte."""
    found: dict[str, Any] = {"system": [{"type": "text", "text": prompt.system, "cache_control": CACHED}]}
    if prompt.tools:
        found["tools"] = [tool_of(tool) for tool in prompt.tools]
    return found


def messages_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The conversation so far."""
    return [_told(turn) if isinstance(turn, Told) else _replied(turn) for turn in turns]


def _told(turn: Told) -> dict[str, Any]:
    content: list[dict[str, Any]] = [_result(answer) for answer in turn.answers]
    if turn.situation:
        content.append({"type": "text", "text": as_json({"situation": turn.situation})})
    if turn.words:
        content.append({"type": "text", "text": as_json({"person_says": turn.words})})
    return {"role": "user", "content": content or [{"type": "text", "text": as_json({"situation": {}})}]}


def _result(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": answer.call_id,
        "content": as_json(answer.content),
    }
    return found | {"is_error": True} if answer.is_error else found


def _replied(turn: Reply) -> dict[str, Any]:
    """A reply as it came; what another mind said has no blocks of this provider and goes as plain ones."""
    if turn.raw:
        return {"role": "assistant", "content": turn.raw}
    content: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text.strip() else []
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)} for call in turn.calls
    ]
    return {"role": "assistant", "content": content or [{"type": "text", "text": "…"}]}


def reply_of(message: Mapping[str, Any]) -> Reply:
    """A whole message as a reply.

    Raises:
        MindError: `broken`, it has no end or no shape we know; `context`, the conversation has become too long.
    """
    reason = message.get("stop_reason")
    if reason == "model_context_window_exceeded":
        raise MindError("context", "the conversation is longer than the model can read")
    stop = STOPS.get(str(reason))
    content = message.get("content")
    if stop is None or not isinstance(content, list):
        raise MindError("broken", f"the model's answer has no end that we know ({reason!r})")
    calls = tuple(
        Call(str(block["id"]), str(block["name"]), _arguments(block.get("input")))
        for block in content
        if block.get("type") == "tool_use"
    )
    text = "".join(str(block.get("text", "")) for block in content if block.get("type") == "text")
    return Reply(text, calls, stop, usage_of(message.get("usage") or {}), content)


def _arguments(given: Any) -> dict[str, Any]:
    """An object, as every tool takes one; what is none becomes an argument no tool knows, and the desk refuses it."""
    return given if isinstance(given, dict) else {"not_an_object": given}


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Tokens of one reply; `input_tokens` are those that were neither read from the cache nor written to it."""
    return Usage(
        int(usage.get("input_tokens") or 0),
        int(usage.get("output_tokens") or 0),
        int(usage.get("cache_creation_input_tokens") or 0),
        int(usage.get("cache_read_input_tokens") or 0),
    )
