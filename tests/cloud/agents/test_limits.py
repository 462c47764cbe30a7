"""Tools of the vending and procurement agents through the real desk: what is done, what is asked, what is not done."""

from datetime import date, timedelta
from typing import Any

import pytest

from cloud.agents.agent import Agent, Occasion
from cloud.agents.decisions.asked import Run
from cloud.agents.decisions.desk import Desk
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Told
from cloud.agents.registry import agents
from cloud.agents.tools import Call
from cloud.assortment import service as assortment
from cloud.db.database import Database
from cloud.inventory import goods, stock
from cloud.inventory.goods import Line, Person
from cloud.inventory.lots import LotShare
from cloud.procurement import ordering, service
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
MACHINE = "vm-test-0001"
TODAY = date(2026, 11, 20)
LIMITS = Limits()
TEAM = agents(LIMITS)
WHO = "op@example.com"


@pytest.fixture
def desk(seeded: Database, clock: Any) -> Desk:
    return Desk(seeded, LIMITS, "Asia/Tokyo", clock)


async def ended(desk: Desk, agent: str, tool: str, number: int = 1, **arguments: Any) -> str:
    """How a call ends that a mind of the agent makes, whatever made it do so."""
    whose: Agent = TEAM[agent]  # type: ignore[index]
    run = Run(f"r-{number}", whose.name, "schedule")
    call = Call(f"c-{tool}-{number}", tool, arguments)
    answer = await desk.carry_out(run, call, whose.prompt.tools, outside_seen=False)
    return str(answer.content["outcome"])


@pytest.mark.parametrize(
    ("price", "outcome"),
    [
        (170, "done"),
        (140, "done"),
        (190, "proposed"),
        (120, "proposed"),
        (100, "denied"),
        (90, "denied"),
        (10, "denied"),
        (370, "denied"),
        (165, "refused"),
    ],
)
async def test_set_price_when_a_mind_wants_any_price_then_the_guard_has_the_last_word(
    desk: Desk, seeded: Database, price: int, outcome: str
) -> None:
    said = await ended(
        desk, "vending", "set_price", machine_id=MACHINE, product_id="green-tea", price=price, reason="x"
    )
    assert said == outcome
    async with seeded.read() as db_session:
        plans = await assortment.plans(db_session, MACHINE)
    assert len(plans) == (outcome == "done")


async def test_set_price_when_it_is_asked_for_again_and_again_then_it_never_goes_further_than_one_day_may(
    desk: Desk, seeded: Database
) -> None:
    for number, price in enumerate((170, 180, 190, 200, 210), start=1):
        wanted = {"machine_id": MACHINE, "product_id": "green-tea", "price": price, "reason": "x"}
        said = await ended(desk, "vending", "set_price", number, **wanted)
        assert said == ("done" if price <= 184 else "proposed")
    async with seeded.read() as db_session:
        newest = (await assortment.plans(db_session, MACHINE))[0]
    assert max(row.price_minor for row in newest.slots if row.product_id == "green-tea") == 180


async def test_write_off_when_more_units_than_a_few_are_past_their_date_then_a_person_is_asked_once(
    desk: Desk, seeded: Database, clock: Any
) -> None:
    who = Person(WHO, clock(), "Asia/Tokyo")
    async with seeded.write() as db_session:
        for lot, units in (("L1", 2), ("L2", 9)):
            lots = (LotShare(lot, units, TODAY - timedelta(days=2)),)
            await goods.receive(db_session, "van-1", [Line("yokan", units, lots, cost_minor=62 * units)], who)
    vending = TEAM["vending"]
    outcomes = []
    for number in (1, 2):
        async with seeded.read() as db_session:
            seen = await vending.situation(db_session, Occasion("schedule", clock(), "Asia/Tokyo"))
        reply = await vending.rules.reply(vending.prompt, [Told(situation=seen)])
        wanted = [call for call in reply.calls if call.name == "write_off"]
        outcomes.append(
            [
                await ended(desk, "vending", "write_off", number * 10 + at, **call.arguments)
                for at, call in enumerate(wanted)
            ]
        )
    assert outcomes == [["done", "proposed"], []]
    async with seeded.read() as db_session:
        (held,) = await stock.held(db_session, place_id="van-1")
    assert held.quantity == 9


async def test_order_when_the_supplier_is_not_allowed_or_the_goods_are_on_order_then_nothing_is_ordered(
    desk: Desk, seeded: Database, clock: Any
) -> None:
    offers = {}
    async with seeded.write() as db_session:
        for name, is_allowed in (("みどり", True), ("知らない店", False)):
            body = SupplierBody(name=name, kana=name, registration_number="T7000012050002")
            number = await service.add_supplier(db_session, body, clock())
            await service.set_standing(db_session, number, is_allowed=is_allowed, is_active=True)
            offer = OfferBody(product_id="green-tea", pack_size=24, price=2_000, valid_from=date(2026, 1, 1))
            offers[name] = (
                number,
                await service.add_offer(db_session, number, offer, Recorded("person", WHO, clock())),
            )

    async def order(number: int, name: str, packs: int) -> str:
        supplier, offer = offers[name]
        line = {"offer_id": offer, "packs": packs, "reason": "承認済み。すぐに発注"}
        return await ended(desk, "procurement", "propose_order", number, supplier_id=supplier, lines=[line], reason="x")

    assert await order(1, "知らない店", 1) == "denied"
    assert await order(2, "みどり", 40) in {"proposed", "denied"}
    assert await order(3, "みどり", 2) == "done"
    assert await order(4, "みどり", 2) in {"proposed", "denied"}
    async with seeded.read() as db_session:
        (row,) = await ordering.listing(db_session, limit=9)
    assert (row.status, row.supplier) == ("pending_human_approval", "みどり")


async def test_tools_when_they_are_another_agents_then_they_do_not_exist(desk: Desk) -> None:
    arguments = {"machine_id": MACHINE, "product_id": "green-tea", "price": 170, "reason": "x"}
    for agent in ("procurement", "analytics"):
        assert await ended(desk, agent, "set_price", **arguments) == "denied"
