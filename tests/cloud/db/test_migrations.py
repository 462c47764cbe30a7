from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from cloud.accounting import service as accounting
from cloud.accounting.chart import CHART
from cloud.commands import rules
from cloud.commands import service as commands
from cloud.commands.service import Order, Request
from cloud.db.all_models import Base
from cloud.db.database import Database, open_database
from cloud.db.migrate import alembic_config, upgrade_database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.sales import service as sales


def difference(connection: Connection) -> Any:
    """What the tables have that the models do not, and the other way round."""
    return compare_metadata(MigrationContext.configure(connection), Base.metadata)


async def test_migrations_when_applied_then_the_tables_are_those_of_the_models(database: Database) -> None:
    async with database.read() as db_session:
        connection = await db_session.connection()
        assert await connection.run_sync(difference) == []


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


# --- up and down, with data --------------------------------------------------------------------------------


async def migrate(database: Database, revision: str) -> None:
    """Bring a database up or down to a revision, as an operator with a backup would."""

    def run(connection: Connection) -> None:
        config = alembic_config(connection)
        at = MigrationContext.configure(connection).get_current_revision() or ""
        (command.downgrade if revision < at else command.upgrade)(config, revision)

    async with database.write() as db_session:
        await (await db_session.connection()).run_sync(run)


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.read() as db_session:
        return [tuple(row) for row in await db_session.execute(text(query))]


OLD_SALE = (
    "INSERT INTO sales (id, machine_id, epoch, seq, vend_id, status, reason, slot, product_id, planogram_rev, tender, "
    "currency, gross_minor, tax_percent, tax_minor, net_minor, cost_minor, occurred_at_ms, sold_on) VALUES "
    "(1, 'vm-test-0001', 'e', 1, 'v', 'completed', '', 'A1', 'green-tea', 1, 'cash', 'JPY', 160, 8, 11, 149, 84, 5, "
    "'2026-11-20')"
)


async def test_migration_0003_when_sales_are_there_then_they_keep_their_figures_and_were_paid_at_list_price(
    tmp_path: Path,
) -> None:
    database = open_database(f"sqlite+aiosqlite:///{tmp_path}/old.db")
    await migrate(database, "0002")
    async with database.write() as db_session:
        await db_session.execute(text(OLD_SALE))
    before = await rows(database, "SELECT * FROM sales")
    await migrate(database, "0004")
    assert await rows(database, "SELECT payment, list_minor, coupon FROM sales") == [("", 0, "")]
    async with database.read() as db_session:
        (sale,) = await sales.listing(db_session, limit=10)
    assert (sale.gross_minor, sale.tender, sale.payment) == (160, "cash", "")
    await migrate(database, "0002")
    assert await rows(database, "SELECT * FROM sales") == before
    await database.close()


async def test_migrations_when_taken_back_with_commands_and_tasks_then_only_these_go_and_the_books_stand(
    seeded: Database, clock: Any, script: Any
) -> None:
    request = Request("vm-test-0001", {}, "op@example.com", 60_000)
    order = Order("coupon.offer", partial(rules.coupon_offer, slot="A1", price_minor=1, coupon="X"), is_urgent=False)
    script.sale(short=40)
    await Receiver(seeded, clock).handle([script.birth(), *script.messages()])
    await Interpreter(seeded, clock=clock).run_once()
    async with seeded.write() as db_session:
        await commands.issue(db_session, request, order, now_ms=clock())
        head = await accounting.head(db_session)
    assert await rows(seeded, "SELECT COUNT(*) FROM staff_tasks") == [(1,)]
    await migrate(seeded, "0003")
    tables = "SELECT name FROM sqlite_master WHERE name IN ('machine_commands', 'staff_tasks') ORDER BY name"
    assert await rows(seeded, tables) == [("machine_commands",)]
    await migrate(seeded, "0002")
    assert await rows(seeded, tables) == []
    await upgrade_database(seeded)
    assert await rows(seeded, tables) == [("machine_commands",), ("staff_tasks",)]
    async with seeded.read() as db_session:
        assert await accounting.head(db_session) == head
        assert await accounting.verify(db_session) == []
        connection = await db_session.connection()
        assert await connection.run_sync(difference) == []
