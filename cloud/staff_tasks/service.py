"""The door of the staff's tasks: open, list, resolve. Commits nothing; the caller's boundary does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.catalogue import service as catalogue
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.inventory import service as inventory
from cloud.inventory.service import Movement, slot_place
from cloud.kit.clock import local_day
from cloud.staff_tasks import repository, rules
from cloud.staff_tasks.models import StaffTask
from cloud.staff_tasks.rules import NewTask


class NoSuchTaskError(LookupError):
    """A task number that does not exist."""

    def __init__(self, task_id: int) -> None:
        self.task_id = task_id
        super().__init__(f"there is no task {task_id}")


class AlreadyResolvedError(ValueError):
    """A task is resolved once; it says by whom and how."""

    def __init__(self, task: "TaskView") -> None:
        self.task = task
        super().__init__(f"task {task.id} was resolved as {task.resolution!r} by {task.resolved_by}")


class NotRefusedError(ValueError):
    """Only a debt that was refused is paid after all."""

    def __init__(self, task: "TaskView") -> None:
        self.task = task
        super().__init__(f"task {task.id} is no debt to a customer that was refused; it is {task.kind}, {task.state}")


class TaskView(BaseModel):
    """A task as others see it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    machine_id: str
    slot: str
    product_id: str
    amount_minor: int
    """Yen; 0 when it is about no money."""
    claim: str
    """The code the customer was shown."""
    reference: str
    """Payment or vend."""
    detail: str
    source: str
    opened_at_ms: int
    state: str
    """open or resolved."""
    resolved_at_ms: int
    resolved_by: str
    resolution: str
    note: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def source_path(self) -> str:
        """Where the event, command or task it follows from can be read."""
        return rules.source_path(self.source, self.machine_id)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def resolutions(self) -> list[str]:
        """How it may be resolved."""
        return list(rules.RESOLUTIONS.get(self.kind, ()))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person found out."""

    resolution: str
    note: str
    by: str


async def open_tasks(db_session: AsyncSession, tasks: Sequence[NewTask]) -> None:
    """Open tasks; a source that opened one before opens no second."""
    rows = [{name: getattr(task, name) for name in NewTask.__slots__} | {"state": "open"} for task in tasks]
    await repository.add(db_session, rows)


async def opened_since(db_session: AsyncSession, kind: str, reference: str, since_ms: int) -> int:
    """How many tasks of a kind with this reference were opened since then, resolved ones too."""
    return await repository.opened_since(db_session, kind, reference, since_ms)


async def resolve(db_session: AsyncSession, task_id: int, answer: Answer, *, now_ms: int, timezone: str) -> TaskView:
    """Record what a person found out, and post what follows from it. The same answer again changes nothing.

    Args:
        db_session: a writing session.
        task_id: number of the task.
        answer: the resolution, who found it, and a note.
        now_ms: ms since 1970 UTC.
        timezone: says which day the entry is of.

    Raises:
        NoSuchTaskError: there is no such task.
        WrongResolutionError: the kind of task has no such resolution.
        AlreadyResolvedError: it was resolved before, by somebody else or otherwise.
    """
    await locks.take(db_session, Lock.BOOKS)  # before the row: the interpreter takes them in this order too
    row = await repository.get(db_session, task_id, for_update=True)
    if row is None:
        raise NoSuchTaskError(task_id)
    rules.check_resolution(row.kind, answer.resolution)
    if row.state == "resolved":
        if answer == Answer(row.resolution, row.note, row.resolved_by):
            return _view(row)
        raise AlreadyResolvedError(_view(row))
    _close(row, answer, now_ms)
    await _post(db_session, row, timezone)
    await db_session.flush()
    return _view(row)


async def withdraw(db_session: AsyncSession, source: str, *, why: str, now_ms: int) -> TaskView | None:
    """Close the open task of a source because later events answered it.

    Returns:
        The task as it was before, or None when the source has none.
    """
    row = await repository.by_source(db_session, source)
    if row is None:
        return None
    before = _view(row)
    if row.state == "open":
        _close(row, Answer(rules.SETTLED_BY_MACHINE, why, row.machine_id), now_ms)
        await db_session.flush()
    return before


async def explain(db_session: AsyncSession, source: str, detail: str) -> None:
    """Replace the detail of a source's open task: more is known now."""
    row = await repository.by_source(db_session, source)
    if row is not None and row.state == "open":
        row.detail = detail
        await db_session.flush()


def _close(row: StaffTask, answer: Answer, now_ms: int) -> None:
    row.state = "resolved"
    row.resolved_at_ms = now_ms
    row.resolved_by = answer.by
    row.resolution = answer.resolution
    row.note = answer.note


async def _post(db_session: AsyncSession, row: StaffTask, timezone: str) -> None:
    """What a resolution does beyond being recorded."""
    event = entries.Event(f"task:{row.id}", local_day(row.resolved_at_ms, timezone), row.resolved_at_ms)
    booking = rules.booking(row.kind, row.resolution, row.machine_id)
    if booking is not None:
        text = f"{booking.description} 番号 {row.claim}" if row.claim else booking.description
        draft = entries.transfer(event, text, debit=booking.debit, credit=booking.credit, amount_minor=row.amount_minor)
        await accounting.post(db_session, [draft, _price_lost(row, event)])
    elif (row.kind, row.resolution) == ("vend_uncertain", "unit_missing"):
        await _write_off_unit(db_session, row, event)
    elif (row.kind, row.resolution) == ("payout_uncertain", "not_paid"):
        await open_tasks(db_session, [_debt_of(row)])


def _price_lost(row: StaffTask, event: entries.Event) -> entries.Draft | None:
    """A bill that was to pay for goods went back: what they still wanted of it is 雑損失, nothing a count explains."""
    if (row.kind, row.resolution) != ("bill_uncertain", "returned"):
        return None
    lost = rules.unpaid_of(row.detail, row.amount_minor)
    legs = entries.legs((chart.OTHER_LOSSES, lost), (places.difference(row.machine_id), -lost))
    return event.draft("unpaid", "代金未収", legs)


async def lapsed(db_session: AsyncSession, refused_before_ms: int, now_ms: int) -> None:
    """Ask a person again about debts that were refused so long ago that they lapsed; once for each.

    Args:
        db_session: a writing session.
        refused_before_ms: ms since 1970 UTC.
        now_ms: ms since 1970 UTC.
    """
    rows = await repository.refused_debts(db_session, before_ms=refused_before_ms)
    await open_tasks(db_session, [_once_more(row, "debt_lapsed", now_ms) for row in rows])


async def refused_debts(db_session: AsyncSession, *, limit: int) -> list[TaskView]:
    """Debts that were refused and are owed still, the last refused first; not those that are asked about again."""
    return [_view(row) for row in await repository.refused_debts(db_session, limit=limit)]


async def pay_after_all(
    db_session: AsyncSession, task_id: int, note: str, by: str, *, now_ms: int, timezone: str
) -> TaskView:
    """Record that a debt that was refused is paid from the safe: the customer came after all.

    The refusal stays as it is. The payment is a task of its own, resolved at once, or the one that asks since the debt
    lapsed. The same by the same person again changes nothing.

    Args:
        db_session: a writing session.
        task_id: number of the debt.
        note: what else is to be known.
        by: who paid it.
        now_ms: ms since 1970 UTC.
        timezone: says which day the entry is of.

    Returns:
        The task that is the payment.

    Raises:
        NoSuchTaskError: there is no such task.
        NotRefusedError: it is no debt, or was not refused.
        AlreadyResolvedError: it was paid before, or became income.
    """
    await locks.take(db_session, Lock.BOOKS)
    row = await repository.get(db_session, task_id, for_update=True)
    if row is None:
        raise NoSuchTaskError(task_id)
    if (row.kind, row.resolution) != ("debt", "refused"):
        raise NotRefusedError(_view(row))
    again = _once_more(row, "debt_claimed", now_ms)
    await open_tasks(db_session, [again])
    payment = await repository.by_source(db_session, again.source)
    if payment is None:  # pragma: no cover - it was opened a line above
        raise NoSuchTaskError(task_id)
    return await resolve(db_session, payment.id, Answer("paid_out", note, by), now_ms=now_ms, timezone=timezone)


def _once_more(row: StaffTask, kind: str, now_ms: int) -> NewTask:
    """What follows from a refused debt: at most one task, whatever its kind."""
    return NewTask(
        kind,
        row.machine_id,
        f"task:{row.id}",
        now_ms,
        amount_minor=row.amount_minor,
        claim=row.claim,
        reference=row.reference,
        detail=row.note,
    )


async def _write_off_unit(db_session: AsyncSession, row: StaffTask, event: entries.Event) -> None:
    """The unit is gone and nobody paid for it: out of the slot, its cost to 棚卸減耗費."""
    place = slot_place(row.machine_id, row.slot)
    movement = Movement(event.source, row.product_id, 1, event.occurred_at_ms, from_place=place)
    (cost,) = await inventory.move(db_session, [movement])
    name = (await catalogue.load(db_session)).name(row.product_id)
    await accounting.post(db_session, [entries.unit_missing(event, name, from_stock_minor=cost.stock_minor)])


def _debt_of(row: StaffTask) -> NewTask:
    """Coins that did not come out after all are owed; the event has booked them so."""
    return NewTask(
        "debt",
        row.machine_id,
        f"task:{row.id}",
        row.opened_at_ms,
        amount_minor=row.amount_minor,
        claim=row.claim,
        reference=row.reference,
    )


async def listing(
    db_session: AsyncSession,
    *,
    limit: int,
    after: tuple[int, int] | None = None,
    state: str | None = None,
    kind: str | None = None,
    machine_id: str | None = None,
) -> list[TaskView]:
    """A page of tasks, oldest first; `after` is (opened_at_ms, id) of the last row of the page before."""
    filters: dict[str, Any] = {"after": after, "state": state, "kind": kind, "machine_id": machine_id}
    return [_view(row) for row in await repository.page(db_session, limit=limit, **filters)]


async def recently_resolved(db_session: AsyncSession, limit: int) -> list[TaskView]:
    """Resolved tasks, the last resolved first."""
    return [_view(row) for row in await repository.recently_resolved(db_session, limit)]


async def get(db_session: AsyncSession, task_id: int) -> TaskView | None:
    """One task, or None."""
    row = await repository.get(db_session, task_id)
    return _view(row) if row else None


async def of_source(db_session: AsyncSession, source: str) -> TaskView | None:
    """The task a source opened, or None."""
    row = await repository.by_source(db_session, source)
    return _view(row) if row else None


async def of_claim(db_session: AsyncSession, claim: str) -> list[TaskView]:
    """Tasks about a code that a customer was shown, the oldest first."""
    return [_view(row) for row in await repository.by_claim(db_session, claim)] if claim else []


async def of_reference(db_session: AsyncSession, machine_id: str, reference: str) -> list[TaskView]:
    """Tasks about a payment or a vend of a machine, the oldest first."""
    rows = await repository.by_reference(db_session, machine_id, reference) if reference else []
    return [_view(row) for row in rows]


async def forget_reporter(db_session: AsyncSession, customer_id: str) -> None:
    """Take what a customer reported, and that it was this one, out of the tasks; that there was a report stays."""
    if customer_id:
        await repository.blank(db_session, "customer_report", customer_id)


async def open_count(db_session: AsyncSession) -> int:
    """How many tasks wait for somebody."""
    return (await repository.counts(db_session)).get("open", 0)


async def change_token(db_session: AsyncSession) -> tuple[int, ...]:
    """Differs whenever a task was opened or resolved."""
    counts = await repository.counts(db_session)
    return counts.get("open", 0), counts.get("resolved", 0)


def _view(row: StaffTask) -> TaskView:
    return TaskView.model_validate(row)
