"""The door of suppliers, offers, prices and the supplier finder. Commits nothing; the caller's boundary does.

Orders: `ordering.py`. Goods that come: `receiving.py`. Invoices and payments: `payables.py`. Proposals: `generator.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.catalogue.service import Catalogue
from cloud.procurement import finder, monitor, order_repository, repository
from cloud.procurement.finder import USUAL, Candidate, Ranked, Reliability, Wanted, Weights
from cloud.procurement.models import Offer, Supplier
from cloud.procurement.monitor import Alert, Quote
from cloud.procurement.rules import Part, share_on, sums
from cloud.procurement.supplier_schemas import OfferBody, OfferView, SupplierBody, SupplierView


class NoSuchSupplierError(LookupError):
    """A supplier that nobody recorded."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no supplier {number}")


class NoSuchOfferError(LookupError):
    """An offer that nobody recorded."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no offer {number}")


class NameTakenError(ValueError):
    """Two suppliers of one name could not be told apart on an order."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a supplier named {name!r} already")


class ChangedMeanwhileError(ValueError):
    """Somebody else changed it since it was read."""

    def __init__(self, what: str) -> None:
        super().__init__(f"somebody else changed {what}; read it again")


class UnknownProductError(LookupError):
    """A product the catalogue does not have."""

    def __init__(self, product_id: str) -> None:
        self.product_id = product_id
        super().__init__(f"there is no product {product_id!r}; add it to the catalogue first")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an offer comes from."""

    source: Literal["person", "list", "web"]
    confirmed_by: str
    """Empty for one that a person must look at first."""
    at_ms: int


def is_registered_on(row: Supplier | SupplierView, day: date) -> bool:
    """Whether a supplier's registration number counts on a day."""
    started = row.registered_from is None or row.registered_from <= day
    return bool(row.registration_number) and started and (row.registered_to is None or day <= row.registered_to)


async def suppliers(
    db_session: AsyncSession, *, limit: int, after: tuple[str, int] | None = None, is_active: bool | None = None
) -> list[SupplierView]:
    """A page of suppliers, by kana."""
    rows = await repository.suppliers(db_session, limit=limit, after=after, is_active=is_active)
    return [_supplier_view(row) for row in rows]


async def supplier(db_session: AsyncSession, number: int) -> SupplierView:
    """One supplier.

    Raises:
        NoSuchSupplierError: nobody recorded it.
    """
    row = await repository.supplier(db_session, number)
    if row is None:
        raise NoSuchSupplierError(number)
    return _supplier_view(row)


async def names(db_session: AsyncSession) -> dict[int, str]:
    """Supplier id to name."""
    return await repository.names(db_session)


async def add_supplier(db_session: AsyncSession, body: SupplierBody, now_ms: int) -> int:
    """Record a supplier; it is not on the list of allowed payees until an owner puts it there.

    Raises:
        NameTakenError: there is one of that name.
    """
    if await repository.supplier_named(db_session, body.name) is not None:
        raise NameTakenError(body.name)
    row = Supplier(**_columns(body), is_allowed=False, is_active=True, revision=1, created_at_ms=now_ms)
    return await repository.add(db_session, row)


async def change_supplier(db_session: AsyncSession, number: int, body: SupplierBody, revision: int | None) -> None:
    """Change what is known of a supplier. Another registration number takes it off the list of allowed payees.

    Args:
        db_session: a writing session.
        number: of the supplier.
        body: everything, as it is to be.
        revision: as it was read; None overwrites.

    Raises:
        NoSuchSupplierError: nobody recorded it.
        ChangedMeanwhileError: it has another revision by now.
        NameTakenError: another one has that name.
    """
    row = await _locked(db_session, number, revision)
    same = await repository.supplier_named(db_session, body.name)
    if same is not None and same.id != number:
        raise NameTakenError(body.name)
    if (row.name, row.registration_number) != (body.name, body.registration_number):
        row.is_allowed = False
    for name, value in _columns(body).items():
        setattr(row, name, value)
    row.revision += 1
    await db_session.flush()


async def set_standing(
    db_session: AsyncSession, number: int, *, is_allowed: bool, is_active: bool, revision: int | None = None
) -> None:
    """Put a supplier on or off the list of those that money may go to, and into or out of use.

    Raises:
        NoSuchSupplierError: nobody recorded it.
        ChangedMeanwhileError: it has another revision by now.
    """
    row = await _locked(db_session, number, revision)
    row.is_allowed, row.is_active = is_allowed, is_active
    row.revision += 1
    await db_session.flush()


async def _locked(db_session: AsyncSession, number: int, revision: int | None) -> Supplier:
    row = await repository.supplier(db_session, number, for_update=True)
    if row is None:
        raise NoSuchSupplierError(number)
    if revision is not None and row.revision != revision:
        raise ChangedMeanwhileError(f"supplier {number}")
    return row


async def offers(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    supplier_id: int | None = None,
    product_id: str | None = None,
    is_confirmed: bool | None = None,
) -> list[OfferView]:
    """A page of offers, the newest recorded first; also the price history."""
    rows = await repository.offers(
        db_session,
        limit=limit,
        before=before,
        supplier_id=supplier_id,
        product_id=product_id,
        is_confirmed=is_confirmed,
    )
    known = await repository.names(db_session)
    return [_offer_view(row, known[row.supplier_id]) for row in rows]


async def offer(db_session: AsyncSession, number: int) -> OfferView:
    """One offer.

    Raises:
        NoSuchOfferError: nobody recorded it.
    """
    row = await repository.offer(db_session, number)
    if row is None:
        raise NoSuchOfferError(number)
    return _offer_view(row, (await repository.names(db_session))[row.supplier_id])


async def add_offer(db_session: AsyncSession, supplier_id: int, body: OfferBody, recorded: Recorded) -> int:
    """Record an offer; earlier ones stay as the history.

    Raises:
        NoSuchSupplierError: nobody recorded the supplier.
        UnknownProductError: the catalogue does not have the product.
    """
    if await repository.supplier(db_session, supplier_id) is None:
        raise NoSuchSupplierError(supplier_id)
    if await catalogue.product(db_session, body.product_id) is None:
        raise UnknownProductError(body.product_id)
    row = Offer(
        supplier_id=supplier_id,
        product_id=body.product_id,
        pack_size=body.pack_size,
        price_minor=body.price,
        is_tax_included=body.is_tax_included,
        minimum_packs=body.minimum_packs,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        source=recorded.source,
        reference=body.reference,
        confirmed_by=recorded.confirmed_by,
        recorded_at_ms=recorded.at_ms,
    )
    return await repository.add(db_session, row)


async def confirm_offer(db_session: AsyncSession, number: int, who: str) -> None:
    """A person stands for an offer: from now on it may be ordered by.

    Raises:
        NoSuchOfferError: nobody recorded it.
    """
    row = await repository.offer(db_session, number)
    if row is None:
        raise NoSuchOfferError(number)
    row.confirmed_by = row.confirmed_by or who
    await db_session.flush()


async def end_offer(db_session: AsyncSession, number: int, last_day: date) -> None:
    """An offer ends on a day.

    Raises:
        NoSuchOfferError: nobody recorded it.
    """
    row = await repository.offer(db_session, number)
    if row is None:
        raise NoSuchOfferError(number)
    row.valid_to = max(last_day, row.valid_from - timedelta(days=1))
    await db_session.flush()


async def candidates(db_session: AsyncSession, products: Sequence[str], day: date) -> dict[str, list[Candidate]]:
    """Product to the offers one may order by on a day, with what is known of their suppliers."""
    shares = await repository.shares(db_session)
    record = await reliability(db_session)
    found: dict[str, list[Candidate]] = {product: [] for product in products}
    for row, seller in await repository.current(db_session, products, day):
        found[row.product_id].append(
            Candidate(
                offer_id=row.id,
                supplier_id=seller.id,
                supplier=seller.name,
                pack_size=row.pack_size,
                price_minor=row.price_minor,
                is_tax_included=row.is_tax_included,
                minimum_packs=row.minimum_packs,
                minimum_order_minor=seller.minimum_order_minor,
                shipping_minor=seller.shipping_minor,
                free_shipping_minor=seller.free_shipping_minor,
                lead_days=seller.lead_days,
                share_percent=share_on(shares, day, is_registered=is_registered_on(seller, day)),
                is_allowed=seller.is_allowed,
                valid_to=row.valid_to,
                reliability=record.get(seller.id, Reliability()),
            ),
        )
    return found


async def find(
    db_session: AsyncSession, product_id: str, units: int, day: date, weights: Weights = USUAL
) -> list[Ranked]:
    """Who is best to buy so many units from on a day, and why; the best first.

    Raises:
        UnknownProductError: the catalogue does not have the product.
    """
    goods = await catalogue.load(db_session)
    if product_id not in goods:
        raise UnknownProductError(product_id)
    found = await candidates(db_session, [product_id], day)
    return finder.rank(found[product_id], Wanted(units, goods.percent(product_id, day), weights=weights))


async def reliability(db_session: AsyncSession) -> dict[int, Reliability]:
    """Supplier to what our own receipts say: how many orders came, how many on time, how many complete."""
    found: dict[int, Reliability] = {}
    for row in await order_repository.deliveries(db_session):
        before = found.get(row.supplier_id, Reliability())
        found[row.supplier_id] = Reliability(
            before.deliveries + 1,
            before.on_time + (row.last_on <= row.expected_on),
            before.complete + (row.received >= row.ordered),
        )
    return found


async def price_alerts(db_session: AsyncSession, day: date, rise_percent: int) -> list[Alert]:
    """What changed in the prices that somebody should know."""
    goods = await catalogue.load(db_session)
    quotes = [_quote(row, goods) for row in await repository.history(db_session)]
    usual = await order_repository.usual_suppliers(db_session)
    return monitor.alerts(quotes, day, rise_percent, usual)


async def price_history(db_session: AsyncSession, product_id: str) -> list[Quote]:
    """Every price of a product that somebody stood for, without tax, the oldest first."""
    goods = await catalogue.load(db_session)
    return [_quote(row, goods) for row in await repository.history(db_session, product_id)]


def _quote(row: Offer, goods: Catalogue) -> Quote:
    percent = goods.percent(row.product_id, row.valid_from)
    (found,) = sums([Part(row.price_minor, row.is_tax_included, percent)], 100)
    return Quote(row.id, row.supplier_id, row.product_id, row.pack_size, found.net_minor, row.valid_from, row.valid_to)


def _columns(body: SupplierBody) -> dict[str, object]:
    sent = body.model_dump()
    return sent | {
        "minimum_order_minor": sent.pop("minimum_order"),
        "shipping_minor": sent.pop("shipping"),
        "free_shipping_minor": sent.pop("free_shipping_from"),
    }


def _supplier_view(row: Supplier) -> SupplierView:
    return SupplierView(
        id=row.id,
        name=row.name,
        kana=row.kana,
        registration_number=row.registration_number,
        registered_from=row.registered_from,
        registered_to=row.registered_to,
        lead_days=row.lead_days,
        minimum_order=row.minimum_order_minor,
        shipping=row.shipping_minor,
        free_shipping_from=row.free_shipping_minor,
        closing_day=row.closing_day,
        pay_months=row.pay_months,
        pay_day=row.pay_day,
        note=row.note,
        is_allowed=row.is_allowed,
        is_active=row.is_active,
        revision=row.revision,
    )


def _offer_view(row: Offer, supplier_name: str) -> OfferView:
    return OfferView(
        id=row.id,
        supplier_id=row.supplier_id,
        supplier=supplier_name,
        product_id=row.product_id,
        pack_size=row.pack_size,
        price=row.price_minor,
        is_tax_included=row.is_tax_included,
        minimum_packs=row.minimum_packs,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
        reference=row.reference,
        confirmed_by=row.confirmed_by,
        recorded_at_ms=row.recorded_at_ms,
    )
