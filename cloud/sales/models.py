"""Tables of the sales. Private to this capability."""

from datetime import date

from sqlalchemy import Date, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, EpochRef, MachineRef, Millis, Minor, ProductRef, SeqRef


class Sale(Base):
    """One row is the commercial end of one vend: sold, or failed with nothing charged."""

    __tablename__ = "sales"
    __table_args__ = (
        UniqueConstraint("machine_id", "epoch", "seq"),
        Index("ix_sales_sold_on", "sold_on", "status"),
        Index("ix_sales_occurred", "occurred_at_ms"),
    )

    id: Mapped[BigId]
    machine_id: Mapped[MachineRef]
    epoch: Mapped[EpochRef]
    seq: Mapped[SeqRef]
    """With machine and epoch the key of the event that made the row: an event sells once."""
    vend_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    """completed or failed."""
    reason: Mapped[str] = mapped_column(String(32), default="")
    """Why it failed; empty when completed."""
    slot: Mapped[str] = mapped_column(String(4))
    product_id: Mapped[ProductRef]
    planogram_rev: Mapped[int | None] = mapped_column(Integer)
    """Revision whose price was charged; a failed vend does not name one."""
    tender: Mapped[str] = mapped_column(String(24))
    """How it was paid: cash, card or remote; empty when failed."""
    payment: Mapped[str] = mapped_column(String(128), default="")
    """Reference of the payment: the reader's, or the cloud's; empty for cash."""
    list_minor: Mapped[Minor] = mapped_column(default=0)
    """The price without the coupon; 0 when there was none."""
    coupon: Mapped[str] = mapped_column(String(64), default="")
    currency: Mapped[str] = mapped_column(String(3))
    gross_minor: Mapped[Minor]
    """What the customer paid, tax included; 0 when failed."""
    tax_percent: Mapped[int] = mapped_column(Integer)
    tax_minor: Mapped[Minor]
    net_minor: Mapped[Minor]
    cost_minor: Mapped[Minor] = mapped_column(default=0)
    """What the unit had cost, by moving average."""
    occurred_at_ms: Mapped[Millis]
    """Corrected time of the event."""
    sold_on: Mapped[date] = mapped_column(Date)
    """The day in the machine's time zone."""


class Refund(Base):
    """One row is money given back for a sale, whole or in part. Its entries have the source `refund:<id>`."""

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_refunds_sale", "machine_id", "epoch", "seq"),
        Index("ix_refunds_payment", "payment"),
        Index("ix_refunds_refunded_on", "refunded_on"),
    )

    id: Mapped[BigId]
    machine_id: Mapped[MachineRef]
    epoch: Mapped[EpochRef]
    seq: Mapped[SeqRef]
    """With machine and epoch the event of the sale: a rebuild may number sales anew."""
    product_id: Mapped[ProductRef]
    tender: Mapped[str] = mapped_column(String(24))
    """Of the sale."""
    payment: Mapped[str] = mapped_column(String(128))
    """Of the sale; empty for cash."""
    method: Mapped[str] = mapped_column(String(16))
    """claim, processor or store_credit."""
    customer: Mapped[str] = mapped_column(String(40))
    """Whose store credit it is; empty for the other methods."""
    claim: Mapped[str] = mapped_column(String(32))
    """What the customer shows to get the cash; empty for the other methods."""
    gross_minor: Mapped[Minor]
    """Given back, tax included; positive."""
    tax_percent: Mapped[int] = mapped_column(Integer)
    tax_minor: Mapped[Minor]
    net_minor: Mapped[Minor]
    units_back: Mapped[int] = mapped_column(Integer)
    """1 when the goods are in the slot again, else 0."""
    cost_minor: Mapped[Minor]
    """Of goods that came back."""
    reason: Mapped[str] = mapped_column(String(500))
    refunded_by: Mapped[str] = mapped_column(String(254))
    refunded_at_ms: Mapped[Millis]
    refunded_on: Mapped[date] = mapped_column(Date)
    key: Mapped[str | None] = mapped_column(String(120))
    """The caller's name for it: the same one refunds once."""
