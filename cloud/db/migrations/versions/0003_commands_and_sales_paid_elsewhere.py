"""Commands to machines; a sale names its payment, its coupon and the price without it."""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; sales that are there were paid at the machine, at the list price."""
    op.create_table(
        "machine_commands",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("issued_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ttl_ms", sa.BigInteger(), nullable=False),
        sa.Column("issued_by", sa.String(length=254), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=True),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("payment", sa.String(length=128), nullable=True),
        sa.Column("conn", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("taken_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("done_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_commands")),
        sa.UniqueConstraint("machine_id", "n", name=op.f("uq_machine_commands_machine_id_n")),
        sa.UniqueConstraint(
            "machine_id", "idempotency_key", name=op.f("uq_machine_commands_machine_id_idempotency_key")
        ),
        sa.UniqueConstraint("payment", name=op.f("uq_machine_commands_payment")),
    )
    op.create_index("ix_machine_commands_state", "machine_commands", ["state"], unique=False)
    op.add_column("sales", sa.Column("payment", sa.String(length=128), nullable=False, server_default=""))
    op.add_column("sales", sa.Column("list_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sales", sa.Column("coupon", sa.String(length=64), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them; commands, payments and coupons are lost, sales and books stay."""
    for column in ("coupon", "list_minor", "payment"):
        op.drop_column("sales", column)
    op.drop_index("ix_machine_commands_state", table_name="machine_commands")
    op.drop_table("machine_commands")
