"""Payouts of card and QR processors: booked once, held against the sales, with what is still owed by age.

Commits nothing; the caller's boundary does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, documents_repository, payout_rules, repository, service
from cloud.accounting.models import Payout, PayoutLine
from cloud.accounting.payout_rules import AGES, BadSettlementError, PayoutLineBody
from cloud.accounting.places import Place
from cloud.accounting.rules import Event
from cloud.sales import refunds
from cloud.sales import service as sales

LOOKED_BACK_DAYS: Final = 92
"""Single charges are listed so far back; what is older is one sum."""
MATCHED_BACK_DAYS: Final = 200
"""A charge or a chargeback is looked for among the sales of so many days before the payout."""
MOST_OPEN: Final = 200
"""Single charges listed at most, the oldest."""


class PayoutKnownError(ValueError):
    """A payout of this name was booked before, with other figures."""

    def __init__(self, processor: str, reference: str) -> None:
        super().__init__(f"payout {reference!r} of {processor!r} was booked before; reverse its entry if it was wrong")


class NothingContestedError(ValueError):
    """There is not so much contested with this processor."""

    def __init__(self, processor: str, contested: int) -> None:
        super().__init__(f"{contested} yen are contested with {processor!r}; no more can be lost")


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a processor paid out, and who says so."""

    processor: str
    reference: str
    paid_on: date
    net_minor: int
    lines: Sequence[PayoutLineBody]
    by: str


class PayoutLineView(BaseModel):
    """One line of a payout. Yen."""

    line: int
    kind: str
    payment: str
    gross: int
    fee: int
    fee_tax: int
    finding: str
    """unknown_payment, amount_differs, settled_before, not_refunded; empty when everything fits."""
    expected: int
    """What the books had for the payment; of a refund what was still to be given back."""


class PayoutView(BaseModel):
    """One payout. Yen."""

    id: int
    processor: str
    reference: str
    paid_on: date
    gross: int
    """Charges less refunds."""
    fee: int
    fee_tax: int
    contested: int
    """Chargebacks less those that were won."""
    net: int
    """What came into the bank."""
    findings: int
    """Lines that did not fit."""
    entry_number: int
    booked_at_ms: int
    booked_by: str


class OpenCharge(BaseModel):
    """One sale no payout has brought yet. Yen."""

    sale_id: int
    payment: str
    sold_on: date
    machine_id: str
    gross: int
    days: int
    """Since it was sold."""


class Receivables(BaseModel):
    """What one processor owes, by age. Yen."""

    processor: str
    balance: int
    """Of 売掛金; negative when it is owed money."""
    contested: int
    """Of 未収入金: chargebacks that are not decided."""
    by_age: list[int]
    """Single charges of at most 7, 30, 60, 90 days, and older ones up to three months."""
    refunds: int
    """What it is to give back to customers and no payout has brought, of the same three months; not in `by_age`."""
    unexplained: int
    """The rest of the balance: differences with payouts, and what is older."""
    open_charges: list[OpenCharge]
    """The oldest first, at most 200."""


async def book(db_session: AsyncSession, settlement: Settlement, *, now_ms: int) -> int:
    """Book a payout; the same one again changes nothing.

    Args:
        db_session: a writing session.
        settlement: what the processor says.
        now_ms: ms since 1970 UTC.

    Returns:
        Its number.

    Raises:
        BadSettlementError: its lines do not add up to what was paid, or there are none.
        PayoutKnownError: one of its name has other figures.
    """
    net = payout_rules.net_of(settlement.lines)
    if not settlement.lines:
        raise BadSettlementError(["The settlement has no lines; send one for each charge, refund and fee."])
    if net != settlement.net_minor:
        raise BadSettlementError(
            [f"The lines come to {net} yen, {settlement.net_minor} yen were paid: look for the missing line or fee."]
        )
    await repository.lock_head(db_session)
    known = await documents_repository.payout_named(db_session, settlement.processor, settlement.reference)
    if known is not None:
        if (known.paid_on, known.net_minor) != (settlement.paid_on, settlement.net_minor):
            raise PayoutKnownError(settlement.processor, settlement.reference)
        return known.id
    row = Payout(
        processor=settlement.processor,
        reference=settlement.reference,
        paid_on=settlement.paid_on,
        net_minor=settlement.net_minor,
        booked_at_ms=now_ms,
        booked_by=settlement.by,
    )
    await documents_repository.add(db_session, row)
    await documents_repository.add_lines(db_session, await _checked(db_session, row.id, settlement))
    event = Event(f"payout:{row.id}", settlement.paid_on, now_ms)
    draft = payout_rules.entry(event, settlement.processor, settlement.reference, settlement.lines)
    await service.post(db_session, [draft])
    return row.id


async def _checked(db_session: AsyncSession, payout_id: int, settlement: Settlement) -> list[PayoutLine]:
    lines, last = settlement.lines, settlement.paid_on + timedelta(days=1)  # a machine's day may be ahead of ours
    payments = sorted({line.payment for line in lines if line.payment})
    charges = await sales.by_payments(db_session, payments, last - timedelta(days=MATCHED_BACK_DAYS), last)
    sold = {charge.payment: charge.gross for charge in charges}
    settled = await documents_repository.charged(db_session, payments)
    given_back = await refunds.through_processor(db_session, payments)
    brought = await documents_repository.brought_back(db_session, payments)
    to_give = {payment: amount - brought.get(payment, 0) for payment, amount in given_back.items()}
    return [
        PayoutLine(
            payout_id=payout_id,
            line=number,
            kind=row.body.kind,
            payment=row.body.payment,
            gross_minor=row.body.gross,
            fee_minor=row.body.fee,
            fee_tax_minor=row.body.fee_tax,
            finding=row.finding,
            expected_minor=row.expected_minor,
        )
        for number, row in enumerate(payout_rules.check(lines, sold, settled, to_give), start=1)
    ]


async def lose(db_session: AsyncSession, processor: str, amount_minor: int, why: str, *, on: date, now_ms: int) -> int:
    """Book that a contested chargeback was decided against us.

    Returns:
        The number of the entry.

    Raises:
        NothingContestedError: less than `amount_minor` is contested.
    """
    number, _ = await repository.lock_head(db_session)
    contested = (await _balances(db_session)).get(Place(chart.OTHER_RECEIVABLES, processor), 0)
    if amount_minor > contested:
        raise NothingContestedError(processor, contested)
    event = Event(f"chargeback:{number}", on, now_ms)
    return (await service.post(db_session, [payout_rules.lost(event, processor, amount_minor, why)]))[0]


async def clear(db_session: AsyncSession, processor: str, amount_minor: int, why: str, *, on: date, now_ms: int) -> int:
    """Take a difference off 売掛金: what will not be paid (positive) is a loss, what was too much (negative) income.

    Returns:
        The number of the entry.
    """
    number, _ = await repository.lock_head(db_session)
    event = Event(f"cleared:{number}", on, now_ms)
    return (await service.post(db_session, [payout_rules.cleared(event, processor, amount_minor, why)]))[0]


async def listing(db_session: AsyncSession, *, limit: int, before: int | None = None) -> list[PayoutView]:
    """A page of payouts, the newest first."""
    return await _views(db_session, await documents_repository.payouts(db_session, limit=limit, before=before))


async def one(db_session: AsyncSession, payout_id: int) -> PayoutView | None:
    """One payout, or None."""
    row = await documents_repository.payout(db_session, payout_id)
    return (await _views(db_session, [row]))[0] if row else None


async def lines_of(db_session: AsyncSession, payout_id: int) -> list[PayoutLineView]:
    """The lines of a payout, in order."""
    return [
        PayoutLineView(
            line=row.line,
            kind=row.kind,
            payment=row.payment,
            gross=row.gross_minor,
            fee=row.fee_minor,
            fee_tax=row.fee_tax_minor,
            finding=row.finding,
            expected=row.expected_minor,
        )
        for row in await documents_repository.lines(db_session, [payout_id])
    ]


async def _views(db_session: AsyncSession, rows: Sequence[Payout]) -> list[PayoutView]:
    lines: dict[int, list[PayoutLine]] = {row.id: [] for row in rows}
    for line in await documents_repository.lines(db_session, list(lines)):
        lines[line.payout_id].append(line)
    numbers = await repository.numbers_of(db_session, [f"payout:{row.id}#payout" for row in rows])
    return [_view(row, lines[row.id], numbers.get(f"payout:{row.id}#payout", 0)) for row in rows]


def _view(row: Payout, lines: Sequence[PayoutLine], number: int) -> PayoutView:
    gross = {kind: sum(line.gross_minor for line in lines if line.kind == kind) for kind in payout_rules.KINDS}
    return PayoutView(
        id=row.id,
        processor=row.processor,
        reference=row.reference,
        paid_on=row.paid_on,
        gross=gross["charge"] - gross["refund"],
        fee=sum(line.fee_minor for line in lines),
        fee_tax=sum(line.fee_tax_minor for line in lines),
        contested=gross["chargeback"] - gross["chargeback_won"],
        net=row.net_minor,
        findings=sum(bool(line.finding) for line in lines),
        entry_number=number,
        booked_at_ms=row.booked_at_ms,
        booked_by=row.booked_by,
    )


async def receivables(db_session: AsyncSession, today: date) -> list[Receivables]:
    """What each processor owes now, by age."""
    balances = await _balances(db_session)
    owed = {place.sub_account: amount for place, amount in balances.items() if place.account == chart.CARD_RECEIVABLE}
    contested = {
        place.sub_account: amount for place, amount in balances.items() if place.account == chart.OTHER_RECEIVABLES
    }
    names = sorted({name for name in (*owed, *contested) if owed.get(name) or contested.get(name)})
    return [await _receivables(db_session, name, owed.get(name, 0), contested.get(name, 0), today) for name in names]


async def _receivables(db_session: AsyncSession, name: str, balance: int, contested: int, today: date) -> Receivables:
    first = today - timedelta(days=LOOKED_BACK_DAYS)
    days, settled = (first, today), documents_repository.settled_charges()
    by_age = [0] * (len(AGES) + 1)
    for day, gross in (await sales.open_charges_by_day(db_session, name, days, settled)).items():
        by_age[payout_rules.class_of_age((today - day).days)] += gross
    shown = [
        OpenCharge(
            sale_id=charge.sale_id,
            payment=charge.payment,
            sold_on=charge.sold_on,
            machine_id=charge.machine_id,
            gross=charge.gross,
            days=(today - charge.sold_on).days,
        )
        for charge in await sales.open_charges(db_session, name, days, settled, limit=MOST_OPEN)
    ]
    given_back = await refunds.owed_by_processor(db_session, name, first, today)
    brought = await documents_repository.brought_back(db_session, list(given_back))
    open_refunds = sum(max(amount - brought.get(payment, 0), 0) for payment, amount in given_back.items())
    return Receivables(
        processor=name,
        balance=balance,
        contested=contested,
        by_age=by_age,
        refunds=open_refunds,
        unexplained=balance - sum(by_age) + open_refunds,
        open_charges=shown,
    )


async def _balances(db_session: AsyncSession) -> dict[Place, int]:
    rows = await service.by_place(db_session)
    return {Place(row.account, row.sub_account): row.balance_minor for row in rows}
