"""Sub-accounts (補助科目): where cash is, whose credit it is, which processor owes it. Pure; docs/decisions/0014.

A place is a dimension of a leg, not an account: a new machine means no new account.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from cloud.accounting import chart


class Place(NamedTuple):
    """An account and one of its sub-accounts."""

    account: str
    sub_account: str


SAFE: Final = Place(chart.CASH, "safe")
"""Cash in our own hands: the office, and who works for it on the road."""

HOPPER: Final = "hopper"
"""Coins that can be paid out: hoppers, or a changer's tubes."""
CASH_BOX: Final = "cash_box"
STACKER: Final = "stacker"
ESCROW: Final = "escrow"
"""The one bill that is held between the rollers."""

PLACES_KEPT: Final = 4096
"""In memory, of each kind: every coin names two."""

INSIDE: Final = (HOPPER, CASH_BOX, STACKER, ESCROW)
"""Parts of a machine that hold cash, in the order of a count."""


def part_of(said: str) -> str:
    """The part of a machine that is meant; one nobody knows is its cash box, where what is not sorted falls."""
    return said if said in INSIDE else CASH_BOX


@lru_cache(PLACES_KEPT)
def cash(machine_id: str, part: str) -> Place:
    """Cash in a part of a machine, see `part_of`."""
    return Place(chart.CASH, f"{machine_id}/{part_of(part)}")


@lru_cache(PLACES_KEPT)
def credit(machine_id: str) -> Place:
    """What customers put in and may still spend or have back: owed to them until the vend."""
    return Place(chart.CUSTOMER_DEPOSITS, f"{machine_id}/credit")


def claims(machine_id: str) -> Place:
    """What a machine could not pay out; customers have claim codes for it."""
    return Place(chart.CUSTOMER_DEPOSITS, f"{machine_id}/claims")


def difference(machine_id: str) -> Place:
    """Cash of a machine that a count found too much or too little, until it is explained."""
    return Place(chart.CASH_DIFFERENCE, machine_id)


def receivable(tender: str) -> Place:
    """What a processor owes us."""
    return Place(chart.CARD_RECEIVABLE, tender[:64])


CREDIT_PAYMENT: Final = "credit:"
"""How the payment of a remote sale begins that a customer's own credit pays."""


_HOLDER: Final = "customer:"


def store_credit(customer: str) -> Place:
    """What a customer may still buy for."""
    return Place(chart.CONTRACT_LIABILITY, f"{_HOLDER}{customer}"[:64])


def holder_of(sub_account: str) -> str:
    """Whose credit a sub-account of 契約負債 is; empty for one that is nobody's."""
    return sub_account.removeprefix(_HOLDER) if sub_account.startswith(_HOLDER) else ""


def payable(supplier_id: int) -> Place:
    """What we owe a supplier."""
    return Place(chart.PAYABLE, f"supplier:{supplier_id}")


def credit_payment(customer: str, key: str) -> str:
    """The payment of a sale that a customer's own credit pays; `key` tells it from the customer's others."""
    return f"{CREDIT_PAYMENT}{customer}:{key}"


def customer_of(payment: str) -> str:
    """Whose own credit a payment is; empty for any other payment."""
    return payment.removeprefix(CREDIT_PAYMENT).rpartition(":")[0] if payment.startswith(CREDIT_PAYMENT) else ""


def paid_from(tender: str, machine_id: str, payment: str = "") -> Place:
    """Who pays a sale: the credit in the machine, the customer's own with us, or a processor later."""
    if payment and tender == "remote" and (customer := customer_of(payment)):
        return store_credit(customer)
    return credit(machine_id) if tender == "cash" else receivable(tender)
