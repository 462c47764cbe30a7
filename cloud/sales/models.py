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
