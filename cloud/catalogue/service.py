"""The door of the catalogue: products and the tax on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import repository, rules
from cloud.catalogue.models import Product

JAPAN: Final = (
    ("food", date(2019, 10, 1), 8),
    ("standard", date(2019, 10, 1), 10),
)
"""Rates in force in Japan since October 2019: reduced for food and drink, standard for the rest."""


class ProductView(BaseModel):
    """A product as others see it."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    name_ja: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    name_en: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    tax_class: rules.TaxClass
    picture: Annotated[str, StringConstraints(max_length=64)] = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Taxed:
    """A tax-included price, split."""

    percent: int
    tax_minor: int
    net_minor: int


class Catalogue:
    """All products and rates at one moment, for code that looks up many. It does not notice later changes."""

    def __init__(self, products: Sequence[Product], rates: dict[str, list[tuple[date, int]]]) -> None:
        self._products = {row.id: row for row in products}
        self._rates = rates

    def __contains__(self, product_id: str) -> bool:
        return product_id in self._products

    def name(self, product_id: str) -> str:
        """The Japanese name; the id itself for a product nobody has described."""
        row = self._products.get(product_id)
        return row.name_ja if row else product_id

    def picture(self, product_id: str) -> str:
        """Name of the drawing, or empty."""
        row = self._products.get(product_id)
        return row.picture if row else ""

    def ids(self) -> list[str]:
        """Every product's id, in order."""
        return list(self._products)

    def percent(self, product_id: str, day: date) -> int:
        """The tax rate of a product on a day; an unknown product has the standard rate.

        Raises:
            NoRateError: no rate is on record for that day.
        """
        row = self._products.get(product_id)
        tax_class = row.tax_class if row else rules.FALLBACK_CLASS
        return rules.rate_on(self._rates.get(tax_class, []), tax_class, day)

    def split(self, product_id: str, gross_minor: int, day: date) -> Taxed:
        """Split a tax-included price into tax and net.

        Raises:
            NoRateError: no rate is on record for that day.
        """
        percent = self.percent(product_id, day)
        tax = rules.tax_within(gross_minor, percent)
        return Taxed(percent, tax, gross_minor - tax)


async def load(db_session: AsyncSession) -> Catalogue:
    """The whole catalogue as it stands now."""
    return Catalogue(await repository.products(db_session), await repository.rates(db_session))


async def products(db_session: AsyncSession) -> list[ProductView]:
    """Every product, by id."""
    return [_view(row) for row in await repository.products(db_session)]


async def product(db_session: AsyncSession, product_id: str) -> ProductView | None:
    """One product, or None."""
    row = await repository.product(db_session, product_id)
    return _view(row) if row else None


async def product_count(db_session: AsyncSession) -> int:
    """How many products are active."""
    return await repository.product_count(db_session)


async def save(db_session: AsyncSession, rows: Sequence[ProductView]) -> None:
    """Add products, or replace those of the same id."""
    if rows:
        await repository.save_products(db_session, [row.model_dump() for row in rows])


async def ensure_rates(db_session: AsyncSession) -> None:
    """Make sure Japan's tax rates are on record; rates an operator added stay."""
    rows = [{"tax_class": name, "valid_from": day, "percent": percent} for name, day, percent in JAPAN]
    await repository.add_rates(db_session, rows)


def _view(row: Product) -> ProductView:
    return ProductView.model_validate(row, from_attributes=True)
