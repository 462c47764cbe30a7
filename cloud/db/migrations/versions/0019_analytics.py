"""What was odd and what became of it, and reports as they were written. Taking it back loses both."""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _number(name: str, kind: type[sa.Integer]) -> sa.Column[int]:
    return sa.Column(name, kind(), nullable=False)


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "anomalies",
        _id(),
        _text("key", 160),
        _text("detector", 40),
        _text("severity", 8),
        _text("machine_id", 40),
        _text("slot", 4),
        _text("product_id", 64),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        _text("href", 255),
        _number("first_at_ms", sa.BigInteger),
        _number("last_at_ms", sa.BigInteger),
        _number("times", sa.Integer),
        _text("state", 12),
        _text("handled_by", 254),
        _number("handled_at_ms", sa.BigInteger),
        sa.Column("note", sa.Text(), nullable=False),
        _number("revision", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_anomalies"),
        sa.UniqueConstraint("key", "first_at_ms", name="uq_anomalies_key_first_at_ms"),
    )
    op.create_index("ix_anomalies_state", "anomalies", ["state", "last_at_ms"])
    op.create_table(
        "analytics_reports",
        _id(),
        _text("kind", 16),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        _number("made_at_ms", sa.BigInteger),
        _text("made_by", 120),
        _text("run_id", 64),
        _text("title", 200),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_analytics_reports"),
    )
    op.create_index("ix_analytics_reports_made", "analytics_reports", ["made_at_ms"])


def downgrade() -> None:
    """Without them."""
    op.drop_table("analytics_reports")
    op.drop_table("anomalies")
