"""Users with roles, their sessions, who did what, and the names of requests that made something.

The activity log is append-only by trigger, as the ledger is.
"""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FINAL = "activity: what was done stays on record"


def upgrade() -> None:
    """Operators become users with the role owner; logins of before must log in again."""
    _people(
        "users",
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.execute(
        "INSERT INTO users (id, email, password_hash, is_active, created_at_ms, role, revision) "
        "SELECT id, email, password_hash, is_active, created_at_ms, 'owner', 1 FROM operators"
    )
    _count_on("users")
    op.drop_table("operators")
    _throttles("subject", 260)
    _sessions()
    _activities()
    _keys()


def _people(name: str, *more: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("email", name=op.f(f"uq_{name}_email")),
    )


def _count_on(table: str) -> None:
    """Rows were copied with their numbers: PostgreSQL must be told to go on after them."""
    if op.get_bind().dialect.name == "postgresql":
        following = f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {table})"
        op.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {following}, false)")


def _throttles(name: str, length: int) -> None:
    """Wrong passwords count for a day at most: nothing is carried over."""
    op.drop_table("login_throttles")
    op.create_table(
        "login_throttles",
        sa.Column(name, sa.String(length=length), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(name, name=op.f("pk_login_throttles")),
    )


def _sessions() -> None:
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_why", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id_users")),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("issued_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_refresh_tokens")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["login_sessions.id"], name=op.f("fk_refresh_tokens_session_id_login_sessions")
        ),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], unique=False)


def _activities() -> None:
    op.create_table(
        "activities",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    op.create_index("ix_activities_who", "activities", ["who", "id"], unique=False)
    op.create_index("ix_activities_action", "activities", ["action", "id"], unique=False)
    if op.get_bind().dialect.name != "postgresql":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER activities_no_{verb.lower()} BEFORE {verb} ON activities "
                f"BEGIN SELECT RAISE(ABORT, '{FINAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION activities_final() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{FINAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER activities_final BEFORE UPDATE OR DELETE ON activities "
        "FOR EACH ROW EXECUTE FUNCTION activities_final()"
    )
    op.execute(
        "CREATE TRIGGER activities_kept BEFORE TRUNCATE ON activities "
        "FOR EACH STATEMENT EXECUTE FUNCTION activities_final()"
    )


def _keys() -> None:
    """One table for every kind of request; until now commands alone had names, in their own."""
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.String(length=254), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("made", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_at_ms", "idempotency_keys", ["at_ms"], unique=False)
    with op.batch_alter_table("machine_commands") as commands:
        commands.drop_constraint("uq_machine_commands_machine_id_idempotency_key", type_="unique")
        commands.drop_column("idempotency_key")
        commands.drop_column("request_sha256")


def downgrade() -> None:
    """Take them back: sessions, activities, roles and request names are lost; every user may do everything again."""
    with op.batch_alter_table("machine_commands") as commands:
        commands.add_column(sa.Column("idempotency_key", sa.String(length=128), nullable=True))
        commands.add_column(sa.Column("request_sha256", sa.String(length=64), nullable=False, server_default=""))
        commands.create_unique_constraint(
            "uq_machine_commands_machine_id_idempotency_key", ["machine_id", "idempotency_key"]
        )
    op.drop_table("idempotency_keys")
    op.drop_table("activities")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION activities_final()")
    op.drop_table("refresh_tokens")
    op.drop_table("login_sessions")
    _throttles("email", 254)
    _people("operators")
    op.execute(
        "INSERT INTO operators (id, email, password_hash, is_active, created_at_ms) "
        "SELECT id, email, password_hash, is_active, created_at_ms FROM users"
    )
    _count_on("operators")
    op.drop_table("users")
