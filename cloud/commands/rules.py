"""The life of a command as a table, its deadlines, and what an order makes of the planogram. Pure.

Source: docs/decisions/0011.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from protocol.commands import CouponOffer, VendPaid
from protocol.desired import Planogram, PlanogramSlot

State = Literal["created", "sent", "taken", "succeeded", "failed", "rejected", "expired", "unknown"]
"""`unknown`: no answer in time. A late event still settles it; the event is the truth."""

Happening = Literal["sending", "ran_out", "no_answer", "taken", "succeeded", "failed", "rejected", "expired"]
"""The first three are the cloud's: it sends, it never could send, it waited in vain. The others are what events say."""

_EVENTS: Final[Mapping[Happening, State]] = {
    "taken": "taken",
    "succeeded": "succeeded",
    "failed": "failed",
    "rejected": "rejected",
    "expired": "expired",
}

TRANSITIONS: Final[Mapping[State, Mapping[Happening, State]]] = {
    "created": {"sending": "sent", "ran_out": "expired", **_EVENTS},
    "sent": {"sending": "sent", "no_answer": "unknown", **_EVENTS},
    "taken": {"no_answer": "unknown", **_EVENTS},
    "unknown": _EVENTS,
    # What the cloud let expire was never sent, unless the database is an old copy: then the machine knows better.
    "expired": {**_EVENTS, "taken": "expired"},
    "succeeded": {"taken": "succeeded", "succeeded": "succeeded"},
    "failed": {"taken": "failed", "failed": "failed"},
    "rejected": {"taken": "rejected", "rejected": "rejected"},
}
"""State to what may happen in it and the state after. A machine's word that comes again changes nothing."""

OPEN: Final[tuple[State, ...]] = ("created", "sent", "taken")
"""Something is still to be done or waited for."""
WAITING: Final[tuple[State, ...]] = ("created", "sent")
"""Not known to be taken: the lowest number of a machine among these is the one on its way."""
UNPAID_ENDS: Final[tuple[State, ...]] = ("failed", "rejected", "expired", "unknown")
"""Ends after which the customer's payment may have to go back."""

ANSWER_GRACE_MS: Final = 60_000
"""A command that was sent and ran out may still be answered for so long: the event travels too."""
DONE_WITHIN_MS: Final = 600_000
"""From `command.taken` to `command.done`, for what is carried out at once."""
RESEND_MS: Final = 5_000
"""Sent again after so long without a sign; harmless, because the machine takes a number once."""


class BadStepError(ValueError):
    """Something happened to a command that cannot happen in its state."""

    def __init__(self, state: str, happening: str) -> None:
        super().__init__(f"a command that is {state!r} cannot become {happening!r}")


class CannotOrderError(ValueError):
    """An order the machine's planogram does not allow. `code` is for programs."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        super().__init__(why)


def after(state: str, happening: str) -> State:
    """The state that follows.

    Raises:
        BadStepError: the table has no such step, or does not know the happening (a newer machine's outcome).
    """
    for known, steps in TRANSITIONS.items():
        if known == state:
            for name, following in steps.items():
                if name == happening:
                    return following
    raise BadStepError(state, happening)


def runs_out_at_ms(issued_at_ms: int, ttl_ms: int) -> int:
    """From this moment on it is not begun any more."""
    return issued_at_ms + ttl_ms


def overdue(state: str, kind: str, *, ends_at_ms: int, taken_at_ms: int, now_ms: int) -> Happening | None:
    """What waiting has led to, or None while there is reason to wait.

    Args:
        state: of the command.
        kind: of the command; an offer is done when it ends, not soon after it was taken.
        ends_at_ms: when it runs out.
        taken_at_ms: when the machine took it; 0 before.
        now_ms: now.
    """
    if state == "created" and now_ms >= ends_at_ms:
        return "ran_out"
    if state == "sent" and now_ms >= ends_at_ms + ANSWER_GRACE_MS:
        return "no_answer"
    if state == "taken":
        least = ends_at_ms + ANSWER_GRACE_MS if kind == CouponOffer.KIND else 0
        if now_ms >= max(taken_at_ms + DONE_WITHIN_MS, least):
            return "no_answer"
    return None


def is_due(*, conn: str, born_at_ms: int, sent_with: str, sent_at_ms: int, now_ms: int) -> bool:
    """Whether a waiting command is (again) to be sent to a machine that is online.

    Args:
        conn: nonce of the machine's present connection.
        born_at_ms: when its birth was last heard.
        sent_with: connection the command was last sent with; empty for never.
        sent_at_ms: when that was.
        now_ms: now.
    """
    return sent_with != conn or sent_at_ms < born_at_ms or now_ms - sent_at_ms >= RESEND_MS


def paid_vend(
    planogram: Planogram | None,
    slot: str,
    *,
    payment: str,
    product_id: str | None = None,
    paid_minor: int | None = None,
    coupon: str = "",
) -> VendPaid:
    """Arguments of a remote vend; what is not named is what the machine has and asks.

    Raises:
        CannotOrderError: no such slot, another product there, or more paid than the price.
    """
    row, currency = _row(planogram, slot, product_id)
    paid = row.price_minor if paid_minor is None else paid_minor
    if paid > row.price_minor:
        raise CannotOrderError("price_too_high", f"{slot} costs {row.price_minor}; {paid} is more than that")
    return VendPaid(
        slot=slot,
        product_id=row.product_id,
        list_minor=row.price_minor,
        paid_minor=paid,
        currency=currency,
        payment=payment,
        coupon=coupon,
    )


def coupon_offer(
    planogram: Planogram | None, slot: str, *, price_minor: int, coupon: str, product_id: str | None = None
) -> CouponOffer:
    """Arguments of an offer.

    Raises:
        CannotOrderError: no such slot, another product there, or a price above the list price.
    """
    row, currency = _row(planogram, slot, product_id)
    if price_minor > row.price_minor:
        raise CannotOrderError("price_too_high", f"{slot} costs {row.price_minor}; {price_minor} is no offer")
    return CouponOffer(
        slot=slot,
        product_id=row.product_id,
        list_minor=row.price_minor,
        price_minor=price_minor,
        currency=currency,
        coupon=coupon,
    )


def _row(planogram: Planogram | None, slot: str, product_id: str | None) -> tuple[PlanogramSlot, str]:
    if planogram is None:
        raise CannotOrderError("no_planogram", "the machine has not reported a planogram as applied")
    for row in planogram.slots:
        if row.slot == slot:
            if product_id not in {None, row.product_id}:
                raise CannotOrderError("other_product", f"{slot} holds {row.product_id!r}, not {product_id!r}")
            return row, planogram.currency
    raise CannotOrderError("no_such_slot", f"the machine has no slot {slot}")


STATES: Final[tuple[State, ...]] = get_args(State)
HAPPENINGS: Final[tuple[Happening, ...]] = get_args(Happening)
