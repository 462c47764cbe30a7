"""Users: who may be added, changed and switched off, and what is left on record."""

import asyncio
from typing import Any

import pytest

from cloud.db.database import Database
from cloud.identity import service
from cloud.identity.permissions import Role
from cloud.identity.rules import BadEmailError, WeakPasswordError
from cloud.identity.service import (
    LastOwnerError,
    NoSuchUserError,
    StaleUserError,
    UserExistsError,
    create_user,
    new_password,
)

PASSWORD = "correct horse"


@pytest.fixture
async def owner(database: Database) -> Any:
    async with database.write() as db_session:
        return await create_user(db_session, "op@example.com", await new_password(PASSWORD))


@pytest.mark.parametrize(
    ("email", "password", "error"),
    [
        ("b@example.com", "short", WeakPasswordError),
        ("b@example.com", "x" * 1025, WeakPasswordError),
        ("b@example.com", "B@example.com", WeakPasswordError),
        ("OP@example.com", PASSWORD, UserExistsError),
        ("nobody", PASSWORD, BadEmailError),
        ("@example.com", PASSWORD, BadEmailError),
        ("b@", PASSWORD, BadEmailError),
        ("b b@example.com", PASSWORD, BadEmailError),
        ("b\x00@example.com", PASSWORD, BadEmailError),
        (f"{'b' * 250}@example.com", PASSWORD, BadEmailError),
    ],
)
@pytest.mark.usefixtures("owner")
async def test_create_user_when_weak_or_taken_then_it_is_refused(
    database: Database, email: str, password: str, error: type[Exception]
) -> None:
    async with database.write() as db_session:
        with pytest.raises(error):
            await create_user(db_session, email, await new_password(password))


async def test_create_user_when_two_add_the_same_at_once_then_one_is_told(database: Database) -> None:
    async def add() -> None:
        async with database.write() as db_session:
            await create_user(db_session, "b@example.com", await new_password(PASSWORD))

    answers = await asyncio.gather(add(), add(), return_exceptions=True)
    assert sorted(str(type(answer).__name__) for answer in answers) == ["NoneType", "UserExistsError"]


async def test_first_user_when_there_is_one_already_then_nobody_is_added(database: Database) -> None:
    async with database.write() as db_session:
        assert await service.ensure_first_user(db_session, "a@example.com", await new_password(PASSWORD))
        assert not await service.ensure_first_user(db_session, "b@example.com", await new_password(PASSWORD))
        (only,) = await service.users(db_session, limit=10)
    assert (only.email, only.role) == ("a@example.com", Role.OWNER)


@pytest.mark.parametrize("change", [{"role": Role.VIEWER}, {"is_active": False}])
async def test_change_when_it_is_the_last_owner_then_it_is_refused_until_there_is_another(
    database: Database, owner: Any, change: dict[str, Any]
) -> None:
    async with database.write() as db_session:
        with pytest.raises(LastOwnerError):
            await service.change_user(db_session, owner.id, now_ms=1, **change)
    async with database.write() as db_session:
        await create_user(db_session, "b@example.com", await new_password(PASSWORD))
        changed = await service.change_user(db_session, owner.id, now_ms=1, **change)
    assert changed.revision == 2


async def test_change_when_somebody_else_was_first_then_it_is_refused_and_says_what_is_there(
    database: Database, owner: Any
) -> None:
    async with database.write() as db_session:
        other = await create_user(db_session, "b@example.com", await new_password(PASSWORD), role=Role.STAFF)
        await service.change_user(db_session, other.id, now_ms=1, role=Role.VIEWER, revision=1)
        with pytest.raises(StaleUserError, match="is revision 2 now"):
            await service.change_user(db_session, other.id, now_ms=1, role=Role.OPERATOR, revision=1)


async def test_change_when_nothing_differs_then_the_revision_and_the_sessions_stay(
    database: Database, owner: Any
) -> None:
    async with database.write() as db_session:
        same = await service.change_user(db_session, owner.id, now_ms=1, role=Role.OWNER, is_active=True)
    assert same == owner


async def test_users_when_filtered_then_only_those_come(database: Database, owner: Any) -> None:
    async with database.write() as db_session:
        await create_user(db_session, "b@example.com", await new_password(PASSWORD), role=Role.STAFF)
        gone = await create_user(db_session, "c@example.com", await new_password(PASSWORD), role=Role.STAFF)
        await service.change_user(db_session, gone.id, now_ms=1, is_active=False)
        staff = await service.users(db_session, limit=10, role=Role.STAFF)
        active = await service.users(db_session, limit=10, is_active=True)
        second = await service.users(db_session, limit=1, after=owner.id)
    assert [row.email for row in staff] == ["b@example.com", "c@example.com"]
    assert [row.email for row in active] == ["op@example.com", "b@example.com"]
    assert [row.email for row in second] == ["b@example.com"]


async def test_users_when_nobody_has_the_number_then_it_says_so(database: Database) -> None:
    async with database.write() as db_session:
        with pytest.raises(NoSuchUserError):
            await service.user(db_session, 7)
        with pytest.raises(NoSuchUserError):
            await service.user_of_email(db_session, "nobody@example.com")
        with pytest.raises(NoSuchUserError):
            await service.end_sessions(db_session, 7, now_ms=1)
