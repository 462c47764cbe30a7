"""Refunds of recorded sales. On PostgreSQL a month is not closed over an entry that is just being written.

A closing binds the entries after it. One that was begun before a closing and committed after it stood in a closed month
there, since neither could see the other. Writers of entries hold a lock on the journal until they commit (0002); a
closing now waits for it, and is refused when an entry came in between.
"""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

import sqlalchemy as sa
from alembic import op

from cloud.db.named import refuse_while_named

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

REFUSE = "RAISE integrity_constraint_violation USING MESSAGE ="
CLOSED = (
    "SELECT 1 FROM fresh JOIN month_closings AS closing ON closing.last_day >= entry_date "
    "AND closing.head_number < number AND (closing.reopened_at_ms = 0 OR number <= closing.reopened_head)"
)
OPEN_AGAIN = f"IF EXISTS ({CLOSED}) THEN {REFUSE} 'ledger: the month is closed'; END IF; RETURN NULL;"
ONE_STATE = (
    "IF current_setting('transaction_isolation') <> 'read committed' THEN "
    f"{REFUSE} 'ledger: entries are written where closings are seen at once, in READ COMMITTED'; END IF;"
)
MEANWHILE = f"""
LOCK TABLE journal_entries IN SHARE ROW EXCLUSIVE MODE;
IF EXISTS (
  SELECT 1 FROM fresh JOIN journal_entries ON entry_date <= last_day AND number > head_number
  AND (reopened_at_ms = 0 OR number <= reopened_head)
) THEN {REFUSE} 'ledger: an entry of this month came in meanwhile; look at it and close again'; END IF;
RETURN NULL;
"""


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")


def upgrade() -> None:
    """No sale has been refunded."""
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("tender", sa.String(length=24), nullable=False),
        sa.Column("payment", sa.String(length=128), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("customer", sa.String(length=40), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.Integer(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("units_back", sa.Integer(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("refunded_by", sa.String(length=254), nullable=False),
        sa.Column("refunded_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("key", name=op.f("uq_refunds_key")),
    )
    op.create_index("ix_refunds_sale", "refunds", ["machine_id", "epoch", "seq"])
    op.create_index("ix_refunds_payment", "refunds", ["payment"])
    op.create_index("ix_refunds_refunded_on", "refunds", ["refunded_on"])
    if op.get_bind().dialect.name == "postgresql":
        _function("ledger_months", f"{ONE_STATE} {OPEN_AGAIN}")
        _function("month_closings_made", MEANWHILE)
        op.execute(
            "CREATE TRIGGER month_closings_insert AFTER INSERT ON month_closings REFERENCING NEW TABLE AS fresh "
            "FOR EACH STATEMENT EXECUTE FUNCTION month_closings_made()"
        )


def downgrade() -> None:
    """Take the table away, unless a refund is booked.

    Raises:
        StillNamedError: see `cloud/db/named.py`.
    """
    refuse_while_named(op.get_bind(), "refund:")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER month_closings_insert ON month_closings")
        op.execute("DROP FUNCTION month_closings_made()")
        _function("ledger_months", OPEN_AGAIN)
    op.drop_index("ix_refunds_refunded_on", "refunds")
    op.drop_index("ix_refunds_payment", "refunds")
    op.drop_index("ix_refunds_sale", "refunds")
    op.drop_table("refunds")
