"""Warehouses, vans, lots, documents of goods, counts and trips; movements can be found by their time."""
# ruff: noqa: INP001 - Alembic loads these files by path

from typing import Final

import sqlalchemy as sa
from alembic import op

from cloud.db.named import refuse_while_named

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES: Final = (
    "stock_lots",
    "stock_lot_levels",
    "stock_movement_lots",
    "stock_documents",
    "stock_counts",
    "stock_count_lines",
    "stock_trips",
    "stock_trip_stops",
    "stock_trip_lines",
)


def upgrade() -> None:
    """The warehouse that is there gets a name; goods that are there belong to no lot."""
    op.add_column("stock_places", sa.Column("name", sa.String(length=80), nullable=False, server_default=""))
    op.add_column("stock_places", sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute("UPDATE stock_places SET name = '倉庫' WHERE id = 'warehouse'")
    op.create_index("ix_stock_movements_occurred", "stock_movements", ["occurred_at_ms"])
    _lots()
    _documents()
    _trips()


def downgrade() -> None:
    """Take them away, unless a movement is named after a document; what is where and its value stay.

    Raises:
        StillNamedError: see `cloud/db/named.py`.
    """
    refuse_while_named(op.get_bind(), "goods:")
    for name in reversed(TABLES):
        op.drop_table(name)
    op.drop_index("ix_stock_movements_occurred", table_name="stock_movements")
    for column in ("is_active", "name"):
        op.drop_column("stock_places", column)


def _id() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=True, nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _lots() -> None:
    op.create_table(
        "stock_lots",
        _text("product_id", 64),
        _text("code", 40),
        sa.Column("best_before", sa.Date(), nullable=True),
        _whole("first_at_ms"),
        _key("stock_lots", "product_id", "code"),
    )
    op.create_table(
        "stock_lot_levels",
        _text("place_id", 48),
        _text("product_id", 64),
        _text("lot_code", 40),
        _whole("quantity"),
        _key("stock_lot_levels", "place_id", "product_id", "lot_code"),
    )
    op.create_table(
        "stock_movement_lots",
        _text("source", 120),
        _text("lot_code", 40),
        _text("product_id", 64),
        _whole("quantity"),
        _key("stock_movement_lots", "source", "lot_code"),
    )
    op.create_index("ix_stock_movement_lots_lot", "stock_movement_lots", ["product_id", "lot_code"])


def _documents() -> None:
    op.create_table(
        "stock_documents",
        _id(),
        _text("kind", 16),
        _whole("at_ms"),
        _text("by", 254),
        _text("reason", 500),
        _key("stock_documents", "id"),
    )
    op.create_table(
        "stock_counts",
        _id(),
        _text("place_id", 48),
        _whole("started_at_ms"),
        _text("started_by", 254),
        _whole("after_movement"),
        _whole("closed_at_ms"),
        _text("closed_by", 254),
        _text("reason", 500),
        _whole("document_id"),
        _key("stock_counts", "id"),
    )
    op.create_table(
        "stock_count_lines",
        _whole("count_id"),
        _text("product_id", 64),
        _whole("expected"),
        _whole("counted"),
        _key("stock_count_lines", "count_id", "product_id"),
    )


def _trips() -> None:
    op.create_table(
        "stock_trips",
        _id(),
        _text("van_id", 48),
        _text("source_id", 48),
        _whole("opened_at_ms"),
        _text("opened_by", 254),
        _whole("closed_at_ms"),
        _text("closed_by", 254),
        _whole("load_document"),
        _whole("unload_document"),
        _key("stock_trips", "id"),
    )
    op.create_table(
        "stock_trip_stops",
        _whole("trip_id"),
        _text("machine_id", 40),
        _whole("since_ms"),
        _whole("until_ms"),
        _key("stock_trip_stops", "trip_id", "machine_id"),
    )
    op.create_index("ix_stock_trip_stops_machine", "stock_trip_stops", ["machine_id", "since_ms"])
    op.create_table(
        "stock_trip_lines",
        _whole("trip_id"),
        _text("machine_id", 40),
        _text("slot", 4),
        _text("product_id", 64),
        _whole("planned"),
        _text("priority", 8),
        _key("stock_trip_lines", "trip_id", "machine_id", "slot", "product_id"),
    )
