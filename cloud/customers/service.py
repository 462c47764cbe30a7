"""The door of the customers: who they are, what is theirs, what it says about them, forgetting. Commits nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.catalogue import service as catalogue
from cloud.catalogue.allergens import in_order
from cloud.customers import coupons, repository, rules
from cloud.customers.coupons import MyCoupon, Use, my_coupon
from cloud.customers.models import Customer
from cloud.customers.rules import Loyalty, Purchase, Tastes
from cloud.kit.clock import local
from cloud.kit.secrecy import Secrecy
from cloud.sales import service as sales
from cloud.sales.service import SaleFact, SaleView

MOST_PURCHASES: Final = 500
"""So many of the newest purchases say what somebody likes."""
ACTIVE_MS: Final = 600_000
REPEAT_MS: Final = 28 * 86_400_000

Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^[^\x00-\x1F\x7F]*$")]


class ProfileBody(BaseModel):
    """What customers may tell of themselves."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "みどり", "language": "ja", "avoided_allergens": ["milk"]}]},
    )

    name: Name = ""
    """What they want to be called."""
    language: Literal["ja", "en"] = "ja"
    avoided_allergens: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=64)] = []
    """Codes, e.g. `milk`; goods with these are not recommended."""

    @field_validator("avoided_allergens")
    @classmethod
    def _known(cls, codes: list[str]) -> list[str]:
        return in_order(codes)


class Profile(ProfileBody):
    """A customer as they see themselves."""

    customer_id: str
    machine_id: str
    """Where they were last."""
    first_seen_ms: int
    """0 for somebody of whom nothing is kept yet."""
    last_seen_ms: int


class Purchased(BaseModel):
    """A purchase as its customer sees it: not what it cost us. Yen, tax included."""

    sale_id: int
    machine_id: str
    slot: str
    product_id: str
    paid: int
    list_price: int
    """Without the coupon; what was paid when there was none."""
    coupon: str
    occurred_at_ms: int


class CustomerView(BaseModel):
    """A customer in the operator's list: nothing they told."""

    customer_id: str
    machine_id: str
    language: str
    first_seen_ms: int
    last_seen_ms: int
    purchases: int


@dataclass(frozen=True, slots=True)
class OddSale:
    """A sale that names a coupon in a way it cannot. `number` counts the facts from 0."""

    number: int
    why: str


async def seen(db_session: AsyncSession, customer_id: str, now_ms: int, machine_id: str = "") -> None:
    """Note that a customer is here; the first time makes their profile."""
    await repository.see(db_session, customer_id, machine_id, now_ms)


async def profile(db_session: AsyncSession, secrecy: Secrecy, customer_id: str) -> Profile:
    """A customer's profile; an empty one for somebody of whom nothing is kept.

    Raises:
        CannotOpenError: it was sealed with a key that is not in the settings any more.
    """
    row = await repository.customer(db_session, customer_id)
    if row is None:
        return Profile(customer_id=customer_id, machine_id="", first_seen_ms=0, last_seen_ms=0)
    return Profile(
        customer_id=row.id,
        machine_id=row.machine_id,
        first_seen_ms=row.first_seen_ms,
        last_seen_ms=row.last_seen_ms,
        language="en" if row.language == "en" else "ja",
        **_told(secrecy, row),
    )


async def save_profile(
    db_session: AsyncSession, secrecy: Secrecy, customer_id: str, body: ProfileBody, now_ms: int
) -> Profile:
    """Keep what a customer tells of themselves, instead of what they told before."""
    await repository.see(db_session, customer_id, "", now_ms)
    row = await repository.customer(db_session, customer_id, for_update=True)
    if row is None:  # pragma: no cover - it was seen a line above
        raise LookupError(customer_id)
    row.language = body.language
    _tell(secrecy, row, body.model_dump(exclude={"language"}))
    await db_session.flush()
    return await profile(db_session, secrecy, customer_id)


def _told(secrecy: Secrecy, row: Customer) -> dict[str, Any]:
    if not row.sealed:
        return {}
    found: dict[str, Any] = json.loads(secrecy.open(row.sealed, f"customer {row.id}"))
    return found


def _tell(secrecy: Secrecy, row: Customer, told: Mapping[str, Any]) -> None:
    row.sealed = secrecy.seal(json.dumps(told, ensure_ascii=False).encode(), f"customer {row.id}")


# --- what is theirs ------------------------------------------------------------------------------------------------


async def sold(db_session: AsyncSession, facts: Sequence[SaleFact]) -> list[OddSale]:
    """Take in new sales: those with a customer's coupon or payment are theirs, and the coupon is used.

    Returns:
        Sales whose coupon had been used before.
    """
    named = [(number, fact) for number, fact in enumerate(facts) if fact.status == "completed" and _names(fact)]
    if not named:
        return []
    payments = [fact.payment for _, fact in named if fact.payment]
    payers = await repository.payers(db_session, payments) if payments else {}
    uses = [
        Use(fact.coupon, _source(fact), fact.list_minor - fact.gross_minor, fact.occurred_at_ms)
        for _, fact in named
        if fact.coupon
    ]
    odd = await coupons.used(db_session, uses)
    holders = await coupons.holders(db_session, [use.code for use in uses]) if uses else {}
    for _, fact in named:
        if fact.payment in payers:
            await repository.tie(db_session, fact.key, payers[fact.payment], "payment", fact.occurred_at_ms)
        elif fact.coupon in holders:
            await repository.tie(db_session, fact.key, holders[fact.coupon], "coupon", fact.occurred_at_ms)
    return [OddSale(number, odd[_source(fact)]) for number, fact in named if _source(fact) in odd]


def _names(fact: SaleFact) -> bool:
    return bool(fact.coupon or fact.payment)


def _source(fact: SaleFact) -> str:
    return "/".join(map(str, fact.key))


async def expect_payment(db_session: AsyncSession, customer_id: str, payment: str, now_ms: int) -> None:
    """Note that a payment is this customer's, before the machine sells for it: the sale will be theirs."""
    await repository.see(db_session, customer_id, "", now_ms)
    await repository.expect(db_session, payment, customer_id, now_ms)


async def claim_sale(db_session: AsyncSession, customer_id: str, sale: SaleView, now_ms: int) -> bool:
    """Make a sale a customer's who showed that it is (`evidence.py`); False when it is somebody else's already."""
    await repository.see(db_session, customer_id, sale.machine_id, now_ms)
    key = (sale.machine_id, sale.epoch, sale.seq)
    if await repository.tie(db_session, key, customer_id, "claim", sale.occurred_at_ms):
        return True
    return await repository.owner_of_sale(db_session, key) == customer_id


async def owns(db_session: AsyncSession, customer_id: str, sale: SaleView) -> bool:
    """Whether a sale is known to be this customer's."""
    found = await repository.owner_of_sale(db_session, (sale.machine_id, sale.epoch, sale.seq))
    return bool(customer_id) and found == customer_id


async def history(
    db_session: AsyncSession, customer_id: str, *, limit: int, before: int | None = None
) -> list[SaleView]:
    """Sales of a customer, newest first; `before` is the time of the last one of the page before."""
    rows = await repository.sales_of(db_session, customer_id, limit=limit, before=before)
    found = await sales.of_keys(db_session, [(row.machine_id, row.epoch, row.seq) for row in rows])
    return sorted(found, key=lambda sale: (sale.occurred_at_ms, sale.seq), reverse=True)


def purchased(sale: SaleView) -> Purchased:
    """A sale as its customer sees it."""
    return Purchased(
        sale_id=sale.id,
        machine_id=sale.machine_id,
        slot=sale.slot,
        product_id=sale.product_id,
        paid=sale.gross_minor,
        list_price=sale.list_minor or sale.gross_minor,
        coupon=sale.coupon,
        occurred_at_ms=sale.occurred_at_ms,
    )


# --- what it says about them ---------------------------------------------------------------------------------------


async def purchases(db_session: AsyncSession, customer_id: str, timezone: str) -> list[Purchase]:
    """What a customer bought, newest first, as the rules look at it."""
    products = {row.id: row for row in await catalogue.products(db_session)}
    found = []
    for sale in await history(db_session, customer_id, limit=MOST_PURCHASES):
        product = products.get(sale.product_id)
        unit = product.size_unit if product else ""
        found.append(
            Purchase(
                product_id=sale.product_id,
                kind={"ml": "drink", "g": "food"}.get(unit, "other"),
                temperature=product.temperature if product else "ambient",
                day=sale.sold_on,
                hour=local(sale.occurred_at_ms, timezone).hour,
                paid_minor=sale.gross_minor,
            )
        )
    return found


async def tastes(db_session: AsyncSession, customer_id: str, timezone: str) -> Tastes:
    """What a customer likes, from what they bought."""
    return rules.tastes(await purchases(db_session, customer_id, timezone))


async def loyalty(
    db_session: AsyncSession, customer_id: str, today: date, timezone: str, conversations: int = 0
) -> Loyalty:
    """How loyal a customer is, 0 … 100, and why; `conversations` is how many they had with us."""
    wishes = await repository.requests(db_session, limit=5, customer_id=customer_id)
    bought = await purchases(db_session, customer_id, timezone)
    return rules.loyalty(bought, today, len(wishes) + conversations)


# --- for the operator ----------------------------------------------------------------------------------------------


async def listing(db_session: AsyncSession, *, limit: int, before: tuple[int, str] | None = None) -> list[CustomerView]:
    """Customers, last seen first; `before` is (last_seen_ms, id) of the last row of the page before."""
    rows = await repository.customers(db_session, limit=limit, before=before)
    counts = await repository.sale_counts(db_session, [row.id for row in rows])
    return [_view(row, counts.get(row.id, 0)) for row in rows]


async def customer(db_session: AsyncSession, customer_id: str) -> CustomerView | None:
    """One customer for the operator, or None."""
    row = await repository.customer(db_session, customer_id)
    if row is None:
        return None
    return _view(row, (await repository.sale_counts(db_session, [row.id])).get(row.id, 0))


async def total(db_session: AsyncSession) -> int:
    """How many customers there are."""
    return await repository.customers_total(db_session)


def _view(row: Customer, bought: int) -> CustomerView:
    return CustomerView(
        customer_id=row.id,
        machine_id=row.machine_id,
        language=row.language,
        first_seen_ms=row.first_seen_ms,
        last_seen_ms=row.last_seen_ms,
        purchases=bought,
    )


# --- all of it, and none of it -------------------------------------------------------------------------------------


class Export(BaseModel):
    """Everything we keep about a customer, conversations aside."""

    profile: Profile
    purchases: list[Purchased]
    coupons: list[MyCoupon]
    requests: list[str]


async def export(db_session: AsyncSession, secrecy: Secrecy, customer_id: str, now_ms: int) -> Export:
    """Everything that is kept about a customer here."""
    rows = await repository.requests(db_session, limit=MOST_PURCHASES, customer_id=customer_id)
    return Export(
        profile=await profile(db_session, secrecy, customer_id),
        purchases=[purchased(row) for row in await history(db_session, customer_id, limit=MOST_PURCHASES)],
        coupons=[
            my_coupon(row) for row in await coupons.of_customer(db_session, customer_id, now_ms, limit=MOST_PURCHASES)
        ],
        requests=[secrecy.open(row.sealed, f"request of {customer_id}").decode() for row in rows],
    )


async def forget(db_session: AsyncSession, customer_id: str, now_ms: int) -> None:
    """Delete a person: profile, wishes, and whose coupons and sales theirs were. Books keep sales without a name."""
    await repository.forget(db_session, customer_id, now_ms)


async def reseal(db_session: AsyncSession, secrecy: Secrecy) -> int:
    """Seal anew what an earlier key sealed; how much it was."""
    done = 0
    for row in await repository.stale_profiles(db_session):
        if not secrecy.is_current(row.sealed):
            _tell(secrecy, row, _told(secrecy, row))
            done += 1
    for wish in await repository.all_requests(db_session):
        if not secrecy.is_current(wish.sealed):
            about = f"request of {wish.customer_id}"
            wish.sealed = secrecy.seal(secrecy.open(wish.sealed, about), about)
            done += 1
    await db_session.flush()
    return done


@dataclass(frozen=True, slots=True)
class Activity:
    """How many people are known to be about."""

    active: int
    """Said or bought something in the last ten minutes."""
    repeating: int
    """Bought at least twice in 28 days. Whoever pays with coins and says nothing is nobody we know."""


async def activity(db_session: AsyncSession, now_ms: int) -> Activity:
    """How many people are known to be about."""
    return Activity(
        await repository.seen_since(db_session, now_ms - ACTIVE_MS),
        await repository.repeating(db_session, now_ms - REPEAT_MS),
    )
