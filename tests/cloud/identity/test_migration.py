"""Migration 0005 with people in the table: nobody is locked out, nobody's password is lost."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from cloud.db.database import Database, open_database
from cloud.db.migrate import alembic_config, upgrade_database
from cloud.identity import service
from cloud.identity.activity import Origin
from cloud.identity.gate import Gate
from cloud.identity.permissions import Role
from cloud.identity.tokens import TokenSigner

PASSWORD = "correct horse"


async def migrate(database: Database, revision: str, move: Callable[..., None]) -> None:
    async with database.write() as db_session:
        await (await db_session.connection()).run_sync(lambda connection: move(alembic_config(connection), revision))


@pytest.fixture
async def old(new_url: Any, database_kind: str) -> AsyncIterator[Database]:
    """A database of before, with two operators."""
    database = open_database(new_url(database_kind, is_blank=True))
    await migrate(database, "0004", command.upgrade)
    values = {"hash": await service.passwords.hash(PASSWORD)}
    async with database.write() as db_session:
        for number, email in ((3, "a@example.com"), (8, "b@example.com")):
            row = values | {"id": number, "email": email, "active": number == 3}
            insert = "INSERT INTO operators (id, email, password_hash, is_active, created_at_ms) "
            await db_session.execute(text(f"{insert} VALUES (:id, :email, :hash, :active, 5)"), row)
    yield database
    await database.close()


async def test_migration_when_there_are_operators_then_they_are_owners_with_their_passwords(old: Database) -> None:
    await upgrade_database(old)
    async with old.write() as db_session:
        rows = await service.users(db_session, limit=10)
        added = await service.create_user(
            db_session, "c@example.com", await service.new_password(PASSWORD), role=Role.STAFF
        )
    assert [(row.id, row.email, row.role, row.is_active, row.created_at_ms) for row in rows] == [
        (3, "a@example.com", "owner", True, 5),
        (8, "b@example.com", "owner", False, 5),
    ]
    assert added.id == 9
    tokens = await Gate(old, TokenSigner("k" * 40)).login_api("a@example.com", PASSWORD, Origin("api"))
    assert tokens.user.role == Role.OWNER


async def test_migration_when_taken_back_then_the_people_are_still_there_and_up_again_works(old: Database) -> None:
    await upgrade_database(old)
    await Gate(old, TokenSigner("k" * 40)).login_api("a@example.com", PASSWORD, Origin("api"))
    await migrate(old, "0004", command.downgrade)
    async with old.read() as db_session:
        rows = (await db_session.execute(text("SELECT id, email FROM operators ORDER BY id"))).all()
    assert [tuple(row) for row in rows] == [(3, "a@example.com"), (8, "b@example.com")]
    await upgrade_database(old)
    async with old.read() as db_session:
        assert len(await service.users(db_session, limit=10)) == 2
