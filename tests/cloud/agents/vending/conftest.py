"""Events of machines, heard and interpreted, so that there are sales to look at."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver
from protocol.envelope import pack_frame
from protocol.topics import Channel, Topic

Book = Callable[[Database, str, Sequence[bytes]], Awaitable[None]]


@pytest.fixture
def book(clock: Callable[[], int]) -> Book:
    """Hear the events of one machine and let them have their effects."""

    async def heard(database: Database, machine_id: str, events: Sequence[bytes]) -> None:
        receiver, interpreter = Receiver(database, clock), Interpreter(database, clock=clock)
        topic = str(Topic(machine_id, Channel.EVENTS))
        await receiver.handle([Inbound(topic, pack_frame(list(events)))])
        while await interpreter.run_once():
            pass

    return heard
