"""Counts of the cash in machines: what should have been there, what was, who counted."""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

from cloud.db.named import refuse_while_named

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing was counted before."""
    op.create_table(
        "cash_counts",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("counted_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("counted_by", sa.String(length=254), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("heard_upto_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_counts")),
    )
    op.create_index("ix_cash_counts_machine_id", "cash_counts", ["machine_id", "id"], unique=False)
    op.create_index("ix_cash_counts_counted_by", "cash_counts", ["counted_by", "id"], unique=False)
    op.create_table(
        "cash_count_lines",
        sa.Column("count_id", BIG_ID, nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("expected_minor", sa.BigInteger(), nullable=False),
        sa.Column("counted_minor", sa.BigInteger(), nullable=False),
        sa.Column("collected_minor", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("count_id", "part", name=op.f("pk_cash_count_lines")),
        sa.ForeignKeyConstraint(
            ["count_id"],
            ["cash_counts.id"],
            name=op.f("fk_cash_count_lines_count_id_cash_counts"),
        ),
    )


def downgrade() -> None:
    """Take the counts away, unless one is booked under its row number; what machines told stays booked.

    Raises:
        StillNamedError: see `cloud/db/named.py`.
    """
    refuse_while_named(op.get_bind(), "count:")
    op.drop_table("cash_count_lines")
    op.drop_table("cash_counts")
