from collections.abc import Awaitable, Callable

import pytest

from cloud.db.database import Database
from cloud.kit.secrecy import Secrecy
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Inbound, Receiver

CUSTOMER, OTHER = "c" * 32, "d" * 32


@pytest.fixture
def secrecy() -> Secrecy:
    return Secrecy("e" * 40)


@pytest.fixture
def hear(seeded: Database, clock: Callable[[], int]) -> Callable[[list[Inbound]], Awaitable[None]]:
    """The cloud takes in and understands what a machine sends."""

    async def take(messages: list[Inbound]) -> None:
        await Receiver(seeded, clock).handle(messages)
        while await Interpreter(seeded, clock=clock).run_once():
            pass

    return take
