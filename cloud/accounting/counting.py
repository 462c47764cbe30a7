"""Cash accountability: what should be in each machine, what was counted, who counted it, and what was missing.

The door of the cash counts. Commits nothing; the caller's boundary does. Not responsible for coins a machine believes
it can pay out: those it corrects itself (docs/decisions/0010).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import cash, places, repository, service
from cloud.accounting.cash import Counted
from cloud.accounting.models import CashCount, CashCountLine
from cloud.accounting.rules import Event
from cloud.kit.clock import local_day


class CollectedTooMuchError(ValueError):
    """More was taken from a part than was counted in it."""

    def __init__(self, line: "CountedPart") -> None:
        self.line = line
        super().__init__(f"{line.collected_minor} yen taken from the {line.part}, only {line.counted_minor} counted")


@dataclass(frozen=True, slots=True)
class CountedPart:
    """What somebody counted in one part of a machine, in yen."""

    part: str
    counted_minor: int
    collected_minor: int = 0
    pieces: Mapping[str, int] = field(default_factory=dict)
    """Denomination as text to coins or bills, for the record."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One count of one machine."""

    machine_id: str
    lines: Sequence[CountedPart]
    by: str
    note: str
    heard_upto_ms: int
    """When the machine was last heard."""
    told_by: Event | None = None
    """The machine's event that tells it: what the entries follow from. None for what somebody types into a page."""
    visit: str = ""
    """The visit it was a part of, as the machine named it."""
    bag: str = ""
    """Number on the bag that what was collected went into."""


class CountLineView(BaseModel):
    """One part in a count, in yen."""

    part: str
    expected: int
    counted: int
    difference: int
    """Too much is positive, too little negative."""
    collected: int
    """Taken to the safe; the rest stayed in the machine."""
    pieces: dict[str, int]


class CountView(BaseModel):
    """One count of the cash in one machine."""

    id: int
    machine_id: str
    counted_at_ms: int
    counted_by: str
    note: str
    heard_upto_ms: int
    """When the machine was last heard: what it did after that was not expected yet."""
    visit: str = ""
    """The visit at the machine it was a part of; empty for what was typed into a page."""
    bag: str = ""
    """Number on the bag that what was collected went into."""
    lines: list[CountLineView]
    expected: int
    counted: int
    difference: int
    collected: int


class MachineCashView(BaseModel):
    """What should be in one machine now, in yen."""

    machine_id: str
    hopper: int = 0
    cash_box: int = 0
    stacker: int = 0
    escrow: int = 0
    total: int = 0
    customer_credit: int = 0
    """Of it, what customers have put in and not spent."""
    claims: int = 0
    """What the machine could not pay out and is still owed."""
    unexplained: int = 0
    """現金過不足: found too much is positive, too little negative."""
    counted_at_ms: int = 0
    """When it was last counted; 0 for never."""


class CashView(BaseModel):
    """Where all cash is, in yen. `safe` plus the machines plus `unplaced` is account 1001."""

    safe: int
    unplaced: int
    """Of entries that were posted before places were kept."""
    machines: list[MachineCashView]
    total: int


async def record(db_session: AsyncSession, visit: Visit, *, now_ms: int, timezone: str) -> CountView:
    """Record a count, and let the books follow it.

    Args:
        db_session: a writing session.
        visit: what was counted; parts that are not named were not counted.
        now_ms: when it was counted, ms since 1970 UTC.
        timezone: says which day the entries are of; an event of the machine says its own.

    Raises:
        CollectedTooMuchError: see there; nothing was recorded.
    """
    for line in visit.lines:
        if line.collected_minor > line.counted_minor:
            raise CollectedTooMuchError(line)
    await repository.lock_head(db_session)  # nothing may move between reading what is expected and posting
    balances = await _balances(db_session)
    found = [
        Counted(
            line.part,
            balances.get(places.cash(visit.machine_id, line.part), 0),
            line.counted_minor,
            line.collected_minor,
        )
        for line in visit.lines
    ]
    row = CashCount(
        machine_id=visit.machine_id,
        counted_at_ms=now_ms,
        counted_by=visit.by,
        note=visit.note,
        heard_upto_ms=visit.heard_upto_ms,
        source=visit.told_by.source if visit.told_by else "",
        visit=visit.visit,
        bag=visit.bag,
    )
    pieces = {line.part: dict(line.pieces) for line in visit.lines}
    lines = [
        CashCountLine(
            part=line.part,
            expected_minor=line.expected_minor,
            counted_minor=line.counted_minor,
            collected_minor=line.collected_minor,
            pieces=pieces[line.part],
        )
        for line in found
    ]
    number = await repository.add_count(db_session, row, lines)
    event = visit.told_by or Event(f"count:{number}", local_day(now_ms, timezone), now_ms)
    await service.post(db_session, cash.counted(event, visit.machine_id, found))
    return _view(row, lines)


async def explain(db_session: AsyncSession, machine_id: str, why: str, *, now_ms: int, timezone: str) -> int:
    """Move what is left on a machine's 現金過不足 to other losses or other income.

    Returns:
        The number of the entry; 0 when there was nothing to move.
    """
    number, _ = await repository.lock_head(db_session)
    balance = (await _balances(db_session)).get(places.difference(machine_id), 0)
    event = Event(f"explained:{machine_id}/{number}", local_day(now_ms, timezone), now_ms)
    posted = await service.post(db_session, [cash.explained(event, machine_id, balance, why)])
    return posted[0] if posted else 0


async def deposit(db_session: AsyncSession, amount_minor: int, *, now_ms: int, timezone: str) -> int:
    """Move cash from the safe to the bank.

    Args:
        db_session: a writing session.
        amount_minor: yen, at least 1.
        now_ms: when, ms since 1970 UTC.
        timezone: says which day the entry is of.

    Returns:
        The number of the entry.
    """
    number, _ = await repository.lock_head(db_session)
    event = Event(f"deposit:{number}", local_day(now_ms, timezone), now_ms)
    return (await service.post(db_session, [cash.deposited(event, amount_minor)]))[0]


async def counts(
    db_session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    machine_id: str | None = None,
    counted_by: str | None = None,
    between_ms: tuple[int, int] | None = None,
    visit: str | None = None,
) -> list[CountView]:
    """A page of counts, newest first; of one machine, one person, one visit, of a time (its end is not in it)."""
    rows = await repository.counts(
        db_session,
        limit=limit,
        before=before,
        machine_id=machine_id,
        counted_by=counted_by,
        between_ms=between_ms,
        visit=visit,
    )
    return [_view(row, lines) for row, lines in rows]


async def one_count(db_session: AsyncSession, number: int) -> CountView | None:
    """One count, or None."""
    found = await repository.one_count(db_session, number)
    return _view(*found) if found else None


async def cash_now(db_session: AsyncSession, machine_ids: Sequence[str]) -> CashView:
    """What should be where, now: of the machines named and of every other that has ever had money.

    Args:
        db_session: open session.
        machine_ids: machines to list even when nothing ever moved there.
    """
    trial = await service.trial_balance(db_session)
    total = sum(line.debit - line.credit for line in trial.lines if line.code == places.SAFE.account)
    counted_at = await repository.newest_counts(db_session)
    return _cash(await _balances(db_session), total, counted_at, machine_ids)


async def cash_at(db_session: AsyncSession, day: date, over_ms: int) -> CashView:
    """What should have been where at the end of a day; reads every entry up to it or after it, whatever is shorter.

    Args:
        db_session: open session.
        day: the last that counts.
        over_ms: when the day was over, ms since 1970 UTC.
    """
    balances = await _balances(db_session)
    first, last = await repository.first_day(db_session), await repository.last_day(db_session)
    is_old = first is not None and last is not None and day - first < last - day
    found = await repository.moved_by_place(db_session, day, is_after=not is_old)
    if is_old:
        balances = dict.fromkeys(balances, 0)
    for row in found:
        balances[places.Place(row.account, row.sub_account)] += row.balance_minor if is_old else -row.balance_minor
    moved = await repository.moved_between(db_session, None, day)
    total = sum(row.debit_minor - row.credit_minor for row in moved if row.account == places.SAFE.account)
    return _cash(balances, total, await repository.newest_counts(db_session, over_ms), [])


def _cash(
    balances: Mapping[places.Place, int], total: int, counted_at: Mapping[str, int], machine_ids: Sequence[str]
) -> CashView:
    cash_places = {place: amount for place, amount in balances.items() if place.account == places.SAFE.account}
    known = {place.sub_account.partition("/")[0] for place in cash_places if place != places.SAFE}
    return CashView(
        safe=balances.get(places.SAFE, 0),
        unplaced=total - sum(cash_places.values()),
        machines=[_machine(name, balances, counted_at.get(name, 0)) for name in sorted(known | set(machine_ids))],
        total=total,
    )


def _machine(machine_id: str, balances: Mapping[places.Place, int], counted_at_ms: int) -> MachineCashView:
    inside = {part: balances.get(places.cash(machine_id, part), 0) for part in places.INSIDE}
    return MachineCashView(
        machine_id=machine_id,
        **inside,
        total=sum(inside.values()),
        customer_credit=-balances.get(places.credit(machine_id), 0),
        claims=-balances.get(places.claims(machine_id), 0),
        unexplained=-balances.get(places.difference(machine_id), 0),
        counted_at_ms=counted_at_ms,
    )


async def _balances(db_session: AsyncSession) -> dict[places.Place, int]:
    rows = await repository.totals_by_place(db_session)
    return {places.Place(row.account, row.sub_account): row.balance_minor for row in rows}


def _view(row: CashCount, lines: Sequence[CashCountLine]) -> CountView:
    shown = [
        CountLineView(
            part=line.part,
            expected=line.expected_minor,
            counted=line.counted_minor,
            difference=line.counted_minor - line.expected_minor,
            collected=line.collected_minor,
            pieces=line.pieces,
        )
        for line in sorted(lines, key=lambda line: places.INSIDE.index(line.part))
    ]
    return CountView(
        id=row.id,
        machine_id=row.machine_id,
        counted_at_ms=row.counted_at_ms,
        counted_by=row.counted_by,
        note=row.note,
        heard_upto_ms=row.heard_upto_ms,
        visit=row.visit,
        bag=row.bag,
        lines=shown,
        expected=sum(line.expected for line in shown),
        counted=sum(line.counted for line in shown),
        difference=sum(line.difference for line in shown),
        collected=sum(line.collected for line in shown),
    )
