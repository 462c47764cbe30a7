"""Commands as an operator issues them, and what the intake would publish."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from cloud.commands import rules, service
from cloud.commands.sender import CommandSender
from cloud.commands.service import CommandView, Order, Request
from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from protocol.commands import Command


class Desk:
    """One place to issue, send, take in and look."""

    def __init__(self, database: Database, clock: Any, machine_id: str) -> None:
        self.database = database
        self.clock = clock
        self.machine_id = machine_id
        self.receiver = Receiver(database, clock)
        self.sender = CommandSender(database, clock)
        self._payments = 0

    async def vend(self, machine_id: str = "", *, paid: int | None = None, ttl_ms: int = 60_000) -> CommandView:
        self._payments += 1
        build = partial(rules.paid_vend, slot="A1", payment=f"pay-{self._payments}", paid_minor=paid)
        return await self._issue(Order("vend.paid", build, is_urgent=True), machine_id, ttl_ms)

    async def offer(self, ttl_ms: int = 600_000) -> CommandView:
        build = partial(rules.coupon_offer, slot="A1", price_minor=130, coupon="RAIN")
        return await self._issue(Order("coupon.offer", build, is_urgent=False), "", ttl_ms)

    async def _issue(self, order: Order, machine_id: str, ttl_ms: int) -> CommandView:
        request = Request(machine_id or self.machine_id, "op@example.com", ttl_ms)
        async with self.database.write() as db_session:
            return await service.issue(db_session, request, order, now_ms=self.clock())

    async def sent(self) -> list[Command]:
        """What would be published now."""
        replies = await self.sender.new_commands()
        assert all(reply.qos == 1 and reply.topic.endswith("/down/cmd") for reply in replies)
        return [Command.from_bytes(reply.payload) for reply in replies]

    async def hear(self, script: Any) -> None:
        """Store and interpret everything a machine wrote."""
        await self.receiver.handle(script.messages(per_frame=20))
        interpreter = Interpreter(self.database, clock=self.clock)
        while await interpreter.run_once():
            pass

    async def now(self, command: CommandView) -> CommandView:
        async with self.database.read() as db_session:
            found = await service.get(db_session, command.machine_id, command.id)
        assert found is not None
        return found

    async def state(self, command: CommandView) -> str:
        return (await self.now(command)).state


@pytest.fixture
async def desk(seeded: Database, clock: Any, machine_id: str, script: Any) -> Desk:
    """The machine is online, with planogram 1."""
    made = Desk(seeded, clock, machine_id)
    await made.receiver.handle([script.birth()])
    return made


@pytest.fixture
def replay(seeded: Database, clock: Any) -> Callable[[], Awaitable[None]]:

    async def run() -> None:
        async with seeded.write() as db_session:
            await db_session.execute(text("UPDATE streams SET interpreted_upto = 0, interpreted_digest = ''"))
        interpreter = Interpreter(seeded, clock=clock)
        while await interpreter.run_once():
            pass

    return run
