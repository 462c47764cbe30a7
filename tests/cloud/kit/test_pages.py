"""Cursors: every row once, whatever callers make of them."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.kit.http import ProblemError
from cloud.kit.pages import Asked

ROWS = [(1, "a"), (1, "b"), (2, ""), (2, "é"), (7, "z")]


def walked(rows: list[Any], limit: int) -> list[Any]:
    found: list[Any] = []
    asked = Asked(limit)
    while True:
        page = asked.cut(rows, lambda row: row, int, str)
        found += page.items
        if page.next is None:
            return found
        asked = Asked(limit, page.next)


@given(st.sets(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text())), st.integers(1, 9))
def test_list_when_walked_with_any_limit_then_every_row_comes_once_in_order(rows: set[Any], limit: int) -> None:
    assert walked(sorted(rows), limit) == sorted(rows)


def test_list_when_rows_come_and_go_meanwhile_then_the_others_still_come_once() -> None:
    first = Asked(2).cut(ROWS, lambda row: row, int, str)
    changed = [(0, "new"), *ROWS[2:]]
    second = Asked(9, first.next).cut(changed, lambda row: row, int, str)
    assert (first.items, second.items) == (ROWS[:2], ROWS[2:])


def cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "bad",
    [
        "A",
        "nonsense",
        "////",
        *map(cursor, ({}, [], [1], ["1", "a"], [1, "a", 2], [True, "a"], [1.5, "a"], [2**63, "a"])),
    ],
)
def test_cursor_when_it_is_not_one_of_the_list_then_it_is_refused(bad: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        Asked(2, bad).after(int, str)
    assert (refusal.value.status, refusal.value.code) == (422, "bad_cursor")


@given(st.text(alphabet="ABCDEFGHabcdefgh0123456789-_", max_size=60))
def test_cursor_when_it_is_anything_then_it_is_understood_or_refused(text: str) -> None:
    try:
        found = Asked(1, text).after(int)
    except ProblemError as error:
        assert error.code == "bad_cursor"  # noqa: PT017 - most texts are refused, some are cursors
    else:
        assert isinstance(found, int)
