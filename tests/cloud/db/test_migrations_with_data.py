"""Migrations newer than 0014 with a row in every table: what both revisions know stays as it is, in both directions."""

from datetime import date
from typing import Any, Final

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from cloud.accounting import counting
from cloud.accounting import service as accounting
from cloud.accounting.rules import Draft, Leg
from cloud.db.all_models import Base
from cloud.db.database import Database
from cloud.db.migrate import alembic_config, upgrade_database
from cloud.db.named import StillNamedError
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.sales import refunds
from cloud.staff_tasks import service as tasks
from cloud.staff_tasks.service import Answer
from protocol.envelope import GENESIS

DAY: Final = date(2026, 11, 20)
OLDEST: Final = "0014"
SEALED: Final = {"journal_entries", "postings"}
"""Of the ledger, which the demo has filled by its own door."""
FIRST: Final = {"previous_hash": GENESIS, "number": 1}
"""Of the log of decisions, whose trigger wants a chain."""

Contents = dict[str, list[dict[str, Any]]]


def value_of(column: sa.Column[Any], key: Any) -> Any:
    """Something a column can hold that is not its default."""
    if column.table.name == "agent_decisions" and column.name in FIRST:
        return FIRST[column.name]
    by_type: dict[type[Any], Any] = {bool: True, int: 7, date: DAY, bytes: b"sealed", str: "x", dict: {"a": 1}}
    return key if key is not None else by_type[dict if isinstance(column.type, sa.JSON) else column.type.python_type]


def fill(connection: Connection) -> None:
    """One row for every table that has none."""
    for table in Base.metadata.sorted_tables:
        if table.name in SEALED or connection.scalar(sa.select(sa.func.count()).select_from(table)):
            continue
        row = {}
        for column in table.columns:
            keys = [connection.scalar(sa.select(key.column).limit(1)) for key in column.foreign_keys]
            row[column.name] = value_of(column, keys[0] if keys else None)
        connection.execute(table.insert().values(row))


def contents(connection: Connection) -> Contents:
    """Every table there is, every row, every column."""
    found: Contents = {}
    for name in sorted(sa.inspect(connection).get_table_names()):
        if name != "alembic_version":
            rows = [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()]  # noqa: S608
            found[name] = sorted(rows, key=lambda row: [str(value) for value in row.values()])
    return found


def common(one: Contents, other: Contents) -> tuple[Contents, Contents]:
    """Of two revisions' contents, the tables and columns that both have."""
    cut: tuple[Contents, Contents] = ({}, {})
    for name in one.keys() & other.keys():
        columns = (one[name][0].keys() & other[name][0].keys()) if one[name] and other[name] else set()
        for side, rows in zip(cut, (one[name], other[name]), strict=True):
            side[name] = [{key: row[key] for key in sorted(columns)} for row in rows]
    return cut


async def run(database: Database, work: Any, *args: Any) -> Any:
    async with database.write() as db_session:
        return await (await db_session.connection()).run_sync(work, *args)


def move(connection: Connection, revision: str, *, is_down: bool) -> None:
    (command.downgrade if is_down else command.upgrade)(alembic_config(connection), revision)


def difference(connection: Connection) -> Any:
    return compare_metadata(MigrationContext.configure(connection), Base.metadata)


async def down(database: Database, revision: str) -> None:
    await run(database, lambda connection: move(connection, revision, is_down=True))


def revisions() -> list[str]:
    """From the newest to the oldest that is looked at."""
    found = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    return found[: found.index(OLDEST) + 1]


async def test_migrations_when_every_table_has_a_row_then_going_back_and_forth_changes_nothing_that_both_know(
    seeded: Database,
) -> None:
    await run(seeded, fill)
    newest, *older = revisions()
    full = await run(seeded, contents)
    assert [name for name, rows in full.items() if not rows] == []
    before = full
    for revision in older:
        await down(seeded, revision)
        after = await run(seeded, contents)
        was, now = common(before, after)
        assert now == was, revision
        before = after
    assert before.keys() < full.keys()
    for revision in [*reversed(older[:-1]), newest]:
        await run(seeded, lambda connection, wanted=revision: move(connection, wanted, is_down=False))
        after = await run(seeded, contents)
        was, now = common(before, after)
        assert now == was, revision
        before = after
    assert before.keys() == full.keys()
    assert await run(seeded, difference) == []
    async with seeded.write() as db_session:
        await accounting.post(db_session, [Draft("a", DAY, 0, "x", (Leg("1001", 5), Leg("4001", -5)))])
        assert await accounting.verify(db_session) == []


async def test_migration_0023_when_staff_were_there_then_going_back_keeps_what_they_counted_and_forgets_the_visit(
    seeded: Database, clock: Any, script: Any
) -> None:
    visit = {"visit": "5" * 32, "staff": "7"}
    script.add("visit.started", visit | {"how": "pin"})
    cash = {"part": "cash_box", "believed_minor": 0, "counted_minor": 900, "collected_minor": 900, "bag": "B-17"}
    script.add("cash.counted", visit | cash)
    script.add("visit.ended", visit | {"minutes": 14})
    await Receiver(seeded, clock).handle(script.messages())
    await Interpreter(seeded, clock=clock).run_once()
    async with seeded.read() as db_session:
        (counted,) = await counting.counts(db_session, limit=9)
        head = await accounting.head(db_session)
    assert (counted.visit, counted.bag) == ("5" * 32, "B-17")
    await down(seeded, "0022")
    assert "machine_visits" not in await run(seeded, contents)
    await upgrade_database(seeded)
    async with seeded.read() as db_session:
        (kept,) = await counting.counts(db_session, limit=9)
        assert await accounting.head(db_session) == head
    assert kept == counted.model_copy(update={"visit": "", "bag": "", "source": ""})
    assert (await run(seeded, contents))["machine_visits"] == []


async def test_migration_0024_when_a_machine_refused_its_planogram_then_going_back_forgets_only_that(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.add("door.opened", {})
    script.add("settings.applied", {"name": "planogram", "rev": 1, "ok": False, "why": "slots: A1 twice"})
    await Receiver(seeded, clock).handle(script.messages())
    await Interpreter(seeded, clock=clock).run_once()
    (before,) = (await run(seeded, contents))["machine_conditions"]
    assert (before["refused_planogram"], before["refused_why"]) == (1, "slots: A1 twice")
    await down(seeded, "0023")
    await upgrade_database(seeded)
    (after,) = (await run(seeded, contents))["machine_conditions"]
    assert after == before | {"refused_planogram": 0, "refused_why": ""}


NAMES: Final = {
    "0022": ("credit_note:", "credit_use:"),
    "0014": ("refund:",),
    "0012": ("payout:", "equipment:", "year:", "taxyear:"),
    "0011": ("receipt:", "invoice:", "payment:"),
    "0010": ("goods:",),
    "0007": ("count:",),
    "0004": ("task:",),
}
"""Revision to how the entries of its tables' rows are named."""


def take_back(connection: Connection, revision: str) -> None:
    """A revision's own steps back, from wherever the database is: they look at the books before they do anything."""
    script = ScriptDirectory.from_config(alembic_config()).get_revision(revision)
    with Operations.context(MigrationContext.configure(connection)):
        script.module.downgrade()


async def test_migration_when_the_books_name_a_row_of_its_table_then_taking_it_back_is_refused_and_says_what_to_do(
    database: Database,
) -> None:
    legs = (Leg("1001", 5), Leg("4001", -5))
    for revision, prefixes in NAMES.items():
        for prefix in prefixes:
            async with database.write() as db_session:
                await accounting.post(db_session, [Draft(f"{prefix}1#transfer", DAY, 0, "x", legs)])
                connection = await db_session.connection()
                with pytest.raises(StillNamedError, match=f"1 entries .* named {prefix}.* Restore a backup"):
                    await connection.run_sync(take_back, revision)
                await db_session.rollback()


async def test_migrations_when_a_refund_and_a_task_were_booked_then_they_stay_and_so_does_what_names_them(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.sale(short=40)
    await Receiver(seeded, clock).handle(script.messages())
    await Interpreter(seeded, clock=clock).run_once()
    async with seeded.write() as db_session:
        await refunds.refund(db_session, 1, 160, "stale", "mia@example.com", clock())
        (debt,) = await tasks.listing(db_session, limit=9, kind="debt")
        answer = Answer("paid_out", "", "mia@example.com")
        await tasks.resolve(db_session, debt.id, answer, now_ms=clock(), timezone="Asia/Tokyo")
    before = await run(seeded, contents)
    for revision in ("0013", "0003"):
        with pytest.raises(StillNamedError, match="named refund:"):
            await down(seeded, revision)
    assert await run(seeded, contents) == before
