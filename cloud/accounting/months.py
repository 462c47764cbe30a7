"""Closing and reopening months. Commits nothing; the caller's boundary does.

What the ledger cannot know itself (goods, machines, tasks) is passed in: `Outside`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, closing, counting, documents_repository, repository
from cloud.accounting.closing import Facts, Finding
from cloud.accounting.models import MonthClosing


class WrongMonthError(ValueError):
    """A month that cannot be closed now, or that is not the one to reopen."""

    def __init__(self, last_day: date, why: str) -> None:
        self.last_day = last_day
        super().__init__(f"{last_day:%Y-%m}: {why}")


class NotInOrderError(ValueError):
    """There are findings, and nobody has accepted them (or nobody may)."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        super().__init__("not in order: " + ", ".join(row.code for row in findings))


@dataclass(frozen=True, slots=True)
class Outside:
    """What the rest of the business says before a month is closed. Fields as in `Facts`."""

    pools_minor: int
    pools_at_end_minor: int
    """What the stock at the end of the month had cost."""
    open_tasks: int
    silent_machines: Sequence[str]
    gaps: Sequence[str]
    negative_products: Sequence[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Who does it, and when."""

    email: str
    at_ms: int


class ClosingView(BaseModel):
    """One closing of a month."""

    id: int
    month: str
    """2026-11."""
    last_day: date
    closed_at_ms: int
    closed_by: str
    head_number: int
    """Newest entry at the closing."""
    head_hash: str
    trial_sha256: str
    """Of the trial balance at the end of the month."""
    despite: list[str]
    """Findings that were accepted."""
    is_closed: bool
    reopened_at_ms: int
    reopened_by: str
    reopened_why: str


async def listing(db_session: AsyncSession) -> list[ClosingView]:
    """Every closing, the newest first."""
    return [_view(row) for row in reversed(await repository.closings(db_session))]


async def closed_upto(db_session: AsyncSession) -> date | None:
    """The last day that is closed now."""
    rows = await repository.closing_marks(db_session)
    number, _ = await repository.head(db_session)
    return closing.closed_upto(rows, number + 1)


async def checks(
    db_session: AsyncSession, last_day: date, outside: Outside, begun_ms: int, over_ms: int
) -> list[Finding]:
    """What is not in order for closing the month that ends on `last_day`.

    Args:
        db_session: open session.
        last_day: of the month.
        outside: what others say.
        begun_ms: when the month began, ms since 1970 UTC.
        over_ms: when it was over.
    """
    cash = await counting.cash_at(db_session, last_day, over_ms)
    counted_ms = await repository.newest_counts(db_session)  # counting on the first of the next month is as good
    goods = sum(
        row.debit_minor - row.credit_minor for row in await repository.totals(db_session) if row.account == chart.GOODS
    )
    facts = Facts(
        moved=await repository.moved_between(db_session, None, last_day),
        goods_minor=goods,
        pools_minor=outside.pools_minor,
        unplaced_cash_minor=cash.unplaced,
        open_tasks=outside.open_tasks,
        silent_machines=outside.silent_machines,
        gaps=outside.gaps,
        uncounted_machines=[
            row.machine_id for row in cash.machines if row.total and counted_ms.get(row.machine_id, 0) < begun_ms
        ],
        negative_products=outside.negative_products,
    )
    return closing.findings(facts) + closing.goods_at_end(facts.moved, outside.pools_at_end_minor)


async def close(
    db_session: AsyncSession,
    last_day: date,
    findings: Sequence[Finding],
    *,
    despite: Sequence[str],
    today: date,
    by: Person,
) -> ClosingView:
    """Close a month: from now on nothing is dated into it or into a day before it.

    Args:
        db_session: a writing session.
        last_day: of the month.
        findings: what `checks` found in this session.
        despite: codes of findings that the person accepts.
        today: the operator's.
        by: who closes it.

    Raises:
        WrongMonthError: it is not over yet, is closed already, or an earlier one is still open.
        NotInOrderError: findings that were not accepted, or that nobody may accept.
    """
    number, head_hash = await repository.lock_head(db_session)
    if last_day >= today:
        raise WrongMonthError(last_day, "is not over yet")
    before = await closed_upto(db_session)
    if before is not None and last_day <= before:
        raise WrongMonthError(last_day, "is closed already")
    if before is not None and last_day != closing.following(before):
        raise WrongMonthError(last_day, f"close {closing.following(before):%Y-%m} first")
    left = [row for row in findings if row.is_blocking or row.code not in despite]
    if left:
        raise NotInOrderError(left)
    row = MonthClosing(
        last_day=last_day,
        closed_at_ms=by.at_ms,
        closed_by=by.email,
        head_number=number,
        head_hash=head_hash,
        trial_sha256=await _trial(db_session, last_day),
        despite=[row.code for row in findings],
        reopened_at_ms=0,
        reopened_by="",
        reopened_why="",
        reopened_head=0,
    )
    await repository.add_closing(db_session, row)
    return _view(row)


async def reopen(
    db_session: AsyncSession, last_day: date, why: str, by: Person, *, is_with_year: bool = False
) -> ClosingView:
    """Open the newest closed month again.

    Args:
        db_session: a writing session.
        last_day: of the month.
        why: stays on record.
        by: who opens it.
        is_with_year: the year that ends with it is opened too (`years.undo`).

    Raises:
        WrongMonthError: it is not closed, a later month is, or its year is.
    """
    number, _ = await repository.lock_head(db_session)
    year = await documents_repository.closed_year_upto(db_session)
    if year is not None and last_day <= year and not is_with_year:
        raise WrongMonthError(last_day, "belongs to a closed year; open the year")
    if await closed_upto(db_session) != last_day:
        raise WrongMonthError(last_day, "is not the newest closed month")
    rows = [row for row in await repository.closings(db_session) if row.last_day == last_day and not row.reopened_at_ms]
    row = rows[-1]
    row.reopened_at_ms, row.reopened_by, row.reopened_why, row.reopened_head = by.at_ms, by.email, why, number
    await db_session.flush()
    return _view(row)


async def verify(db_session: AsyncSession) -> list[str]:
    """Whether each closed month still has the trial balance it was closed with.

    Returns:
        One sentence per finding.
    """
    return [
        f"the books up to {row.last_day} are not those that were closed"
        for row in await repository.closings(db_session)
        if not row.reopened_at_ms and await _trial(db_session, row.last_day) != row.trial_sha256
    ]


async def _trial(db_session: AsyncSession, last_day: date) -> str:
    return closing.trial_sha256(await repository.moved_between(db_session, None, last_day))


def _view(row: MonthClosing) -> ClosingView:
    return ClosingView(
        id=row.id,
        month=f"{row.last_day:%Y-%m}",
        last_day=row.last_day,
        closed_at_ms=row.closed_at_ms,
        closed_by=row.closed_by,
        head_number=row.head_number,
        head_hash=row.head_hash,
        trial_sha256=row.trial_sha256,
        despite=row.despite,
        is_closed=not row.reopened_at_ms,
        reopened_at_ms=row.reopened_at_ms,
        reopened_by=row.reopened_by,
        reopened_why=row.reopened_why,
    )
