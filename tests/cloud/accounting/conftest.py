"""Events of a machine, heard and booked by the real receiver and interpreter."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from cloud.accounting import service as accounting
from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from protocol.envelope import pack_frame
from protocol.topics import Channel, Topic

Places = dict[tuple[str, str], int]
"""(account, sub-account) to its balance: debit positive. Those that are zero are left out."""

Book = Callable[[Database, str, Sequence[bytes]], Awaitable[Places]]


@pytest.fixture
def book(clock: Callable[[], int]) -> Book:
    """Hear the events of one machine, book them, and say what lies where."""

    async def heard(database: Database, machine_id: str, events: Sequence[bytes]) -> Places:
        receiver, interpreter = Receiver(database, clock), Interpreter(database, clock=clock)
        for start in range(0, len(events), 20):
            frame = pack_frame(list(events[start : start + 20]))
            await receiver.handle([Inbound(str(Topic(machine_id, Channel.EVENTS)), frame)])
        while await interpreter.run_once():
            pass
        async with database.read() as db_session:
            assert await accounting.verify(db_session) == []
            rows = await accounting.by_place(db_session)
        return {(row.account, row.sub_account): row.balance_minor for row in rows if row.balance_minor}

    return heard
