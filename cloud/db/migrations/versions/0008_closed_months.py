"""Closed months: a trigger refuses every entry that is dated into one, whoever writes it.

A closing counts for the entries after it and, once reopened, no longer for those after that. So a replay of the
ledger with its closings already in the table dates every entry as it was dated the first time.
"""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REFUSED = "ledger: the month is closed"
FINAL = "ledger: a closing stays on record; it can be reopened once"
CLOSED = (
    "SELECT 1 FROM {entries} JOIN month_closings AS closing ON closing.last_day >= entry_date "
    "AND closing.head_number < number AND (closing.reopened_at_ms = 0 OR number <= closing.reopened_head)"
)
CHANGED = " OR ".join(
    f"NEW.{name} <> OLD.{name}"
    for name in ("id", "last_day", "closed_at_ms", "closed_by", "head_number", "head_hash", "trial_sha256")
)
WRONG = f"OLD.reopened_at_ms <> 0 OR NEW.reopened_at_ms = 0 OR {CHANGED}"


def upgrade() -> None:
    """Every month is open."""
    op.create_table(
        "month_closings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(length=254), nullable=False),
        sa.Column("head_number", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.String(length=64), nullable=False),
        sa.Column("trial_sha256", sa.String(length=64), nullable=False),
        sa.Column("despite", sa.JSON(), nullable=False),
        sa.Column("reopened_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("reopened_by", sa.String(length=254), nullable=False),
        sa.Column("reopened_why", sa.String(length=500), nullable=False),
        sa.Column("reopened_head", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_closings")),
    )
    (_postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite)()


def _sqlite() -> None:
    entry = "(SELECT NEW.number AS number, NEW.entry_date AS entry_date)"
    op.execute(
        "CREATE TRIGGER ledger_months BEFORE INSERT ON journal_entries BEGIN "
        f"SELECT RAISE(ABORT, '{REFUSED}') WHERE EXISTS ({CLOSED.format(entries=entry)}); END",
    )
    op.execute(
        f"CREATE TRIGGER month_closings_update BEFORE UPDATE ON month_closings WHEN {WRONG} "
        f"BEGIN SELECT RAISE(ABORT, '{FINAL}'); END",
    )
    op.execute(
        "CREATE TRIGGER month_closings_delete BEFORE DELETE ON month_closings "
        f"BEGIN SELECT RAISE(ABORT, '{FINAL}'); END"
    )


def _postgresql() -> None:
    refuse = "RAISE integrity_constraint_violation USING MESSAGE ="
    for name, body in (
        (
            "ledger_months",
            f"IF EXISTS ({CLOSED.format(entries='fresh')}) THEN {refuse} '{REFUSED}'; END IF; RETURN NULL;",
        ),
        ("month_closings_reopened", f"IF {WRONG} THEN {refuse} '{FINAL}'; END IF; RETURN NEW;"),
        ("month_closings_kept", f"{refuse} '{FINAL}';"),
    ):
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    op.execute(
        "CREATE TRIGGER ledger_months AFTER INSERT ON journal_entries REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_months()",
    )
    op.execute(
        "CREATE TRIGGER month_closings_update BEFORE UPDATE ON month_closings "
        "FOR EACH ROW EXECUTE FUNCTION month_closings_reopened()",
    )
    op.execute(
        "CREATE TRIGGER month_closings_delete BEFORE DELETE OR TRUNCATE ON month_closings "
        "FOR EACH STATEMENT EXECUTE FUNCTION month_closings_kept()",
    )


def downgrade() -> None:
    """Take the closings away: every month is open again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_months ON journal_entries")
        op.drop_table("month_closings")
        for name in ("ledger_months", "month_closings_reopened", "month_closings_kept"):
            op.execute(f"DROP FUNCTION {name}()")
    else:
        op.execute("DROP TRIGGER ledger_months")
        op.drop_table("month_closings")
