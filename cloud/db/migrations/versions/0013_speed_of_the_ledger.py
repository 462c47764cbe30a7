"""The ledger's triggers on SQLite say the same in fewer steps; an account's legs are found without reading all legs.

A trigger runs once per entry there. Each total is now added leg by leg instead of sorted and grouped first, what an
entry must be is asked in one statement instead of six, and open months cost one look. Names and messages are the old
ones: going back leaves the triggers as they are, since every earlier revision asks for exactly what these do.
"""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
HASH_BEFORE = (
    "COALESCE((SELECT hash FROM journal_entries WHERE number = NEW.number - 1), "
    f"CASE NEW.number WHEN 1 THEN '{GENESIS}' ELSE '' END)"
)
SIDES = (
    "CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END, CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END"
)

# Each row: what is wrong, and when. The first that is true refuses the entry; NULL is not true, as it should be here.
ENTRY_RULES = (
    ("this number is taken", "EXISTS (SELECT 1 FROM journal_entries WHERE number = NEW.number)"),
    ("this source has been posted", "EXISTS (SELECT 1 FROM journal_entries WHERE source = NEW.source)"),
    (
        "this entry has been reversed",
        "NEW.reverses IS NOT NULL AND EXISTS (SELECT 1 FROM journal_entries WHERE reverses = NEW.reverses)",
    ),
    ("an entry names the hash of the entry before it", f"NEW.previous_hash <> {HASH_BEFORE}"),
)
LEG_RULES = (
    ("an entry has two legs or more", "COUNT(*) < 2"),
    ("the legs of an entry sum to zero", "SUM(amount_minor) <> 0"),
)
CLOSED = (
    "EXISTS (SELECT 1 FROM month_closings WHERE last_day >= NEW.entry_date AND head_number < NEW.number "
    "AND (reopened_at_ms = 0 OR NEW.number <= reopened_head))"
)


def _refuse(rules: tuple[tuple[str, str], ...]) -> str:
    cases = " ".join(f"WHEN {wrong} THEN RAISE(ABORT, 'ledger: {message}')" for message, wrong in rules)
    return f"SELECT CASE {cases} END"


def _add(table: str, keys: str, values: str, legs: str = "") -> str:
    return (
        f"INSERT INTO {table} ({keys}, debit_minor, credit_minor) "
        f"SELECT {values}, {SIDES} FROM postings WHERE entry_number = NEW.number {legs} "
        f"ON CONFLICT ({keys}) DO UPDATE SET debit_minor = {table}.debit_minor + excluded.debit_minor, "
        f"credit_minor = {table}.credit_minor + excluded.credit_minor;"
    )


def _replace(name: str, when: str, body: str) -> None:
    op.execute(f"DROP TRIGGER {name}")
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN {body} END")


def upgrade() -> None:
    """The index on both databases, the triggers on SQLite: PostgreSQL's work on all rows of a statement already."""
    op.create_index("ix_postings_account_code", "postings", ["account_code", "entry_number"])
    if op.get_bind().dialect.name == "postgresql":
        return
    before, after = "BEFORE INSERT ON journal_entries", "AFTER INSERT ON journal_entries"
    of_legs = f"{_refuse(LEG_RULES)} FROM postings WHERE entry_number = NEW.number;"
    _replace("ledger_entry_check", before, f"{_refuse(ENTRY_RULES)}; {of_legs}")
    of_days = _add("account_days", "account_code, day", "account_code, NEW.entry_date")
    _replace("ledger_entry_totals", after, of_days + _add("account_totals", "account_code", "account_code"))
    places = "account_code, sub_account"
    _replace("ledger_sub_accounts", after, _add("sub_account_totals", places, places, "AND sub_account <> ''"))
    _replace("ledger_months", f"{before} WHEN {CLOSED}", "SELECT RAISE(ABORT, 'ledger: the month is closed');")


def downgrade() -> None:
    """Take the index away."""
    op.drop_index("ix_postings_account_code", "postings")
