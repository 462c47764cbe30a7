"""Alerts, the plan, and trips: what staff put into a machine comes out of their van, also when it is told late."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.backup.rebuild import rebuild
from cloud.db.database import Database
from cloud.inventory import goods, levels, places, repository, service, trips
from cloud.inventory.goods import GoodsRefusedError, Line, Person
from cloud.inventory.lots import LotShare
from cloud.inventory.service import WAREHOUSE
from cloud.inventory.trips import TripView, Wanted
from cloud.machines import service as machines
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver

NOON_MS = 1_795_143_600_000
MACHINE = "vm-test-0001"
SLOT = f"{MACHINE}/A1"


def at(seconds: int = 0) -> Person:
    return Person("staff@example.com", NOON_MS + seconds * 1000, "Asia/Tokyo")


async def run(database: Database, work: Any, *args: Any, **more: Any) -> Any:
    async with database.write() as db_session:
        return await work(db_session, *args, **more)


async def look(database: Database, work: Any, *args: Any, **more: Any) -> Any:
    async with database.read() as db_session:
        return await work(db_session, *args, **more)


async def on_hand(database: Database, place: str) -> int:
    return (await look(database, repository.on_hand_at, [(place, "green-tea")])).get((place, "green-tea"), 0)


async def hear(database: Database, script: Any, clock: Any) -> None:
    await Receiver(database, clock).handle(script.messages())
    interpreter = Interpreter(database, clock=clock)
    while await interpreter.run_once():
        pass


WANTED = [Wanted(machine_id=MACHINE, slot="A1", product_id="green-tea", quantity=6, priority="high")]


@pytest.fixture
async def with_van(seeded: Database) -> Database:
    await run(seeded, places.save, "van-1", kind="van", name="配送車", is_active=True)
    return seeded


async def test_trip_when_it_begins_and_ends_then_its_machines_get_a_pick_list_and_an_empty_one(
    with_van: Database,
) -> None:
    trip = await begun(with_van, at(10))
    key = (MACHINE, "restock")
    document = (await look(with_van, machines.documents, [MACHINE]))[key]
    assert (document.rev, document.doc["trip"], document.doc["made_ms"]) == (1, str(trip.id), NOON_MS + 10_000)
    assert [(row["slot"], row["product_id"], row["take"]) for row in document.doc["lines"]] == [("A1", "green-tea", 6)]
    await run(with_van, trips.close, trip.id, None, at(100))
    document = (await look(with_van, machines.documents, [MACHINE]))[key]
    assert (document.rev, document.doc["trip"], document.doc["lines"]) == (2, "", [])


async def begun(database: Database, who: Person) -> TripView:
    number = await run(database, trips.take, "van-1", WAREHOUSE, WANTED, who)
    found: TripView = await look(database, trips.one, number)
    return found


async def test_trip_when_staff_fill_a_machine_then_it_comes_out_of_the_van_and_the_rest_goes_back(
    with_van: Database, script: Any, clock: Any
) -> None:
    script.restock(added=1)  # before the trip: from the warehouse
    await hear(with_van, script, clock)
    trip = await begun(with_van, at(10))
    assert [(row.loaded, row.filled, row.left) for row in trip.loads] == [(6, 0, 6)]
    other = script.__class__(MACHINE, "b" * 32, NOON_MS + 20_000)
    other.restock(added=4)
    other.restock(added=-1)  # taken out again: into the van
    await hear(with_van, other, clock)
    assert [await on_hand(with_van, place) for place in (WAREHOUSE, "van-1", SLOT)] == [41, 3, 4]
    closed = await run(with_van, trips.close, trip.id, None, at(100))
    assert [(row.planned, row.filled) for row in closed.lines] == [(6, 3)]
    assert [await on_hand(with_van, place) for place in (WAREHOUSE, "van-1", SLOT)] == [44, 0, 4]
    after = script.__class__(MACHINE, "c" * 32, NOON_MS + 200_000)
    after.restock(added=2)  # after the trip: from the warehouse again
    await hear(with_van, after, clock)
    assert await on_hand(with_van, WAREHOUSE) == 42
    assert (await rebuild(with_van)).differences == []


async def test_trip_when_a_machine_tells_after_it_was_closed_then_the_van_still_gave_the_goods(
    with_van: Database, script: Any, clock: Any
) -> None:
    trip = await begun(with_van, at(0))
    late = script.__class__(MACHINE, "b" * 32, NOON_MS + 20_000)
    late.restock(added=4)
    closed = await run(with_van, trips.close, trip.id, {"green-tea": 2}, at(60))
    assert [(row.loaded, row.filled) for row in closed.loads] == [(6, 0)]
    assert await on_hand(with_van, "van-1") == 4
    await hear(with_van, late, clock)
    assert [await on_hand(with_van, place) for place in (WAREHOUSE, "van-1", SLOT)] == [44, 0, 4]
    found = await look(with_van, trips.one, trip.id)
    assert [(row.loaded, row.filled) for row in found.loads] == [(6, 4)]
    assert (await rebuild(with_van)).differences == []


async def test_trip_when_a_clock_was_ahead_before_it_then_what_was_put_in_then_stays_out_of_the_warehouse_on_a_replay(
    with_van: Database, script: Any, clock: Any
) -> None:
    ahead = script.__class__(MACHINE, "b" * 32, NOON_MS + 600_000)
    ahead.restock(added=1)
    await hear(with_van, ahead, clock)
    trip = await begun(with_van, at(30))
    ahead.restock(added=2)
    await hear(with_van, ahead, clock)
    await run(with_van, trips.close, trip.id, None, at(60))
    assert [await on_hand(with_van, place) for place in (WAREHOUSE, "van-1", SLOT)] == [45, 0, 3]
    assert (await rebuild(with_van)).differences == []


async def test_trip_when_van_or_machine_is_under_way_or_nothing_is_there_then_it_is_refused(with_van: Database) -> None:
    trip = await begun(with_van, at(0))
    with pytest.raises(GoodsRefusedError, match=f"van 'van-1' is on trip {trip.id}"):
        await run(with_van, trips.take, "van-1", WAREHOUSE, WANTED, at(1))
    await run(with_van, places.save, "van-2", kind="van", name="二号車", is_active=True)
    with pytest.raises(GoodsRefusedError, match=f"machine '{MACHINE}' is on trip {trip.id}"):
        await run(with_van, trips.take, "van-2", WAREHOUSE, WANTED, at(1))
    with pytest.raises(GoodsRefusedError, match="is no van"):
        await run(with_van, trips.take, WAREHOUSE, WAREHOUSE, WANTED, at(1))
    with pytest.raises(GoodsRefusedError, match="the books have 6"):
        await run(with_van, trips.close, trip.id, {"green-tea": 7}, at(2))
    await run(with_van, trips.close, trip.id, None, at(3))
    with pytest.raises(GoodsRefusedError, match="is closed"):
        await run(with_van, trips.close, trip.id, None, at(4))
    wanted = [WANTED[0].model_copy(update={"machine_id": "vm-none-0001"})]
    with pytest.raises(GoodsRefusedError, match="no machine 'vm-none-0001'"):
        await run(with_van, trips.take, "van-1", WAREHOUSE, wanted, at(5))


async def test_alerts_when_a_slot_is_sold_out_then_they_say_since_which_sale_and_for_how_long(
    with_van: Database, script: Any, clock: Any
) -> None:
    script.restock(added=3)
    for _ in range(3):
        script.sale()
    await hear(with_van, script, clock)
    for now_ms in (clock() + 60_000, clock() + 9 * 86_400_000):  # found among the newest changes, and beyond them
        rows = {(row.slot, row.state): row for row in await look(with_van, levels.alerts, now_ms)}
        assert rows["A1", "out"].since_ms == NOON_MS + 12_000
    sold_at = NOON_MS + 12_000  # a restock, then three events more in each sale before the can falls
    assert rows["A1", "out"].since_ms == sold_at
    assert rows["A2", "out"].since_ms == 0
    today = await look(with_van, levels.sold_out, service_day(), "Asia/Tokyo", sold_at + 30 * 60_000)
    minutes = {row.slot: row.minutes for row in today}
    # Nothing was in it from midnight to the restock a second after noon; then again for half an hour.
    assert (minutes["A1"], minutes["A2"]) == (12 * 60 + 30, 12 * 60 + 30)
    assert await look(with_van, levels.sold_out, service_day(1), "Asia/Tokyo", sold_at) == []


def service_day(days: int = 0) -> Any:

    return date(2026, 11, 20) + timedelta(days=days)


async def test_plan_over_http_when_taken_and_closed_then_goods_went_to_the_van_and_back(client: AsyncClient) -> None:
    put = await client.put("/api/v1/inventory/places/van-1", json={"kind": "van", "name": "配送車1号"})
    assert put.status_code == 200
    plan = (await client.get("/api/v1/inventory/restocking-plan")).json()
    assert len(plan["lines"]) == 12
    assert {(row["priority"], row["quantity"]) for row in plan["lines"]} == {("high", 6)}
    assert [row["slot"] for row in plan["lines"]][:5] == ["A1", "A2", "A3", "A4", "B1"]
    taken = await client.post("/api/v1/inventory/trips", json={"van_id": "van-1"}, headers={"Idempotency-Key": "t"})
    again = await client.post("/api/v1/inventory/trips", json={"van_id": "van-1"}, headers={"Idempotency-Key": "t"})
    assert (taken.status_code, again.status_code, again.json()["id"]) == (201, 200, taken.json()["id"])
    held = (await client.get("/api/v1/inventory/stock", params={"place_id": "van-1"})).json()["items"]
    assert {row["quantity"] for row in held} == {6}
    refused = await client.put("/api/v1/inventory/places/van-1", json={"kind": "van", "name": "x", "is_active": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "place_in_use")
    number = taken.json()["id"]
    closed = await client.post(f"/api/v1/inventory/trips/{number}/close", json={})
    assert (closed.status_code, {row["left"] for row in closed.json()["loads"]}) == (200, {0})
    held = (await client.get("/api/v1/inventory/stock", params={"place_id": "van-1"})).json()["items"]
    assert held == []
    assert [row["id"] for row in (await client.get("/api/v1/inventory/trips")).json()["items"]] == [number]


async def test_plan_when_lots_are_in_the_warehouse_then_it_names_the_first_to_expire(seeded: Database) -> None:

    await run(seeded, goods.spoil, WAREHOUSE, [Line("yokan", 24)], at(), "test")
    lots = [LotShare("L", 4, date(2027, 3, 1)), LotShare("E", 4, date(2027, 1, 1))]
    await run(seeded, goods.receive, WAREHOUSE, [Line("yokan", lot.quantity, (lot,), 200) for lot in lots], at())
    found = await look(seeded, levels.restocking_plan, WAREHOUSE, NOON_MS)
    (row,) = [row for row in found.lines if row.product_id == "yokan"]
    assert [(lot.code, lot.quantity) for lot in row.lots] == [("E", 4), ("L", 2)]
    (pick,) = [row for row in found.picks if row.product_id == "yokan"]
    assert (pick.storage, pick.quantity, [lot.code for lot in pick.lots]) == (8, 6, ["E", "L"])
    assert (await look(seeded, service.total_value)) > 0
