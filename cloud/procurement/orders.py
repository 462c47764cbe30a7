"""What may happen to a purchase order, and what it adds up to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cloud.procurement.finder import SHIPPING_PERCENT
from cloud.procurement.rules import Part, RateSum, sums

Status = Literal[
    "pending_human_approval",
    "approved",
    "sent",
    "partly_received",
    "received",
    "invoiced",
    "paid",
    "rejected",
    "cancelled",
]
Step = Literal[
    "approve", "reject", "send", "cancel", "receive_part", "receive_all", "close_short", "invoice", "pay"
]  # fmt: skip

STEPS: Final[Mapping[Step, Mapping[Status, Status]]] = {
    "approve": {"pending_human_approval": "approved"},
    "reject": {"pending_human_approval": "rejected"},
    "send": {"approved": "sent"},
    "cancel": {"pending_human_approval": "cancelled", "approved": "cancelled", "sent": "cancelled"},
    "receive_part": {"sent": "partly_received", "partly_received": "partly_received"},
    "receive_all": {"sent": "received", "partly_received": "received"},
    "close_short": {"partly_received": "received"},
    "invoice": {"received": "invoiced"},
    "pay": {"invoiced": "paid"},
}
"""One row is what may be done, in which states, and the state after it. What is not listed is refused."""


class WrongStepError(ValueError):
    """Something that cannot happen to an order in its state."""

    def __init__(self, number: str, step: "Step", status: str) -> None:
        super().__init__(f"order {number} is {status}; to {step.replace('_', ' ')} it must be {', '.join(STEPS[step])}")


class OwnOrderError(ValueError):
    """An order above the limit, approved by who made it."""

    def __init__(self, number: str, total_minor: int, limit_minor: int) -> None:
        super().__init__(
            f"order {number} is {total_minor} yen, above the limit of {limit_minor}: "
            "somebody who did not make it must approve it",
        )


class NotAllowedSupplierError(ValueError):
    """A supplier that money may not go to."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not on the list of allowed suppliers; an owner can put it there")


def after(number: str, status: str, step: Step) -> Status:
    """The state after a step.

    Raises:
        WrongStepError: it cannot happen now.
    """
    found = {str(before): then for before, then in STEPS[step].items()}.get(status)
    if found is None:
        raise WrongStepError(number, step, status)
    return found


def may_approve(number: str, *, total_minor: int, limit_minor: int, is_own: bool) -> None:
    """Whether somebody may approve an order: their own only up to the limit.

    Raises:
        OwnOrderError: it is their own and above the limit.
    """
    if is_own and total_minor > limit_minor:
        raise OwnOrderError(number, total_minor, limit_minor)


def order_number(number: int, year: int) -> str:
    """発注番号, as it stands on the document: PO-2026-00012."""
    return f"PO-{year}-{number:05d}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of an order, for adding up."""

    packs: int
    price_minor: int
    """Of a pack."""
    is_tax_included: bool
    percent: int

    @property
    def amount_minor(self) -> int:
        """Of the line, with or without tax as its price."""
        return self.packs * self.price_minor


def totals(lines: Iterable[Wanted], shipping_minor: int) -> list[RateSum]:
    """An order added up per tax rate, shipping included.

    Args:
        lines: of the order.
        shipping_minor: without tax.
    """
    parts = [Part(line.amount_minor, line.is_tax_included, line.percent) for line in lines]
    if shipping_minor:
        parts.append(Part(shipping_minor, is_tax_included=False, percent=SHIPPING_PERCENT))
    return sums(parts, 100)


def goods_net(lines: Iterable[Wanted]) -> int:
    """The value of the goods without tax: what least orders and free shipping look at."""
    return sum(row.net_minor for row in totals(lines, 0))


@dataclass(frozen=True, slots=True)
class Arrived:
    """One line of a delivery beside what was ordered. Units, and yen per pack."""

    line: int
    product_id: str
    ordered: int
    before: int
    units: int
    ordered_price_minor: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a delivery or an invoice has otherwise than it should."""

    kind: Literal["over_delivery", "wrong_price", "net", "tax", "rounding", "registration"]
    where: str
    """Line and product, or tax rate."""
    expected: str
    found: str


def differences(rows: Sequence[Arrived]) -> list[Difference]:
    """What of a delivery was not ordered so. Too little is no difference: the rest may still come."""
    found = []
    for row in rows:
        where = f"{row.line} {row.product_id}"
        if row.before + row.units > row.ordered:
            found.append(Difference("over_delivery", where, str(row.ordered), str(row.before + row.units)))
        if row.price_minor != row.ordered_price_minor:
            found.append(Difference("wrong_price", where, str(row.ordered_price_minor), str(row.price_minor)))
    return found
