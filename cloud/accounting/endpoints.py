"""`/api/v1/accounting`: journal, trial balance, income statement, balance sheet, reversal."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.accounting import chart, months, service
from cloud.accounting.reports import BalanceSheet, IncomeStatement, TrialBalance
from cloud.accounting.rules import SealedEntry
from cloud.identity.access import Creates, Creator, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, TodayDep, refusals
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/accounting", tags=["accounting"])

_READ = [needs(Permission.BOOKS_READ)]


class PostingView(BaseModel):
    """One leg; exactly one of debit and credit is not null."""

    account_code: str
    account_name: str
    place: str
    """Sub-account: where the cash is, whose credit it is; empty where nobody asks."""
    debit: int | None
    credit: int | None


class EntryView(BaseModel):
    """One journal entry."""

    number: int
    entry_date: date
    occurred_at_ms: int
    description: str
    source: str
    reverses: int | None
    hash: str
    postings: list[PostingView]


class JournalPage(Page[EntryView]):
    """A page of the journal, newest first."""

    total: int
    """Entries of the whole journal."""
    head_hash: str
    """Hash of the newest entry: names the state of the whole journal."""


class Verification(BaseModel):
    """Whether the ledger agrees with itself."""

    is_sound: bool
    findings: list[str]
    entries: int
    head_hash: str


class Reversal(BaseModel):
    """Why an entry is undone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "posted to the wrong machine"}]})

    why: str = Field(min_length=1, max_length=200)


def entry_view(entry: SealedEntry) -> EntryView:
    """An entry with the names of its accounts."""
    return EntryView(
        number=entry.number,
        entry_date=entry.draft.entry_date,
        occurred_at_ms=entry.draft.occurred_at_ms,
        description=entry.draft.description,
        source=entry.draft.source,
        reverses=entry.draft.reverses,
        hash=entry.hash,
        postings=[
            PostingView(
                account_code=leg.account,
                account_name=chart.BY_CODE[leg.account].name_ja,
                place=leg.sub_account,
                debit=leg.amount_minor if leg.amount_minor > 0 else None,
                credit=-leg.amount_minor if leg.amount_minor < 0 else None,
            )
            for leg in entry.draft.legs
        ],
    )


@router.get("/journal", dependencies=_READ)
async def get_journal(
    database: DatabaseDep,
    asked: AskedDep,
    account: Annotated[str | None, Query(pattern=r"^\d{4}$")] = None,
    place: Annotated[str | None, Query(max_length=64, description="A sub-account, e.g. `vm-1/cash_box`.")] = None,
) -> JournalPage:
    """Entries with their postings, newest first."""
    async with database.read() as db_session:
        rows = await service.journal(
            db_session,
            limit=asked.one_more,
            before=asked.after(int),
            account=account,
            place=place,
        )
        total, head_hash = await service.head(db_session)
    page = asked.page([entry_view(row) for row in rows], lambda row: row.number)
    return JournalPage(items=page.items, next=page.next, total=total, head_hash=head_hash)


@router.get("/journal/{number}", dependencies=_READ, responses=refusals(http_404="no_such_entry"))
async def get_entry(number: RowId, database: DatabaseDep) -> EntryView:
    """One journal entry."""
    try:
        async with database.read() as db_session:
            return entry_view(await service.entry(db_session, number))
    except service.NoSuchEntryError as error:
        raise ProblemError(404, "no_such_entry", str(error)) from error


@router.get("/trial-balance", dependencies=_READ)
async def get_trial_balance(database: DatabaseDep) -> TrialBalance:
    """Every account's turnovers and balance, now."""
    async with database.read() as db_session:
        return await service.trial_balance(db_session)


@router.get("/income-statement", dependencies=_READ, responses=refusals(http_422="bad_period"))
async def get_income_statement(
    database: DatabaseDep,
    today: TodayDep,
    start: date | None = None,
    end: date | None = None,
) -> IncomeStatement:
    """Profit and loss; from the first of this month to today unless told otherwise."""
    end = end or today
    start = start or end.replace(day=1)
    if start > end:
        raise ProblemError(422, "bad_period", f"The period starts on {start}, after it ends on {end}.")
    async with database.read() as db_session:
        return await service.income_statement(db_session, start, end)


@router.get("/balance-sheet", dependencies=_READ)
async def get_balance_sheet(database: DatabaseDep, today: TodayDep, at: date | None = None) -> BalanceSheet:
    """Assets, liabilities and equity at the end of a day; today unless told otherwise."""
    async with database.read() as db_session:
        return await service.balance_sheet(db_session, at or today)


@router.get("/verification", dependencies=_READ)
async def get_verification(database: DatabaseDep) -> Verification:
    """Check the hash chain, totals against every posting, closed months against their closings. Reads everything."""
    async with database.read() as db_session:
        findings = await service.verify(db_session) + await months.verify(db_session)
        entries, head_hash = await service.head(db_session)
    return Verification(is_sound=not findings, findings=findings, entries=entries, head_hash=head_hash)


@router.post(
    "/journal/{number}/reversal",
    status_code=201,
    responses=refusals(http_404="no_such_entry", http_409="already_reversed, key_reused"),
)
async def reverse_entry(
    number: RowId,
    body: Reversal,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "entry.reversed"))],
    today: TodayDep,
) -> EntryView:
    """Undo an entry by its mirror image, dated today."""
    why = f"{body.why} ({creator.user.email})"
    try:
        async with creator.once(body, why=body.why) as work:
            if work.is_new:
                made = await service.reverse(work.db_session, number, on=today, at_ms=creator.now_ms, why=why)
                work.made = str(made)
            return entry_view(await service.entry(work.db_session, int(work.made)))
    except service.NoSuchEntryError as error:
        raise ProblemError(404, "no_such_entry", str(error)) from error
    except service.AlreadyReversedError as error:
        raise ProblemError(409, "already_reversed", str(error)) from error
