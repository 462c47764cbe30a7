"""A business that has something in every table a backup must carry."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import expenses, payouts
from cloud.accounting import service as accounting
from cloud.accounting.expenses import Purchase
from cloud.accounting.payout_rules import PayoutLineBody
from cloud.accounting.payouts import Settlement
from cloud.agents.decisions.desk import Desk, Run
from cloud.agents.decisions.service import set_switch
from cloud.agents.guard import facts
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import Action, Arguments, Call, Deps, Tool
from cloud.db.database import Database, open_database
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


class Amount(Arguments):
    yen: int


async def decisions(database: Database, clock: Any) -> None:
    """An agent gives a little away and asks for more."""

    async def facts_of(_: Deps, asked: Amount) -> facts.StoreCredit:
        return facts.StoreCredit("c1", asked.yen, has_evidence=True)

    async def act(_: Deps, __: Amount) -> dict[str, Any]:
        return {}

    tool = Tool("give_credit", Action.GIVE_CREDIT, "for tests", Amount, facts_of, act)
    desk = Desk(database, Limits(decision_time_s=60), "Asia/Tokyo", clock)
    run = Run("run-1", "customer", "customer", customer_id="c1")
    for call_id, yen in (("a", 100), ("b", 900)):
        await desk.carry_out(run, Call(call_id, tool.name, {"yen": yen}), [tool], outside_seen=False)
    async with database.write() as db_session:
        await set_switch(db_session, "vending", is_stopped=True, why="棚卸", by="op@example.com", now_ms=clock())


def first_half(script: Any) -> None:
    """What happens in the machine before people answer."""
    script.restock()
    script.sale(short=40)
    script.failed_vend()
    script.add("fault.raised", {"code": "motor.jam", "where": "A1", "detail": "詰まり"})
    script.add("future.kind", {"x": 1})
    script.add("vend.failed", {
        "vend_id": "u-1", "slot": "A1", "product_id": "green-tea", "price_minor": 160, "reason": "uncertain",
        "credit_minor": 0, "on_hand": 4,
    })  # fmt: skip


def second_half(script: Any) -> None:
    script.sale()
    script.sale(slot="A2", product="oolong-tea")


async def fill(url: str, clock: Any, script: Any) -> None:
    """A business day in a database with the demo's data."""
    database = open_database(url)
    receiver = Receiver(database, clock)
    first_half(script)
    await receiver.handle([script.birth(), *script.messages()])
    await interpreted(database, clock)
    async with database.write() as db_session:
        found = {row.kind: row.id for row in await tasks.listing(db_session, limit=9)}
        answer = Answer("unit_missing", "見当たらない", "staff@example.com")
        await tasks.resolve(db_session, found["vend_uncertain"], answer, now_ms=clock(), timezone="Asia/Tokyo")
        await accounting.reverse(db_session, 2, on=local_day(clock(), "Asia/Tokyo"), at_ms=clock(), why="誤り")
        await documents(db_session, clock())
    await decisions(database, clock)
    second_half(script)
    await receiver.handle(script.messages())
    await interpreted(database, clock)
    await database.close()


@pytest.fixture(scope="session")
def busy_file(demo_database: Path, new_clock: Any, new_script: Any) -> Path:
    """The business day on SQLite, made once."""
    path = demo_database.with_name("busy.db")
    shutil.copy(demo_database, path)
    asyncio.run(fill(f"sqlite+aiosqlite:///{path}", new_clock(), new_script()))
    return path


@pytest.fixture(scope="session")
def busy_postgres(postgres: Any, postgres_demo: str, new_clock: Any, new_script: Any) -> str:
    """The same on PostgreSQL."""
    postgres.create("busy", template=postgres_demo)
    asyncio.run(fill(postgres.url("busy"), new_clock(), new_script()))
    return "busy"


@pytest.fixture
def template(request: pytest.FixtureRequest, template: Callable[[str], Any]) -> Callable[[str], Any]:
    """The business day for whoever asks for it."""
    if "busy" not in request.fixturenames:
        return template
    return lambda kind: request.getfixturevalue("busy_file" if kind == "sqlite" else "busy_postgres")


@pytest.fixture
def busy(seeded: Database, script: Any) -> Database:
    """Sales, a fault, a debt, a resolved task, a reversal, an unknown event, a payout, equipment.

    All of it is there; the script stands where it left off, to go on.
    """
    first_half(script)
    second_half(script)
    return seeded
