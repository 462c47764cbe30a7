"""Sub-accounts: where cash is, whose credit it is, which processor owes it. Their totals are kept by a trigger."""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DEBIT = "SUM(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END)"
CREDIT = "SUM(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END)"
ADD = f"""
INSERT INTO sub_account_totals (account_code, sub_account, debit_minor, credit_minor)
SELECT account_code, sub_account, {DEBIT}, {CREDIT} FROM {{legs}} AND sub_account <> ''
GROUP BY account_code, sub_account ORDER BY account_code, sub_account
ON CONFLICT (account_code, sub_account) DO UPDATE SET
  debit_minor = sub_account_totals.debit_minor + excluded.debit_minor,
  credit_minor = sub_account_totals.credit_minor + excluded.credit_minor;
"""


def upgrade() -> None:
    """Legs may name a sub-account; those that were posted before name none."""
    if "sub_account" not in {row["name"] for row in sa.inspect(op.get_bind()).get_columns("postings")}:
        op.add_column("postings", sa.Column("sub_account", sa.String(length=64), server_default="", nullable=False))
    op.create_index("ix_postings_sub_account", "postings", ["sub_account", "account_code", "entry_number"])
    op.create_table(
        "sub_account_totals",
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("sub_account", sa.String(length=64), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_code", "sub_account", name=op.f("pk_sub_account_totals")),
        sa.ForeignKeyConstraint(
            ["account_code"], ["accounts.code"], name=op.f("fk_sub_account_totals_account_code_accounts")
        ),
    )
    op.execute(ADD.format(legs="postings WHERE TRUE"))
    if op.get_bind().dialect.name == "postgresql":
        statement = ADD.format(legs="fresh JOIN postings ON entry_number = number WHERE TRUE")
        op.execute(
            "CREATE FUNCTION ledger_sub_accounts() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {statement} RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_sub_accounts AFTER INSERT ON journal_entries REFERENCING NEW TABLE AS fresh "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_sub_accounts()"
        )
    else:
        statement = ADD.format(legs="postings WHERE entry_number = NEW.number")
        op.execute(f"CREATE TRIGGER ledger_sub_accounts AFTER INSERT ON journal_entries BEGIN {statement} END")


def downgrade() -> None:
    """Take the totals away. The column stays where legs use it: their hashes cover it, and it cannot be made anew."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_sub_accounts ON journal_entries")
        op.execute("DROP FUNCTION ledger_sub_accounts()")
    else:
        op.execute("DROP TRIGGER ledger_sub_accounts")
    op.drop_table("sub_account_totals")
    op.drop_index("ix_postings_sub_account", "postings")
    if not connection.scalar(sa.text("SELECT COUNT(*) FROM postings WHERE sub_account <> ''")):
        op.drop_column("postings", "sub_account")
