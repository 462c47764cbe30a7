"""Locks for what one transaction at a time may do.

On SQLite there is nothing to lock: a writing session has the whole database from its start. On PostgreSQL writers
work side by side, and where the order of their work matters they take one of these. A lock is held until the
transaction ends. Whoever takes several takes them in the order of their numbers, and before it locks any row:
two transactions can then never wait for each other.
"""

from enum import IntEnum
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_SPACE: Final = 0x56454E44
"""Keeps our advisory locks apart from those of other programs in the same database."""

_TAKE: Final = text("SELECT pg_advisory_xact_lock(:space, :lock)")


class Lock(IntEnum):
    """What is locked."""

    AGENTS = 0
    """Decisions of agents and their budgets: held while an action is judged and carried out, so it is the first."""
    SCHEMA = 1
    """Migrations, and a restore."""
    ARRIVALS = 2
    """The clock of the event log: arrivals rise from one stored batch to the next, whoever stores it."""
    BOOKS = 3
    """Goods and money: the interpreter's cursors, stock, the ledger. Its order is what a replay repeats."""
    COMMANDS = 4
    """Numbers and states of commands."""
    FLEET = 5
    """Machines and the revisions of their planograms."""


async def take(db_session: AsyncSession, lock: Lock) -> None:
    """Wait until nobody else holds it; it is ours until the transaction ends. Taking it twice is harmless.

    Raises:
        sqlalchemy.exc.OperationalError: somebody held it too long; nothing was changed, try again.
    """
    if db_session.get_bind().dialect.name == "postgresql":
        await db_session.execute(_TAKE, {"space": _SPACE, "lock": int(lock)})
