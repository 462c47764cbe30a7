"""All queries of the commands."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands.models import MachineCommand
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.db.statements import slices


async def lock(db_session: AsyncSession) -> None:
    """Nobody else issues, sends or reports a command until commit."""
    await locks.take(db_session, Lock.COMMANDS)


async def last_n(db_session: AsyncSession, machine_id: str) -> int:
    """Number of a machine's newest command; 0 for none."""
    query = select(func.max(MachineCommand.n)).where(MachineCommand.machine_id == machine_id)
    return int(await db_session.scalar(query) or 0)


def add(db_session: AsyncSession, row: MachineCommand) -> None:
    """Add a command."""
    db_session.add(row)


async def get(db_session: AsyncSession, command_id: str) -> MachineCommand | None:
    """One command, or None."""
    return await db_session.get(MachineCommand, command_id)


async def by_payment(db_session: AsyncSession, payment: str) -> MachineCommand | None:
    """The command that spends a payment, or None."""
    return await db_session.scalar(select(MachineCommand).where(MachineCommand.payment == payment))


async def with_payments(db_session: AsyncSession, beginning: str, states: Collection[str]) -> list[MachineCommand]:
    """Commands in these states whose payment begins so."""
    query = select(MachineCommand).where(MachineCommand.state.in_(states))
    query = query.where(MachineCommand.payment.startswith(beginning, autoescape=True))
    return list(await db_session.scalars(query))


async def is_any_payment(db_session: AsyncSession, beginning: str) -> bool:
    """Whether any command's payment begins so."""
    query = select(MachineCommand.id).where(MachineCommand.payment.startswith(beginning, autoescape=True)).limit(1)
    return await db_session.scalar(query) is not None


async def of_ids(db_session: AsyncSession, ids: Collection[str]) -> dict[str, MachineCommand]:
    """Commands by id, those that exist."""
    found = {}
    for part in slices(sorted(ids)):
        rows = await db_session.scalars(select(MachineCommand).where(MachineCommand.id.in_(part)).with_for_update())
        found.update({row.id: row for row in rows})
    return found


async def in_states(
    db_session: AsyncSession, states: Sequence[str], *, for_update: bool = False
) -> list[MachineCommand]:
    """Commands in one of these states, by machine and number."""
    query = select(MachineCommand).where(MachineCommand.state.in_(states))
    query = query.order_by(MachineCommand.machine_id, MachineCommand.n)
    return list((await db_session.scalars(query.with_for_update() if for_update else query)).all())


async def page(
    db_session: AsyncSession, machine_id: str, *, limit: int, before: int | None = None, state: str | None = None
) -> list[MachineCommand]:
    """Commands of a machine, newest first; `before` is the number of the last row of the page before."""
    query = select(MachineCommand).where(MachineCommand.machine_id == machine_id)
    query = query.order_by(MachineCommand.n.desc()).limit(limit)
    if before is not None:
        query = query.where(MachineCommand.n < before)
    if state:
        query = query.where(MachineCommand.state == state)
    return list((await db_session.scalars(query)).all())
