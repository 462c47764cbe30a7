"""Try to break the ledger with plain SQL, past all of our Python."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, OperationalError

from cloud.accounting import service
from cloud.accounting.rules import Draft, Leg
from cloud.db.database import Database, open_database

DAY = date(2026, 11, 20)


def draft(source: str, amount: int = 100) -> Draft:
    return Draft(source, DAY, 0, "test", (Leg("1001", amount), Leg("4001", -amount)))


@pytest.fixture
async def posted(database: Database) -> Any:
    async with database.write() as db_session:
        await service.post(db_session, [draft("a"), draft("b", 250)])
    return database


async def run(database: Database, *statements: str) -> None:
    async with database.write() as db_session:
        for statement in statements:
            await db_session.execute(text(statement))


def entry(
    number: int,
    source: str,
    *,
    previous: str = "(SELECT hash FROM journal_entries WHERE number = 2)",
    reverses: str = "NULL",
    verb: str = "INSERT",
) -> str:
    return (
        f"{verb} INTO journal_entries (number, entry_date, occurred_at_ms, description, source, reverses, "
        f"previous_hash, hash) VALUES ({number}, '2026-11-20', 0, 'x', '{source}', {reverses}, {previous}, 'h')"
    )


def legs(number: int, *amounts: int) -> list[str]:
    columns = "entry_number, line, account_code, amount_minor"
    return [
        f"INSERT INTO postings ({columns}) VALUES ({number}, {line}, '1001', {amount})"  # noqa: S608 - our own numbers
        for line, amount in enumerate(amounts, start=1)
    ]


BOTH = ("sqlite", "postgres")
ATTACKS = (
    (BOTH, [*legs(3, 100, -99), entry(3, "c")], "sum to zero"),
    (BOTH, [*legs(3, 100), entry(3, "c")], "two legs or more"),
    (BOTH, [entry(3, "c")], "two legs or more"),
    (BOTH, [*legs(3, 0, 0), entry(3, "c")], "not_zero"),
    (["sqlite"], [*legs(3, 5, -5), entry(3, "a")], "this source has been posted"),
    (["sqlite"], [*legs(3, 5, -5), entry(3, "a", verb="INSERT OR REPLACE")], "this source has been posted"),
    (["sqlite"], [entry(2, "c", verb="INSERT OR REPLACE")], "this number is taken"),
    (["postgres"], [*legs(3, 5, -5), entry(3, "a")], "uq_journal_entries_source"),
    (["postgres"], [entry(2, "c")], "pk_journal_entries"),
    (["postgres"], [entry(2, "c") + " ON CONFLICT (number) DO UPDATE SET description = 'other'"], "posted is final"),
    (BOTH, [*legs(3, 5, -5), entry(3, "c", previous="'made up'")], "hash of the entry before"),
    (BOTH, [*legs(4, 5, -5), entry(4, "c")], "hash of the entry before|null value"),
    (BOTH, [*legs(4, 5, -5), entry(4, "c", previous="'made up'")], "hash of the entry before"),
    (BOTH, [*legs(4, 5, -5), entry(4, "c", previous="''")], "hash of the entry before"),
    (BOTH, [*legs(0, 5, -5), entry(0, "c", previous="''")], "hash of the entry before"),
    (
        BOTH,
        ["INSERT INTO postings (entry_number, line, account_code, amount_minor) VALUES (1, 3, '1001', 7)"],
        "its legs are final",
    ),
    (
        ["sqlite"],
        ["INSERT OR REPLACE INTO postings (entry_number, line, account_code, amount_minor) VALUES (1, 1, '1001', 7)"],
        "its legs are final",
    ),
    (BOTH, ["UPDATE postings SET amount_minor = 7 WHERE entry_number = 1"], "posted is final"),
    (BOTH, ["DELETE FROM postings"], "posted is final"),
    (BOTH, ["UPDATE journal_entries SET description = 'other'"], "posted is final"),
    (BOTH, ["DELETE FROM journal_entries WHERE number = 2"], "posted is final"),
    (["postgres"], ["TRUNCATE postings"], "posted is final"),
    (["postgres"], ["TRUNCATE journal_entries CASCADE"], "posted is final"),
    (
        BOTH,
        [
            "INSERT INTO postings (entry_number, line, account_code, amount_minor) VALUES (9, 1, '1001', 7)",
            "INSERT INTO postings (entry_number, line, account_code, amount_minor) VALUES (9, 2, '1001', -7)",
        ],
        "(?i)foreign key",
    ),
    (
        BOTH,
        [
            *legs(3, 5),
            "INSERT INTO postings (entry_number, line, account_code, amount_minor) VALUES (3, 2, '9999', -5)",
            entry(3, "c"),
        ],
        "(?i)foreign key",
    ),
)


@pytest.mark.parametrize(
    ("database_kind", "statements", "why"),
    [(kind, statements, why) for kinds, statements, why in ATTACKS for kind in kinds],
)
async def test_ledger_when_attacked_with_sql_then_it_refuses_and_stays_sound(
    posted: Database,
    statements: list[str],
    why: str,
) -> None:
    with pytest.raises(IntegrityError, match=why):
        await run(posted, *statements)
    async with posted.read() as db_session:
        assert await service.verify(db_session) == []
        assert (await service.head(db_session))[0] == 2


async def test_ledger_when_an_entry_is_reversed_twice_by_sql_then_the_second_is_refused(posted: Database) -> None:
    async with posted.write() as db_session:
        await service.reverse(db_session, 1, on=DAY, at_ms=0, why="mistake")
    third = "(SELECT hash FROM journal_entries WHERE number = 3)"
    with pytest.raises(IntegrityError, match=r"has been reversed|uq_journal_entries_reverses"):
        await run(posted, *legs(4, -100, 100), entry(4, "other", previous=third, reverses="1"))


async def test_verify_when_the_kept_totals_were_tampered_with_then_it_says_which(posted: Database) -> None:
    await run(posted, "UPDATE account_totals SET debit_minor = debit_minor + 1 WHERE account_code = '1001'")
    async with posted.read() as db_session:
        assert await service.verify(db_session) == ["the total of account 1001 differs from its postings"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_totals_when_somebody_without_foreign_keys_leaves_legs_of_the_next_entry_then_the_check_says_so(
    posted: Database, database_url: str
) -> None:
    """The totals wait for an entry that never comes; legs further on make nobody wait."""
    with closing(sqlite3.connect(make_url(database_url).database or "", isolation_level=None)) as careless:
        for statement in [*legs(9, 5, -5), *legs(4, 5, -5)]:
            careless.execute(statement)
    async with posted.write() as db_session:
        await service.post(db_session, [draft("c")])
    async with posted.read() as db_session:
        assert "the totals go up to entry 2, the newest is 3" in await service.verify(db_session)


async def test_totals_when_entries_are_sealed_one_by_one_then_none_is_added_up_twice(posted: Database) -> None:
    async with posted.write() as db_session:
        await service.post(db_session, [draft("c"), draft("d")])
        await service.post(db_session, [draft("e")])
        assert await service.verify(db_session) == []
        assert (await service.trial_balance(db_session)).debit == 100 + 250 + 3 * 100


async def test_legs_when_two_transactions_race_for_one_entry_then_the_later_cannot_add_to_what_is_sealed(
    posted: Database,
    database_kind: str,
) -> None:
    """On PostgreSQL both would see no entry 3 yet; the lock in the trigger makes the second one wait and look again."""

    async def late() -> None:
        await run(
            posted,
            "INSERT INTO postings (entry_number, line, account_code, amount_minor) VALUES (3, 3, '1001', 7)",
        )

    async with posted.write() as db_session:
        await service.post(db_session, [draft("c")])
        racing = asyncio.create_task(late())
        for _ in range(20):
            await asyncio.sleep(0.01)
    with pytest.raises(IntegrityError, match="its legs are final"):
        await racing
    async with posted.read() as db_session:
        assert await service.verify(db_session) == []


async def test_verify_when_an_entry_was_changed_behind_the_triggers_then_the_chain_shows_it(
    posted: Database,
    database_kind: str,
) -> None:
    drops = {
        "sqlite": "DROP TRIGGER ledger_journal_entries_no_update",
        "postgres": "DROP TRIGGER ledger_journal_entries_final ON journal_entries",
    }
    await run(posted, drops[database_kind], "UPDATE journal_entries SET description = 'nicer' WHERE number = 1")
    async with posted.read() as db_session:
        assert await service.verify(db_session) == ["entry 1 does not say what its hash says"]


CLOSING = (
    "INSERT INTO month_closings (id, last_day, closed_at_ms, closed_by, head_number, head_hash, trial_sha256, despite, "
    "reopened_at_ms, reopened_by, reopened_why, reopened_head) "
    "VALUES (1, '2026-11-30', 1, 'x', 2, 'h', 't', '[]', 0, '', '', 0)"
)
LATE = [*legs(3, 5, -5), entry(3, "c")]


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_closing_when_an_entry_of_its_month_is_just_being_written_then_it_waits_and_is_refused(
    posted: Database, database_url: str
) -> None:
    """On SQLite there is one writer at a time."""
    hasty = open_database(database_url, busy_timeout_ms=50)
    async with posted.write() as db_session:
        for statement in LATE:
            await db_session.execute(text(statement))
        with pytest.raises(OperationalError, match="lock timeout"):
            await run(hasty, CLOSING)
    with pytest.raises(IntegrityError, match="came in meanwhile"):
        await run(hasty, CLOSING)
    await hasty.close()


@pytest.mark.parametrize("database_kind", ["postgres"])
async def test_entry_when_its_month_is_just_being_closed_then_it_waits_and_is_refused(
    posted: Database, database_url: str
) -> None:
    hasty = open_database(database_url, busy_timeout_ms=50)
    async with posted.write() as db_session:
        await db_session.execute(text(CLOSING))
        with pytest.raises(OperationalError, match="lock timeout"):
            await run(hasty, *LATE)
    with pytest.raises(IntegrityError, match="the month is closed"):
        await run(hasty, *LATE)
    with pytest.raises(IntegrityError, match="READ COMMITTED"):
        await run(hasty, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", *LATE)
    await hasty.close()
