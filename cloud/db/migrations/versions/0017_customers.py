"""Customers without accounts: what is theirs, coupons, wishes. What they tell is sealed."""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "customers",
        _text("id", 32),
        _text("language", 2),
        _text("machine_id", 40),
        _number("first_seen_ms"),
        _number("last_seen_ms"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index("ix_customers_last_seen", "customers", ["last_seen_ms", "id"])
    op.create_table(
        "customer_sales",
        _text("machine_id", 40),
        _text("epoch", 32),
        _number("seq"),
        _text("customer_id", 32),
        _text("how", 16),
        _number("occurred_at_ms"),
        sa.PrimaryKeyConstraint("machine_id", "epoch", "seq", name=op.f("pk_customer_sales")),
    )
    op.create_index("ix_customer_sales_customer", "customer_sales", ["customer_id", "occurred_at_ms"])
    op.create_table(
        "customer_payments",
        _text("payment", 128),
        _text("customer_id", 32),
        _number("at_ms"),
        sa.PrimaryKeyConstraint("payment", name=op.f("pk_customer_payments")),
    )
    op.create_index("ix_customer_payments_customer", "customer_payments", ["customer_id"])
    _coupons()
    op.create_table(
        "customer_requests",
        _id(),
        _text("customer_id", 32),
        _text("machine_id", 40),
        _number("at_ms"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _text("state", 16),
        _text("noted_by", 254),
        _number("noted_at_ms"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_requests")),
    )
    op.create_index("ix_customer_requests_state", "customer_requests", ["state", "id"])
    op.create_index("ix_customer_requests_customer", "customer_requests", ["customer_id"])


def _coupons() -> None:
    op.create_table(
        "coupons",
        _id(),
        _text("code", 16),
        _text("customer_id", 32),
        _text("product_id", 64),
        _text("machine_id", 40),
        _number("list_minor"),
        _number("price_minor"),
        _number("granted_at_ms"),
        _number("valid_until_ms"),
        _text("granted_by", 254),
        sa.Column("reason", sa.Text(), nullable=False),
        _text("state", 16),
        _text("offered_at", 40),
        _text("command_id", 32),
        _text("used_by", 100),
        _number("taken_off_minor"),
        _number("ended_at_ms"),
        _text("ended_by", 254),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("code", name=op.f("uq_coupons_code")),
    )
    op.create_index("ix_coupons_customer", "coupons", ["customer_id", "id"])


def downgrade() -> None:
    """Drop them: who bought what is lost, sales and books stay."""
    for table in ("customer_requests", "coupons", "customer_payments", "customer_sales", "customers"):
        op.drop_table(table)
