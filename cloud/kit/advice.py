"""What is wrong with a field of a request, and what to do about it. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str
    """Where it stands, e.g. `body.slot` or `query.limit`."""
    problem: str
    """What is wrong with it."""
    what_to_do: str


_Limits = Mapping[str, Any]

_ADVICE: Final[Mapping[str, Callable[[_Limits], str]]] = {
    "missing": lambda _: "Add it.",
    "extra_forbidden": lambda _: "Leave it out.",
    "json_invalid": lambda _: "Send one well-formed JSON object.",
    "model_attributes_type": lambda _: "Send a JSON object.",
    "string_type": lambda _: "Send a text.",
    "string_too_short": lambda limits: f"Send at least {limits['min_length']} characters.",
    "string_too_long": lambda limits: f"Send at most {limits['max_length']} characters.",
    "string_pattern_mismatch": lambda limits: f"Send a text that matches {limits['pattern']}.",
    "string_unicode": lambda _: "Send well-formed Unicode.",
    "int_type": lambda _: "Send a whole number.",
    "int_parsing": lambda _: "Send a whole number.",
    "int_parsing_size": lambda _: "Send a smaller number.",
    "int_from_float": lambda _: "Send a whole number.",
    "bool_parsing": lambda _: "Send true or false.",
    "bool_type": lambda _: "Send true or false.",
    "greater_than": lambda limits: f"Send a number above {limits['gt']}.",
    "greater_than_equal": lambda limits: f"Send a number of at least {limits['ge']}.",
    "less_than": lambda limits: f"Send a number below {limits['lt']}.",
    "less_than_equal": lambda limits: f"Send a number of at most {limits['le']}.",
    "literal_error": lambda limits: f"Send one of {limits['expected']}.",
    "enum": lambda limits: f"Send one of {limits['expected']}.",
    "list_type": lambda _: "Send a list.",
    "too_long": lambda limits: f"Send at most {limits['max_length']} items.",
    "too_short": lambda limits: f"Send at least {limits['min_length']} items.",
    "date_from_datetime_parsing": lambda _: "Send a date as YYYY-MM-DD.",
    "date_parsing": lambda _: "Send a date as YYYY-MM-DD.",
}
"""The kind of error as pydantic names it, and the advice made from its limits."""


def field_problem(item: Mapping[str, Any]) -> FieldProblem:
    """What pydantic found, in words for the caller. What was sent is not repeated: it may be a password.

    Args:
        item: one of pydantic's errors, with `type`, `loc`, `msg` and perhaps `ctx`.
    """
    message = str(item["msg"]).removeprefix("Value error, ")
    advise = _ADVICE.get(item["type"])
    advice = advise(item.get("ctx") or {}) if advise else f"Correct it: {message}."
    field = ".".join(str(part) for part in item["loc"])
    return FieldProblem(field=field, problem=message, what_to_do=advice)
