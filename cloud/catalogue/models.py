"""Tables of the catalogue. Private to this capability."""

from datetime import date

from sqlalchemy import Boolean, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, ProductRef


class Product(Base):
    """One row is one thing that can be sold. Its price stands in the planogram of each machine."""

    __tablename__ = "products"

    id: Mapped[ProductRef] = mapped_column(primary_key=True)
    name_ja: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    tax_class: Mapped[str] = mapped_column(String(16))
    """food (reduced rate) or standard."""
    picture: Mapped[str] = mapped_column(String(64), default="")
    """Name of its drawing."""
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)


class TaxRate(Base):
    """One row is the consumption tax rate of a class from a day on."""

    __tablename__ = "tax_rates"

    tax_class: Mapped[str] = mapped_column(String(16), primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    percent: Mapped[int] = mapped_column(Integer)
    """Whole per cent on the price without tax."""
