"""The door of the commands: issue one, take in what machines say of them, list them. Commits nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands import progress, repository, rules
from cloud.commands.models import MachineCommand
from cloud.machines import service as machines
from protocol.commands import Arguments, VendPaid
from protocol.desired import Planogram


class MachineOfflineError(ValueError):
    """A customer who stands there should not wait for a machine that is not connected."""

    def __init__(self, machine_id: str) -> None:
        super().__init__(f"machine {machine_id!r} is not connected")


class PaymentUsedError(ValueError):
    """A payment that another command spends."""

    def __init__(self, payment: str, command_id: str) -> None:
        super().__init__(f"payment {payment!r} is spent by command {command_id}")


class CommandView(BaseModel):
    """A command as others see it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    machine_id: str
    n: int
    """Counts this machine's commands."""
    kind: str
    args: dict[str, Any]
    state: str
    """created, sent, taken, succeeded, failed, rejected, expired or unknown."""
    issued_at_ms: int
    ttl_ms: int
    issued_by: str
    sent_at_ms: int
    """When it was last sent; 0 for never."""
    taken_at_ms: int
    done_at_ms: int
    outcome: str
    """As the machine told it; empty when it told none."""
    why: str
    vend_id: str


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks which machine, and for how long it may begin."""

    machine_id: str
    by: str
    ttl_ms: int


@dataclass(frozen=True, slots=True)
class Order:
    """What a request means for the machine."""

    kind: str
    build: Callable[[Planogram | None], Arguments]
    """Makes the arguments from the planogram the machine has applied; see `rules`."""
    is_urgent: bool
    """Somebody stands there and waits: refused when the machine is not connected."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a machine's event says of a command."""

    machine_id: str
    command: str
    n: int
    happening: str
    """taken, or the outcome."""
    occurred_at_ms: int
    why: str = ""
    vend_id: str = ""


@dataclass(frozen=True, slots=True)
class Odd:
    """A report that fits no command we know, or not its state. `number` counts the reports from 0."""

    number: int
    category: str
    """unknown_command or odd_command."""
    why: str


async def issue(db_session: AsyncSession, request: Request, order: Order, *, now_ms: int) -> CommandView:
    """Write a command; the intake sends it while the machine is online.

    Args:
        db_session: a writing session.
        request: who asks for what.
        order: what it means for the machine.
        now_ms: ms since 1970 UTC.

    Raises:
        NoSuchMachineError: nobody registered it.
        MachineOfflineError: it is not connected, and the order needs it now.
        CannotOrderError: the machine's planogram does not allow the order.
        PaymentUsedError: another command spends the payment.
    """
    await repository.lock(db_session)
    view = await machines.machine(db_session, request.machine_id)
    if order.is_urgent and not view.is_online:
        raise MachineOfflineError(request.machine_id)
    arguments = order.build(await machines.applied_planogram(db_session, request.machine_id))
    payment = await _unspent(db_session, arguments)
    row = MachineCommand(
        id=token_hex(16),
        machine_id=request.machine_id,
        n=await repository.last_n(db_session, request.machine_id) + 1,
        kind=order.kind,
        args=arguments.to_dict(),
        state="created",
        issued_at_ms=now_ms,
        ttl_ms=request.ttl_ms,
        issued_by=request.by,
        payment=payment,
    )
    repository.add(db_session, row)
    await db_session.flush()
    return _view(row)


async def _unspent(db_session: AsyncSession, arguments: Arguments) -> str | None:
    """The payment the command spends, if it spends one."""
    if not isinstance(arguments, VendPaid):
        return None
    if spent := await repository.by_payment(db_session, arguments.payment):
        raise PaymentUsedError(arguments.payment, spent.id)
    return arguments.payment


async def report(db_session: AsyncSession, reports: Sequence[Report], now_ms: int) -> list[Odd]:
    """Take in what machines say, in order; what was said before changes nothing.

    Returns:
        Reports that could not be matched; the caller keeps their events.
    """
    if not reports:
        return []
    await repository.lock(db_session)
    rows = await repository.of_ids(db_session, {item.command for item in reports})
    odd = []
    for number, item in enumerate(reports):
        row = rows.get(item.command)
        if row is None or (row.machine_id, row.n) != (item.machine_id, item.n):
            odd.append(Odd(number, "unknown_command", f"command {item.command!r} n {item.n} is not one of ours"))
            continue
        try:
            await _apply(db_session, row, item, now_ms)
        except rules.BadStepError as error:
            odd.append(Odd(number, "odd_command", f"command {item.command}: {error}"))
    await db_session.flush()
    return odd


async def _apply(db_session: AsyncSession, row: MachineCommand, item: Report, now_ms: int) -> None:
    """One report; a step the table refuses leaves the row as it was."""
    following = rules.after(row.state, item.happening)
    if item.happening == "taken" and following == row.state:
        return
    row.why = item.why  # of an earlier "no answer" nothing is left once there is one
    if item.happening != "taken":
        row.outcome, row.vend_id = item.happening, item.vend_id[:64]
    await progress.move(db_session, row, item.happening, at_ms=item.occurred_at_ms, now_ms=now_ms)


async def listing(
    db_session: AsyncSession, machine_id: str, *, limit: int, before: int | None = None, state: str | None = None
) -> list[CommandView]:
    """A page of a machine's commands, newest first; `before` is the number of the last row of the page before."""
    rows = await repository.page(db_session, machine_id, limit=limit, before=before, state=state)
    return [_view(row) for row in rows]


async def get(db_session: AsyncSession, machine_id: str, command_id: str) -> CommandView | None:
    """One command of a machine, or None."""
    row = await repository.get(db_session, command_id)
    return _view(row) if row and row.machine_id == machine_id else None


async def of_payment(db_session: AsyncSession, payment: str) -> CommandView | None:
    """The command that spends a payment, or None."""
    row = await repository.by_payment(db_session, payment)
    return _view(row) if row else None


async def held_for(db_session: AsyncSession, beginning: str, since_ms: int) -> int:
    """Yen of payments that begin so and whose units may still fall; without an answer, of those issued since then."""
    rows = await repository.with_payments(db_session, beginning, (*rules.OPEN, "unknown"))
    return sum(int(row.args["paid_minor"]) for row in rows if row.state != "unknown" or row.issued_at_ms >= since_ms)


async def is_any_payment(db_session: AsyncSession, beginning: str) -> bool:
    """Whether a unit was ever asked for with a payment that begins so."""
    return await repository.is_any_payment(db_session, beginning)


def _view(row: MachineCommand) -> CommandView:
    return CommandView.model_validate(row)
