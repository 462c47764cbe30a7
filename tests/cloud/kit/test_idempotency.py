"""A name stands for one request: once, also when two come at the same moment."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from cloud.db.database import Database
from cloud.kit.idempotency import KEPT_MS, KeyReusedError, Name, claim, keep


async def carry_out(database: Database, name: Name, made: str, now_ms: int = 1) -> str:
    """What the request made, this time or before."""
    async with database.write() as db_session:
        known = await claim(db_session, name, now_ms)
        if known is not None:
            return known
        await keep(db_session, name, made)
    return made


async def test_claim_when_the_request_came_before_then_it_is_what_it_made(database: Database) -> None:
    name = Name("a@example.com", "order-1", ["POST", "/x", {"b": 1, "a": 2}])
    assert await carry_out(database, name, "first") == "first"
    same = Name("a@example.com", "order-1", ["POST", "/x", {"a": 2, "b": 1}])
    assert await carry_out(database, same, "second") == "first"


async def test_claim_when_the_request_is_another_then_it_is_refused_and_another_caller_is_not(
    database: Database,
) -> None:
    await carry_out(database, Name("a@example.com", "order-1", {"a": 1}), "first")
    with pytest.raises(KeyReusedError, match="made first"):
        await carry_out(database, Name("a@example.com", "order-1", {"a": 2}), "second")
    assert await carry_out(database, Name("b@example.com", "order-1", {"a": 2}), "third") == "third"


async def test_claim_when_the_request_failed_then_the_name_is_free_again(database: Database) -> None:
    name = Name("a@example.com", "order-1", {})
    async with database.write() as db_session:
        await claim(db_session, name, 1)
        await db_session.rollback()
    assert await carry_out(database, name, "second") == "second"


async def test_claim_when_many_come_at_once_then_one_is_carried_out(database: Database) -> None:
    name = Name("a@example.com", "order-1", {})
    made = await asyncio.gather(*(carry_out(database, name, str(number)) for number in range(5)))
    assert len(set(made)) == 1


async def test_claim_when_a_month_has_passed_then_the_name_is_forgotten(database: Database) -> None:
    await carry_out(database, Name("a@example.com", "order-1", {}), "first", now_ms=1)
    assert await carry_out(database, Name("a@example.com", "order-2", {}), "second", now_ms=2 + KEPT_MS) == "second"
    async with database.read() as db_session:
        kept: Any = (await db_session.scalars(text("SELECT made FROM idempotency_keys"))).all()
    assert kept == ["second"]


def test_name_when_the_request_holds_half_a_surrogate_pair_then_it_still_has_a_digest() -> None:
    assert len(Name("a", "k", "\ud800").digest()) == 64
