"""What people do with goods: stock and books move together, and every figure can be followed to its document."""

import random
from collections import Counter
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from cloud.accounting import service as accounting
from cloud.accounting.expense_rules import PaidBy, paid_from
from cloud.backup.rebuild import rebuild
from cloud.db.database import Database
from cloud.inventory import counting, goods, movements, places, repository, service, stock
from cloud.inventory.goods import GoodsRefusedError, Line, Person
from cloud.inventory.lots import LotShare
from cloud.inventory.places import NoSuchPlaceError, PlaceInUseError
from cloud.inventory.service import WAREHOUSE
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver

NOON_MS = 1_795_143_600_000
DAY = date(2026, 12, 1)
SLOT = "vm-test-0001/A1"


def at(seconds: int = 0) -> Person:
    return Person("staff@example.com", NOON_MS + seconds * 1000, "Asia/Tokyo")


async def run(database: Database, work: Any, *args: Any, **more: Any) -> Any:
    async with database.write() as db_session:
        return await work(db_session, *args, **more)


async def look(database: Database, work: Any, *args: Any, **more: Any) -> Any:
    async with database.read() as db_session:
        return await work(db_session, *args, **more)


async def balances(database: Database) -> dict[str, int]:
    lines = (await look(database, accounting.trial_balance)).lines
    return {line.code: line.debit - line.credit for line in lines}


async def on_hand(database: Database, place: str = WAREHOUSE, product: str = "green-tea") -> int:
    return (await look(database, repository.on_hand_at, [(place, product)])).get((place, product), 0)


async def hear(database: Database, script: Any, clock: Any) -> None:
    await Receiver(database, clock).handle(script.messages())
    interpreter = Interpreter(database, clock=clock)
    while await interpreter.run_once():
        pass


async def sound(database: Database) -> None:
    """1101 is what the pools are worth, units in are units out and on hand, and the chain holds."""
    found = await balances(database)
    assert found.get("1101", 0) == await look(database, service.total_value)
    assert found.get("5001", 0) == 0
    async with database.read() as db_session:
        assert await accounting.verify(db_session) == []
        moved = Counter[tuple[str, str]]()
        for row in await repository.movements(db_session, limit=100_000):
            if row.from_place:
                moved[row.from_place, row.product_id] -= row.quantity
            if row.to_place:
                moved[row.to_place, row.product_id] += row.quantity
        kept = {(place, product): units for place, product, units in await repository.held(db_session)}
        assert {key: units for key, units in moved.items() if units} == kept
        pools = await repository.all_pools(db_session)
        totals = Counter[str]()
        for (_, product), units in kept.items():
            totals[product] += units
        assert {name: pool.quantity for name, pool in pools.items()} == {name: totals[name] for name in pools}


async def test_receipt_when_it_names_a_lot_then_stock_purchase_tax_and_payable_are_booked(seeded: Database) -> None:
    before = await balances(seeded)
    line = Line("green-tea", 24, (LotShare("L1", 24, DAY),), 2016)
    number = await run(seeded, goods.receive, WAREHOUSE, [line], at(), "supermarket")
    after = await balances(seeded)
    moved = {code: after[code] - before.get(code, 0) for code in after if after[code] != before.get(code, 0)}
    assert moved == {"1101": 2016, "1150": 161, "2001": -2177}
    (row,) = await look(seeded, movements.of_document, number)
    assert (row.kind, row.source, row.value, row.lots[0].code) == ("receipt", f"goods:{number}/1", 2016, "L1")
    await sound(seeded)


async def test_receipt_when_a_product_is_not_in_the_catalogue_or_a_place_nobody_named_then_nothing_is_kept(
    seeded: Database,
) -> None:
    with pytest.raises(GoodsRefusedError, match="not in the catalogue"):
        await run(seeded, goods.receive, WAREHOUSE, [Line("nothing-such", 1)], at())
    with pytest.raises(NoSuchPlaceError, match="van-9"):
        await run(seeded, goods.receive, "van-9", [Line("green-tea", 1)], at())
    async with seeded.read() as db_session:
        assert await db_session.scalar(text("SELECT COUNT(*) FROM stock_documents")) == 0


async def test_transfer_when_goods_go_to_a_van_then_the_books_stand_still_and_the_first_lot_to_expire_goes(
    seeded: Database,
) -> None:
    await run(seeded, places.save, "van-1", kind="van", name="配送車", is_active=True)
    early, late = LotShare("E", 5, DAY), LotShare("L", 5, DAY + timedelta(days=30))
    lines = [Line("yokan", 5, (late,), 300), Line("yokan", 5, (early,), 300)]
    await run(seeded, goods.receive, WAREHOUSE, lines, at())
    head = await look(seeded, accounting.head)
    number = await run(seeded, goods.transfer, (WAREHOUSE, "van-1"), [Line("yokan", 31)], at(1))
    assert await look(seeded, accounting.head) == head
    (row,) = await look(seeded, movements.of_document, number)
    # 24 units of the first purchase carry no lot and go first, then 5 of E, then 2 of L.
    assert [(lot.code, lot.quantity) for lot in row.lots] == [("E", 5), ("L", 2)]
    (held,) = await look(seeded, stock.held, place_id="van-1")
    assert (held.quantity, [lot.code for lot in held.lots]) == (31, ["E", "L"])
    (product,) = await look(seeded, service.stock_of_products, ["yokan"])
    assert (product.storage_stock, product.vending_machine_stock, product.total_stock) == (34, 0, 34)
    await sound(seeded)


async def test_transfer_when_the_books_have_less_or_the_lot_is_not_there_then_it_says_to_count(
    seeded: Database,
) -> None:
    await run(seeded, places.save, "van-1", kind="van", name="配送車", is_active=True)
    with pytest.raises(GoodsRefusedError, match=r"the books have 24 of 'yokan'.*count them"):
        await run(seeded, goods.transfer, (WAREHOUSE, "van-1"), [Line("yokan", 20), Line("yokan", 5)], at())
    with pytest.raises(GoodsRefusedError, match="the books have 0 of lot 'Z'"):
        await run(seeded, goods.transfer, (WAREHOUSE, "van-1"), [Line("yokan", 2, (LotShare("Z", 2),))], at())
    with pytest.raises(GoodsRefusedError, match="name another one"):
        await run(seeded, goods.transfer, ("van-1", "van-1"), [Line("yokan", 1)], at())
    assert await on_hand(seeded, product="yokan") == 24


async def test_spoilage_when_expired_goods_are_thrown_away_then_their_cost_is_a_loss_and_the_tax_stays(
    seeded: Database,
) -> None:
    before = await balances(seeded)
    await run(seeded, goods.receive, WAREHOUSE, [Line("green-tea", 12, (LotShare("old", 12, DAY),), 1020)], at())
    number = await run(
        seeded, goods.spoil, WAREHOUSE, [Line("green-tea", 2, (LotShare("old", 2),))], at(1), "賞味期限切れ"
    )
    after = await balances(seeded)
    # 48 at 4,032 and 12 at 1,020: 2 of 60 at 5,052 cost 168.
    assert (after["5101"], after["1101"] - before["1101"]) == (168, 1020 - 168)
    assert after["1150"] - before["1150"] == 81
    (row,) = await look(seeded, movements.of_document, number)
    assert (row.kind, row.value, row.to_place, [lot.code for lot in row.lots]) == ("spoilage", 168, None, ["old"])
    assert [lot.quantity for lot in (await look(seeded, stock.held, product_id="green-tea"))[0].lots] == [10]
    await sound(seeded)


async def test_giveaway_when_goods_are_given_to_somebody_then_their_cost_is_advertising_and_no_tax_moves(
    seeded: Database,
) -> None:
    before = await balances(seeded)
    number = await run(seeded, goods.give_away, WAREHOUSE, [Line("green-tea", 3)], at(), "開店祝い")
    after = await balances(seeded)
    moved = {code: amount - before.get(code, 0) for code, amount in after.items() if amount != before.get(code, 0)}
    assert moved == {"6012": 252, "1101": -252}
    assert [row.kind for row in await look(seeded, movements.of_document, number)] == ["giveaway"]
    await sound(seeded)


@pytest.mark.parametrize(
    ("paid_by", "place"), [("bank", ("1010", "")), ("safe", ("1001", "safe")), ("payable", ("2010", "駅前商店"))]
)
async def test_receipt_when_there_was_no_order_then_it_says_who_paid_or_to_whom_it_is_owed(
    seeded: Database, paid_by: PaidBy, place: tuple[str, str]
) -> None:
    paid = paid_from(paid_by, "駅前商店")
    await run(seeded, goods.receive, WAREHOUSE, [Line("yokan", 2, None, 100)], at(), paid_from=paid)
    async with seeded.read() as db_session:
        entry = (await accounting.journal(db_session, limit=2, offset=1))[0]
    assert (place, -108) in [((leg.account, leg.sub_account), leg.amount_minor) for leg in entry.draft.legs]


async def test_spoilage_when_nobody_says_which_lot_then_the_first_to_expire_is_written_down(seeded: Database) -> None:
    await run(seeded, goods.receive, "warehouse", [Line("yokan", 4, (LotShare("E", 4, DAY),), 240)], at())
    number = await run(seeded, goods.spoil, WAREHOUSE, [Line("yokan", 25)], at(1), "水濡れ")
    (row,) = await look(seeded, movements.of_document, number)
    assert [(lot.code, lot.quantity) for lot in row.lots] == [("E", 1)]


async def test_count_when_units_are_missing_and_others_too_many_then_5102_takes_the_difference(
    seeded: Database,
) -> None:
    number = await run(seeded, counting.begin, WAREHOUSE, at())
    view = await run(seeded, counting.close, number, {"green-tea": 46, "yokan": 25, "cider": 36}, at(60), "棚の裏")
    assert [(line.product_id, line.expected, line.difference) for line in view.lines] == [
        ("cider", 36, 0),
        ("green-tea", 48, -2),
        ("yokan", 24, 1),
    ]
    assert (await balances(seeded))["5102"] == 2 * 84 - 62
    assert [row.kind for row in await look(seeded, movements.of_document, view.document_id)] == ["count", "count"]
    assert await on_hand(seeded) == 46
    await sound(seeded)
    with pytest.raises(GoodsRefusedError, match="count again"):
        await run(seeded, counting.close, number, {"green-tea": 48}, at(90), "")


async def test_count_when_goods_move_while_somebody_counts_then_only_what_is_really_missing_is_booked(
    seeded: Database, script: Any, clock: Any
) -> None:
    script.restock(added=6)
    await hear(seeded, script, clock)
    script.events.clear()
    number = await run(seeded, counting.begin, SLOT, at(10))
    late = script.__class__(script.machine, "b" * 32, NOON_MS)  # sold before the count began, told during it
    late.sale()
    during = script.__class__(script.machine, "c" * 32, NOON_MS + 60_000)
    during.sale()
    await hear(seeded, late, clock)
    await hear(seeded, during, clock)
    assert await on_hand(seeded, SLOT) == 4
    view = await run(seeded, counting.close, number, {"green-tea": 5}, at(120), "")
    assert (view.lines[0].expected, view.lines[0].difference, view.document_id) == (5, 0, 0)
    again = await run(seeded, counting.begin, SLOT, at(200))
    view = await run(seeded, counting.close, again, {"green-tea": 3}, at(230), "")
    assert (view.lines[0].difference, await on_hand(seeded, SLOT)) == (-1, 3)
    await sound(seeded)


async def test_place_when_it_holds_goods_then_it_cannot_be_closed_and_a_closed_one_takes_none(seeded: Database) -> None:
    await run(seeded, places.save, "van-1", kind="van", name="配送車", is_active=True)
    await run(seeded, goods.transfer, (WAREHOUSE, "van-1"), [Line("yokan", 1)], at())
    with pytest.raises(PlaceInUseError, match="holds goods"):
        await run(seeded, places.save, "van-1", kind="van", name="配送車", is_active=False)
    await run(seeded, goods.transfer, ("van-1", WAREHOUSE), [Line("yokan", 1)], at(1))
    await run(seeded, places.save, "van-1", kind="van", name="旧車", is_active=False)
    with pytest.raises(GoodsRefusedError, match="closed"):
        await run(seeded, goods.transfer, (WAREHOUSE, "van-1"), [Line("yokan", 1)], at(2))
    with pytest.raises(PlaceInUseError, match="only its name"):
        await run(seeded, places.save, WAREHOUSE, kind="van", name="倉庫", is_active=True)


async def test_lots_when_they_expire_then_they_are_listed_by_day_with_the_days_that_are_left(seeded: Database) -> None:
    lines = [Line("yokan", 3, (LotShare("b", 3, DAY + timedelta(days=5)),)), Line("cider", 2, (LotShare("a", 2, DAY),))]
    await run(seeded, goods.receive, WAREHOUSE, lines, at())
    found = await look(seeded, stock.expiring, DAY + timedelta(days=1), 30)
    assert [(row.product_id, row.days_left, row.quantity) for row in found] == [("cider", -1, 2), ("yokan", 4, 3)]
    assert [row.product_id for row in await look(seeded, stock.expiring, DAY + timedelta(days=1), 3)] == ["cider"]
    trace = await look(seeded, movements.of_lot, "yokan", "b")
    assert [(row.from_place, row.to_place) for row in trace] == [(None, WAREHOUSE)]


class Staff:
    """Does random but possible things with goods."""

    def __init__(self, database: Database, clock: Any, seed: int) -> None:
        self.database = database
        self.clock = clock
        self.chance = random.Random(seed)  # noqa: S311 - a test's
        self.ends = [WAREHOUSE, "van-1"]

    async def do(self) -> None:
        self.clock.now_ms += 5_000
        self.chance.shuffle(self.ends)
        who = Person("staff@example.com", self.clock.now_ms, "Asia/Tokyo")
        await self.chance.choice([self.receive, self.carry, self.spoil, self.count])(who)

    async def receive(self, who: Person) -> None:
        day = self.chance.randint(0, 4)
        shares = (LotShare(f"l{day}", 3, DAY + timedelta(days=day)),)
        await run(self.database, goods.receive, self.ends[0], [Line("green-tea", 3, shares, 251)], who)

    async def carry(self, who: Person) -> None:
        if await on_hand(self.database, self.ends[0]) > 4:
            await run(self.database, goods.transfer, (self.ends[0], self.ends[1]), [Line("green-tea", 4)], who)

    async def spoil(self, who: Person) -> None:
        if await on_hand(self.database, self.ends[0]) > 0:
            await run(self.database, goods.spoil, self.ends[0], [Line("green-tea", 1)], who, "破損")

    async def count(self, who: Person) -> None:
        place = self.chance.choice([*self.ends, SLOT])
        if place != SLOT or await on_hand(self.database, SLOT):
            number = await run(self.database, counting.begin, place, who)
            found = {"green-tea": self.chance.randint(0, 20)}
            await run(self.database, counting.close, number, found, who, "")


@pytest.mark.parametrize("seed", range(3))
async def test_goods_when_people_and_machines_do_anything_then_books_and_stock_agree_and_a_replay_is_the_same(
    seeded: Database, script: Any, clock: Any, seed: int
) -> None:
    await run(seeded, places.save, "van-1", kind="van", name="配送車", is_active=True)
    staff = Staff(seeded, clock, seed)
    for _ in range(15):
        await staff.do()
        staff.chance.choice(
            [script.sale, script.sale, partial(script.restock, added=staff.chance.choice([-1, 2, 5]))]
        )()
        if staff.chance.random() < 0.5:
            await hear(seeded, script, clock)
    await hear(seeded, script, clock)
    await sound(seeded)
    assert (await rebuild(seeded)).differences == []


async def test_goods_over_http_when_sent_twice_with_a_key_then_they_move_once(client: AsyncClient) -> None:
    body = {"place_id": "warehouse", "lines": [{"product_id": "yokan", "quantity": 2}], "reason": "破損"}
    first = await client.post("/api/v1/inventory/spoilages", json=body, headers={"Idempotency-Key": "k1"})
    again = await client.post("/api/v1/inventory/spoilages", json=body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    rows = (await client.get("/api/v1/inventory/stock", params={"product_id": "yokan"})).json()["items"]
    assert [(row["place_id"], row["quantity"]) for row in rows] == [("warehouse", 22)]


async def test_goods_over_http_when_refused_then_the_problem_says_what_to_do(client: AsyncClient) -> None:
    body = {"from_place": "warehouse", "to_place": "nowhere", "lines": [{"product_id": "yokan", "quantity": 2}]}
    answer = await client.post("/api/v1/inventory/transfers", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_place")
    put = await client.put("/api/v1/inventory/places/van-1", json={"kind": "van", "name": "配送車1号"})
    assert put.json()["name"] == "配送車1号"
    body |= {"to_place": "van-1", "lines": [{"product_id": "yokan", "quantity": 200}]}
    answer = await client.post("/api/v1/inventory/transfers", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_enough")
    body["lines"] = [{"product_id": "yokan", "quantity": 2, "lots": [{"code": "x", "quantity": 1}]}]
    answer = await client.post("/api/v1/inventory/transfers", json=body)
    assert answer.status_code == 422
    assert "add up" in answer.json()["fields"][0]["problem"]


async def test_count_over_http_when_begun_and_closed_then_the_movements_page_through_by_cursor(
    client: AsyncClient,
) -> None:
    begun = (await client.post("/api/v1/inventory/counts", json={"place_id": "warehouse"})).json()
    lines = [{"product_id": "green-tea", "counted": 40}, {"product_id": "yokan", "counted": 23}]
    closed = await client.post(f"/api/v1/inventory/counts/{begun['id']}/close", json={"lines": lines})
    assert [row["difference"] for row in closed.json()["lines"]] == [-8, -1]
    found, cursor = [], None
    while True:
        asked = {"limit": "5"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/v1/inventory/movements", params=asked)).json()
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            break
    assert [row["kind"] for row in found] == ["count", "count", *(["receipt"] * 12)]
