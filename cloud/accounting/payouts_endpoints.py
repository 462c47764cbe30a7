"""`/api/v1/accounting/payouts` and `/receivables`: what processors paid out, and what they still owe."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from cloud.accounting import payout_rules, payouts, service
from cloud.accounting.endpoints import EntryView, entry_view
from cloud.accounting.payout_rules import MOST_LINES, MOST_YEN, BadSettlementError, PayoutLineBody
from cloud.accounting.payouts import (
    NothingContestedError,
    PayoutKnownError,
    PayoutLineView,
    PayoutView,
    Receivables,
    Settlement,
)
from cloud.identity.access import Creates, Creator, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep, refusals
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/accounting", tags=["accounting"])

_READ = [needs(Permission.BOOKS_READ)]
Processor = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
"""The tender of its sales: card, remote."""
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
MAX_FILE: int = 2_000_000

_HEAD: dict[str, JsonValue] = {"processor": "card", "reference": "po_20261105", "paid_on": "2026-11-05", "net": 296}


class _PayoutHead(BaseModel):
    model_config = ConfigDict(extra="forbid")

    processor: Processor
    reference: str = Field(min_length=1, max_length=64)
    """The processor's name for the payout: the same one is booked once."""
    paid_on: Day
    net: int = Field(ge=-MOST_YEN, le=MOST_YEN)
    """What came into the bank, yen; negative when the processor took money."""


class PayoutBody(_PayoutHead):
    """A payout with its lines."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                _HEAD | {"lines": [{"kind": "charge", "payment": "r-1", "gross": 300, "fee": 4, "fee_tax": 0}]},
            ]
        },
    )

    lines: list[PayoutLineBody] = Field(min_length=1, max_length=MOST_LINES)


class SettlementFile(_PayoutHead):
    """A payout with the processor's file."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [_HEAD | {"csv": "kind,payment,gross,fee,fee_tax\ncharge,r-1,300,4,0\n"}]},
    )

    csv: str = Field(min_length=1, max_length=MAX_FILE)
    """The file's text: the columns `kind,payment,gross,fee,fee_tax`."""


class LostBody(BaseModel):
    """A chargeback that was decided against us."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 300, "why": "no receipt"}]})

    amount: int = Field(ge=1, le=MOST_YEN)
    """Yen."""
    why: str = Field(min_length=1, max_length=200)


class ClearBody(BaseModel):
    """A difference between payouts and sales that is given up."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 20, "why": "their rounding"}]})

    amount: int = Field(ge=-MOST_YEN, le=MOST_YEN)
    """Yen: positive is a loss, negative was paid too much and is income; not 0."""
    why: str = Field(min_length=1, max_length=200)

    @field_validator("amount")
    @classmethod
    def _some(cls, value: int) -> int:
        if not value:
            raise ValueError("say an amount other than 0")
        return value


def settlement_of(head: _PayoutHead, lines: list[PayoutLineBody], by: str) -> Settlement:
    """What was sent, for the books."""
    return Settlement(head.processor, head.reference, head.paid_on, head.net, lines, by)


@router.get("/receivables", dependencies=_READ)
async def get_receivables(database: DatabaseDep, today: TodayDep) -> list[Receivables]:
    """What each processor owes, by age, with the oldest charges no payout has brought."""
    async with database.read() as db_session:
        return await payouts.receivables(db_session, today)


@router.get("/payouts", dependencies=_READ)
async def get_payouts(database: DatabaseDep, asked: AskedDep) -> Page[PayoutView]:
    """Payouts, the newest first."""
    async with database.read() as db_session:
        rows = await payouts.listing(db_session, limit=asked.one_more, before=asked.after(int))
    return asked.page(rows, lambda row: row.id)


@router.get("/payouts/{number}", dependencies=_READ, responses=refusals(http_404="no_such_payout"))
async def get_payout(number: RowId, database: DatabaseDep) -> PayoutView:
    """One payout."""
    async with database.read() as db_session:
        found = await payouts.one(db_session, number)
    if found is None:
        raise ProblemError(404, "no_such_payout", f"There is no payout {number}.")
    return found


@router.get("/payouts/{number}/lines", dependencies=_READ)
async def get_payout_lines(number: RowId, database: DatabaseDep) -> list[PayoutLineView]:
    """Its lines, each with what did not fit."""
    async with database.read() as db_session:
        return await payouts.lines_of(db_session, number)


BooksPayout = Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "payout.booked"))]
_REFUSALS = refusals(http_409="payout_known, key_reused", http_422="bad_settlement")


@router.post("/payouts", status_code=201, responses=_REFUSALS)
async def book_payout(body: PayoutBody, creator: BooksPayout) -> PayoutView:
    """Book a payout: bank, fees and input tax against what the processor owed; once, however often sent."""
    return await _booked(body, body.lines, creator)


@router.post("/payouts/files", status_code=201, responses=_REFUSALS)
async def book_payout_file(body: SettlementFile, creator: BooksPayout) -> PayoutView:
    """The same from the text of a settlement file; every line that cannot be read is named."""
    try:
        lines = payout_rules.from_csv(body.csv)
    except BadSettlementError as error:
        raise ProblemError(422, "bad_settlement", str(error)) from error
    return await _booked(body, lines, creator)


async def _booked(body: _PayoutHead, lines: list[PayoutLineBody], creator: Creator) -> PayoutView:
    try:
        async with creator.once(body, processor=body.processor, reference=body.reference, net=body.net) as work:
            if work.is_new:
                settlement = settlement_of(body, lines, creator.user.email)
                work.made = str(await payouts.book(work.db_session, settlement, now_ms=creator.now_ms))
            found = await payouts.one(work.db_session, int(work.made))
    except BadSettlementError as error:
        raise ProblemError(422, "bad_settlement", str(error)) from error
    except PayoutKnownError as error:
        raise ProblemError(409, "payout_known", str(error)) from error
    assert found is not None  # noqa: S101 - it was made by this request, now or before
    return found


@router.post(
    "/receivables/{processor}/lost",
    status_code=201,
    responses=refusals(http_409="nothing_contested, key_reused"),
)
async def lose_chargeback(
    processor: str,
    body: LostBody,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "chargeback.lost"))],
    today: TodayDep,
) -> EntryView:
    """Book a contested chargeback that was decided against us as a bad debt. One that was won comes in a payout."""
    try:
        async with creator.once(body, processor=processor, amount=body.amount) as work:
            if work.is_new:
                made = await payouts.lose(
                    work.db_session, processor, body.amount, body.why, on=today, now_ms=creator.now_ms
                )
                work.made = str(made)
            return entry_view(await service.entry(work.db_session, int(work.made)))
    except NothingContestedError as error:
        raise ProblemError(409, "nothing_contested", str(error)) from error


@router.post("/receivables/{processor}/cleared", status_code=201, responses=refusals(http_409="key_reused"))
async def clear_difference(
    processor: Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")],
    body: ClearBody,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "receivable.cleared"))],
    today: TodayDep,
) -> EntryView:
    """Take a difference off what a processor owes: to other losses, or to other income."""
    async with creator.once(body, processor=processor, amount=body.amount) as work:
        if work.is_new:
            made = await payouts.clear(
                work.db_session, processor, body.amount, body.why, on=today, now_ms=creator.now_ms
            )
            work.made = str(made)
        return entry_view(await service.entry(work.db_session, int(work.made)))
