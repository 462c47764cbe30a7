"""Move a command on, and see to the customer's payment when it ends badly. Used by sending and by reporting."""

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting.places import customer_of
from cloud.commands import rules
from cloud.commands.models import MachineCommand
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.rules import NewTask
from protocol.commands import VendPaid


async def move(db_session: AsyncSession, row: MachineCommand, happening: str, *, at_ms: int, now_ms: int) -> None:
    """Take one step of the table and do what the new state asks for.

    Args:
        db_session: a writing session.
        row: the command; its `why` is up to date.
        happening: what happened.
        at_ms: when.
        now_ms: now.

    Raises:
        BadStepError: that cannot happen to it; the row is as it was.
    """
    before, row.state = row.state, rules.after(row.state, happening)
    if row.state == before:
        return
    if row.state == "taken":
        row.taken_at_ms = at_ms
    elif row.state in {"succeeded", "failed", "rejected", "expired"}:
        row.done_at_ms = at_ms
    if row.kind != VendPaid.KIND or not row.args["paid_minor"] or customer_of(row.payment or ""):
        return  # a gift costs nothing, and a customer's own credit is taken by the sale: nothing has to go back
    if row.state in rules.UNPAID_ENDS:
        await _ask_for_refund(db_session, row, at_ms)
    elif row.state == "succeeded" and before in rules.UNPAID_ENDS:
        await _take_refund_back(db_session, row, at_ms, now_ms)


def task_source(command_id: str) -> str:
    """Source of the task about a command's payment."""
    return f"command:{command_id}"


async def _ask_for_refund(db_session: AsyncSession, row: MachineCommand, at_ms: int) -> None:
    """Open the task, or tell the one that `unknown` opened what the machine says now."""
    source, detail = task_source(row.id), f"{row.state}: {row.why}" if row.why else row.state
    before = await staff_tasks.of_source(db_session, source)
    if before is not None and before.state == "open":
        await staff_tasks.explain(db_session, source, detail)
        return
    if before is not None and before.resolution == "delivered" and row.state != "unknown":
        # Somebody believed it delivered and the machine knows better: the customer waits for the money.
        source = f"{source}#not_delivered"
    await staff_tasks.open_tasks(db_session, [_task(row, "remote_refund", source, at_ms, detail)])


async def _take_refund_back(db_session: AsyncSession, row: MachineCommand, at_ms: int, now_ms: int) -> None:
    """The machine delivered after all: nobody must refund it now, and if somebody did, they must know."""
    before = await staff_tasks.withdraw(db_session, task_source(row.id), why="succeeded", now_ms=now_ms)
    if before is not None and before.resolution == "refunded":
        source = f"{task_source(row.id)}#delivered"
        task = _task(row, "refunded_and_delivered", source, at_ms, f"refunded by {before.resolved_by}")
        await staff_tasks.open_tasks(db_session, [task])


def _task(row: MachineCommand, kind: str, source: str, at_ms: int, detail: str) -> NewTask:
    return NewTask(
        kind,
        row.machine_id,
        source,
        at_ms,
        slot=row.args["slot"],
        product_id=row.args["product_id"],
        amount_minor=row.args["paid_minor"],
        reference=row.payment or "",
        detail=detail,
    )
