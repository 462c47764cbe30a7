"""Tables of the inventory. Private to this capability."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, MachineRef, Millis, Minor, ProductRef


class Place(Base):
    """One row is somewhere goods can be."""

    __tablename__ = "stock_places"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    """`warehouse`, or `<machine>/<slot>`."""
    kind: Mapped[str] = mapped_column(String(16))
    """warehouse or slot."""
    machine_id: Mapped[MachineRef | None] = mapped_column(index=True)
    slot: Mapped[str | None] = mapped_column(String(4))


class OnHand(Base):
    """One row is how many units of a product the books believe are at a place. Negative is a finding, not an error."""

    __tablename__ = "stock_on_hand"

    place_id: Mapped[str] = mapped_column(String(48), primary_key=True)
    product_id: Mapped[ProductRef] = mapped_column(primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger)


class StockMovement(Base):
    """One row is units that went from one place to another. Never changed."""

    __tablename__ = "stock_movements"

    id: Mapped[BigId]
    source: Mapped[str] = mapped_column(String(120), unique=True)
    """What caused it; the same cause moves once."""
    product_id: Mapped[ProductRef] = mapped_column(index=True)
    quantity: Mapped[int] = mapped_column(BigInteger)
    from_place: Mapped[str | None] = mapped_column(String(48))
    """Empty for goods that come in."""
    to_place: Mapped[str | None] = mapped_column(String(48))
    """Empty for goods that go out."""
    value_minor: Mapped[Minor]
    """Cost of what came in or went out of stock; 0 for a transfer."""
    uncovered_minor: Mapped[Minor] = mapped_column(default=0)
    """Cost not backed by stock: goods left that the books did not have, or such a debt settled by a receipt."""
    occurred_at_ms: Mapped[Millis]


class Pool(Base):
    """One row is all units of a product in the company and what they cost together: its moving average."""

    __tablename__ = "stock_pools"

    product_id: Mapped[ProductRef] = mapped_column(primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger)
    """Negative when more was sold than the books had."""
    value_minor: Mapped[Minor]
    """Never negative; 0 when the quantity is not positive."""
    last_unit_cost_minor: Mapped[Minor]
    """Average just before the last issue or after the last receipt; prices units the books did not have."""
