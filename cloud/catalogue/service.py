"""The door of the catalogue: products, how they were at any time, and the tax on them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import service as accounting
from cloud.catalogue import repository, rules
from cloud.catalogue.rules import TaxClass
from cloud.catalogue.views import ProductView, RevisionView
from cloud.db import locks
from cloud.db.locks import Lock

__all__ = ["Catalogue", "ProductView", "Revision", "RevisionView", "Taxed"]

JAPAN: Final = (
    ("food", date(2019, 10, 1), 8),
    ("standard", date(2019, 10, 1), 10),
)
"""Rates in force in Japan since October 2019: reduced for food and drink, standard for the rest."""


class JanTakenError(ValueError):
    """Two products with one JAN code."""

    def __init__(self, jan: str, product_id: str, owner: str) -> None:
        self.jan = jan
        self.product_id = product_id
        self.owner = owner
        super().__init__(f"JAN {jan} of {product_id!r} belongs to {owner!r}; read it again, or take it from that one")


class NoSuchProductError(LookupError):
    """A product id nobody described."""

    def __init__(self, product_id: str) -> None:
        self.product_id = product_id
        super().__init__(f"there is no product {product_id!r}")


@dataclass(frozen=True, slots=True)
class Taxed:
    """A tax-included price, split."""

    percent: int
    tax_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class Revision:
    """A product from a moment on, as it is kept."""

    product_id: str
    number: int
    doc: Mapping[str, Any]
    """A `ProductView`."""
    changed_at_ms: int
    changed_by: str
    after_entry: int
    """Number of the newest journal entry when it was saved."""


class _History:
    """One product through its revisions."""

    __slots__ = ("changes", "names", "picture", "tax_class")

    def __init__(self, revisions: Sequence[Revision], name: str) -> None:
        newest = revisions[-1].doc
        self.names = [(row.changed_at_ms, str(row.doc.get(name) or row.doc["name_ja"])) for row in revisions]
        self.picture = str(newest["picture"])
        self.tax_class = str(newest["tax_class"])
        changes = newest.get("tax_changes") or []
        self.changes = [(date.fromisoformat(row["valid_from"]), str(row["tax_class"])) for row in changes]


class Catalogue:
    """All products and rates at one moment, for code that looks up many. It does not notice later changes.

    Names are Japanese, as the books have them, or English for who reads it; Japanese where there is no English one.
    """

    def __init__(
        self,
        revisions: Iterable[Revision],
        rates: Mapping[str, list[tuple[date, int]]],
        language: Literal["ja", "en"] = "ja",
    ) -> None:
        by_product: defaultdict[str, list[Revision]] = defaultdict(list)
        for row in revisions:
            by_product[row.product_id].append(row)
        self._products = {name: _History(by_product[name], f"name_{language}") for name in sorted(by_product)}
        self._rates = rates

    def __contains__(self, product_id: str) -> bool:
        return product_id in self._products

    def name(self, product_id: str) -> str:
        """The name; the id itself for a product nobody has described."""
        row = self._products.get(product_id)
        return row.names[-1][1] if row else product_id

    def name_at(self, product_id: str, at_ms: int) -> str:
        """The name at a time: of the newest revision that was made by then, else of the first."""
        row = self._products.get(product_id)
        if row is None:
            return product_id
        return next((name for since_ms, name in reversed(row.names) if since_ms <= at_ms), row.names[0][1])

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
        tax_class = rules.class_on(row.tax_class, row.changes, day) if row else rules.FALLBACK_CLASS
        return rules.rate_on(self._rates.get(tax_class, []), tax_class, day)

    def standard_percent(self, day: date) -> int:
        """The standard tax rate on a day: of services, and of what nobody has described.

        Raises:
            NoRateError: no rate is on record for that day.
        """
        return rules.rate_on(self._rates.get(rules.FALLBACK_CLASS, []), rules.FALLBACK_CLASS, day)

    def split(self, product_id: str, gross_minor: int, day: date) -> Taxed:
        """Split a tax-included price into tax and net.

        Raises:
            NoRateError: no rate is on record for that day.
        """
        percent = self.percent(product_id, day)
        tax = rules.tax_within(gross_minor, percent)
        return Taxed(percent, tax, gross_minor - tax)


async def load(db_session: AsyncSession, language: Literal["ja", "en"] = "ja") -> Catalogue:
    """The whole catalogue as it stands now, with names in Japanese, or in English for who reads them."""
    return Catalogue(await history(db_session), await repository.rates(db_session), language)


async def history(db_session: AsyncSession) -> list[Revision]:
    """Every revision of every product, in the order in which they were made."""
    return [_revision(row) for row in await repository.revisions(db_session)]


async def revisions(db_session: AsyncSession, product_id: str) -> list[RevisionView]:
    """What became of a product, newest first; empty when there is none."""
    found: list[RevisionView] = []
    before: Mapping[str, Any] = {}
    for row in await repository.revisions(db_session, product_id):
        changed = [name for name in row.doc if row.doc[name] != before.get(name)] if before else []
        view = ProductView.model_validate(row.doc)
        said = {"number": row.number, "changed_at_ms": row.changed_at_ms, "changed_by": row.changed_by}
        found.append(RevisionView(**said, changed=changed, product=view))
        before = row.doc
    return found[::-1]


async def products(db_session: AsyncSession) -> list[ProductView]:
    """Every product, by id."""
    return [ProductView.model_validate(row) for row in await repository.products(db_session)]


async def product(db_session: AsyncSession, product_id: str) -> ProductView | None:
    """One product, or None."""
    row = await repository.product(db_session, product_id)
    return ProductView.model_validate(row) if row else None


async def product_count(db_session: AsyncSession) -> int:
    """How many products are active."""
    return await repository.product_count(db_session)


async def save(db_session: AsyncSession, rows: Sequence[ProductView], *, by: str = "", now_ms: int = 0) -> int:
    """Add products, or replace those of the same id. What differs becomes a revision; what does not changes nothing.

    Args:
        db_session: a writing session.
        rows: each id once. Their `photo` is ignored: it stays what it is.
        by: who does it; e-mail address or name of a program.
        now_ms: from when the new names count; 0 for always.

    Returns:
        How many were added or changed.

    Raises:
        JanTakenError: two products would have one JAN.
    """
    if not rows:
        return 0
    await locks.take(db_session, Lock.BOOKS)
    before = await repository.products_of(db_session, [row.id for row in rows])
    kept = {name: ProductView.model_validate(row) for name, row in before.items()}
    wanted = [row.model_copy(update={"photo": kept[row.id].photo if row.id in kept else ""}) for row in rows]
    changed = [row for row in wanted if row != kept.get(row.id)]
    await _check_jans(db_session, changed)
    await _keep(db_session, changed, by=by, now_ms=now_ms)
    return len(changed)


async def set_photo(db_session: AsyncSession, product_id: str, photo: str, *, by: str, now_ms: int) -> ProductView:
    """Give a product another picture, or none; a revision like any other change.

    Raises:
        NoSuchProductError: nobody described the product.
    """
    await locks.take(db_session, Lock.BOOKS)
    row = await repository.product(db_session, product_id)
    if row is None:
        raise NoSuchProductError(product_id)
    before = ProductView.model_validate(row)
    after = before.model_copy(update={"photo": photo})
    if after != before:
        await _keep(db_session, [after], by=by, now_ms=now_ms)
    return after


async def replay(db_session: AsyncSession, rows: Sequence[Revision]) -> None:
    """Put revisions into another database as they were. Only a rebuild needs this."""
    await repository.add_revisions(db_session, [_columns(row) for row in rows])


async def ensure_rates(db_session: AsyncSession) -> None:
    """Make sure Japan's tax rates are on record; rates an operator added stay."""
    rows = [{"tax_class": name, "valid_from": day, "percent": percent} for name, day, percent in JAPAN]
    await repository.add_rates(db_session, rows)


class PastRateError(ValueError):
    """A rate from a day that has come, or on which something is booked: what was taxed stays as it was taxed."""

    def __init__(self, valid_from: date, first: date) -> None:
        self.first = first
        super().__init__(f"a rate can begin on {first} or later, not on {valid_from}")


class RateView(BaseModel):
    """A rate of consumption tax."""

    tax_class: TaxClass
    valid_from: date
    percent: int
    """Whole per cent on the price without tax."""
    is_current: bool
    """In force today."""


async def tax_rates(db_session: AsyncSession, today: date) -> list[RateView]:
    """Every rate, by class and first day."""
    found = []
    for name, rows in sorted((await repository.rates(db_session)).items()):
        current = max((day for day, _ in rows if day <= today), default=None)
        found += [
            RateView.model_validate(
                {"tax_class": name, "valid_from": day, "percent": percent, "is_current": day == current}
            )
            for day, percent in rows
        ]
    return found


async def set_rate(db_session: AsyncSession, tax_class: TaxClass, valid_from: date, percent: int, today: date) -> None:
    """Enter a rate from a day to come, or change one that has not begun.

    Args:
        db_session: a writing session.
        tax_class: which goods.
        valid_from: the first day; later than today, and than every day something is booked on.
        percent: 0 to 100; 0 is a rate as any other.
        today: the operator's.

    Raises:
        PastRateError: the day has come.
    """
    await locks.take(db_session, Lock.BOOKS)
    booked = await accounting.last_day(db_session)
    first = max(today, booked or today) + timedelta(days=1)
    if valid_from < first:
        raise PastRateError(valid_from, first)
    await repository.set_rate(db_session, {"tax_class": tax_class, "valid_from": valid_from, "percent": percent})


async def _check_jans(db_session: AsyncSession, rows: Collection[ProductView]) -> None:
    """Each JAN once, among the new ones and those that stay. One that moves between two of `rows` needs two steps."""
    owners = await repository.owners_of_jans(db_session, [row.jan for row in rows if row.jan])
    for row in rows:
        if row.jan and owners.setdefault(row.jan, row.id) != row.id:
            raise JanTakenError(row.jan, row.id, owners[row.jan])


async def _keep(db_session: AsyncSession, rows: Sequence[ProductView], *, by: str, now_ms: int) -> None:
    if not rows:
        return
    docs = [row.model_dump(mode="json") for row in rows]
    await repository.save_products(db_session, docs)
    numbers = await repository.newest_numbers(db_session, [row.id for row in rows])
    head, _ = await accounting.head(db_session)
    await repository.add_revisions(
        db_session,
        [_columns(Revision(doc["id"], numbers.get(doc["id"], 0) + 1, doc, now_ms, by, head)) for doc in docs],
    )


def _columns(row: Revision) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Revision.__dataclass_fields__}


def _revision(row: Any) -> Revision:
    return Revision(**{name: getattr(row, name) for name in Revision.__dataclass_fields__})
