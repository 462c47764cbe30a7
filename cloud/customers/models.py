"""Tables of the customers. Private to this capability. What a person says or tells of themselves is sealed."""

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, EpochRef, MachineRef, Millis, Minor, ProductRef, SeqRef


class Customer(Base):
    """One row is one person (or one phone) that told or bought something."""

    __tablename__ = "customers"
    __table_args__ = (Index("ix_customers_last_seen", "last_seen_ms", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """128 random bits in hex; only who has the signed token can use it."""
    language: Mapped[str] = mapped_column(String(2), default="ja")
    machine_id: Mapped[MachineRef] = mapped_column(default="")
    """Where they were last; empty when nobody knows."""
    first_seen_ms: Mapped[Millis]
    last_seen_ms: Mapped[Millis]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """What they told of themselves, sealed; empty for nothing."""


class CustomerSale(Base):
    """One row ties a sale to a customer."""

    __tablename__ = "customer_sales"
    __table_args__ = (Index("ix_customer_sales_customer", "customer_id", "occurred_at_ms"),)

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    epoch: Mapped[EpochRef] = mapped_column(primary_key=True)
    seq: Mapped[SeqRef] = mapped_column(primary_key=True, autoincrement=False)
    """With machine and epoch the key of the sale's event."""
    customer_id: Mapped[str] = mapped_column(String(32))
    how: Mapped[str] = mapped_column(String(16))
    """coupon, payment or claim: what showed that it is theirs."""
    occurred_at_ms: Mapped[Millis]


class CustomerPayment(Base):
    """One row says whose payment a reference is, before the machine has sold anything for it."""

    __tablename__ = "customer_payments"
    __table_args__ = (Index("ix_customer_payments_customer", "customer_id"),)

    payment: Mapped[str] = mapped_column(String(128), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(32))
    at_ms: Mapped[Millis]


class Coupon(Base):
    """One row is a lower price for one unit, for one customer, once."""

    __tablename__ = "coupons"
    __table_args__ = (
        UniqueConstraint("code"),
        Index("ix_coupons_customer", "customer_id", "id"),
    )

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(String(16))
    customer_id: Mapped[str] = mapped_column(String(32))
    """Empty once the person had themselves deleted."""
    product_id: Mapped[ProductRef]
    machine_id: Mapped[MachineRef] = mapped_column(default="")
    """The only machine it is good at; empty for every one."""
    list_minor: Mapped[Minor]
    """The price without it, when it was given: where the product costs more it does not hold."""
    price_minor: Mapped[Minor]
    granted_at_ms: Mapped[Millis]
    valid_until_ms: Mapped[Millis]
    granted_by: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(16), default="open")
    """open, offered, used or withdrawn; see `rules.coupon_state`."""
    offered_at: Mapped[MachineRef] = mapped_column(default="")
    """The machine that was last asked to show its price."""
    command_id: Mapped[str] = mapped_column(String(32), default="")
    """The command that asked it."""
    used_by: Mapped[str] = mapped_column(String(100), default="")
    """Key of the sale's event: machine/epoch/seq."""
    taken_off_minor: Mapped[Minor] = mapped_column(default=0)
    """What the sale was cheaper by."""
    ended_at_ms: Mapped[Millis] = mapped_column(default=0)
    """When it was used or withdrawn; 0 before."""
    ended_by: Mapped[str] = mapped_column(String(254), default="")
    """Who withdrew it."""


class CustomerRequest(Base):
    """One row is what a customer would like us to sell."""

    __tablename__ = "customer_requests"
    __table_args__ = (
        Index("ix_customer_requests_state", "state", "id"),
        Index("ix_customer_requests_customer", "customer_id"),
    )

    id: Mapped[BigId]
    customer_id: Mapped[str] = mapped_column(String(32))
    machine_id: Mapped[MachineRef] = mapped_column(default="")
    at_ms: Mapped[Millis]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The words, sealed: whoever writes freely writes about themselves."""
    state: Mapped[str] = mapped_column(String(16), default="open")
    """open or noted."""
    noted_by: Mapped[str] = mapped_column(String(254), default="")
    noted_at_ms: Mapped[Millis] = mapped_column(default=0)
