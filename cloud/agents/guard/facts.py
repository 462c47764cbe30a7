"""What an action would do, in figures the guard can judge. Pure.

A tool reads these from the services, in the transaction that would carry the action out; nothing here comes from the
words of a model or of a customer unless it is named `said`. Amounts are whole yen, tax included unless said otherwise;
instants are ms since 1970 UTC.
"""

from dataclasses import dataclass
from typing import Literal

Channel = Literal["schedule", "operator", "customer", "supplier", "web"]
"""Where the words come from that made the agent act. Authority follows from this, never from a text."""

VendResult = Literal["dispensed", "failed", "uncertain", "unknown"]
"""What the machine itself says about a vend."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Reading only. `customer_id` is whose data is read; empty for nobody's."""

    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class NewPrice:
    """Another price for a product in a list or a slot."""

    product_id: str
    now_minor: int
    """What customers pay today; 0 when it is not sold yet."""
    at_day_start_minor: int
    """What they paid when the day began; 0 when it was not sold."""
    new_minor: int
    cost_minor: int | None
    """What one costs us with the tax customers pay on it, rounded up; None when nobody knows."""


@dataclass(frozen=True, slots=True)
class CouponGrant:
    """A price below the list price for one unit, for one customer."""

    customer_id: str
    loyalty_percent: int
    """0 … 100."""
    open_coupons: int
    """Of this customer, not used and not run out."""
    list_minor: int
    price_minor: int
    cost_minor: int | None


@dataclass(frozen=True, slots=True)
class SaleRefund:
    """Money back for a recorded sale."""

    sale_id: int
    paid_minor: int
    refunded_minor: int
    """Given back before."""
    amount_minor: int
    age_ms: int
    vend_result: VendResult
    is_original_method: bool
    is_theirs: bool
    """The claim code or the customer's own history ties the sale to whoever asks."""


@dataclass(frozen=True, slots=True)
class StoreCredit:
    """Money a customer may spend later, for which nothing was sold."""

    customer_id: str
    amount_minor: int
    has_evidence: bool
    """A machine's own event or a staff task says that they lost it."""


@dataclass(frozen=True, slots=True)
class GiveAway:
    """Goods without pay, or written off: `cost_minor` for all `units`."""

    product_id: str
    units: int
    cost_minor: int | None
    has_evidence: bool = False
    """A count, an expiry date or a fault says that they are lost anyway."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase order to be made; it waits for a person's approval as every order does."""

    supplier_id: int
    is_allowed_supplier: bool
    """An owner put it on the list of those that money may go to."""
    products: tuple[str, ...]
    total_minor: int
    open_orders: tuple[str, ...]
    """Those of `products` that an open order already brings."""
    spent_today_minor: int
    spent_week_minor: int
    """Ordered by agents in the last seven days, this one not included."""
    cash_minor: int
    """Cash and bank, what is owed to suppliers taken off."""
    unit_over_best_percent: int
    """The dearest line above the best confirmed offer for it; 0 for none above."""


@dataclass(frozen=True, slots=True)
class Assortment:
    """Products for the slots of a machine, with no price changed."""

    machine_id: str
    products: tuple[str, ...]
    changed_slots: int


@dataclass(frozen=True, slots=True)
class Dispense:
    """One unit to be delivered by a command."""

    product_id: str
    paid_minor: int
    list_minor: int
    is_payment_confirmed: bool
    """The payment is in our own books, not in a text."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something written down for people: a request, a task, a report. Moves nothing."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """Text that leaves the house, to a customer or a supplier."""

    text: str
    to: Literal["customer", "supplier"]
    customer_id: str = ""


Facts = (
    Looks
    | NewPrice
    | CouponGrant
    | SaleRefund
    | StoreCredit
    | GiveAway
    | Purchase
    | Assortment
    | Dispense
    | Note
    | Saying
)
