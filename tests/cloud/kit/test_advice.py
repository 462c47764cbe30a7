"""What a caller is told about a field that is wrong."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cloud.kit.advice import field_problem


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slot: Annotated[str, Field(pattern="^[A-Z][0-9]$")] = "A1"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    kind: Literal["a", "b"] = "a"
    note: Annotated[str, Field(min_length=2, max_length=3)] = "abc"
    names: Annotated[list[str], Field(max_length=1)] = []


@pytest.mark.parametrize(
    ("body", "field", "advice"),
    [
        ({"slot": 5}, "slot", "Send a text."),
        ({"slot": "5"}, "slot", "Send a text that matches ^[A-Z][0-9]$."),
        ({"count": 0}, "count", "Send a number of at least 1."),
        ({"count": 10}, "count", "Send a number of at most 9."),
        ({"count": "x"}, "count", "Send a whole number."),
        ({"count": 1.5}, "count", "Send a whole number."),
        ({"kind": "c"}, "kind", "Send one of 'a' or 'b'."),
        ({"note": "a"}, "note", "Send at least 2 characters."),
        ({"note": "abcd"}, "note", "Send at most 3 characters."),
        ({"names": ["a", "b"]}, "names", "Send at most 1 items."),
        ({"names": {}}, "names", "Send a list."),
        ({"prize": 1}, "prize", "Leave it out."),
        ({"\ud800": 1}, "", "Send well-formed Unicode."),
    ],
)
def test_advice_when_a_field_is_wrong_then_it_names_it_and_says_what_to_do(
    body: dict[str, Any], field: str, advice: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        Body.model_validate(body)
    found = field_problem(refusal.value.errors()[0])  # type: ignore[arg-type]
    assert (found.field, found.what_to_do) == (field, advice)


def test_advice_when_the_kind_of_error_is_another_then_its_own_words_are_given() -> None:
    found = field_problem({"type": "value_error", "loc": ("body", "zone"), "msg": "Value error, not a zone"})
    assert found.what_to_do == "Correct it: not a zone."
