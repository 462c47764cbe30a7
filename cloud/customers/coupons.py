"""The door of the coupons: give one, have a machine show its price, take in that it was used. Commits nothing."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands import rules as command_rules
from cloud.commands import service as commands
from cloud.customers import repository, rules
from cloud.customers.models import Coupon
from cloud.customers.rules import CouponError, CouponState
from cloud.db import locks
from cloud.db.locks import Lock
from protocol.commands import CouponOffer
from protocol.desired import Planogram

OFFER_TTL_MS: Final = 180_000
"""So long a machine shows the price; then the coupon is open again."""


class NoSuchCouponError(LookupError):
    """A code that is nobody's, or not this customer's."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is no coupon {code!r}")


@dataclass(frozen=True, slots=True)
class Grant:
    """A coupon to be given. Amounts are yen, tax included."""

    customer_id: str
    product_id: str
    list_minor: int
    """What the product costs now; where it costs more, the coupon does not hold: it takes off no more than this."""
    price_minor: int
    """What it costs with the coupon, 0 or more and less than the list price."""
    valid_until_ms: int
    by: str
    """An account, or `agent:customer`."""
    machine_id: str = ""
    """The only machine it is good at; empty for every one."""
    reason: str = ""
    """For the customer and for people here; at most 200 characters."""


class CouponView(BaseModel):
    """A coupon: a lower price for one unit, for one customer, once."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "code": "7KQ2MXAB4D",
                    "customer_id": "0" * 32,
                    "product_id": "green-tea",
                    "machine_id": "",
                    "list_minor": 160,
                    "price_minor": 130,
                    "granted_at_ms": 1_795_143_600_000,
                    "valid_until_ms": 1_795_748_400_000,
                    "granted_by": "agent:customer",
                    "reason": "いつもありがとうございます",
                    "state": "open",
                    "offered_at": "",
                    "used_by": "",
                    "taken_off_minor": 0,
                    "ended_at_ms": 0,
                    "ended_by": "",
                }
            ]
        },
    )

    id: int
    code: str
    customer_id: str
    """Empty once the person had themselves deleted."""
    product_id: str
    machine_id: str
    """The only machine it is good at; empty for every one."""
    list_minor: int
    price_minor: int
    granted_at_ms: int
    valid_until_ms: int
    granted_by: str
    reason: str
    state: CouponState
    offered_at: str
    """The machine that shows its price now, or did last."""
    used_by: str
    """Key of the sale's event."""
    taken_off_minor: int
    """Yen the sale was cheaper by."""
    ended_at_ms: int
    ended_by: str


class MyCoupon(BaseModel):
    """A coupon as its customer sees it. Yen, tax included."""

    code: str
    product_id: str
    machine_id: str
    """The only machine it is good at; empty for every one."""
    list_price: int
    price: int
    valid_until_ms: int
    reason: str
    state: CouponState


def my_coupon(row: CouponView) -> MyCoupon:
    """A coupon as its customer sees it."""
    return MyCoupon(
        code=row.code,
        product_id=row.product_id,
        machine_id=row.machine_id,
        list_price=row.list_minor,
        price=row.price_minor,
        valid_until_ms=row.valid_until_ms,
        reason=row.reason,
        state=row.state,
    )


@dataclass(frozen=True, slots=True)
class Use:
    """A sale that names a coupon."""

    code: str
    sale: str
    """Key of its event: machine/epoch/seq."""
    taken_off_minor: int
    at_ms: int


async def grant(db_session: AsyncSession, wish: Grant, now_ms: int) -> CouponView:
    """Give a customer a coupon. What it may cost us is judged before, by who grants it.

    Args:
        db_session: a writing session.
        wish: what is to be given.
        now_ms: ms since 1970 UTC.

    Raises:
        CouponError: it takes nothing off, the price is negative, or it is good for too long.
    """
    rules.check_grant(
        list_minor=wish.list_minor, price_minor=wish.price_minor, now_ms=now_ms, valid_until_ms=wish.valid_until_ms
    )
    await repository.see(db_session, wish.customer_id, wish.machine_id, now_ms)
    row = Coupon(
        code="".join(secrets.choice(rules.ALPHABET) for _ in range(rules.CODE_LENGTH)),
        customer_id=wish.customer_id,
        product_id=wish.product_id,
        machine_id=wish.machine_id,
        list_minor=wish.list_minor,
        price_minor=wish.price_minor,
        granted_at_ms=now_ms,
        valid_until_ms=wish.valid_until_ms,
        granted_by=wish.by,
        reason=wish.reason[: rules.MOST_REASON_CHARS].replace("\0", ""),
    )
    await repository.add_coupon(db_session, row)
    return await _view(db_session, row, now_ms)


async def get(db_session: AsyncSession, code: str, now_ms: int) -> CouponView:
    """One coupon.

    Raises:
        NoSuchCouponError: there is none of that code.
    """
    row = await repository.coupon(db_session, code)
    if row is None:
        raise NoSuchCouponError(code)
    return await _view(db_session, row, now_ms)


async def open_count(db_session: AsyncSession, customer_id: str, now_ms: int) -> int:
    """How many coupons a customer could still use."""
    return await repository.live_coupons(db_session, customer_id, now_ms)


async def of_customer(db_session: AsyncSession, customer_id: str, now_ms: int, limit: int = 50) -> list[CouponView]:
    """Coupons of a customer, the newest first."""
    rows = await repository.coupons(db_session, limit=limit, customer_id=customer_id)
    return [await _view(db_session, row, now_ms) for row in rows]


async def listing(
    db_session: AsyncSession, now_ms: int, *, limit: int, before: int | None = None, customer_id: str | None = None
) -> list[CouponView]:
    """Coupons, the newest first; `before` is the number of the last row of the page before."""
    rows = await repository.coupons(db_session, limit=limit, before=before, customer_id=customer_id)
    return [await _view(db_session, row, now_ms) for row in rows]


async def offer(
    db_session: AsyncSession, code: str, customer_id: str, machine_id: str, now_ms: int
) -> tuple[CouponView, str]:
    """Have the machine the customer stands at show the coupon's price for three minutes.

    Returns:
        The coupon, and the slot that is cheaper now.

    Raises:
        NoSuchCouponError: the code is not this customer's.
        CouponError: it was used or withdrawn, has run out, is shown already, is not good here, or its product is
            dearer here than it was.
        NoSuchMachineError: nobody registered the machine.
        MachineOfflineError: it is not connected.
        CannotOrderError: it does not have the product.
    """
    await locks.take(db_session, Lock.COMMANDS)  # before the row: the interpreter takes them in this order too
    row = await repository.coupon(db_session, code, for_update=True)
    if row is None or row.customer_id != customer_id:
        raise NoSuchCouponError(code)
    state = (await _view(db_session, row, now_ms)).state
    if state != "open":
        raise CouponError(f"coupon_{state}", f"the coupon {code} is {state}")
    if row.machine_id not in {"", machine_id}:
        raise CouponError("other_machine", f"the coupon {code} is good at machine {row.machine_id} only")
    order = commands.Order(CouponOffer.KIND, partial(_build, row), is_urgent=True)
    ttl_ms = min(OFFER_TTL_MS, row.valid_until_ms - now_ms)
    asked = commands.Request(machine_id, f"coupon:{row.id}", max(ttl_ms, 1000))
    command = await commands.issue(db_session, asked, order, now_ms=now_ms)
    row.state, row.offered_at, row.command_id = "offered", machine_id, command.id
    await db_session.flush()
    return await _view(db_session, row, now_ms), str(command.args["slot"])


def _build(row: Coupon, planogram: Planogram | None) -> CouponOffer:
    slots = [one for one in planogram.slots if one.product_id == row.product_id] if planogram else []
    if planogram is not None and not slots:
        raise command_rules.CannotOrderError("no_such_product", f"the machine has no {row.product_id}")
    slot = min(slots, key=lambda one: one.price_minor).slot if slots else ""
    offer_ = command_rules.coupon_offer(planogram, slot, price_minor=row.price_minor, coupon=row.code)
    if offer_.list_minor > row.list_minor:
        why = f"{row.product_id} costs {offer_.list_minor} yen here; the coupon was given when it cost {row.list_minor}"
        raise CouponError("dearer_here", why)
    return offer_


async def withdraw(db_session: AsyncSession, code: str, by: str, now_ms: int) -> CouponView:
    """Take a coupon back. A machine that shows its price now may still sell at it; the sale then counts as its use.

    Raises:
        NoSuchCouponError: there is none of that code.
        CouponError: it was used, withdrawn, or has run out.
    """
    row = await repository.coupon(db_session, code, for_update=True)
    if row is None:
        raise NoSuchCouponError(code)
    state = (await _view(db_session, row, now_ms)).state
    if state not in {"open", "offered"}:
        raise CouponError(f"coupon_{state}", f"the coupon {code} is {state}")
    row.state, row.ended_at_ms, row.ended_by = "withdrawn", now_ms, by
    await db_session.flush()
    return await _view(db_session, row, now_ms)


async def used(db_session: AsyncSession, uses: Sequence[Use]) -> dict[str, str]:
    """Take in which sales used a coupon: what a machine sold is the truth, whatever the coupon was before.

    Returns:
        Sale to what is odd about it: the coupon was used by another sale before.
    """
    if not uses:
        return {}
    rows = await repository.coupons_of_codes(db_session, [use.code for use in uses])
    odd = {}
    for use in uses:
        row = rows.get(use.code)
        if row is None or row.used_by == use.sale:
            continue  # a price somebody offered by hand, or the same event again
        if row.used_by:
            odd[use.sale] = f"coupon {use.code} was used before, by the sale {row.used_by}"
            continue
        row.state, row.used_by, row.ended_at_ms, row.ended_by = "used", use.sale, use.at_ms, ""
        row.taken_off_minor = max(use.taken_off_minor, 0)
    await db_session.flush()
    return odd


async def holders(db_session: AsyncSession, codes: Sequence[str]) -> dict[str, str]:
    """Code to customer, for coupons that are somebody's."""
    rows = await repository.coupons_of_codes(db_session, codes)
    return {code: row.customer_id for code, row in rows.items() if row.customer_id}


async def _view(db_session: AsyncSession, row: Coupon, now_ms: int) -> CouponView:
    command = None
    if row.state == "offered":
        command = await commands.get(db_session, row.offered_at, row.command_id)
    state = rules.coupon_state(
        row.state, valid_until_ms=row.valid_until_ms, now_ms=now_ms, command_state=command.state if command else None
    )
    plain = {name: getattr(row, name) for name in CouponView.model_fields}
    return CouponView.model_validate(plain | {"state": state})


__all__ = [
    "CouponError",
    "CouponView",
    "Grant",
    "MyCoupon",
    "NoSuchCouponError",
    "Use",
    "get",
    "grant",
    "holders",
    "listing",
    "my_coupon",
    "of_customer",
    "offer",
    "open_count",
    "used",
    "withdraw",
]
