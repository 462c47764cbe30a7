"""A business that has something in every table a backup must carry."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import expenses, payouts
from cloud.accounting import service as accounting
from cloud.accounting.expenses import Purchase
from cloud.accounting.payout_rules import PayoutLineBody
from cloud.accounting.payouts import Settlement
from cloud.db.database import Database
from cloud.kit.clock import local_day
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.staff_tasks import service as tasks
from cloud.staff_tasks.service import Answer


async def interpreted(database: Database, clock: Any) -> None:
    interpreter = Interpreter(database, clock=clock)
    while await interpreter.run_once():
        pass


async def documents(db_session: AsyncSession, now_ms: int) -> None:
    """What people book by hand: a payout, a machine that is written off."""
    lines = [PayoutLineBody(kind="charge", payment="r-1", gross=300, fee=4, fee_tax=1)]
    payout = Settlement("card", "po-1", date(2026, 11, 20), 295, lines, "op@example.com")
    await payouts.book(db_session, payout, now_ms=now_ms)
    day = date(2026, 9, 1)
    machine = Purchase("自販機", "", day, day, 700_000, 70_000, 5, "payable", "メーカー", "op@example.com")
    await expenses.buy(db_session, machine, now_ms=now_ms)
    await expenses.depreciate(db_session, date(2026, 10, 31), now_ms=now_ms)


@pytest.fixture
async def busy(seeded: Database, clock: Any, script: Any, machine_id: str) -> Database:
    """Sales, a fault, a debt, a resolved task, a reversal, an unknown event, a payout, equipment."""
    receiver = Receiver(seeded, clock)
    script.restock()
    script.sale(short=40)
    script.failed_vend()
    script.add("fault.raised", {"code": "motor.jam", "where": "A1", "detail": "詰まり"})
    script.add("future.kind", {"x": 1})
    script.add("vend.failed", {
        "vend_id": "u-1", "slot": "A1", "product_id": "green-tea", "price_minor": 160, "reason": "uncertain",
        "credit_minor": 0, "on_hand": 4,
    })  # fmt: skip
    await receiver.handle([script.birth(), *script.messages()])
    await interpreted(seeded, clock)
    async with seeded.write() as db_session:
        found = {row.kind: row.id for row in await tasks.listing(db_session, limit=9)}
        answer = Answer("unit_missing", "見当たらない", "staff@example.com")
        await tasks.resolve(db_session, found["vend_uncertain"], answer, now_ms=clock(), timezone="Asia/Tokyo")
        await accounting.reverse(db_session, 2, on=local_day(clock(), "Asia/Tokyo"), at_ms=clock(), why="誤り")
        await documents(db_session, clock())
    script.sale()
    script.sale(slot="A2", product="oolong-tea")
    await receiver.handle(script.messages())
    await interpreted(seeded, clock)
    return seeded
