"""Accounts for expenses, claims, income tax and what is scrapped.

Taking it back leaves accounts that have entries: those stand for ever, and an account is needed to read them.
"""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

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


def upgrade() -> None:
    """The accounts that are not there."""
    present = set(op.get_bind().scalars(sa.select(_accounts.c.code)))
    names = ("code", "name_ja", "name_en", "kind")
    op.bulk_insert(_accounts, [dict(zip(names, row, strict=True)) for row in ACCOUNTS if row[0] not in present])


def downgrade() -> None:
    """Take away the accounts without entries."""
    postings = sa.table("postings", sa.column("account_code", sa.String))
    used = sa.exists().where(postings.c.account_code == _accounts.c.code)
    op.execute(sa.delete(_accounts).where(_accounts.c.code.in_([row[0] for row in ACCOUNTS]), ~used))
