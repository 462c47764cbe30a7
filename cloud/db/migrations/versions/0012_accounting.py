"""Accounts for expenses, claims, income tax and what is scrapped; payouts, equipment, closed years.

Taking it back leaves accounts that have entries: those stand for ever, and an account is needed to read them.
"""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

from cloud.db.named import refuse_while_named

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ACCOUNTS = (
    ("1030", "未収入金", "Other receivables", "asset"),
    ("2070", "未払法人税等", "Income taxes payable", "liability"),
    ("6004", "地代家賃", "Rent", "expense"),
    ("6005", "水道光熱費", "Utilities", "expense"),
    ("6006", "販売手数料", "Commissions to site owners", "expense"),
    ("6007", "修繕費", "Repairs", "expense"),
    ("6008", "消耗品費", "Supplies", "expense"),
    ("6009", "租税公課", "Taxes and dues", "expense"),
    ("6010", "通信費", "Communication", "expense"),
    ("6011", "旅費交通費", "Travel and transport", "expense"),
    ("6012", "広告宣伝費", "Advertising", "expense"),
    ("6013", "福利厚生費", "Welfare", "expense"),
    ("6014", "貸倒損失", "Bad debts", "expense"),
    ("8101", "固定資産除却損", "Loss on disposal of equipment", "other_expense"),
    ("8201", "法人税等", "Income taxes", "other_expense"),
)
_accounts = sa.table(
    "accounts",
    sa.column("code", sa.String),
    sa.column("name_ja", sa.String),
    sa.column("name_en", sa.String),
    sa.column("kind", sa.String),
)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)


def _minor(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _make_tables() -> None:
    op.create_table(
        "payouts",
        _id(),
        _text("processor", 64),
        _text("reference", 64),
        sa.Column("paid_on", sa.Date(), nullable=False),
        _minor("net_minor"),
        _minor("booked_at_ms"),
        _text("booked_by", 254),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("processor", "reference", name=op.f("uq_payouts_processor_reference")),
    )
    op.create_table(
        "payout_lines",
        sa.Column("payout_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        _text("kind", 24),
        _text("payment", 128),
        _minor("gross_minor"),
        _minor("fee_minor"),
        _minor("fee_tax_minor"),
        _text("finding", 24),
        _minor("expected_minor"),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_lines_payout_id_payouts")),
        sa.PrimaryKeyConstraint("payout_id", "line", name=op.f("pk_payout_lines")),
    )
    op.create_index("ix_payout_lines_payment", "payout_lines", ["payment", "kind"])
    op.create_table(
        "equipment",
        _id(),
        _text("name", 120),
        _text("machine_id", 40),
        sa.Column("acquired_on", sa.Date(), nullable=False),
        sa.Column("used_from", sa.Date(), nullable=False),
        _minor("cost_minor"),
        sa.Column("life_years", sa.Integer(), nullable=False),
        sa.Column("disposed_on", sa.Date(), nullable=True),
        _minor("added_at_ms"),
        _text("added_by", 254),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
    )
    op.create_table(
        "year_closings",
        _id(),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        _minor("closed_at_ms"),
        _text("closed_by", 254),
        _minor("profit_minor"),
        _minor("tax_minor"),
        _minor("undone_at_ms"),
        _text("undone_by", 254),
        _text("undone_why", 500),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_closings")),
    )


def upgrade() -> None:
    """The accounts that are not there."""
    present = set(op.get_bind().scalars(sa.select(_accounts.c.code)))
    names = ("code", "name_ja", "name_en", "kind")
    _make_tables()
    op.bulk_insert(_accounts, [dict(zip(names, row, strict=True)) for row in ACCOUNTS if row[0] not in present])


def downgrade() -> None:
    """Take away the tables, unless something is booked from them, and the accounts without entries.

    Raises:
        StillNamedError: see `cloud/db/named.py`.
    """
    refuse_while_named(op.get_bind(), "payout:", "equipment:", "year:", "taxyear:")
    for name in ("year_closings", "equipment", "payout_lines", "payouts"):
        op.drop_table(name)
    postings = sa.table("postings", sa.column("account_code", sa.String))
    used = sa.exists().where(postings.c.account_code == _accounts.c.code)
    op.execute(sa.delete(_accounts).where(_accounts.c.code.in_([row[0] for row in ACCOUNTS]), ~used))
