"""Tables of the assortment: price lists, which machine follows which, planograms of days to come. Private."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, MachineRef, Millis, Minor, ProductRef


class PriceList(Base):
    """One row is a list of prices that machines may follow."""

    __tablename__ = "price_lists"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    made_at_ms: Mapped[Millis]
    made_by: Mapped[str] = mapped_column(String(254))


class ListPrice(Base):
    """One row is the price of a product in a list from a day on. Never changed: the newest row of a day counts."""

    __tablename__ = "list_prices"
    __table_args__ = (Index("ix_list_prices_list_id", "list_id", "product_id", "valid_from"),)

    id: Mapped[BigId]
    list_id: Mapped[str] = mapped_column(String(64), ForeignKey("price_lists.id"))
    product_id: Mapped[ProductRef]
    valid_from: Mapped[date] = mapped_column(Date)
    price_minor: Mapped[Minor]
    """Tax included; 0 takes the product out of the list."""
    entered_at_ms: Mapped[Millis]
    entered_by: Mapped[str] = mapped_column(String(254))


class MachinePriceList(Base):
    """One row is the list that a machine's prices follow."""

    __tablename__ = "machine_price_lists"

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(String(64), ForeignKey("price_lists.id"))


class PlannedPlanogram(Base):
    """One row is what shall stand in a machine from a day on. It is published when the day has come."""

    __tablename__ = "planned_planograms"
    __table_args__ = (Index("ix_planned_planograms_machine_id", "machine_id", "valid_from"),)

    id: Mapped[BigId]
    machine_id: Mapped[MachineRef]
    valid_from: Mapped[date] = mapped_column(Date)
    slots: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`protocol.desired.PlanogramSlot`s."""
    made_at_ms: Mapped[Millis]
    made_by: Mapped[str] = mapped_column(String(254))
    published_rev: Mapped[int] = mapped_column(Integer, default=0)
    """Revision it became; 0 while its day has not come."""
    withdrawn_at_ms: Mapped[Millis] = mapped_column(default=0)
    """When somebody took it back, or a later plan went past it; 0 for never."""
