"""Visits of staff, settings documents beside the planogram, PINs, and cash counts that a machine told.

Going back loses visits, staff lists and PINs; counts keep their figures and lose which visit and bag they were of.
"""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def _text(name: str, length: int, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False, server_default=default)


def _number(name: str, kind: type[sa.Integer]) -> sa.Column[int]:
    return sa.Column(name, kind(), nullable=False)


def upgrade() -> None:
    """Three tables, and three columns of the cash counts."""
    _visits()
    op.create_table(
        "machine_documents",
        _text("machine_id", 40),
        _text("name", 24),
        _number("rev", sa.Integer),
        sa.Column("doc", sa.JSON(), nullable=False),
        _number("published_at_ms", sa.BigInteger),
        _text("published_by", 254),
        _number("answered_rev", sa.Integer),
        sa.Column("is_applied", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        _number("answered_at_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("machine_id", "name", name="pk_machine_documents"),
    )
    op.create_table(
        "machine_crew",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        _text("name", 80),
        _text("name_kana", 80),
        _text("language", 8),
        _text("pin_hash", 255),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("machines", sa.JSON(), nullable=False),
        _number("revision", sa.Integer),
        _number("changed_at_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("user_id", name="pk_machine_crew"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_machine_crew_user_id_users"),
    )
    for name, length in (("source", 120), ("visit", 32), ("bag", 64)):
        op.add_column("cash_counts", _text(name, length, ""))
    op.create_index("ix_cash_counts_visit", "cash_counts", ["visit", "id"])


def _visits() -> None:
    op.create_table(
        "machine_visits",
        _text("machine_id", 40),
        _text("id", 32),
        _text("staff_id", 64),
        _text("how", 24),
        _text("epoch", 32),
        _number("first_seq", sa.BigInteger),
        _number("last_seq", sa.BigInteger),
        _number("started_at_ms", sa.BigInteger),
        _number("ended_at_ms", sa.BigInteger),
        _number("minutes", sa.Integer),
        _number("slots_filled", sa.Integer),
        _number("units_added", sa.Integer),
        _number("units_removed", sa.Integer),
        _number("cash_collected_minor", sa.BigInteger),
        sa.Column("open_tasks", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("machine_id", "id", name="pk_machine_visits"),
    )
    op.create_index("ix_machine_visits_started", "machine_visits", ["started_at_ms", "id"])
    op.create_index("ix_machine_visits_machine", "machine_visits", ["machine_id", "started_at_ms"])


def downgrade() -> None:
    """Without them."""
    op.drop_index("ix_cash_counts_visit", table_name="cash_counts")
    for name in ("bag", "visit", "source"):
        op.drop_column("cash_counts", name)
    for name in ("machine_crew", "machine_documents", "machine_visits"):
        op.drop_table(name)
