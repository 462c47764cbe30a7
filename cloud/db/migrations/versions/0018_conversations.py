"""Conversations with customers: sessions, their messages, and what they can be found by. Every text is sealed."""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "conversations",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=32), nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("key_name", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_conversations")),
    )
    op.create_index("ix_conversations_customer", "conversations", ["customer_id", "start_ms"])
    op.create_index("ix_conversations_start", "conversations", ["start_ms", "session_id"])
    op.create_index("ix_conversations_last", "conversations", ["last_ms"])
    op.create_table(
        "conversation_messages",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("key_name", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "number", name=op.f("pk_conversation_messages")),
    )
    op.create_index("ix_conversation_messages_at", "conversation_messages", ["at_ms"])
    op.create_table(
        "conversation_words",
        sa.Column("word", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", "session_id", "number", name=op.f("pk_conversation_words")),
    )
    op.create_index("ix_conversation_words_session", "conversation_words", ["session_id", "number"])


def downgrade() -> None:
    """Drop them: what was said is lost."""
    for table in ("conversation_words", "conversation_messages", "conversations"):
        op.drop_table(table)
