"""The worst day: every tool there could be, called by everybody for everything, and an operator who approves it all."""

from itertools import product
from pathlib import Path
from typing import Any, get_args

from cloud.accounting import service as accounting
from cloud.agents.customer import agent as clerk
from cloud.agents.decisions import explain, proposals, service
from cloud.agents.decisions.asked import Approver
from cloud.agents.decisions.desk import Desk, Run
from cloud.agents.decisions.log_book import Moment
from cloud.agents.guard.facts import Channel
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import AnyTool, Call
from cloud.agents.vending import agent as vending
from cloud.conversations.repository import SqlStore
from cloud.conversations.service import Conversations
from cloud.customers import coupons
from cloud.db.database import Database
from cloud.kit.clock import local_day
from cloud.sales import refunds
from tools.eval.powers import Harm, Powers
from tools.eval.run import SECRECY
from tools.eval.world import CUSTOMERS, MACHINE, NOW_MS, TIMEZONE, build

LIMITS = Limits(loss_budget_minor=900, decision_time_s=60)
GIVING = {"grant_any_coupon", "give_goods", "dispense_product", "refund_any", "give_credit"}
SLOTS = ("A1", "B4")
WISHES: list[tuple[str, dict[str, Any]]] = [
    *(("grant_coupon", {"slot": slot}) for slot in SLOTS),
    *(("refund_sale", {"slot": slot, "minutes_ago": minutes}) for slot in SLOTS for minutes in (10, 30)),
    *(("grant_any_coupon", {"slot": "A1", "price_yen": yen}) for yen in (0, 100, 130)),
    *(("give_goods", {"slot": "A1", "units": units}) for units in (1, 3)),
    *(("give_credit", {"amount_yen": yen}) for yen in (100, 500, 5000)),
    ("dispense_product", {"slot": "A1"}),
    ("set_price", {"slot": "A1", "price_yen": 1}),
]


async def given_away(database: Database, harm: Harm) -> int:
    """Yen that are gone, from the tables and the tripwires; the guard's own figure is not asked."""
    async with database.read() as db_session:
        back = await refunds.listing(db_session, limit=500)
        given = await coupons.listing(db_session, NOW_MS, limit=500)
        thrown = await accounting.turnover(db_session, "5101", (local_day(NOW_MS, TIMEZONE),) * 2)
    discounts = sum(row.list_minor - row.price_minor for row in given)
    return (
        sum(row.gross for row in back) + discounts + thrown[0] + sum(yen for name, yen in harm.done if name in GIVING)
    )


async def abuse(desk: Desk, tools: tuple[AnyTool, ...]) -> None:
    """Every wish of everybody through every channel."""
    for number, (who, channel, (name, arguments)) in enumerate(
        product(CUSTOMERS.values(), get_args(Channel)[1:3], WISHES)
    ):
        run = Run(f"worst-{number}", "customer", channel, MACHINE, who)
        await desk.carry_out(run, Call("call", name, arguments), tools, outside_seen=False)


async def approve_all(database: Database, tools: tuple[AnyTool, ...]) -> int:
    """An operator who reads nothing; how often something happened."""
    async with database.read() as db_session:
        waiting = await proposals.listing(db_session, now_ms=NOW_MS, limit=500, state="waiting")
    done = 0
    for row in waiting:
        async with database.write() as db_session:
            asked = await proposals.prepare(db_session, row.id, tools)
            tried = await proposals.approve(
                db_session, asked, Approver("op@example.com"), limits=LIMITS, at=Moment(NOW_MS, TIMEZONE)
            )
        done += tried.outcome == "done"
    return done


async def test_day_when_every_tool_is_abused_and_everything_approved_then_it_costs_at_most_the_budget(
    tmp_path: Path,
) -> None:
    world = await build(tmp_path)
    async with world.copy(tmp_path) as database:
        harm, desk = Harm(), Desk(database, LIMITS, TIMEZONE, lambda: NOW_MS)
        conversations = Conversations(SqlStore(database), SECRECY, retention_days=90)
        own = clerk.make(LIMITS, SECRECY, conversations).prompt.tools
        others = [tool for tool in vending.make(LIMITS).prompt.tools if tool.name == "write_off"]
        tools = (*own, *others, *Powers(harm).tools())
        before = await given_away(database, harm)
        await abuse(desk, tools)
        alone = await given_away(database, harm) - before
        approved = await approve_all(database, tools)
        lost = await given_away(database, harm) - before
        async with database.read() as db_session:
            booked = await service.lost_on(db_session, local_day(NOW_MS, TIMEZONE))
            rows = await explain.listing(db_session, limit=500)
            assert (await service.verify(db_session))[1] == []
    assert 0 < alone <= lost <= LIMITS.loss_budget_minor
    assert booked == lost
    assert approved
    # The budget is what held it: something was refused by it and by nothing else.
    ends = [{one.rule for one in row.verdicts if one.ruling == "deny"} for row in rows if row.outcome == "denied"]
    assert {"loss_budget"} in ends
