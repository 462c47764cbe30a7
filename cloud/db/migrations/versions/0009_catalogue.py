"""Products with all that a shop says of them, their history, price lists, planograms of days to come.

Every product that is there gets a first revision that counts from the beginning, before any entry: what was booked
so far was booked with it.
"""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = ("id", "name_ja", "name_en", "tax_class", "picture", "is_active")
"""What a product had before."""

ADDED = (
    "name_kana",
    "jan",
    "size_amount",
    "size_unit",
    "temperature",
    "allergens",
    "tax_changes",
    "shelf_life_days",
    "photo",
)


def _added() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("name_kana", sa.String(length=120), nullable=False, server_default=""),
        sa.Column("jan", sa.String(length=13), nullable=True),
        sa.Column("size_amount", sa.Integer(), nullable=True),
        sa.Column("size_unit", sa.String(length=2), nullable=False, server_default=""),
        sa.Column("temperature", sa.String(length=8), nullable=False, server_default="ambient"),
        sa.Column("allergens", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("tax_changes", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("shelf_life_days", sa.Integer(), nullable=True),
        sa.Column("photo", sa.String(length=64), nullable=False, server_default=""),
    )


def upgrade() -> None:
    """Add the columns; each product that is there becomes its own first revision."""
    with op.batch_alter_table("products") as products:
        for column in _added():
            products.add_column(column)
        products.create_unique_constraint(op.f("uq_products_jan"), ["jan"])
    revisions = op.create_table(
        "product_revisions",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=254), nullable=False),
        sa.Column("after_entry", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_revisions")),
        sa.UniqueConstraint("product_id", "number", name=op.f("uq_product_revisions_product_id_number")),
    )
    _price_lists()
    _plans()
    known = sa.table("products", *(sa.column(name) for name in KEPT))
    rows = [_first(row) for row in op.get_bind().execute(sa.select(known).order_by(known.c.id)).mappings()]
    if rows:
        op.bulk_insert(revisions, rows)


def _first(row: sa.RowMapping) -> dict[str, object]:
    doc = {
        **row,
        "is_active": bool(row["is_active"]),
        "name_kana": "",
        "jan": None,
        "size_amount": None,
        "size_unit": "",
        "temperature": "ambient",
        "allergens": [],
        "tax_changes": [],
        "shelf_life_days": None,
        "photo": "",
    }
    said = {"product_id": row["id"], "number": 1, "doc": doc}
    return said | {"changed_at_ms": 0, "changed_by": "", "after_entry": 0}


def _price_lists() -> None:
    op.create_table(
        "price_lists",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=254), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_lists")),
    )
    op.create_table(
        "list_prices",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("list_id", sa.String(length=64), nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("entered_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("entered_by", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["price_lists.id"], name=op.f("fk_list_prices_list_id_price_lists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_prices")),
    )
    op.create_index("ix_list_prices_list_id", "list_prices", ["list_id", "product_id", "valid_from"])
    op.create_table(
        "machine_price_lists",
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("list_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["price_lists.id"], name=op.f("fk_machine_price_lists_list_id_price_lists")
        ),
        sa.PrimaryKeyConstraint("machine_id", name=op.f("pk_machine_price_lists")),
    )


def _plans() -> None:
    op.create_table(
        "planned_planograms",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=254), nullable=False),
        sa.Column("published_rev", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_planograms")),
    )
    op.create_index("ix_planned_planograms_machine_id", "planned_planograms", ["machine_id", "valid_from"])


def downgrade() -> None:
    """Products stay as they are now; their history, price lists and plans go."""
    for name in ("planned_planograms", "machine_price_lists", "list_prices", "price_lists", "product_revisions"):
        op.drop_table(name)
    with op.batch_alter_table("products") as products:
        products.drop_constraint(op.f("uq_products_jan"), type_="unique")
        for name in ADDED:
            products.drop_column(name)
