from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from cloud.accounting.chart import CHART
from cloud.db.all_models import Base
from cloud.db.database import Database
from cloud.db.migrate import upgrade_database


async def test_migrations_when_applied_then_the_tables_are_those_of_the_models(database: Database) -> None:
    async with database.read() as db_session:
        connection = await db_session.connection()
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    assert difference == []


async def test_migrations_when_applied_twice_then_the_second_time_changes_nothing(database: Database) -> None:
    await upgrade_database(database)
    async with database.read() as db_session:
        assert await db_session.scalar(text("SELECT version_num FROM alembic_version")) == "0004"


async def test_migrations_when_applied_then_the_chart_in_the_database_is_the_chart_in_the_code(
    database: Database,
) -> None:
    async with database.read() as db_session:
        rows = await db_session.execute(text("SELECT code, name_ja, name_en, kind FROM accounts ORDER BY code"))
        assert [tuple(row) for row in rows] == [
            (row.code, row.name_ja, row.name_en, row.kind) for row in sorted(CHART, key=lambda row: row.code)
        ]


async def test_sqlite_when_opened_then_it_is_durable_and_checks_foreign_keys(database: Database) -> None:
    async with database.read() as db_session:
        found = [
            await db_session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]
