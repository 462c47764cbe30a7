"""Which tasks an event of a machine makes. Pure: event in, tasks out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cloud.staff_tasks.rules import NewTask, worth_of
from protocol.events import ChangePaid, CreditReturned, Event, FaultRaised, PaymentSettled, StaffRefused, VendFailed

FAULTS: Final = {
    "bill.lost": "bill_lost",
    "bill.uncertain": "bill_uncertain",
    "store.replaced": "store_replaced",
}
"""Fault code to the kind of task it opens. Other faults clear by themselves or by a visit and show until then."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when an event happened."""

    machine_id: str
    source: str
    """Its key: machine/epoch/seq."""
    occurred_at_ms: int


def may_need_staff(body: Event) -> bool:
    """Whether events of this kind ever make tasks: most do not, and need no further look."""
    return type(body) in _MAKERS


def tasks_of(origin: Origin, body: Event) -> list[NewTask]:
    """The tasks an event makes, each with a source of its own; most events make none."""
    found = _MAKERS.get(type(body))
    return found(origin, body) if found else []


def _vend(origin: Origin, body: VendFailed) -> list[NewTask]:
    if body.reason != "uncertain":
        return []
    task = NewTask(
        "vend_uncertain",
        origin.machine_id,
        f"{origin.source}#vend",
        origin.occurred_at_ms,
        slot=body.slot,
        product_id=body.product_id,
        amount_minor=body.price_minor,
        reference=body.vend_id,
    )
    return [task]


def _payout(origin: Origin, body: ChangePaid | CreditReturned) -> list[NewTask]:
    """What a hopper may have paid is one question, what it surely did not is a debt."""
    reference = body.vend_id if isinstance(body, ChangePaid) else ""
    parts = (
        ("payout_uncertain", "payout", body.uncertain_minor),
        ("debt", "debt", body.short_minor - body.uncertain_minor),
    )
    return [
        NewTask(
            kind,
            origin.machine_id,
            f"{origin.source}#{part}",
            origin.occurred_at_ms,
            amount_minor=amount_minor,
            claim=body.claim,
            reference=reference,
        )
        for kind, part, amount_minor in parts
        if amount_minor > 0
    ]


def _card(origin: Origin, body: PaymentSettled) -> list[NewTask]:
    if body.outcome != "claim":
        return []
    task = NewTask(
        "card_collect" if body.owed_to == "machine" else "card_refund",
        origin.machine_id,
        f"{origin.source}#card",
        origin.occurred_at_ms,
        amount_minor=body.amount_minor,
        claim=body.claim,
        reference=body.payment,
        detail=body.why,
    )
    return [task]


def _fault(origin: Origin, body: FaultRaised) -> list[NewTask]:
    kind = FAULTS.get(body.code)
    if kind is None:
        return []
    detail = " ".join(part for part in (body.where, body.detail) if part)
    source = f"{origin.source}#fault"
    worth = worth_of(body.detail) if kind == "bill_uncertain" else 0
    return [NewTask(kind, origin.machine_id, source, origin.occurred_at_ms, amount_minor=worth, detail=detail)]


LOCKS_FROM: Final = 5
"""Refusals in a row from which each one locks the maintenance for longer."""


def _refused(origin: Origin, body: StaffRefused) -> list[NewTask]:
    """Somebody tries PINs: told when it locks, not for what is tried while it is locked."""
    if body.failures < LOCKS_FROM or body.why == "locked":
        return []
    source = f"{origin.source}#locked"
    return [NewTask("staff_locked_out", origin.machine_id, source, origin.occurred_at_ms, reference=body.staff)]


_MAKERS: Final[dict[type[Event], Callable[[Origin, Any], list[NewTask]]]] = {
    VendFailed: _vend,
    ChangePaid: _payout,
    CreditReturned: _payout,
    PaymentSettled: _card,
    FaultRaised: _fault,
    StaffRefused: _refused,
}
