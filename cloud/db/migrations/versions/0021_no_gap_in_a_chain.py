"""No gap in a chain: an entry after a missing number names the hash of nothing, and nothing is not the empty text.

Before, a row written past our code with a number too high and an empty `previous_hash` got through. The same was true
of decisions on PostgreSQL. Only that one comparison changes, in the triggers as they stand; the rest of them is not
repeated here. Going back leaves it: what the stricter rule refuses, no earlier revision writes.
"""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
POSTGRESQL = {
    f"fresh.previous_hash <> COALESCE(before.hash, CASE fresh.number WHEN 1 THEN '{GENESIS}' ELSE '' END)": (
        f"fresh.previous_hash IS DISTINCT FROM COALESCE(before.hash, CASE fresh.number WHEN 1 THEN '{GENESIS}' END)"
    )
}
SQLITE = {
    "NEW.previous_hash <> COALESCE((SELECT hash FROM journal_entries WHERE number = NEW.number - 1), "
    f"CASE NEW.number WHEN 1 THEN '{GENESIS}' ELSE '' END)": (
        "NEW.previous_hash IS NOT COALESCE((SELECT hash FROM journal_entries WHERE number = NEW.number - 1), "
        f"CASE NEW.number WHEN 1 THEN '{GENESIS}' END)"
    )
}


class UnknownRuleError(RuntimeError):
    """A trigger is not the one that the earlier migrations made."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} does not hold the comparison of hashes that earlier migrations wrote, so it was changed by hand: "
            "restore it (cloud/db/migrations/versions/0002 and 0013), then upgrade again; nothing has been changed."
        )


def _stricter(name: str, text: str, changes: dict[str, str]) -> str:
    for loose, strict in changes.items():
        if loose not in text and strict not in text:
            raise UnknownRuleError(name)
        text = text.replace(loose, strict)
    return text


def upgrade() -> None:
    """Compare so that "there is none" differs from every hash."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for name in ("ledger_entries_sealed", "agent_decisions_chain"):
            body = connection.scalar(sa.text("SELECT prosrc FROM pg_proc WHERE proname = :name"), {"name": name}) or ""
            op.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $${_stricter(name, body, POSTGRESQL)}$$"
            )
        return
    name = "ledger_entry_check"
    made = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}) or ""
    stricter = _stricter(name, made, SQLITE)
    op.execute(f"DROP TRIGGER {name}")
    op.execute(stricter)


def downgrade() -> None:
    """Nothing to take away."""
