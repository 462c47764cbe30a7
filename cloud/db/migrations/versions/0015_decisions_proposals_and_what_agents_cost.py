"""Decisions of agents: a log that is chained and never changed; their proposals and stop switches.

Going back throws the log away, as for the activity log: what agents did in goods and money stays in stock and books.
"""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GENESIS = "0" * 64
FINAL = "decisions: what was decided is final"
BROKEN = "decisions: a decision continues the chain"


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _decisions() -> None:
    op.create_table(
        "agent_decisions",
        sa.Column("number", BIG_ID, autoincrement=False, nullable=False),
        _big("at_ms"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("run_id", 64),
        _text("call_id", 160),
        _text("call_sha256", 64),
        _text("agent", 16),
        _text("channel", 16),
        _text("machine_id", 40),
        _text("customer_id", 64),
        _text("conversation_id", 64),
        _text("model", 80),
        _text("prompt_sha256", 64),
        _text("tool", 64),
        _text("action", 32),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("verdicts", sa.JSON(), nullable=False),
        _text("ruling", 8),
        _text("outcome", 12),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        _big("loss_minor"),
        sa.Column("posted", sa.JSON(), nullable=False),
        _big("proposal_id"),
        _text("approver", 254),
        sa.Column("is_suspicious", sa.Boolean(), nullable=False),
        sa.Column("is_outside", sa.Boolean(), nullable=False),
        sa.Column("took_us", sa.Integer(), nullable=False),
        _text("previous_hash", 64),
        _text("hash", 64),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_agent_decisions")),
        sa.UniqueConstraint("run_id", "call_id", name=op.f("uq_agent_decisions_run_id_call_id")),
    )
    op.create_index("ix_agent_decisions_agent", "agent_decisions", ["agent", "number"])
    op.create_index("ix_agent_decisions_conversation_id", "agent_decisions", ["conversation_id", "number"])
    costly = sa.text("loss_minor > 0")
    op.create_index("ix_agent_decisions_day", "agent_decisions", ["day"], postgresql_where=costly, sqlite_where=costly)


def _proposals() -> None:
    op.create_table(
        "agent_proposals",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("decision_number", BIG_ID, nullable=False),
        _text("state", 12),
        _text("run_id", 64),
        _text("call_id", 128),
        _text("agent", 16),
        _text("channel", 16),
        _text("machine_id", 40),
        _text("customer_id", 64),
        _text("conversation_id", 64),
        _text("model", 80),
        _text("prompt_sha256", 64),
        _text("tool", 64),
        _text("action", 32),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        _big("loss_minor"),
        _big("made_at_ms"),
        _big("expires_at_ms"),
        _big("decided_at_ms"),
        _text("decided_by", 254),
        _text("note", 500),
        sa.Column("tries", sa.Integer(), nullable=False),
        _big("result_number"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_proposals")),
        sa.ForeignKeyConstraint(
            ["decision_number"],
            ["agent_decisions.number"],
            name=op.f("fk_agent_proposals_decision_number_agent_decisions"),
        ),
    )
    op.create_index("ix_agent_proposals_state", "agent_proposals", ["state", "id"])


def _sqlite() -> None:
    before = f"COALESCE((SELECT hash FROM agent_decisions WHERE number = NEW.number - 1), '{GENESIS}')"
    wrong = f"NEW.previous_hash <> {before} OR NEW.number <> COALESCE((SELECT MAX(number) FROM agent_decisions), 0) + 1"
    op.execute(
        "CREATE TRIGGER agent_decisions_chain BEFORE INSERT ON agent_decisions "
        f"BEGIN SELECT RAISE(ABORT, '{BROKEN}') WHERE {wrong}; END"
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER agent_decisions_no_{verb.lower()} BEFORE {verb} ON agent_decisions "
            f"BEGIN SELECT RAISE(ABORT, '{FINAL}'); END"
        )


def _postgresql() -> None:
    refuse = "RAISE integrity_constraint_violation USING MESSAGE ="
    chain = (
        "IF EXISTS (SELECT 1 FROM fresh LEFT JOIN agent_decisions AS before ON before.number = fresh.number - 1 "
        f"WHERE fresh.previous_hash <> COALESCE(before.hash, CASE fresh.number WHEN 1 THEN '{GENESIS}' ELSE '' END)) "
        f"THEN {refuse} '{BROKEN}'; END IF; RETURN NULL;"
    )
    for name, body in (("agent_decisions_chain", chain), ("agent_decisions_final", f"{refuse} '{FINAL}';")):
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    op.execute(
        "CREATE TRIGGER agent_decisions_chain AFTER INSERT ON agent_decisions REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION agent_decisions_chain()"
    )
    op.execute(
        "CREATE TRIGGER agent_decisions_final BEFORE UPDATE OR DELETE OR TRUNCATE ON agent_decisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION agent_decisions_final()"
    )


def upgrade() -> None:
    """Three tables, and the rules of the log."""
    _decisions()
    _proposals()
    op.create_table(
        "agent_switches",
        _text("name", 16),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        _big("since_ms"),
        _text("by", 254),
        _text("why", 500),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_agent_switches")),
    )
    (_postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite)()


def downgrade() -> None:
    """Take them back: decisions, proposals and switches are lost; what was carried out stays as it is."""
    op.drop_table("agent_switches")
    op.drop_table("agent_proposals")
    op.drop_table("agent_decisions")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("agent_decisions_chain", "agent_decisions_final"):
            op.execute(f"DROP FUNCTION {name}()")
