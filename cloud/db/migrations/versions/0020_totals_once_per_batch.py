"""The ledger's totals on SQLite are added up once for all entries that are put in together, not once per entry.

SQLite has no trigger per statement, but legs come before the entries that seal them: while there are legs of the next
entry, that one is still to come in this transaction, and its trigger adds up all that is new. The deferred foreign key
of the legs refuses a commit in between. `ledger_totalled` says up to which entry; PostgreSQL, whose triggers work on
all rows of a statement already, keeps it too, so that both say the same and the check of the books can ask.
"""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

DEBIT = "SUM(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END)"
CREDIT = "SUM(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END)"
SIDES = (
    "CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END, CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END"
)
AFTER = "AFTER INSERT ON journal_entries"
IS_LAST = "WHEN NOT EXISTS (SELECT 1 FROM postings WHERE entry_number = NEW.number + 1)"
NEW_LEGS = "entry_number > (SELECT number FROM ledger_totalled WHERE id = 1) AND entry_number <= NEW.number"
DATED_LEGS = "postings JOIN journal_entries ON journal_entries.number = entry_number"
TOTALLED = "UPDATE ledger_totalled SET number = (SELECT MAX(number) FROM journal_entries) WHERE id = 1;"


def _into(table: str, keys: str, select: str) -> str:
    return (
        f"INSERT INTO {table} ({keys}, debit_minor, credit_minor) {select} "
        f"ON CONFLICT ({keys}) DO UPDATE SET debit_minor = {table}.debit_minor + excluded.debit_minor, "
        f"credit_minor = {table}.credit_minor + excluded.credit_minor;"
    )


def _fold(table: str, keys: str, legs: str, columns: str = "") -> str:
    columns = columns or keys
    return _into(table, keys, f"SELECT {columns}, {DEBIT}, {CREDIT} FROM {legs} GROUP BY {columns}")


def _add(table: str, keys: str, values: str, legs: str = "") -> str:
    """As 0013 does it, entry by entry."""
    return _into(table, keys, f"SELECT {values}, {SIDES} FROM postings WHERE entry_number = NEW.number {legs}")


def _postgresql_totalled(then: str) -> None:
    places = _fold(
        "sub_account_totals",
        "account_code, sub_account",
        "fresh JOIN postings ON entry_number = fresh.number WHERE sub_account <> ''",
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION ledger_sub_accounts() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {places} {then} RETURN NULL; END $$"
    )


def upgrade() -> None:
    """What is posted is in the totals; from now on a row says so."""
    op.create_table(
        "ledger_totalled",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_totalled")),
    )
    op.execute("INSERT INTO ledger_totalled (id, number) SELECT 1, COALESCE(MAX(number), 0) FROM journal_entries")
    if op.get_bind().dialect.name == "postgresql":
        _postgresql_totalled(TOTALLED)
        return
    op.execute("DROP TRIGGER ledger_entry_totals")
    op.execute("DROP TRIGGER ledger_sub_accounts")
    body = (
        _fold("account_days", "account_code, day", f"{DATED_LEGS} WHERE {NEW_LEGS}", "account_code, entry_date"),
        _fold("account_totals", "account_code", f"postings WHERE {NEW_LEGS}"),
        _fold("sub_account_totals", "account_code, sub_account", f"postings WHERE {NEW_LEGS} AND sub_account <> ''"),
        "UPDATE ledger_totalled SET number = NEW.number WHERE id = 1;",
    )
    op.execute(f"CREATE TRIGGER ledger_entry_totals {AFTER} {IS_LAST} BEGIN {' '.join(body)} END")


def downgrade() -> None:
    """Entry by entry again."""
    if op.get_bind().dialect.name == "postgresql":
        _postgresql_totalled("")
    else:
        op.execute("DROP TRIGGER ledger_entry_totals")
        days = _add("account_days", "account_code, day", "account_code, NEW.entry_date")
        totals = _add("account_totals", "account_code", "account_code")
        places = "account_code, sub_account"
        op.execute(f"CREATE TRIGGER ledger_entry_totals {AFTER} BEGIN {days} {totals} END")
        of_places = _add("sub_account_totals", places, places, "AND sub_account <> ''")
        op.execute(f"CREATE TRIGGER ledger_sub_accounts {AFTER} BEGIN {of_places} END")
    op.drop_table("ledger_totalled")
