"""Expenses, what is owed for them, and equipment. The door of all three; commits nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, documents_repository, equipment_rules, expense_rules, repository, service
from cloud.accounting.chart import AccountRow
from cloud.accounting.closing import Finding
from cloud.accounting.equipment_rules import Asset
from cloud.accounting.expense_rules import Expense, PaidBy
from cloud.accounting.models import Equipment
from cloud.accounting.places import Place
from cloud.accounting.rules import Event

MOST_MONTHS: Final = 12 * 21
"""Written off in one go at most; longer than any life."""


class NotOwedError(ValueError):
    """Less is owed than is to be paid."""

    def __init__(self, payee: str, owed: int) -> None:
        super().__init__(f"{owed} yen are owed to {payee!r}; no more can be paid")


class NoSuchEquipmentError(LookupError):
    """There is no such thing in the register."""

    def __init__(self, equipment_id: int) -> None:
        super().__init__(f"there is no equipment {equipment_id}")


class AlreadyDisposedError(ValueError):
    """It is gone already, or would be gone before it was used."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A thing to enter into the register. Money in yen."""

    name: str
    machine_id: str
    acquired_on: date
    used_from: date
    cost_minor: int
    """Without tax."""
    tax_minor: int
    life_years: int
    """A key of `equipment_rules.RATES`."""
    paid_by: PaidBy
    payee: str
    by: str


class Owed(BaseModel):
    """What is owed to somebody (未払金), yen."""

    payee: str
    amount: int


class EquipmentView(BaseModel):
    """One thing in the register. Yen."""

    id: int
    name: str
    machine_id: str
    acquired_on: date
    used_from: date
    cost: int
    life_years: int
    written_off: int
    """By its months of use up to today, whether booked or not."""
    book_value: int
    disposed_on: date | None


async def enter(db_session: AsyncSession, what: Expense, *, now_ms: int) -> int:
    """Book an expense.

    Returns:
        The number of the entry.
    """
    number, _ = await repository.lock_head(db_session)
    event = Event(f"expense:{number}", what.day, now_ms)
    return (await service.post(db_session, [expense_rules.expense(event, what)]))[0]


async def pay(
    db_session: AsyncSession, payee: str, amount_minor: int, paid_by: PaidBy, *, on: date, now_ms: int
) -> int:
    """Book that somebody was paid what was owed.

    Returns:
        The number of the entry.

    Raises:
        NotOwedError: less is owed.
    """
    number, _ = await repository.lock_head(db_session)
    amounts = {row.payee: row.amount for row in await owed(db_session)}
    if amount_minor > amounts.get(payee, 0):
        raise NotOwedError(payee, amounts.get(payee, 0))
    event = Event(f"paid:{number}", on, now_ms)
    return (await service.post(db_session, [expense_rules.paid(event, payee, amount_minor, paid_by)]))[0]


async def owed(db_session: AsyncSession) -> list[Owed]:
    """Who is owed what, by name; what is settled is left out."""
    rows = await service.by_place(db_session, chart.OTHER_PAYABLES)
    return [Owed(payee=row.sub_account, amount=-row.balance_minor) for row in rows if row.balance_minor]


async def buy(db_session: AsyncSession, what: Purchase, *, now_ms: int) -> int:
    """Enter a thing into the register and book its price.

    Returns:
        Its number.
    """
    await repository.lock_head(db_session)
    row = Equipment(
        name=what.name,
        machine_id=what.machine_id,
        acquired_on=what.acquired_on,
        used_from=what.used_from,
        cost_minor=what.cost_minor,
        life_years=what.life_years,
        disposed_on=None,
        added_at_ms=now_ms,
        added_by=what.by,
    )
    await documents_repository.add(db_session, row)
    event = Event(f"equipment:{row.id}", what.acquired_on, now_ms)
    draft = equipment_rules.bought(event, what.name, what.cost_minor, what.tax_minor, what.paid_by, what.payee)
    await service.post(db_session, [draft])
    return row.id


async def depreciate(db_session: AsyncSession, last_day: date, *, now_ms: int) -> int:
    """Write off every thing up to a month; a month that was booked is not booked again.

    Args:
        db_session: a writing session.
        last_day: of the month.
        now_ms: ms since 1970 UTC.

    Returns:
        How many months of things were booked.
    """
    await repository.lock_head(db_session)
    missing = await _missing(db_session, last_day)
    drafts = [equipment_rules.depreciation(asset, number, now_ms) for asset, number in missing]
    await service.post(db_session, drafts)
    return len(missing)


async def dispose(db_session: AsyncSession, equipment_id: int, on: date, *, now_ms: int) -> None:
    """Take a thing out of use: written off up to that month, the rest is a loss.

    Raises:
        NoSuchEquipmentError: there is none.
        AlreadyDisposedError: it is gone already, or `on` is before it was used.
    """
    await repository.lock_head(db_session)
    row = await documents_repository.one_equipment(db_session, equipment_id)
    if row is None:
        raise NoSuchEquipmentError(equipment_id)
    if row.disposed_on is not None:
        raise AlreadyDisposedError(f"equipment {equipment_id} is out of use since {row.disposed_on}")
    if on < row.used_from:
        raise AlreadyDisposedError(f"equipment {equipment_id} is used from {row.used_from}; say a later day")
    row.disposed_on = on
    await db_session.flush()
    asset = _asset(row)
    months = equipment_rules.months_used(asset, on)
    drafts = [equipment_rules.depreciation(asset, number, now_ms) for number in range(1, months + 1)]
    drafts.append(equipment_rules.disposed(Event(f"equipment:{row.id}", on, now_ms), asset))
    await service.post(db_session, drafts)


async def register(db_session: AsyncSession, today: date) -> list[EquipmentView]:
    """All equipment with its value in the books."""
    return [_view(row, today) for row in await documents_repository.equipment(db_session)]


async def findings(db_session: AsyncSession, last_day: date) -> list[Finding]:
    """What is missing before a month is closed: depreciation that is not booked."""
    names = sorted({asset.name for asset, _ in await _missing(db_session, last_day)})
    if not names:
        return []
    text = f"減価償却をまだ記帳していない設備: {', '.join(names)}"
    english = f"Depreciation not booked yet: {', '.join(names)}"
    return [Finding(code="depreciation_missing", text=text, text_en=english, is_blocking=False)]


async def _missing(db_session: AsyncSession, last_day: date) -> list[tuple[Asset, int]]:
    """Things and months of use that lose value and are not booked, up to a month."""
    found: list[tuple[Asset, int, str]] = []
    for asset in map(_asset, await documents_repository.equipment(db_session)):
        for number in range(1, min(equipment_rules.months_used(asset, last_day), MOST_MONTHS) + 1):
            draft = equipment_rules.depreciation(asset, number, 0)
            if draft is not None:
                found.append((asset, number, draft.source))
    booked = await repository.numbers_of(db_session, [source for _, _, source in found])
    return [(asset, number) for asset, number, source in found if source not in booked]


def _asset(row: Equipment) -> Asset:
    return Asset(row.id, row.name, row.cost_minor, row.life_years, row.used_from, row.disposed_on)


def _view(row: Equipment, today: date) -> EquipmentView:
    asset = _asset(row)
    worn = equipment_rules.accumulated(asset, equipment_rules.months_used(asset, today))
    return EquipmentView(
        id=row.id,
        name=row.name,
        machine_id=row.machine_id,
        acquired_on=row.acquired_on,
        used_from=row.used_from,
        cost=row.cost_minor,
        life_years=row.life_years,
        written_off=worn,
        book_value=0 if row.disposed_on else row.cost_minor - worn,
        disposed_on=row.disposed_on,
    )


def place_of(payee: str) -> Place:
    """The sub-account of what is owed to somebody."""
    return Place(chart.OTHER_PAYABLES, payee)


def choices() -> Sequence[AccountRow]:
    """The accounts an expense may be booked to."""
    return expense_rules.EXPENSES
