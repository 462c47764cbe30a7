"""The door of the ledger: post, reverse, report, verify. Commits nothing; the caller's boundary does."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, reports, repository, rules
from cloud.accounting.closing import closed_upto, in_open_month
from cloud.accounting.places import Place
from cloud.accounting.plain_text import EMPTY, Books
from cloud.accounting.repository import Wanted
from cloud.accounting.rules import Draft, SealedEntry

PAGE: Final = 1000
"""Entries read at a time while verifying."""

POSTED: Final = "posted_entries"
"""In a session's `info`: numbers of the entries it has posted, so that whoever began the work can name its effect."""


class NoSuchEntryError(LookupError):
    """An entry number that does not exist."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"there is no journal entry {number}")


class AlreadyReversedError(ValueError):
    """An entry is reversed once; a second mistake needs a new entry."""

    def __init__(self, number: int, by: int) -> None:
        self.number = number
        self.by = by
        super().__init__(f"journal entry {number} was reversed by entry {by}")


async def post(db_session: AsyncSession, drafts: Iterable[Draft | None]) -> list[int]:
    """Post entries in the order given; a source that has been posted is not posted again.

    What is dated into a closed month is posted on the first open day and says its true day.

    Args:
        db_session: a writing session.
        drafts: None is skipped, so that a builder may say "no money moved".

    Returns:
        The entry number of each draft that is not None, new or known.

    Raises:
        BadEntryError: one of them is not an entry; nothing of the batch is posted.
    """
    wanted = [draft for draft in drafts if draft is not None]
    if not wanted:
        return []
    before = await repository.lock_before(db_session, [draft.source for draft in wanted])
    number, last_hash, numbers = before.number, before.hash, before.numbers
    sealed: list[SealedEntry] = []
    for draft in wanted:
        if draft.source in numbers:
            continue
        number += 1
        dated = in_open_month(draft, closed_upto(before.closings, number)) if before.closings else draft
        entry = rules.seal(dated, number, last_hash)
        last_hash = entry.hash
        numbers[draft.source] = number
        sealed.append(entry)
    await repository.insert_entries(db_session, sealed)
    db_session.info.setdefault(POSTED, []).extend(entry.number for entry in sealed)
    return [numbers[draft.source] for draft in wanted]


async def reverse(db_session: AsyncSession, number: int, *, on: date, at_ms: int, why: str) -> int:
    """Undo an entry by its mirror image.

    Args:
        db_session: a writing session.
        number: of the entry to undo.
        on: day of the reversal; the past is not rewritten.
        at_ms: when it is done.
        why: one line for the journal.

    Returns:
        The number of the reversal.

    Raises:
        NoSuchEntryError: there is no such entry.
        AlreadyReversedError: it was undone before.
    """
    await repository.lock_head(db_session)  # before looking: of two who reverse at once, one is to be told
    entry = await repository.entry(db_session, number)
    if entry is None:
        raise NoSuchEntryError(number)
    draft = rules.reversal(entry.draft, number, on=on, at_ms=at_ms, why=why)
    known = await repository.numbers_of(db_session, [draft.source])
    if known:
        raise AlreadyReversedError(number, known[draft.source])
    return (await post(db_session, [draft]))[0]


async def trial_balance(db_session: AsyncSession, at: date | None = None) -> reports.TrialBalance:
    """Every account's turnovers and balance: now, or at the end of a day."""
    moved = await (repository.totals(db_session) if at is None else repository.moved_between(db_session, None, at))
    return reports.trial_balance(moved)


async def by_place(db_session: AsyncSession, account: str | None = None) -> list[reports.MovedAt]:
    """What accounts moved at their places, now; of one account, if named."""
    return await repository.totals_by_place(db_session, account)


async def balance_at(db_session: AsyncSession, place: Place) -> int:
    """What stands at one place now, in yen, debit positive."""
    return await repository.balance_at(db_session, place.account, place.sub_account)


async def balance_on(db_session: AsyncSession, account: str, at: date) -> int:
    """What stands on an account at the end of a day, in yen, debit positive."""
    return await repository.balance_upto(db_session, account, at)


async def income_statement(db_session: AsyncSession, start: date, end: date) -> reports.IncomeStatement:
    """Profit and loss from `start` to `end`, both included; entries that close a year do not count."""
    moved = await repository.moved_between(db_session, start, end)
    closed = await repository.moved_by_year_closings(db_session, start, end)
    return reports.income_statement(reports.less(moved, closed), start, end)


async def balance_sheet(db_session: AsyncSession, at: date) -> reports.BalanceSheet:
    """Assets, liabilities and equity at the end of the day `at`."""
    overpaid = await repository.overpaid(db_session, chart.OWED_TO_OTHERS, at)
    return reports.balance_sheet(await repository.moved_between(db_session, None, at), overpaid, at)


async def journal(
    db_session: AsyncSession,
    *,
    limit: int,
    offset: int = 0,
    before: int | None = None,
    account: str | None = None,
    place: str | None = None,
    days: tuple[date, date] | None = None,
) -> list[SealedEntry]:
    """A page of the journal, newest first.

    Args:
        db_session: open session.
        limit: at most so many.
        offset: skip so many.
        before: only entries with a lower number.
        account: only entries with a leg on it.
        place: only entries with a leg on this sub-account (of `account`, if named).
        days: only entries dated from the first to the last, both included.
    """
    wanted = Wanted(account=account, place=place, before=before, days=days)
    return await repository.entries(db_session, limit=limit, offset=offset, wanted=wanted)


async def entries_of_days(
    db_session: AsyncSession,
    days: tuple[date, date],
    *,
    account: str | None = None,
    place: str | None = None,
) -> AsyncIterator[SealedEntry]:
    """Every entry dated from the first to the last day, by number; read a page at a time.

    Args:
        db_session: open session.
        days: the first and the last, both included.
        account: only entries with a leg on it.
        place: only entries with a leg on this sub-account (of `account`, if named).
    """
    wanted = Wanted(account=account, place=place, days=days, after=0)
    while page := await repository.entries(db_session, limit=PAGE, wanted=wanted, newest_first=False):
        for row in page:
            yield row
        wanted = replace(wanted, after=page[-1].number)


async def entries_between(db_session: AsyncSession, first: int, last: int) -> list[SealedEntry]:
    """The entries from one number to another, both included, by number."""
    wanted = Wanted(after=first - 1, before=last + 1)
    return await repository.entries(db_session, limit=last - first + 1, wanted=wanted, newest_first=False)


async def books(db_session: AsyncSession) -> Books:
    """What an export says beside the entries; a reading session sees all of it as of one moment."""
    number, last_hash = await repository.head(db_session)
    if not number:
        return EMPTY
    return Books(
        head_number=number,
        head_hash=last_hash,
        first_day=await repository.first_day(db_session),
        last_day=await repository.last_day(db_session),
        accounts=sorted(await repository.totals(db_session), key=lambda row: row.account),
        places=[row for row in await repository.totals_by_place(db_session) if row.sub_account],
    )


async def balance_before(db_session: AsyncSession, account: str, day: date) -> int:
    """An account's balance at the beginning of a day: debit positive."""
    moved = await repository.moved_between(db_session, None, day - timedelta(days=1))
    return sum(row.debit_minor - row.credit_minor for row in moved if row.account == account)


async def entry(db_session: AsyncSession, number: int) -> SealedEntry:
    """One entry.

    Raises:
        NoSuchEntryError: there is no such entry.
    """
    found = await repository.entry(db_session, number)
    if found is None:
        raise NoSuchEntryError(number)
    return found


async def entry_count(
    db_session: AsyncSession,
    account: str | None = None,
    place: str | None = None,
    days: tuple[date, date] | None = None,
    *,
    at_most: int | None = None,
) -> int:
    """How many entries the journal has; with `account` or `place` only those with a leg on it, of days if named.

    With `at_most` no more than that are counted.
    """
    return await repository.count(db_session, account, place, days, at_most=at_most)


async def turnover(db_session: AsyncSession, account: str, days: tuple[date, date]) -> tuple[int, int]:
    """What an account moved in these days, both included: debits and credits."""
    moved = await repository.moved_between(db_session, *days)
    return next(((row.debit_minor, row.credit_minor) for row in moved if row.account == account), (0, 0))


async def numbers_of(db_session: AsyncSession, sources: Sequence[str]) -> dict[str, int]:
    """Entry numbers of those sources that have been posted."""
    return await repository.numbers_of(db_session, sources)


async def first_day(db_session: AsyncSession) -> date | None:
    """The earliest day anything is dated on; None for an empty ledger."""
    return await repository.first_day(db_session)


async def last_day(db_session: AsyncSession) -> date | None:
    """The latest day anything is dated on; None for an empty ledger."""
    return await repository.last_day(db_session)


async def earliest_after(db_session: AsyncSession, number: int) -> date | None:
    """The earliest day that what was posted after an entry is dated on; None when nothing was."""
    return await repository.earliest_after(db_session, number)


async def head(db_session: AsyncSession) -> tuple[int, str]:
    """Number and hash of the newest entry: printed on reports, equal after a faithful replay."""
    return await repository.head(db_session)


async def verify(db_session: AsyncSession) -> list[str]:
    """Check the whole ledger against itself.

    Returns:
        One sentence per finding; an empty list means that the chain is whole and the totals agree with the postings.
    """
    findings = await _verify_chain(db_session)
    kept = {row.account: row for row in await repository.totals(db_session)}
    for row in await repository.recomputed_totals(db_session):
        if kept.pop(row.account, None) != row:
            findings.append(f"the total of account {row.account} differs from its postings")
    findings += [f"account {code} has a total but no postings" for code in kept]
    newest, totalled = (await repository.head(db_session))[0], await repository.totalled_upto(db_session)
    if newest != totalled:
        findings.append(f"the totals go up to entry {totalled}, the newest is {newest}")
    return findings + await _verify_places(db_session)


async def _verify_places(db_session: AsyncSession) -> list[str]:
    kept = set(await repository.totals_by_place(db_session))
    found = set(await repository.recomputed_totals_by_place(db_session))
    odd = sorted({(row.account, row.sub_account) for row in kept ^ found})
    return [f"the total of account {account} at {place} differs from its postings" for account, place in odd]


async def _verify_chain(db_session: AsyncSession) -> list[str]:
    findings: list[str] = []
    expected, last_hash = 1, rules.GENESIS
    while page := await repository.entries(db_session, limit=PAGE, offset=expected - 1, newest_first=False):
        for entry in page:
            findings += _findings(entry, expected, last_hash)
            expected, last_hash = expected + 1, entry.hash
    return findings


def _findings(entry: SealedEntry, expected: int, last_hash: str) -> Sequence[str]:
    if entry.number != expected:
        return [f"entry {expected} is missing; {entry.number} stands in its place"]
    if entry.previous_hash != last_hash:
        return [f"entry {entry.number} does not name the hash of the entry before it"]
    if rules.entry_hash(entry.draft, entry.number, entry.previous_hash) != entry.hash:
        return [f"entry {entry.number} does not say what its hash says"]
    return []
