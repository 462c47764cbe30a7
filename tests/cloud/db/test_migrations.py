import asyncio
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from cloud.accounting import service as accounting
from cloud.accounting.chart import CHART
from cloud.accounting.rules import Draft, Leg
from cloud.catalogue import service as catalogue
from cloud.commands import rules
from cloud.commands import service as commands
from cloud.commands.service import Order, Request
from cloud.db.all_models import Base
from cloud.db.database import Database, open_database
from cloud.db.migrate import alembic_config, upgrade_database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.sales import service as sales

DAY = date(2026, 11, 20)
GOODS = tuple(f"SELECT * FROM {name} ORDER BY 1, 2" for name in ("stock_movements", "stock_on_hand", "stock_pools"))  # noqa: S608 - our own names


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
        newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
        assert await db_session.scalar(text("SELECT version_num FROM alembic_version")) == newest


async def test_migrations_when_applied_then_the_chart_in_the_database_is_the_chart_in_the_code(
    database: Database,
) -> None:
    async with database.read() as db_session:
        rows = await db_session.execute(text("SELECT code, name_ja, name_en, kind FROM accounts ORDER BY code"))
        assert [tuple(row) for row in rows] == [
            (row.code, row.name_ja, row.name_en, row.kind) for row in sorted(CHART, key=lambda row: row.code)
        ]


@pytest.mark.parametrize("database_kind", ["sqlite"])
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
        (command.downgrade if revision == "base" or revision < at else command.upgrade)(config, revision)

    async with database.write() as db_session:
        await (await db_session.connection()).run_sync(run)


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.read() as db_session:
        return [tuple(row) for row in await db_session.execute(text(query))]


async def tables(database: Database) -> set[str]:
    async with database.read() as db_session:
        connection = await db_session.connection()
        return set(await connection.run_sync(lambda found: inspect(found).get_table_names()))


OLD_SALE = (
    "INSERT INTO sales (id, machine_id, epoch, seq, vend_id, status, reason, slot, product_id, planogram_rev, tender, "
    "currency, gross_minor, tax_percent, tax_minor, net_minor, cost_minor, occurred_at_ms, sold_on) VALUES "
    "(1, 'vm-test-0001', 'e', 1, 'v', 'completed', '', 'A1', 'green-tea', 1, 'cash', 'JPY', 160, 8, 11, 149, 84, 5, "
    "'2026-11-20')"
)


async def test_migration_0003_when_sales_are_there_then_they_keep_their_figures_and_were_paid_at_list_price(
    new_url: Callable[..., str], database_kind: str
) -> None:
    database = open_database(new_url(database_kind, is_blank=True))
    await migrate(database, "0002")
    async with database.write() as db_session:
        await db_session.execute(text(OLD_SALE))
    before = await rows(database, "SELECT * FROM sales")
    await migrate(database, "0003")
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
    request = Request("vm-test-0001", "op@example.com", 60_000)
    order = Order("coupon.offer", partial(rules.coupon_offer, slot="A1", price_minor=1, coupon="X"), is_urgent=False)
    script.sale(short=40)
    await Receiver(seeded, clock).handle([script.birth(), *script.messages()])
    await Interpreter(seeded, clock=clock).run_once()
    async with seeded.write() as db_session:
        await commands.issue(db_session, request, order, now_ms=clock())
        head = await accounting.head(db_session)
    assert await rows(seeded, "SELECT COUNT(*) FROM staff_tasks") == [(1,)]
    await migrate(seeded, "0003")
    assert await tables(seeded) & {"machine_commands", "staff_tasks"} == {"machine_commands"}
    await migrate(seeded, "0002")
    assert await tables(seeded) & {"machine_commands", "staff_tasks"} == set()
    await upgrade_database(seeded)
    assert await tables(seeded) >= {"machine_commands", "staff_tasks"}
    async with seeded.read() as db_session:
        assert await accounting.head(db_session) == head
        assert await accounting.verify(db_session) == []
        connection = await db_session.connection()
        assert await connection.run_sync(difference) == []


async def test_migration_0002_when_nothing_is_posted_then_it_can_be_taken_back_and_applied_again(
    database: Database,
) -> None:
    await migrate(database, "0001")
    assert await rows(database, "SELECT COUNT(*) FROM accounts") == [(0,)]
    await upgrade_database(database)
    async with database.write() as db_session:
        await accounting.post(db_session, [Draft("a", DAY, 0, "x", (Leg("1001", 5), Leg("4001", -5)))])
    async with database.read() as db_session:
        assert await accounting.verify(db_session) == []
    with pytest.raises(IntegrityError, match="posted is final"):
        async with database.write() as db_session:
            await db_session.execute(text("UPDATE postings SET amount_minor = 1"))


async def test_migration_0002_when_the_ledger_has_entries_then_taking_it_back_is_refused_and_says_what_to_do(
    seeded: Database,
) -> None:
    before = await rows(seeded, "SELECT number, hash FROM journal_entries ORDER BY number")
    with pytest.raises(RuntimeError, match=r"the ledger holds 26 entries .* restore a backup that was made before it"):
        await migrate(seeded, "0001")
    assert await rows(seeded, "SELECT number, hash FROM journal_entries ORDER BY number") == before
    async with seeded.read() as db_session:
        connection = await db_session.connection()
        assert await connection.run_sync(difference) == []


async def test_migrations_when_taken_back_one_by_one_from_an_empty_database_then_nothing_is_left(
    database: Database,
) -> None:
    async with database.read() as db_session:
        scripts = ScriptDirectory.from_config(alembic_config())
        revisions = [script.revision for script in scripts.walk_revisions()]
    for revision in revisions[1:]:
        await migrate(database, revision)
    await migrate(database, "base")
    assert await tables(database) == {"alembic_version"}
    await upgrade_database(database)
    async with database.read() as db_session:
        connection = await db_session.connection()
        assert await connection.run_sync(difference) == []


async def test_migrations_when_several_processes_start_at_once_then_one_does_the_work(
    new_url: Callable[..., str], database_kind: str
) -> None:
    url = new_url(database_kind, is_blank=True)
    databases = [open_database(url, busy_timeout_ms=50) for _ in range(3)]
    await asyncio.gather(*(upgrade_database(database) for database in databases))
    async with databases[0].read() as db_session:
        connection = await db_session.connection()
        assert await connection.run_sync(difference) == []
    for database in databases:
        await database.close()


OLD_PRODUCT = (
    "INSERT INTO products (id, name_ja, name_en, tax_class, picture, is_active) "
    "VALUES ('green-tea', '緑茶', 'Green tea', 'food', 'green-tea', TRUE)"
)


async def test_migration_0009_when_products_are_there_then_each_becomes_its_own_first_revision_and_they_stay(
    new_url: Callable[..., str], database_kind: str
) -> None:
    database = open_database(new_url(database_kind, is_blank=True))
    await migrate(database, "0008")
    async with database.write() as db_session:
        await db_session.execute(text(OLD_PRODUCT))
    before = await rows(database, "SELECT * FROM products")
    await migrate(database, "0009")
    async with database.read() as db_session:
        product = await catalogue.product(db_session, "green-tea")
        (revision,) = await catalogue.revisions(db_session, "green-tea")
        assert (await catalogue.load(db_session)).name_at("green-tea", 0) == "緑茶"
    assert revision.product == product
    assert (revision.number, revision.changed_at_ms) == (1, 0)
    await migrate(database, "0008")
    assert await rows(database, "SELECT * FROM products") == before
    assert "product_revisions" not in await tables(database)
    await database.close()


async def test_migration_0010_when_goods_are_there_then_they_stay_where_they_are_in_both_directions(
    seeded: Database, script: Any, clock: Any
) -> None:
    script.restock()
    await Receiver(seeded, clock).handle(script.messages())
    await Interpreter(seeded, clock=clock).run_once()
    async with seeded.read() as db_session:
        head = await accounting.head(db_session)
    kept = [await rows(seeded, query) for query in GOODS]
    await migrate(seeded, "0009")
    assert "stock_lots" not in await tables(seeded)
    assert [await rows(seeded, query) for query in GOODS] == kept
    await upgrade_database(seeded)
    assert [await rows(seeded, query) for query in GOODS] == kept
    assert await rows(seeded, "SELECT id, name, is_active FROM stock_places ORDER BY id") == [
        ("van-1", "", 1),
        ("vm-test-0001/A1", "", 1),
        ("warehouse", "倉庫", 1),
    ]
    async with seeded.read() as db_session:
        assert await accounting.head(db_session) == head
        connection = await db_session.connection()
        assert await connection.run_sync(difference) == []
