"""All queries of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from cloud.accounting import chart
from cloud.accounting.closing import Closing
from cloud.accounting.models import (
    AccountDay,
    AccountTotal,
    CashCount,
    CashCountLine,
    JournalEntry,
    LedgerTotalled,
    MonthClosing,
    Posting,
    SubAccountTotal,
)
from cloud.accounting.reports import Moved, MovedAt
from cloud.accounting.rules import GENESIS, Draft, Leg, SealedEntry
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.db.statements import ByKeys, insert_many, only, slices

_POSTINGS: Any = Posting.__table__
_ENTRIES: Any = JournalEntry.__table__
_TOTAL: Any = AccountTotal.__table__
_CLOSINGS: Any = MonthClosing.__table__

POSTING_COLUMNS: Final = ("entry_number", "line", "account_code", "amount_minor", "sub_account")
ENTRY_COLUMNS: Final = (
    "number",
    "entry_date",
    "occurred_at_ms",
    "description",
    "source",
    "reverses",
    "previous_hash",
    "hash",
)


# What every posting asks, made once and of the tables themselves: the ORM's share of a short query is the larger one.
_HEAD: Final = select(_ENTRIES.c.number, _ENTRIES.c.hash).order_by(_ENTRIES.c.number.desc()).limit(1)
_NUMBERS: Final = ByKeys(select(_ENTRIES.c.source, _ENTRIES.c.number), _ENTRIES.c.source)
_TOTALS: Final = select(_TOTAL.c.account_code, _TOTAL.c.debit_minor, _TOTAL.c.credit_minor)
_CLOSED: Final = select(
    _CLOSINGS.c.last_day, _CLOSINGS.c.head_number, _CLOSINGS.c.reopened_head, _CLOSINGS.c.reopened_at_ms
).order_by(_CLOSINGS.c.id)

# The three of them in one statement: a trip to the database costs more than any of them. Rows are told apart by `what`.
_NO_DAY: Final = cast(null(), Date)
_NO_NUMBER: Final = cast(null(), BigInteger)
_NEWEST: Final = _HEAD.subquery()
_BEFORE: Final = ByKeys(
    select(
        literal_column("'known'").label("what"),
        _ENTRIES.c.number.label("number"),
        _ENTRIES.c.source.label("text"),
        _NO_DAY.label("day"),
        _NO_NUMBER.label("reopened"),
    ),
    _ENTRIES.c.source,
    select(literal_column("'head'"), _NEWEST.c.number, _NEWEST.c.hash, _NO_DAY, _NO_NUMBER),
    select(
        literal_column("'closed'"),
        _CLOSINGS.c.head_number,
        literal_column("''"),
        _CLOSINGS.c.last_day,
        case((_CLOSINGS.c.reopened_at_ms > 0, _CLOSINGS.c.reopened_head), else_=_NO_NUMBER),
    ),
)


@dataclass(slots=True)
class Before:
    """What a posting must know of the ledger."""

    number: int = 0
    """Of the newest entry."""
    hash: str = GENESIS
    """Of the newest entry."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Of the entries whose sources were asked for and have been posted."""
    closings: list[Closing] = field(default_factory=list)
    """In no order."""


async def lock_before(db_session: AsyncSession, sources: Sequence[str]) -> Before:
    """The newest entry, which of these sources have been posted, and the closings. Nobody else posts until commit."""
    await locks.take(db_session, Lock.BOOKS)
    found = Before()
    for what, number, said, day, reopened in await _BEFORE.rows(db_session, sources):
        if what == "known":
            found.numbers[said] = number
        elif what == "head":
            found.number, found.hash = number, said
        else:
            found.closings.append(Closing(day, number, reopened))
    return found


async def lock_head(db_session: AsyncSession) -> tuple[int, str]:
    """Number and hash of the newest entry; (0, `GENESIS`) for an empty ledger. Nobody else posts until commit."""
    await locks.take(db_session, Lock.BOOKS)
    return await head(db_session)


async def head(db_session: AsyncSession) -> tuple[int, str]:
    """Number and hash of the newest entry."""
    row = (await db_session.execute(_HEAD)).first()
    return (row.number, row.hash) if row else (0, GENESIS)


async def numbers_of(db_session: AsyncSession, sources: Sequence[str]) -> dict[str, int]:
    """Entry numbers of those sources that have been posted."""
    return {row.source: row.number for row in await _NUMBERS.rows(db_session, sources)}


async def insert_entries(db_session: AsyncSession, entries: Sequence[SealedEntry]) -> None:
    """Write postings, then the entries that seal them. The database checks every rule again."""
    if not entries:
        return
    postings = [
        (entry.number, line, account, amount_minor, sub_account)
        for entry in entries
        for line, (account, amount_minor, sub_account) in enumerate(entry.draft.legs, start=1)
    ]
    rows = [
        (
            entry.number,
            draft.entry_date,
            draft.occurred_at_ms,
            draft.description,
            draft.source,
            draft.reverses,
            entry.previous_hash,
            entry.hash,
        )
        for entry in entries
        for draft in (entry.draft,)
    ]
    await insert_many(db_session, _POSTINGS, POSTING_COLUMNS, postings)
    await insert_many(db_session, _ENTRIES, ENTRY_COLUMNS, rows)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is None does not matter."""

    account: str | None = None
    """With a leg on this account."""
    place: str | None = None
    """With a leg on this sub-account (of `account`, if named)."""
    days: tuple[date, date] | None = None
    """Dated from the first to the last, both included."""
    before: int | None = None
    """With a lower number."""
    after: int | None = None
    """With a higher number."""


EVERY: Final = Wanted()


async def entries(
    db_session: AsyncSession,
    *,
    limit: int,
    wanted: Wanted = EVERY,
    offset: int = 0,
    newest_first: bool = True,
) -> list[SealedEntry]:
    """A page of the journal, with legs.

    Args:
        db_session: open session.
        limit: at most so many.
        wanted: which.
        offset: skip so many.
        newest_first: the order.
    """
    legs_there = _on(wanted.account, wanted.place)
    query = select(JournalEntry)
    if legs_there:
        among_legs = wanted.days is None or (newest_first and await _is_recent(db_session, wanted.days))
        if among_legs:
            numbers = _numbers_among_legs(legs_there, wanted)
        else:
            numbers = _numbers_of_days(legs_there, await _in_stretch(db_session, wanted))
        (number,) = numbers.selected_columns
        numbers = numbers.order_by(number.desc() if newest_first else number).limit(limit).offset(offset)
        query = query.where(JournalEntry.number.in_(numbers))
    else:
        query = query.where(*_within(JournalEntry.number, wanted)).limit(limit).offset(offset)
        if wanted.days is not None:
            query = query.where(JournalEntry.entry_date.between(*wanted.days))
    query = query.order_by(JournalEntry.number.desc() if newest_first else JournalEntry.number)
    rows = list((await db_session.scalars(query)).all())
    legs = await _legs(db_session, [row.number for row in rows])
    return [_sealed(row, legs.get(row.number, [])) for row in rows]


async def entry(db_session: AsyncSession, number: int) -> SealedEntry | None:
    """One entry, or None."""
    row = await db_session.get(JournalEntry, number)
    if row is None:
        return None
    return _sealed(row, (await _legs(db_session, [number])).get(number, []))


RECENT_DAYS: Final = 100


async def _is_recent(db_session: AsyncSession, days: tuple[date, date]) -> bool:
    """Whether the newest entries of these days lie near the end of the journal."""
    newest = await db_session.scalar(select(func.max(JournalEntry.entry_date)))
    return newest is None or (newest - days[1]).days < RECENT_DAYS


def _numbers_among_legs(legs_there: list[ColumnElement[bool]], wanted: Wanted) -> Select[int]:
    """Walks the legs of the account: in all the journal it may be the rarest."""
    query = select(Posting.entry_number).where(*legs_there, *_within(Posting.entry_number, wanted)).distinct()
    if wanted.days is not None:
        query = query.join(JournalEntry, JournalEntry.number == Posting.entry_number)
        query = query.where(JournalEntry.entry_date.between(*wanted.days))
    return query


async def _in_stretch(db_session: AsyncSession, wanted: Wanted) -> Wanted:
    """The same with the stretch of the journal in which its days lie: a walk by number begins and ends there."""
    if wanted.days is None:
        return wanted
    ends = select(func.min(JournalEntry.number), func.max(JournalEntry.number))
    found: Any = (await db_session.execute(ends.where(JournalEntry.entry_date.between(*wanted.days)))).one()
    first, last = found
    if first is None:
        return wanted
    after, before = max(wanted.after or 0, first - 1), min(wanted.before or last + 1, last + 1)
    return replace(wanted, after=after, before=before)


def _numbers_of_days(legs_there: list[ColumnElement[bool]], wanted: Wanted) -> Select[int]:
    """Walks the days: for a month long ago, and for reading a month from its beginning."""
    there = exists().where(Posting.entry_number == JournalEntry.number, *legs_there)
    query = select(JournalEntry.number).where(there, *_within(JournalEntry.number, wanted))
    return query if wanted.days is None else query.where(JournalEntry.entry_date.between(*wanted.days))


def _within(number: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The ends of the stretch of the journal that is wanted."""
    found: list[ColumnElement[bool]] = []
    if wanted.before is not None:
        found.append(number < wanted.before)
    if wanted.after is not None:
        found.append(number > wanted.after)
    return found


def _on(account: str | None, place: str | None) -> list[ColumnElement[bool]]:
    """Legs of an account, of a place, or of a place of an account."""
    wanted = ((Posting.account_code, account), (Posting.sub_account, place))
    return [column == value for column, value in wanted if value]


async def count(
    db_session: AsyncSession,
    account: str | None = None,
    place: str | None = None,
    days: tuple[date, date] | None = None,
    *,
    at_most: int | None = None,
) -> int:
    """How many entries there are, or how many have a leg on `account`, on `place`, or are of these days.

    With `at_most` it stops counting there: half a million entries of an account are not counted for every page.
    """
    legs_there = _on(account, place)
    numbers: Any
    if days is not None:
        numbers = select(JournalEntry.number).where(JournalEntry.entry_date.between(*days))
        if legs_there:
            numbers = numbers.where(exists().where(Posting.entry_number == JournalEntry.number, *legs_there))
    elif legs_there:
        numbers = select(Posting.entry_number).where(*legs_there).distinct()
    else:
        return (await head(db_session))[0]  # numbers have no gaps
    query = select(func.count()).select_from(numbers.limit(at_most).subquery())
    return int(await db_session.scalar(query) or 0)


async def _legs(db_session: AsyncSession, numbers: Sequence[int]) -> dict[int, list[Leg]]:
    found: dict[int, list[Leg]] = {}
    for part in slices(numbers):
        query = (
            select(Posting.entry_number, Posting.account_code, Posting.amount_minor, Posting.sub_account)
            .where(Posting.entry_number.in_(part))
            .order_by(Posting.entry_number, Posting.line)
        )
        for row in await db_session.execute(query):
            found.setdefault(row.entry_number, []).append(Leg(row.account_code, row.amount_minor, row.sub_account))
    return found


def _sealed(row: JournalEntry, legs: list[Leg]) -> SealedEntry:
    draft = Draft(row.source, row.entry_date, row.occurred_at_ms, row.description, tuple(legs), row.reverses)
    return SealedEntry(row.number, draft, row.previous_hash, row.hash)


async def totals(db_session: AsyncSession) -> list[Moved]:
    """What each account ever moved; a read of one small table."""
    return [Moved(*row) for row in await db_session.execute(_TOTALS)]


async def moved_between(db_session: AsyncSession, start: date | None, end: date) -> list[Moved]:
    """What each account moved from `start` (None: ever) to `end`, both included."""
    query = (
        select(AccountDay.account_code, func.sum(AccountDay.debit_minor), func.sum(AccountDay.credit_minor))
        .where(AccountDay.day <= end)
        .group_by(AccountDay.account_code)
    )
    if start is not None:
        query = query.where(AccountDay.day >= start)
    return [Moved(code, int(debit), int(credit)) for code, debit, credit in await db_session.execute(query)]


async def balance_upto(db_session: AsyncSession, account: str, day: date) -> int:
    """What stands on an account at the end of a day, debit positive."""
    moved = func.sum(AccountDay.debit_minor - AccountDay.credit_minor)
    query = select(moved).where(AccountDay.account_code == account, AccountDay.day <= day)
    return int(await db_session.scalar(query) or 0)


async def overpaid(db_session: AsyncSession, accounts: Sequence[str], at: date) -> dict[str, int]:
    """Account to what places of it have in debit at the end of a day: of debts, what others owe us. Zeros left out."""
    newest = await last_day(db_session)
    places = _balances_now(accounts) if newest is None or newest <= at else _balances_upto(accounts, at)
    found = places.subquery()
    query = select(found.c.account_code, func.sum(found.c.yen)).where(found.c.yen > 0).group_by(found.c.account_code)
    return {code: int(yen) for code, yen in await db_session.execute(query)}


def _balances_now(accounts: Sequence[str]) -> Select[str, int]:
    """What stands at each place of accounts, of the totals."""
    yen = (SubAccountTotal.debit_minor - SubAccountTotal.credit_minor).label("yen")
    return select(SubAccountTotal.account_code, yen).where(SubAccountTotal.account_code.in_(accounts))


def _balances_upto(accounts: Sequence[str], at: date) -> Select[str, int]:
    """What stood at each place of accounts at the end of a day; adds up all their legs until then."""
    return (
        select(Posting.account_code, func.sum(Posting.amount_minor).label("yen"))
        .join(JournalEntry, JournalEntry.number == Posting.entry_number)
        .where(Posting.account_code.in_(accounts), Posting.sub_account != "", JournalEntry.entry_date <= at)
        .group_by(Posting.account_code, Posting.sub_account)
    )


async def moved_by_year_closings(db_session: AsyncSession, start: date, end: date) -> list[Moved]:
    """What the entries that close a year (and those that undo one) moved from `start` to `end`."""
    closing = select(JournalEntry.number).where(JournalEntry.source >= "year:", JournalEntry.source < "year;")
    of_a_closing = or_(JournalEntry.number.in_(closing), JournalEntry.reverses.in_(closing))
    numbers = list(
        await db_session.scalars(
            select(JournalEntry.number).where(JournalEntry.entry_date.between(start, end), of_a_closing)
        )
    )
    found: dict[str, tuple[int, int]] = {}
    for legs in (await _legs(db_session, numbers)).values():
        for leg in legs:
            debit, credit = found.get(leg.account, (0, 0))
            found[leg.account] = (debit + max(leg.amount_minor, 0), credit + max(-leg.amount_minor, 0))
    return [Moved(account, *both) for account, both in sorted(found.items())]


async def purchases(db_session: AsyncSession, start: date, end: date) -> int:
    """What was bought from `start` to `end`, returns deducted: legs of 仕入高 but those that pass it on.

    It goes on into 商品; what had been sold before it came, to 棚卸減耗費; what an invoice had more, to 売上原価.
    """
    other = aliased(Posting)
    onwards = other.account_code.in_((chart.GOODS, chart.SHRINKAGE, chart.COST_OF_SALES))
    passed_on = exists().where(other.entry_number == Posting.entry_number, onwards)
    query = (
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(JournalEntry, JournalEntry.number == Posting.entry_number)
        .where(Posting.account_code == chart.PURCHASES, Posting.sub_account == "", ~passed_on)
        .where(JournalEntry.entry_date.between(start, end))
    )
    return int(await db_session.scalar(query) or 0)


async def first_day(db_session: AsyncSession) -> date | None:
    """The earliest day anything is dated on; None for an empty ledger."""
    return await db_session.scalar(select(func.min(AccountDay.day)))


async def earliest_after(db_session: AsyncSession, number: int) -> date | None:
    """The earliest day that entries with higher numbers are dated on, or None."""
    # With the count the entries are gone through by number; the minimum alone would be looked for by day.
    columns = func.min(JournalEntry.entry_date), func.count()
    return (await db_session.execute(select(*columns).where(JournalEntry.number > number))).one()[0]


async def last_day(db_session: AsyncSession) -> date | None:
    """The latest day anything is dated on; None for an empty ledger."""
    return await db_session.scalar(select(func.max(AccountDay.day)))


async def totalled_upto(db_session: AsyncSession) -> int:
    """Number of the newest entry that is in the totals; 0 for none."""
    return int(await db_session.scalar(select(LedgerTotalled.number)) or 0)


async def recomputed_totals(db_session: AsyncSession) -> list[Moved]:
    """What the postings themselves add up to; the slow way, for checking."""
    amount = Posting.amount_minor
    query = select(
        Posting.account_code,
        func.sum(amount).filter(amount > 0),
        func.sum(-amount).filter(amount < 0),
    ).group_by(Posting.account_code)
    return [Moved(code, int(debit or 0), int(credit or 0)) for code, debit, credit in await db_session.execute(query)]


async def balance_at(db_session: AsyncSession, account: str, sub_account: str) -> int:
    """What stands at one place of an account, debit positive; a read of one row."""
    query = select(SubAccountTotal.debit_minor - SubAccountTotal.credit_minor)
    found = query.where(SubAccountTotal.account_code == account, SubAccountTotal.sub_account == sub_account)
    return int(await db_session.scalar(found) or 0)


async def totals_by_place(db_session: AsyncSession, account: str | None = None) -> list[MovedAt]:
    """What each account ever moved at each place; a read of one small table."""
    query = select(
        SubAccountTotal.account_code,
        SubAccountTotal.sub_account,
        SubAccountTotal.debit_minor,
        SubAccountTotal.credit_minor,
    ).order_by(SubAccountTotal.account_code, SubAccountTotal.sub_account)
    query = only(query, (SubAccountTotal.account_code, account))
    return [MovedAt(*row) for row in await db_session.execute(query)]


async def recomputed_totals_by_place(db_session: AsyncSession) -> list[MovedAt]:
    """What the postings themselves add up to, by place; the slow way, for checking."""
    return await _moved_by_place(db_session)


async def moved_by_place(db_session: AsyncSession, day: date, *, is_after: bool) -> list[MovedAt]:
    """What each account moved at each place up to `day`, or after it; adds up postings, so for a short time."""
    dated = JournalEntry.entry_date > day if is_after else JournalEntry.entry_date <= day
    numbers = select(JournalEntry.number).where(dated)
    return await _moved_by_place(db_session, Posting.entry_number.in_(numbers))


async def _moved_by_place(db_session: AsyncSession, *where: ColumnElement[bool]) -> list[MovedAt]:
    amount = Posting.amount_minor
    query = (
        select(
            Posting.account_code,
            Posting.sub_account,
            func.sum(amount).filter(amount > 0),
            func.sum(-amount).filter(amount < 0),
        )
        .where(Posting.sub_account != "", *where)
        .group_by(Posting.account_code, Posting.sub_account)
    )
    rows = await db_session.execute(query)
    return [MovedAt(code, sub, int(debit or 0), int(credit or 0)) for code, sub, debit, credit in rows]


async def add_count(db_session: AsyncSession, count: CashCount, lines: Sequence[CashCountLine]) -> int:
    """Write a count with its lines; their `count_id` is filled in.

    Returns:
        Its number.
    """
    db_session.add(count)
    await db_session.flush()
    for line in lines:
        line.count_id = count.id
        db_session.add(line)
    await db_session.flush()
    return count.id


async def counts(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    machine_id: str | None = None,
    counted_by: str | None = None,
    between_ms: tuple[int, int] | None = None,
    visit: str | None = None,
) -> list[tuple[CashCount, list[CashCountLine]]]:
    """Counts with their lines, newest first; `between_ms` is the first instant and the one after the last."""
    query = select(CashCount).order_by(CashCount.id.desc()).limit(limit)
    if between_ms is not None:
        query = query.where(CashCount.counted_at_ms >= between_ms[0], CashCount.counted_at_ms < between_ms[1])
    if before is not None:
        query = query.where(CashCount.id < before)
    if machine_id:
        query = query.where(CashCount.machine_id == machine_id)
    if counted_by:
        query = query.where(CashCount.counted_by == counted_by)
    if visit:
        query = query.where(CashCount.visit == visit)
    return await _with_lines(db_session, list((await db_session.scalars(query)).all()))


async def one_count(db_session: AsyncSession, number: int) -> tuple[CashCount, list[CashCountLine]] | None:
    """One count, or None."""
    row = await db_session.get(CashCount, number)
    return (await _with_lines(db_session, [row]))[0] if row else None


async def newest_counts(db_session: AsyncSession, before_ms: int | None = None) -> dict[str, int]:
    """Machine to the time of its newest count; of those before an instant, if named."""
    query = select(CashCount.machine_id, func.max(CashCount.counted_at_ms)).group_by(CashCount.machine_id)
    if before_ms is not None:
        query = query.where(CashCount.counted_at_ms < before_ms)
    return {machine_id: int(at_ms) for machine_id, at_ms in await db_session.execute(query)}


async def _with_lines(
    db_session: AsyncSession,
    rows: Sequence[CashCount],
) -> list[tuple[CashCount, list[CashCountLine]]]:
    found: dict[int, list[CashCountLine]] = {row.id: [] for row in rows}
    for part in slices(list(found)):
        query = select(CashCountLine).where(CashCountLine.count_id.in_(part))
        for line in await db_session.scalars(query):
            found[line.count_id].append(line)
    return [(row, found[row.id]) for row in rows]


async def closings(db_session: AsyncSession) -> list[MonthClosing]:
    """Every closing, the oldest first."""
    return list((await db_session.scalars(select(MonthClosing).order_by(MonthClosing.id))).all())


async def closing_marks(db_session: AsyncSession) -> list[Closing]:
    """Every closing as the rules need it, the oldest first."""
    return [
        Closing(row.last_day, row.head_number, row.reopened_head if row.reopened_at_ms else None)
        for row in await db_session.execute(_CLOSED)
    ]


async def add_closing(db_session: AsyncSession, closing: MonthClosing) -> None:
    """Write a closing."""
    db_session.add(closing)
    await db_session.flush()
