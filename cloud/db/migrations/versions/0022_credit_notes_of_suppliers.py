"""Credit notes of suppliers, the goods that went back, what became of them."""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

from cloud.db.named import refuse_while_named

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _key(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def upgrade() -> None:
    """No supplier has taken anything back."""
    notes, taxes, lines, uses = (
        "credit_notes",
        "credit_note_taxes",
        "credit_note_lines",
        "credit_uses",
    )
    op.create_table(
        notes,
        _id(),
        _key("supplier_id"),
        _key("invoice_id"),
        _text("number", 64),
        _day("issued_on"),
        _text("reason", 500),
        _text("place_id", 48),
        _big("total_minor"),
        _big("stock_minor"),
        _big("used_minor"),
        _text("recorded_by", 254),
        _big("recorded_at_ms"),
        _refers(notes, "supplier_id", "suppliers"),
        _refers(notes, "invoice_id", "supplier_invoices"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{notes}"),
        sa.UniqueConstraint("supplier_id", "number", name=f"uq_{notes}_supplier_id_number"),
    )
    op.create_index(f"ix_{notes}_invoice_id", notes, ["invoice_id"])
    op.create_table(
        taxes,
        _key("credit_note_id"),
        sa.Column("percent", sa.Integer(), nullable=False),
        _big("net_minor"),
        _big("tax_minor"),
        _big("deductible_minor"),
        _refers(taxes, "credit_note_id", notes),
        sa.PrimaryKeyConstraint("credit_note_id", "percent", name=f"pk_{taxes}"),
    )
    op.create_table(
        lines,
        _id(),
        _key("credit_note_id"),
        _key("receipt_line_id"),
        sa.Column("units", sa.Integer(), nullable=False),
        _big("cost_minor"),
        _refers(lines, "credit_note_id", notes),
        _refers(lines, "receipt_line_id", "goods_receipt_lines"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{lines}"),
    )
    op.create_index(f"ix_{lines}_credit_note_id", lines, ["credit_note_id"])
    op.create_index(f"ix_{lines}_receipt_line_id", lines, ["receipt_line_id"])
    op.create_table(
        uses,
        _id(),
        _key("credit_note_id"),
        _key("invoice_id", nullable=True),
        _big("amount_minor"),
        _day("used_on"),
        _text("used_by", 254),
        _big("recorded_at_ms"),
        _refers(uses, "credit_note_id", notes),
        _refers(uses, "invoice_id", "supplier_invoices"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{uses}"),
    )
    op.create_index(f"ix_{uses}_credit_note_id", uses, ["credit_note_id"])
    op.create_index(f"ix_{uses}_invoice_id", uses, ["invoice_id"])


def downgrade() -> None:
    """Take the tables away, unless a credit note is booked.

    Raises:
        StillNamedError: see `cloud/db/named.py`.
    """
    refuse_while_named(op.get_bind(), "credit_note:", "credit_use:")
    for table in (
        "credit_uses",
        "credit_note_lines",
        "credit_note_taxes",
        "credit_notes",
    ):
        op.drop_table(table)
