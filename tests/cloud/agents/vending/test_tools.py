"""The vending agent's tools on a real database: what they would do, what they do, what they refuse."""

from datetime import date, timedelta
from typing import Any

import pytest

from cloud.agents.agent import Occasion
from cloud.agents.guard.facts import Assortment, GiveAway, NewPrice
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import Deps, ToolRefusedError
from cloud.agents.vending.situation import Situation, gather
from cloud.agents.vending.tools import tools
from cloud.assortment import service as assortment
from cloud.assortment.service import NewPrice as ListedPrice
from cloud.db.database import Database
from cloud.inventory import goods, stock
from cloud.inventory.goods import Line, Person
from cloud.inventory.lots import LotShare
from cloud.machines import service as machines
from cloud.staff_tasks import service as staff_tasks
from cloud.worker import publish_due

TOOLS = {tool.name: tool for tool in tools()}
TODAY = date(2026, 11, 20)
TOMORROW = TODAY + timedelta(days=1)
MACHINE = "vm-test-0001"
DAY_MS = 86_400_000
WHO = "op@example.com"


@pytest.fixture
def call(seeded: Database, clock: Any) -> Any:
    """Carries a tool out as the desk would, without a guard; its facts and its result."""

    async def carry_out(name: str, *, only: str = "", **arguments: Any) -> tuple[Any, dict[str, Any]]:
        tool = TOOLS[name]
        asked = tool.arguments.model_validate(arguments)
        async with seeded.write() as db_session:
            deps = Deps(db_session, clock(), "Asia/Tokyo", "vending", "run-1", "schedule", machine_id=only)
            facts = await tool.facts(deps, asked)
            return facts, await tool.act(deps, asked)

    return carry_out


async def charged(database: Database) -> dict[str, tuple[str, int]]:
    async with database.read() as db_session:
        found = await machines.planogram(db_session, MACHINE)
    assert found is not None
    return {row.slot: (row.product_id, row.price_minor) for row in found.slots}


async def look(database: Database, clock: Any) -> Situation:
    async with database.read() as db_session:
        return await gather(db_session, Occasion("schedule", clock(), "Asia/Tokyo"), Limits())


async def test_set_price_when_the_machine_follows_no_list_then_a_plan_changes_it_tomorrow_and_changes_add_up(
    seeded: Database, clock: Any, call: Any
) -> None:
    facts, said = await call("set_price", machine_id=MACHINE, product_id="green-tea", price=170, reason="x")
    assert facts == NewPrice("green-tea", 160, 160, 170, 91)
    assert (said["from_day"], said["machines"]) == (TOMORROW.isoformat(), [MACHINE])
    await call("set_price", machine_id=MACHINE, product_id="cider", price=130, reason="x")
    assert await publish_due(seeded, clock) == 0
    assert (await charged(seeded))["A1"] == ("green-tea", 160)
    clock.now_ms += DAY_MS // 2
    assert await publish_due(seeded, clock) == 1
    after = await charged(seeded)
    assert (after["A1"], after["A4"]) == (("green-tea", 170), ("cider", 130))
    async with seeded.read() as db_session:
        newest = (await assortment.plans(db_session, MACHINE))[0]
    assert newest.made_by == "agent:vending"
    slot = next(row for row in (await look(seeded, clock)).machines[0].slots if row.slot == "A1")
    assert (slot.price, slot.price_changed_days_ago) == (170, 0)


async def test_set_price_when_the_machine_follows_a_list_then_the_list_gets_it_and_a_persons_plan_is_left_alone(
    seeded: Database, clock: Any, call: Any
) -> None:
    async with seeded.write() as db_session:
        await assortment.make_list(db_session, "stations", "駅", by=WHO, now_ms=clock())
        await assortment.follow(db_session, MACHINE, "stations")
        rows = [ListedPrice(product_id="cider", valid_from=TOMORROW + timedelta(days=9), price_minor=150)]
        await assortment.enter_prices(db_session, "stations", rows, by=WHO, now_ms=clock(), today=TODAY)
    await call("set_price", machine_id=MACHINE, product_id="green-tea", price=170, reason="x")
    async with seeded.read() as db_session:
        assert (await assortment.prices_on(db_session, "stations", TOMORROW)) == {"green-tea": 170}
    with pytest.raises(ToolRefusedError, match="a person has planned"):
        await call("set_price", machine_id=MACHINE, product_id="cider", price=150, reason="x")
    slots = {row.slot: row for row in (await look(seeded, clock)).machines[0].slots}
    assert slots["A4"].is_price_of_people
    assert (slots["A1"].price, slots["A1"].price_tomorrow) == (160, 170)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"price": 165}, "multiple"),
        ({"product_id": "nothing"}, "no slot"),
        ({"machine_id": "vm-nobody"}, "no machine"),
        ({"only": "vm-other"}, "this run is about"),
    ],
)
async def test_set_price_when_it_cannot_be_then_it_is_refused_with_what_to_do(
    call: Any, arguments: dict[str, Any], why: str
) -> None:
    asked = {"machine_id": MACHINE, "product_id": "green-tea", "price": 170, "reason": "x"} | arguments
    with pytest.raises(ToolRefusedError, match=why):
        await call("set_price", **asked)


async def test_swap_when_the_product_is_in_storage_and_has_a_price_then_it_stands_there_tomorrow_and_staff_is_asked(
    seeded: Database, clock: Any, call: Any
) -> None:
    async with seeded.write() as db_session:
        now = await machines.planogram(db_session, MACHINE)
        assert now is not None
        rows = [row for row in now.slots if row.product_id != "cider"]
        await assortment.make_plan(db_session, MACHINE, TODAY, rows, by=WHO, now_ms=clock())
        await assortment.make_list(db_session, "stations", "駅", by=WHO, now_ms=clock())
        await assortment.follow(db_session, MACHINE, "stations")
    await publish_due(seeded, clock)
    asked = {"machine_id": MACHINE, "slot": "C4", "product_id": "cider", "reason": "売れない"}
    with pytest.raises(ToolRefusedError, match="nobody has set a price"):
        await call("swap_product", **asked)
    async with seeded.write() as db_session:
        price = [ListedPrice(product_id="cider", valid_from=TODAY, price_minor=140)]
        await assortment.enter_prices(db_session, "stations", price, by=WHO, now_ms=clock(), today=TODAY)
    facts, said = await call("swap_product", **asked)
    assert facts == Assortment(MACHINE, ("cider",), 1)
    assert said["before"] == "yokan"
    with pytest.raises(ToolRefusedError, match="already"):
        await call("swap_product", **asked | {"slot": "C3"})
    clock.now_ms += DAY_MS // 2
    await publish_due(seeded, clock)
    assert (await charged(seeded))["C4"] == ("cider", 140)
    async with seeded.read() as db_session:
        (task,) = await staff_tasks.listing(db_session, limit=9, kind="restock_wanted")
    assert (task.slot, task.product_id, task.machine_id) == ("C4", "cider", MACHINE)


async def test_request_restock_when_asked_twice_a_day_then_there_is_one_task_and_the_situation_knows(
    seeded: Database, clock: Any, call: Any
) -> None:
    assert not (await look(seeded, clock)).machines[0].has_restock_request
    _, first = await call("request_restock", machine_id=MACHINE, reason="A1 売り切れ")
    _, again = await call("request_restock", machine_id=MACHINE, reason="A1 売り切れ")
    assert first["task_id"] == again["task_id"] > 0
    assert (await look(seeded, clock)).machines[0].has_restock_request
    _, third = await call("request_removal", machine_id=MACHINE, slot="A1", product_id="green-tea", reason="期限切れ")
    assert third["task_id"] != first["task_id"]
    with pytest.raises(ToolRefusedError, match="does not hold"):
        await call("request_removal", machine_id=MACHINE, slot="A1", product_id="cider", reason="期限切れ")


async def test_write_off_when_a_lot_in_storage_is_past_its_date_then_it_leaves_stock_and_books_at_cost(
    seeded: Database, clock: Any, call: Any
) -> None:
    who = Person(WHO, clock(), "Asia/Tokyo")
    lots = (LotShare("L1", 4, TODAY - timedelta(days=2)),)
    async with seeded.write() as db_session:
        await goods.receive(db_session, "van-1", [Line("yokan", 4, lots, cost_minor=248)], who)
    seen = await look(seeded, clock)
    assert [(row.place_id, row.lot, row.units, row.days_over) for row in seen.expired_in_storage] == [
        ("van-1", "L1", 4, 2)
    ]
    asked = {"place_id": "van-1", "product_id": "yokan", "lot": "L1", "units": 3, "reason": "期限切れ"}
    facts, _ = await call("write_off", **asked)
    assert facts == GiveAway("yokan", 3, 186, has_evidence=True)
    async with seeded.read() as db_session:
        (held,) = await stock.held(db_session, place_id="van-1")
    assert held.quantity == 1
    for change, why in (
        ({"units": 2}, "1 units"),
        ({"place_id": f"{MACHINE}/A1"}, "taken out first"),
        ({"lot": "L2"}, "not past"),
    ):
        with pytest.raises(ToolRefusedError, match=why):
            await call("write_off", **asked | change)


async def test_situation_when_goods_were_sold_then_stock_sales_cover_and_costs_are_those_of_the_books(
    seeded: Database, clock: Any, script: Any, book: Any
) -> None:
    script.restock(added=6)
    script.sale()
    script.sale()
    await book(seeded, MACHINE, script.events)
    clock.now_ms += DAY_MS
    slot = next(row for row in (await look(seeded, clock)).machines[0].slots if row.slot == "A1")
    assert (slot.on_hand, slot.storage, slot.sold_7_days, slot.sold_28_days) == (4, 42, 2, 2)
    assert (slot.cost, slot.floor, slot.cap, slot.highest_tomorrow) == (91, 101, 364, 184)
    assert slot.minutes_sold_out_7_days > 0
