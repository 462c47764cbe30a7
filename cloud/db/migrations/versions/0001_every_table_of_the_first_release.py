"""Every table of the first release. The rules of the ledger follow in 0002."""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _machines() -> None:
    op.create_table(
        "machine_conditions",
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("is_door_open", sa.Boolean(), nullable=False),
        sa.Column("applied_planogram", sa.Integer(), nullable=False),
        sa.Column("last_event_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("machine_id", name=op.f("pk_machine_conditions")),
    )
    op.create_table(
        "machine_faults",
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("where", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("machine_id", "code", "where", name=op.f("pk_machine_faults")),
    )
    op.create_table(
        "machine_links",
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("is_online", sa.Boolean(), nullable=False),
        sa.Column("conn", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("software", sa.String(length=120), nullable=False),
        sa.Column("applied", sa.JSON(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("machine_id", name=op.f("pk_machine_links")),
    )
    op.create_table(
        "machines",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("secret_mosquitto", sa.String(length=255), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machines")),
    )
    op.create_table(
        "planograms",
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("doc", sa.JSON(), nullable=False),
        sa.Column("published_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("published_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("machine_id", "rev", name=op.f("pk_planograms")),
    )


def _more_machines() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("known_digest", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "category", "source", "fingerprint", name=op.f("uq_quarantine_category_source_fingerprint")
        ),
    )
    op.create_table(
        "streams",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("stored_upto", sa.BigInteger(), nullable=False),
        sa.Column("stored_max", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("forks", sa.BigInteger(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("interpreted_upto", sa.BigInteger(), nullable=False),
        sa.Column("interpreted_arrival_ms", sa.BigInteger(), nullable=False),
        sa.Column("interpreted_digest", sa.String(length=64), nullable=False),
        sa.Column("clock_boot", sa.Integer(), nullable=False),
        sa.Column("clock_wall_ms", sa.BigInteger(), nullable=False),
        sa.Column("clock_mono_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_streams")),
        sa.UniqueConstraint("machine_id", "epoch", name=op.f("uq_streams_machine_id_epoch")),
    )
    op.create_table(
        "machine_events",
        sa.Column("stream_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("fk_machine_events_stream_id_streams")),
        sa.PrimaryKeyConstraint("stream_id", "seq", name=op.f("pk_machine_events")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_machine_events_received", "machine_events", ["received_at_ms"], unique=False)


def _goods() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name_ja", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("tax_class", sa.String(length=16), nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    op.create_table(
        "sales",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("vend_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.String(length=4), nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("planogram_rev", sa.Integer(), nullable=True),
        sa.Column("tender", sa.String(length=24), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.Integer(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales")),
        sa.UniqueConstraint("machine_id", "epoch", "seq", name=op.f("uq_sales_machine_id_epoch_seq")),
    )
    op.create_index("ix_sales_occurred", "sales", ["occurred_at_ms"], unique=False)
    op.create_index("ix_sales_sold_on", "sales", ["sold_on", "status"], unique=False)
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("from_place", sa.String(length=48), nullable=True),
        sa.Column("to_place", sa.String(length=48), nullable=True),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("uncovered_minor", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint("source", name=op.f("uq_stock_movements_source")),
    )
    op.create_index(op.f("ix_stock_movements_product_id"), "stock_movements", ["product_id"], unique=False)
    op.create_table(
        "stock_on_hand",
        sa.Column("place_id", sa.String(length=48), nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", "product_id", name=op.f("pk_stock_on_hand")),
    )


def _more_goods() -> None:
    op.create_table(
        "stock_places",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("machine_id", sa.String(length=40), nullable=True),
        sa.Column("slot", sa.String(length=4), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_places")),
    )
    op.create_index(op.f("ix_stock_places_machine_id"), "stock_places", ["machine_id"], unique=False)
    op.create_table(
        "stock_pools",
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("last_unit_cost_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_stock_pools")),
    )
    op.create_table(
        "tax_rates",
        sa.Column("tax_class", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tax_class", "valid_from", name=op.f("pk_tax_rates")),
    )


def _ledger() -> None:
    op.create_table(
        "accounts",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name_ja", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_accounts")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("entry_date", sa.Date(), nullable=False),
        sa.Column("occurred_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["reverses"], ["journal_entries.number"], name=op.f("fk_journal_entries_reverses_journal_entries")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("reverses", name=op.f("uq_journal_entries_reverses")),
        sa.UniqueConstraint("source", name=op.f("uq_journal_entries_source")),
    )
    op.create_index(op.f("ix_journal_entries_entry_date"), "journal_entries", ["entry_date"], unique=False)
    op.create_table(
        "account_days",
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_code"], ["accounts.code"], name=op.f("fk_account_days_account_code_accounts")
        ),
        sa.PrimaryKeyConstraint("account_code", "day", name=op.f("pk_account_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "account_totals",
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_code"], ["accounts.code"], name=op.f("fk_account_totals_account_code_accounts")
        ),
        sa.PrimaryKeyConstraint("account_code", name=op.f("pk_account_totals")),
    )


def _more_ledger() -> None:
    op.create_table(
        "postings",
        sa.Column("entry_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account_code", sa.String(length=8), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_postings_not_zero")),
        sa.ForeignKeyConstraint(["account_code"], ["accounts.code"], name=op.f("fk_postings_account_code_accounts")),
        sa.ForeignKeyConstraint(
            ["entry_number"],
            ["journal_entries.number"],
            name=op.f("fk_postings_entry_number_journal_entries"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("entry_number", "line", name=op.f("pk_postings")),
        sqlite_with_rowid=False,
    )


def _operators() -> None:
    op.create_table(
        "login_throttles",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_login_throttles")),
    )
    op.create_table(
        "operators",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("email", name=op.f("uq_operators_email")),
    )


def upgrade() -> None:
    """Create them."""
    _machines()
    _more_machines()
    _goods()
    _more_goods()
    _ledger()
    _more_ledger()
    _operators()


def downgrade() -> None:
    """Drop them; children before parents."""
    for table in (
        "operators",
        "login_throttles",
        "postings",
        "account_totals",
        "account_days",
        "journal_entries",
        "accounts",
        "tax_rates",
        "stock_pools",
        "stock_places",
        "stock_on_hand",
        "stock_movements",
        "sales",
        "products",
        "machine_events",
        "streams",
        "quarantine",
        "planograms",
        "machines",
        "machine_links",
        "machine_faults",
        "machine_conditions",
    ):
        op.drop_table(table)
