"""What the fake model may do with one request. A script is a list of these, or a function of the request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Use:
    """A tool call. `id` is made up when it is empty; a forged one is simply given."""

    name: str
    arguments: Any = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """A whole answer: thinking, words, tool calls."""

    text: str = ""
    calls: tuple[Use, ...] = ()
    thinking: str = ""
    stop: str = ""
    """The stop reason; the one that fits when empty."""
    output_tokens: int = 0
    """0 counts them from the answer's length."""


@dataclass(frozen=True, slots=True)
class CutCall:
    """`max_tokens` in the middle of a tool call."""

    name: str
    half_json: str = '{"product_id": "gre'
    text: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The provider's own refusal."""

    category: str = "general_harms"


@dataclass(frozen=True, slots=True)
class Fail:
    """An HTTP error."""

    status: int = 529
    kind: str = "overloaded_error"
    headers: tuple[tuple[str, str], ...] = (("retry-after-ms", "1"),)


@dataclass(frozen=True, slots=True)
class FailWithin:
    """An error event in the middle of a stream."""

    text: str = "I will"
    kind: str = "overloaded_error"


@dataclass(frozen=True, slots=True)
class BreakOff:
    """The connection breaks in the middle of the stream; `is_clean` ends it as if it were whole."""

    text: str = "I will"
    calls: tuple[Use, ...] = ()
    is_clean: bool = False


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no answer."""

    body: bytes = b"<html>Bad gateway</html>"
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class HangUp:
    """Closes the connection without a byte."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Never answers."""


Step = Say | CutCall | Refuse | Fail | FailWithin | BreakOff | Garbage | HangUp | Silence
Script = Sequence[Step] | Callable[[dict[str, Any]], Step]
"""A list is played once, the last step for ever; a function is given the request's body."""


def tool_names(request: dict[str, Any]) -> list[str]:
    """Which tools a request offers."""
    return [str(tool["name"]) for tool in request.get("tools", ())]


def last_results(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool results of the last turn."""
    content = request["messages"][-1]["content"]
    return [block for block in content if isinstance(block, dict) and block.get("type") == "tool_result"]
