"""Agents of rules run a machine for a week of seeded customers, through the real desk and guard: nothing breaks."""

import random
from datetime import date
from typing import Any

import pytest

from cloud.accounting import service as accounting
from cloud.agents.agent import Agent, Occasion
from cloud.agents.decisions import service as decisions
from cloud.agents.decisions.asked import Run
from cloud.agents.decisions.desk import Desk
from cloud.agents.goods import taxed_costs
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Told
from cloud.agents.registry import agents
from cloud.analytics import service as analytics
from cloud.db.database import Database
from cloud.inventory import levels
from cloud.machines import service as machines
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.procurement import ordering, service
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody
from cloud.seed import SEEDS
from cloud.staff_tasks import service as staff_tasks
from cloud.worker import publish_due

MACHINE = "vm-test-0001"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LIMITS = Limits()
WEEK = 9
WANTED = {"green-tea": 9, "black-coffee": 6, "spring-water": 4, "cider": 3, "rice-crackers": 1}
"""Customers a day; the rest of the machine sells nearly nothing."""


async def suppliers(database: Database, clock: Any) -> None:
    """Two suppliers that may be ordered from, and one that may not."""
    async with database.write() as db_session:
        for name, is_allowed, extra in (("みどり飲料", True, 0), ("駅前商店", True, 6), ("知らない店", False, -20)):
            body = SupplierBody(name=name, kana=name, registration_number="T7000012050002", lead_days=2)
            number = await service.add_supplier(db_session, body, clock())
            await service.set_standing(db_session, number, is_allowed=is_allowed, is_active=True)
            for seed in SEEDS:
                price = (seed.cost_minor + extra) * 24
                offer = OfferBody(product_id=seed.product_id, pack_size=24, price=price, valid_from=date(2026, 1, 1))
                await service.add_offer(db_session, number, offer, Recorded("person", "op@example.com", clock()))


async def run(database: Database, agent: Agent, desk: Desk, now_ms: int) -> list[str]:
    """One run, as the loop does it: how each call ended."""
    async with database.read() as db_session:
        seen = await agent.situation(db_session, Occasion("schedule", now_ms, "Asia/Tokyo"))
    turns: list[Any] = [Told(situation=seen)]
    whose = Run(f"{agent.name}-{now_ms}", agent.name, "schedule")
    ended = []
    for _ in range(agent.max_replies):
        reply = await agent.rules.reply(agent.prompt, turns)
        if reply.stop != "tools":
            return ended
        answers = [await desk.carry_out(whose, call, agent.prompt.tools, outside_seen=False) for call in reply.calls]
        ended += [f"{call.name} {row.content['outcome']}" for call, row in zip(reply.calls, answers, strict=True)]
        assert {row.content["outcome"] for row in answers} <= {"done", "proposed"}, answers
        turns += [reply, Told(answers=tuple(answers))]
    raise AssertionError(f"{agent.name} did not come to an end")


async def heard(database: Database, clock: Any, script: Any) -> None:
    receiver, interpreter = Receiver(database, clock), Interpreter(database, clock=clock)
    await receiver.handle(script.messages(per_frame=40))
    while await interpreter.run_once():
        pass


async def a_day(database: Database, clock: Any, script: Any, chance: random.Random, *, is_visit: bool) -> None:
    """Staff fills up when it was asked to; then customers come, and find what is left."""
    async with database.read() as db_session:
        plan = await levels.restocking_plan(db_session, "warehouse", clock(), is_top_up=True)
        document = await machines.planogram(db_session, MACHINE)
        inside = {(row.machine_id, row.slot): row.on_hand for row in plan.lines}
    assert document is not None
    left = {row.slot: inside.get((MACHINE, row.slot), row.par_level) for row in document.slots}
    if is_visit:
        for row in plan.lines:
            if row.quantity:
                script.restock(row.slot, row.product_id, row.quantity)
                left[row.slot] += row.quantity
    for slot in document.slots:
        mean = WANTED.get(slot.product_id, 0.2)
        wanted = sum(chance.random() < mean / 20 for _ in range(20))
        for _ in range(min(wanted, left[slot.slot])):
            script.sale(slot.slot, slot.product_id, slot.price_minor)
    await heard(database, clock, script)


async def prices(database: Database) -> dict[str, int]:
    async with database.read() as db_session:
        document = await machines.planogram(db_session, MACHINE)
    assert document is not None
    return {row.product_id: row.price_minor for row in document.slots}


async def check_prices(database: Database, before: dict[str, int], day: date) -> int:
    """Every changed price is within its limits; how many changed."""
    after = await prices(database)
    changed = {name: price for name, price in after.items() if before.get(name, price) != price}
    async with database.read() as db_session:
        costs = await taxed_costs(db_session, list(changed), day)
    for name, price in changed.items():
        cost = costs[name]
        assert cost is not None
        assert LIMITS.floor(cost) <= price <= LIMITS.cap(cost), name
        assert abs(price - before[name]) * 100 <= LIMITS.price_change_percent * before[name], name
    return len(changed)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_week_when_rules_run_the_machine_then_no_limit_is_passed_goods_are_ordered_and_the_books_hold(
    seeded: Database, clock: Any, new_script: Any
) -> None:
    chance = random.Random(20261121)  # noqa: S311 - a seeded test
    await suppliers(seeded, clock)
    team, desk = agents(LIMITS), Desk(seeded, LIMITS, "Asia/Tokyo", clock)
    clock.now_ms -= 2 * HOUR_MS
    changed, ended = 0, list[str]()
    is_visit = True
    for number in range(WEEK):
        before = await prices(seeded)
        await publish_due(seeded, clock)
        changed += await check_prices(seeded, before, date(2026, 11, 20))
        script = new_script(epoch=f"{number:032x}", start_ms=clock())
        await a_day(seeded, clock, script, chance, is_visit=is_visit)
        clock.now_ms += 6 * HOUR_MS
        for name in ("vending", "procurement"):
            ended += await run(seeded, team[name], desk, clock())
        async with seeded.read() as db_session:
            is_visit = bool(await staff_tasks.listing(db_session, limit=9, kind="restock_wanted", state="open"))
        await finish_tasks(seeded, clock)
        clock.now_ms += 18 * HOUR_MS
    ended += await run(seeded, team["analytics"], desk, clock())
    assert {"request_restock done", "propose_order done", "write_report done"} <= set(ended)
    async with seeded.read() as db_session:
        orders = await ordering.listing(db_session, limit=100)
        lines = [line.product_id for row in orders for line in (await ordering.detail(db_session, row.id)).lines]
        assert orders
        assert {(row.status, row.origin) for row in orders} == {("pending_human_approval", "agent")}
        assert {row.supplier for row in orders} <= {"みどり飲料", "駅前商店"}
        assert len(lines) == len(set(lines)), "nothing is ordered twice"
        lost = await decisions.lost_by_day(db_session, date(2026, 11, 1), date(2026, 12, 31))
        assert all(yen <= LIMITS.loss_budget_minor for yen in lost.values())
        assert await accounting.verify(db_session) == []
        kinds = {row.kind for row in await analytics.reports(db_session, limit=100)}
    assert kinds == {"business", "vending", "procurement"}
    assert changed == 0, "nine days say nothing about demand"


async def finish_tasks(database: Database, clock: Any) -> None:
    """Staff says that it has been there."""
    async with database.write() as db_session:
        for row in await staff_tasks.listing(db_session, limit=50, kind="restock_wanted", state="open"):
            answer = staff_tasks.Answer("restocked", "", "staff@example.com")
            await staff_tasks.resolve(db_session, row.id, answer, now_ms=clock(), timezone="Asia/Tokyo")
