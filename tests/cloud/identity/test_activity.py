"""Who did what: written with the deed, kept for good."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.db.database import Database
from cloud.identity import activity
from cloud.identity.activity import Deed, Filter, Origin

HERE = Origin("api", "192.0.2.7")


@pytest.fixture
async def three(database: Database) -> None:
    async with database.write() as db_session:
        for at_ms, who, action in ((1, "a@x", "user.added"), (2, "b@x", "user.added"), (3, "a@x", "task.resolved")):
            await activity.record(
                db_session, Deed(who, action, "/somewhere", HERE, "owner", detail={"n": at_ms}), at_ms
            )


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("statement", ["UPDATE activities SET who = ''", "DELETE FROM activities WHERE id = 1"])
async def test_activity_when_somebody_rewrites_it_then_the_database_refuses(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="what was done stays on record"):
        async with database.write() as db_session:
            await db_session.execute(text(statement))


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_activity_when_the_table_is_emptied_then_the_database_refuses(
    database: Database, database_kind: str
) -> None:
    with pytest.raises(DBAPIError, match="what was done stays on record"):
        async with database.write() as db_session:
            await db_session.execute(text("TRUNCATE activities"))


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [3, 2, 1]),
        ({"who": "a@x"}, [3, 1]),
        ({"action": "user.added"}, [2, 1]),
        ({"who": "a@x", "action": "user.added"}, [1]),
        ({"outcome": "refused"}, []),
        ({"target": "/somewhere"}, [3, 2, 1]),
        ({"since_ms": 2}, [3, 2]),
        ({"until_ms": 2}, [1]),
    ],
)
async def test_activity_when_filtered_then_only_those_come_newest_first(
    database: Database, wanted: dict[str, Any], expected: list[int]
) -> None:
    async with database.read() as db_session:
        rows = await activity.listing(db_session, limit=10, wanted=Filter(**wanted))
    assert [row.at_ms for row in rows] == expected


async def test_activity_when_the_deed_is_rolled_back_then_nothing_is_on_record(database: Database) -> None:
    async with database.write() as db_session:
        await activity.record(db_session, Deed("a@x", "user.added", "b@x", HERE), 1)
        await db_session.rollback()
    async with database.read() as db_session:
        assert await activity.listing(db_session, limit=1) == []
