"""Tables of the catalogue. Private to this capability."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, Millis, ProductRef, SeqRef


class Product(Base):
    """One row is one thing that can be sold, as it is now. What it was before is in `product_revisions`."""

    __tablename__ = "products"
    __table_args__ = (UniqueConstraint("jan"),)

    id: Mapped[ProductRef] = mapped_column(primary_key=True)
    name_ja: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    name_kana: Mapped[str] = mapped_column(String(120), default="")
    """How the name is read, in kana; empty when nobody wrote it."""
    jan: Mapped[str | None] = mapped_column(String(13))
    """JAN (EAN) code, 8 or 13 digits with the check digit; None for goods without one."""
    size_amount: Mapped[int | None] = mapped_column(Integer)
    size_unit: Mapped[str] = mapped_column(String(2), default="")
    """ml or g; empty when the size is not known."""
    temperature: Mapped[str] = mapped_column(String(8), default="ambient")
    """cold, hot or ambient: how it is usually sold."""
    allergens: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes of `rules.ALLERGENS`, in their order."""
    tax_class: Mapped[str] = mapped_column(String(16))
    """food (reduced rate) or standard: its class until the first of `tax_changes`."""
    tax_changes: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    """Days from which its class is another one, earliest first."""
    shelf_life_days: Mapped[int | None] = mapped_column(Integer)
    """From receipt to best before; None for goods without a date."""
    picture: Mapped[str] = mapped_column(String(64), default="")
    """Name of its drawing."""
    photo: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the picture an operator uploaded; empty for none."""
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)


class ProductRevision(Base):
    """One row is a product from a moment on, whole. Never changed: books made meanwhile follow from it."""

    __tablename__ = "product_revisions"
    __table_args__ = (UniqueConstraint("product_id", "number"),)

    id: Mapped[BigId]
    product_id: Mapped[ProductRef]
    number: Mapped[int] = mapped_column(Integer)
    """1 for the first of a product."""
    doc: Mapped[dict[str, Any]] = mapped_column(JSON)
    """A `service.ProductView`."""
    changed_at_ms: Mapped[Millis]
    """From when its names count; 0 for always."""
    changed_by: Mapped[str] = mapped_column(String(254), default="")
    after_entry: Mapped[SeqRef]
    """Number of the newest journal entry at that moment: where a replay puts the revision in."""


class TaxRate(Base):
    """One row is the consumption tax rate of a class from a day on."""

    __tablename__ = "tax_rates"

    tax_class: Mapped[str] = mapped_column(String(16), primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    percent: Mapped[int] = mapped_column(Integer)
    """Whole per cent on the price without tax."""
