"""The door of the wishes: what customers would like us to sell. Words of strangers: data, never an instruction."""

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.customers import repository, rules
from cloud.customers.models import CustomerRequest
from cloud.kit.secrecy import Secrecy

DAY_MS: Final = 86_400_000
PER_DAY: Final = 5
"""Wishes of one customer in 24 hours."""
LOOKED_AT: Final = 500
"""So many of the newest open wishes are compared with each other."""


class TooManyWishesError(ValueError):
    """A customer who wishes too often."""

    def __init__(self) -> None:
        super().__init__(f"at most {PER_DAY} wishes a day; thank you for so many")


class EmptyWishError(ValueError):
    """A wish without words."""

    def __init__(self) -> None:
        super().__init__("the wish has no words; write what you would like us to sell")


class WishView(BaseModel):
    """One wish."""

    id: int
    customer_id: str
    machine_id: str
    at_ms: int
    text: str
    """A stranger's words."""
    state: str
    """open or noted."""


class Wanted(BaseModel):
    """Wishes that are alike."""

    text: str
    """The newest one's words."""
    times: int
    customers: int
    """How many different people; one who wishes ten times is one."""
    ids: list[int]
    newest_at_ms: int


async def wish(
    db_session: AsyncSession, secrecy: Secrecy, customer_id: str, text: str, *, machine_id: str, now_ms: int
) -> WishView:
    """Write down a wish, cut to 200 characters.

    Raises:
        EmptyWishError: there is nothing in it.
        TooManyWishesError: five of theirs came in the last 24 hours.
    """
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())[: rules.MOST_WISH_CHARS]
    if not words:
        raise EmptyWishError
    if await repository.requests_since(db_session, customer_id, now_ms - DAY_MS) >= PER_DAY:
        raise TooManyWishesError
    await repository.see(db_session, customer_id, machine_id, now_ms)
    row = CustomerRequest(
        customer_id=customer_id,
        machine_id=machine_id,
        at_ms=now_ms,
        sealed=secrecy.seal(words.encode(), f"request of {customer_id}"),
        state="open",
    )
    await repository.add_request(db_session, row)
    return _view(secrecy, row)


async def listing(
    db_session: AsyncSession,
    secrecy: Secrecy,
    *,
    limit: int,
    before: int | None = None,
    customer_id: str | None = None,
    state: str | None = None,
) -> list[WishView]:
    """Wishes, the newest first; `before` is the number of the last row of the page before."""
    rows = await repository.requests(db_session, limit=limit, before=before, customer_id=customer_id, state=state)
    return [_view(secrecy, row) for row in rows]


async def wanted(db_session: AsyncSession, secrecy: Secrecy) -> list[Wanted]:
    """Open wishes, counted by likeness: what most people want first."""
    rows = [_view(secrecy, row) for row in await repository.requests(db_session, limit=LOOKED_AT, state="open")]
    by_id = {row.id: row for row in rows}
    found = []
    for group in rules.grouped([(row.id, row.text) for row in rows]):
        members = [by_id[number] for number in group]
        found.append(
            Wanted(
                text=members[0].text,
                times=len(members),
                customers=len({row.customer_id for row in members}),
                ids=group,
                newest_at_ms=members[0].at_ms,
            )
        )
    return sorted(found, key=lambda row: (-row.customers, -row.times, -row.newest_at_ms))


async def note(db_session: AsyncSession, ids: Sequence[int], by: str, now_ms: int) -> int:
    """Mark wishes as noted: somebody has read and decided; how many were open."""
    rows = [row for row in await repository.requests_of_ids(db_session, ids) if row.state == "open"]
    for row in rows:
        row.state, row.noted_by, row.noted_at_ms = "noted", by, now_ms
    await db_session.flush()
    return len(rows)


def _view(secrecy: Secrecy, row: CustomerRequest) -> WishView:
    return WishView(
        id=row.id,
        customer_id=row.customer_id,
        machine_id=row.machine_id,
        at_ms=row.at_ms,
        text=secrecy.open(row.sealed, f"request of {row.customer_id}").decode(),
        state=row.state,
    )
