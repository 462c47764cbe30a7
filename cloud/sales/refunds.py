"""The door of refunds: give a recorded sale back, whole or in part, once. Commits nothing; the caller's boundary does.

Who may refund how much without asking is not decided here.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import places, refund_rules
from cloud.accounting import service as accounting
from cloud.accounting.places import Place
from cloud.accounting.rules import Event
from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import service as inventory
from cloud.inventory.service import Movement, slot_place
from cloud.kit.clock import local_day
from cloud.sales import refund_repository, repository
from cloud.sales.models import Refund, Sale
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.rules import NewTask

Wanted = Literal["original", "claim", "store_credit"]
"""How the customer is to get it: as it was paid (cash becomes a claim), as cash for a claim code, as store credit."""
Method = Literal["claim", "processor", "store_credit"]
"""Who owes it now: we, in cash, to whoever shows the code; the processor that took the payment; we, in goods."""

CLAIM_BYTES: Final = 4
"""Of the code: nobody guesses one of a few open claims among four thousand million."""
TEXT_LENGTH: Final = 500
CUSTOMER_LENGTH: Final = 40


class NoSuchSaleError(LookupError):
    """A sale that nobody recorded."""

    def __init__(self, sale_id: int) -> None:
        super().__init__(f"there is no sale {sale_id}")


class NoSuchRefundError(LookupError):
    """A refund that nobody made."""

    def __init__(self, refund_id: int) -> None:
        super().__init__(f"there is no refund {refund_id}")


class RefundRefusedError(ValueError):
    """A refund that cannot be; `code` is for programs."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        super().__init__(why)


class RefundView(BaseModel):
    """Money given back for a sale. Yen."""

    id: int
    sale_id: int
    machine_id: str
    product_id: str
    tender: str
    """Of the sale: cash, card or remote."""
    payment: str
    """Of the sale; empty for cash."""
    method: Method
    customer: str
    claim: str
    """What the customer shows to get the cash."""
    gross: int
    tax_percent: int
    tax: int
    net: int
    units_back: int
    """1 when the goods are in the slot again."""
    cost: int
    """Of goods that came back."""
    reason: str
    refunded_by: str
    refunded_at_ms: int
    refunded_on: date
    entry_number: int
    """Its journal entry."""


@dataclass(frozen=True, slots=True)
class How:
    """What else there is to say of a refund."""

    method: Wanted = "original"
    customer: str = ""
    """Whose store credit it becomes; only for that method, at most 40 characters."""
    goods_back: bool = False
    """The unit is in its slot again, as good as new."""
    key: str = ""
    """The caller's name for it: the same one again gives the refund it made and changes nothing. At most 120."""
    claim: str = ""
    """The code for cash that is owed, if one is; empty draws one that nobody guesses."""
    timezone: str = "Asia/Tokyo"
    """Says which day it is."""


AS_PAID: Final = How()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a refund will be, before it is written."""

    method: Method
    owed_to: Place
    tax_minor: int


async def refund(
    db_session: AsyncSession,
    sale_id: int,
    amount_minor: int,
    reason: str,
    by: str,
    now_ms: int,
    how: How = AS_PAID,
) -> RefundView:
    """Give money back for a sale: books, stock and, for cash, the task to hand it over.

    Args:
        db_session: a writing session.
        sale_id: row number of a completed sale.
        amount_minor: yen, tax included: at least 1, at most what was paid less what was given back before.
        reason: why, for people; not empty, at most 500 characters.
        by: who decided it.
        now_ms: ms since 1970 UTC; the refund is of this day, whenever the sale was.
        how: how the customer is to get it, and more.

    Returns:
        The refund.

    Raises:
        NoSuchSaleError: there is no such sale.
        RefundRefusedError: `not_sold` nothing was charged, `too_much` more than is left, `wrong_method`, `no_reason`,
            `goods_back_before`, `key_reused` the key made another refund.
    """
    await locks.take(db_session, Lock.BOOKS)
    sale = await repository.get(db_session, sale_id)
    if sale is None:
        raise NoSuchSaleError(sale_id)
    if how.key and (known := await refund_repository.by_key(db_session, how.key)) is not None:
        _check_same(known, sale, amount_minor)
        return await get(db_session, known.id)
    before = await refund_repository.of_sale(db_session, _key_of(sale))
    _check(sale, amount_minor, reason, goods_back=how.goods_back, before=before)
    plan = _plan(sale, amount_minor, how, before)
    row = Refund(
        machine_id=sale.machine_id,
        epoch=sale.epoch,
        seq=sale.seq,
        product_id=sale.product_id,
        tender=sale.tender,
        payment=sale.payment,
        method=plan.method,
        customer=how.customer or (places.customer_of(sale.payment) if plan.method == "store_credit" else ""),
        claim=(how.claim or secrets.token_hex(CLAIM_BYTES).upper()) if plan.method == "claim" else "",
        gross_minor=amount_minor,
        tax_percent=sale.tax_percent,
        tax_minor=plan.tax_minor,
        net_minor=amount_minor - plan.tax_minor,
        units_back=int(how.goods_back),
        cost_minor=sale.cost_minor if how.goods_back else 0,
        reason=reason,
        refunded_by=by,
        refunded_at_ms=now_ms,
        refunded_on=local_day(now_ms, how.timezone),
        key=how.key or None,
    )
    await refund_repository.add(db_session, row)
    await _post(db_session, row, sale, plan.owed_to)
    if plan.method == "claim":
        await staff_tasks.open_tasks(db_session, [_task(row, sale)])
    return await get(db_session, row.id)


def _key_of(sale: Sale) -> repository.EventKey:
    return sale.machine_id, sale.epoch, sale.seq


def _check_same(known: Refund, sale: Sale, amount_minor: int) -> None:
    if (known.machine_id, known.epoch, known.seq, known.gross_minor) != (*_key_of(sale), amount_minor):
        why = f"key {known.key!r} made refund {known.id} of {known.gross_minor} yen; use another key for another refund"
        raise RefundRefusedError("key_reused", why)


def _check(sale: Sale, amount_minor: int, reason: str, *, goods_back: bool, before: Sequence[Refund]) -> None:
    if sale.status != "completed":
        raise RefundRefusedError("not_sold", f"sale {sale.id} failed and nothing was charged for it")
    left = sale.gross_minor - sum(row.gross_minor for row in before)
    if not 1 <= amount_minor <= left:
        why = f"{left} of {sale.gross_minor} yen are left of sale {sale.id}; {amount_minor} cannot be given back"
        raise RefundRefusedError("too_much", why)
    if not reason.strip() or len(reason) > TEXT_LENGTH:
        raise RefundRefusedError("no_reason", f"say why, in at most {TEXT_LENGTH} characters")
    if goods_back and any(row.units_back for row in before):
        raise RefundRefusedError("goods_back_before", f"the unit of sale {sale.id} came back with an earlier refund")


def _plan(sale: Sale, amount_minor: int, how: How, before: Sequence[Refund]) -> _Plan:
    if (how.method == "store_credit") != bool(how.customer) or len(how.customer) > CUSTOMER_LENGTH:
        why = f"name the customer (at most {CUSTOMER_LENGTH} characters) for store credit, and only for that"
        raise RefundRefusedError("wrong_method", why)
    tax = refund_rules.tax_back(
        tax_minor=sale.tax_minor,
        tax_back_before=sum(row.tax_minor for row in before),
        left_minor=sale.gross_minor - sum(row.gross_minor for row in before),
        amount_minor=amount_minor,
        percent=sale.tax_percent,
    )
    payer = places.customer_of(sale.payment)
    if payer and (how.method == "claim" or how.customer not in {"", payer}):
        raise RefundRefusedError("wrong_method", "it was paid with a customer's own credit; give it back to that")
    if how.method == "store_credit" or payer:
        return _Plan("store_credit", places.store_credit(how.customer or payer), tax)
    if how.method == "original" and sale.tender != "cash":
        return _Plan("processor", places.receivable(sale.tender), tax)
    return _Plan("claim", places.claims(sale.machine_id), tax)


async def _post(db_session: AsyncSession, row: Refund, sale: Sale, owed_to: Place) -> None:
    event = Event(f"refund:{row.id}", row.refunded_on, row.refunded_at_ms)
    name = (await catalogue.load(db_session)).name_at(sale.product_id, sale.occurred_at_ms)
    source = f"{sale.machine_id}/{sale.epoch}/{sale.seq}#sale"
    number = (await accounting.numbers_of(db_session, [source])).get(source)
    text = f"{name} (売上 #{number})" if number else name
    drafts = [
        refund_rules.refunded(event, text, net_minor=row.net_minor, tax_minor=row.tax_minor, owed_to=owed_to),
    ]
    if row.units_back:
        place = slot_place(sale.machine_id, sale.slot)
        movement = Movement(
            event.source, sale.product_id, 1, row.refunded_at_ms, to_place=place, cost_minor=row.cost_minor
        )
        (cost,) = await inventory.move(db_session, [movement])
        drafts.append(
            refund_rules.goods_back(event, text, into_stock_minor=cost.stock_minor, settled_minor=cost.uncovered_minor)
        )
    await accounting.post(db_session, drafts)


def _task(row: Refund, sale: Sale) -> NewTask:
    return NewTask(
        "refund_claim",
        row.machine_id,
        f"refund:{row.id}",
        row.refunded_at_ms,
        slot=sale.slot,
        product_id=row.product_id,
        amount_minor=row.gross_minor,
        claim=row.claim,
        reference=sale.vend_id,
        detail=row.reason,
    )


async def get(db_session: AsyncSession, refund_id: int) -> RefundView:
    """One refund.

    Raises:
        NoSuchRefundError: there is no such refund.
    """
    found = await refund_repository.one(db_session, refund_id)
    if not found:
        raise NoSuchRefundError(refund_id)
    return (await _views(db_session, found))[0]


async def listing(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    sale_id: int | None = None,
    days: tuple[date, date] | None = None,
    **names: str | None,
) -> list[RefundView]:
    """A page of refunds, the newest first; `days` both included, `names` of machine_id, product_id or tender."""
    rows = await refund_repository.page(db_session, limit=limit, before=before, sale_id=sale_id, days=days, names=names)
    return await _views(db_session, rows)


async def _views(db_session: AsyncSession, rows: Sequence[tuple[Refund, int]]) -> list[RefundView]:
    sources = {row.id: f"refund:{row.id}#refund" for row, _ in rows}
    numbers = await accounting.numbers_of(db_session, list(sources.values()))
    return [
        RefundView.model_validate(
            {
                "id": row.id,
                "sale_id": sale_id,
                "machine_id": row.machine_id,
                "product_id": row.product_id,
                "tender": row.tender,
                "payment": row.payment,
                "method": row.method,
                "customer": row.customer,
                "claim": row.claim,
                "gross": row.gross_minor,
                "tax_percent": row.tax_percent,
                "tax": row.tax_minor,
                "net": row.net_minor,
                "units_back": row.units_back,
                "cost": row.cost_minor,
                "reason": row.reason,
                "refunded_by": row.refunded_by,
                "refunded_at_ms": row.refunded_at_ms,
                "refunded_on": row.refunded_on,
                "entry_number": numbers[sources[row.id]],
            }
        )
        for row, sale_id in rows
    ]


async def through_processor(db_session: AsyncSession, payments: Sequence[str]) -> dict[str, int]:
    """Payment to the yen its processor is to give back, of those payments that have any."""
    return await refund_repository.through_processor(db_session, payments)


async def owed_by_processor(db_session: AsyncSession, tender: str, first: date, last: date) -> dict[str, int]:
    """Payment to the yen the processor of a tender is to give back, refunded from `first` to `last`."""
    return await refund_repository.owed_by_processor(db_session, tender, first, last)
