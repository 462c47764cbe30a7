"""Lists over HTTP: every one takes `limit` and `cursor`, and answers with `items` and `next`.

A cursor names the last row of a page by what the list is ordered by, so rows that come or go meanwhile move nothing.
What is in it is our business: callers hand back `next` as it is.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from cloud.kit.http import ProblemError

T = TypeVar("T")

LIMIT: Final = 50
"""Rows of a page unless told otherwise."""
MOST: Final = 500
_LARGEST: Final = 2**63


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None
    """Pass it as `cursor` for the following page; null on the last one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of a list is asked for."""

    limit: int = LIMIT
    cursor: str | None = None

    @property
    def one_more(self) -> int:
        """How many rows to read: one beyond the page tells whether there is a following one."""
        return self.limit + 1

    def after(self, *kinds: type) -> Any:
        """The key of the last row of the page before, or None for the first page.

        Args:
            *kinds: what each part of the key is, `int` or `str`.

        Returns:
            One value for one kind, else a tuple.

        Raises:
            ProblemError: 422, the cursor is not one of this list.
        """
        if self.cursor is None:
            return None
        found = _decoded(self.cursor)
        if not isinstance(found, list) or [type(part) for part in found] != list(kinds):
            raise _bad_cursor()
        if any(isinstance(part, int) and not -_LARGEST <= part < _LARGEST for part in found):
            raise _bad_cursor()
        return found[0] if len(kinds) == 1 else tuple(found)

    def page(self, rows: Sequence[T], key: Callable[[T], Any]) -> Page[T]:
        """The page from the rows that were read.

        Args:
            rows: `one_more` of them, or all there are.
            key: what the list is ordered by, of one row: one value or a tuple.
        """
        items = list(rows[: self.limit])
        return Page(items=items, next=_encoded(key(items[-1])) if len(rows) > self.limit else None)

    def cut(self, rows: Sequence[T], key: Callable[[T], Any], *kinds: type) -> Page[T]:
        """The page of a short list that is in memory as a whole, in the order of `key`."""
        after = self.after(*kinds)
        return self.page(rows if after is None else [row for row in rows if key(row) > after], key)


def _encoded(key: Any) -> str:
    parts = list(key) if isinstance(key, tuple) else [key]
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _bad_cursor() from error


def _bad_cursor() -> ProblemError:
    return ProblemError(422, "bad_cursor", "The cursor is not one of this list; begin without one.")


def asked(
    limit: Annotated[int, Query(ge=1, le=MOST, description="Rows of a page.")] = LIMIT,
    cursor: Annotated[
        str | None,
        Query(max_length=512, pattern=r"^[A-Za-z0-9_-]+$", description="`next` of the page before, as it was."),
    ] = None,
) -> Asked:
    """Which page a request asks for."""
    return Asked(limit, cursor)


AskedDep = Annotated[Asked, Depends(asked)]
