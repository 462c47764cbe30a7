"""Tables of the inventory. Private to this capability."""

from datetime import date

from sqlalchemy import BigInteger, Boolean, Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, MachineRef, Millis, Minor, ProductRef


class Place(Base):
    """One row is somewhere goods can be."""

    __tablename__ = "stock_places"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    """`warehouse`, the name of another warehouse or van, or `<machine>/<slot>`."""
    kind: Mapped[str] = mapped_column(String(16))
    """warehouse, van or slot."""
    machine_id: Mapped[MachineRef | None] = mapped_column(index=True)
    slot: Mapped[str | None] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(String(80), default="")
    """What people call it; empty for a slot."""
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    """Whether goods may be brought here."""


class OnHand(Base):
    """One row is how many units of a product the books believe are at a place. Negative is a finding, not an error."""

    __tablename__ = "stock_on_hand"

    place_id: Mapped[str] = mapped_column(String(48), primary_key=True)
    product_id: Mapped[ProductRef] = mapped_column(primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger)


class StockMovement(Base):
    """One row is units that went from one place to another. Never changed."""

    __tablename__ = "stock_movements"
    __table_args__ = (Index("ix_stock_movements_occurred", "occurred_at_ms"),)

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


class Lot(Base):
    """One row is goods of one product that were made together and keep until the same day."""

    __tablename__ = "stock_lots"

    product_id: Mapped[ProductRef] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    """As printed on the goods; the day itself where nothing else is printed."""
    best_before: Mapped[date | None] = mapped_column(Date)
    """Last good day; empty for what does not expire."""
    first_at_ms: Mapped[Millis]
    """When it first came in."""


class LotLevel(Base):
    """One row is how many units of a lot were at a place when goods last came to it or left it by name.

    What was sold since is not taken off yet: `lots.settled` does that when the row is read. A row is never 0 or less.
    """

    __tablename__ = "stock_lot_levels"

    place_id: Mapped[str] = mapped_column(String(48), primary_key=True)
    product_id: Mapped[ProductRef] = mapped_column(primary_key=True)
    lot_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger)


class MovementLot(Base):
    """One row is how many units of a lot a movement carried. Never changed. Sales have none."""

    __tablename__ = "stock_movement_lots"
    __table_args__ = (Index("ix_stock_movement_lots_lot", "product_id", "lot_code"),)

    source: Mapped[str] = mapped_column(String(120), primary_key=True)
    """Of the movement."""
    lot_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    product_id: Mapped[ProductRef]
    quantity: Mapped[int] = mapped_column(BigInteger)


class GoodsDocument(Base):
    """One row is what a person did with goods. Its movements have the sources `goods:<id>/<line>`. Never changed."""

    __tablename__ = "stock_documents"

    id: Mapped[BigId]
    kind: Mapped[str] = mapped_column(String(16))
    """receipt, transfer, spoilage, giveaway, count, load or unload."""
    at_ms: Mapped[Millis]
    by: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(500), default="")


class StockCount(Base):
    """One row is one count of what is at a place: begun, then closed once."""

    __tablename__ = "stock_counts"

    id: Mapped[BigId]
    place_id: Mapped[str] = mapped_column(String(48))
    started_at_ms: Mapped[Millis]
    """What was counted is what was there at this moment."""
    started_by: Mapped[str] = mapped_column(String(254))
    after_movement: Mapped[int] = mapped_column(BigInteger)
    """The newest movement when it began."""
    closed_at_ms: Mapped[Millis] = mapped_column(default=0)
    """0 while it is open."""
    closed_by: Mapped[str] = mapped_column(String(254), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    document_id: Mapped[int] = mapped_column(BigInteger, default=0)
    """The document with the differences; 0 when there were none."""


class StockCountLine(Base):
    """One row is what was found of one product in a count."""

    __tablename__ = "stock_count_lines"

    count_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    product_id: Mapped[ProductRef] = mapped_column(primary_key=True)
    expected: Mapped[int] = mapped_column(BigInteger)
    """Units the books had when the count began, as far as was known when it was closed."""
    counted: Mapped[int] = mapped_column(BigInteger)


class Trip(Base):
    """One row is one tour of a van to machines."""

    __tablename__ = "stock_trips"

    id: Mapped[BigId]
    van_id: Mapped[str] = mapped_column(String(48))
    source_id: Mapped[str] = mapped_column(String(48))
    """Where it was loaded, and where the rest goes back to."""
    opened_at_ms: Mapped[Millis]
    opened_by: Mapped[str] = mapped_column(String(254))
    closed_at_ms: Mapped[Millis] = mapped_column(default=0)
    """0 while it is under way."""
    closed_by: Mapped[str] = mapped_column(String(254), default="")
    load_document: Mapped[int] = mapped_column(BigInteger, default=0)
    unload_document: Mapped[int] = mapped_column(BigInteger, default=0)
    """0 while it is under way, or when nothing came back."""


class TripStop(Base):
    """One row is one machine of a trip, and from when to when what is put into it comes out of the van."""

    __tablename__ = "stock_trip_stops"
    __table_args__ = (Index("ix_stock_trip_stops_machine", "machine_id", "since_ms"),)

    trip_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    since_ms: Mapped[Millis]
    until_ms: Mapped[Millis] = mapped_column(default=0)
    """0 while the trip is under way."""


class TripLine(Base):
    """One row is what was to be put into one slot on a trip."""

    __tablename__ = "stock_trip_lines"

    trip_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(String(4), primary_key=True)
    product_id: Mapped[ProductRef] = mapped_column(primary_key=True)
    planned: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[str] = mapped_column(String(8))
    """high, medium or low."""
