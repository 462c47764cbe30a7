"""A price list or a plan whose day has come becomes the next revision of the machine's planogram, once."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.assortment import service
from cloud.assortment.service import DoubtfulError, NewPrice, PastDayError, UnknownProductError
from cloud.db.database import Database
from cloud.machines import service as machines
from cloud.worker import publish_due

TODAY = date(2026, 11, 20)
TOMORROW = TODAY + timedelta(days=1)
MACHINE = "vm-test-0001"
LISTS = "/api/v1/price-lists"
PLANS = f"/api/v1/vending/machines/{MACHINE}/plans"
BY: dict[str, Any] = {"by": "op@example.com"}


async def enter(database: Database, day: date, yen: int, clock: Any, **more: Any) -> None:
    row = NewPrice(product_id=more.pop("product", "green-tea"), valid_from=day, price_minor=yen)
    async with database.write() as db_session:
        await service.enter_prices(db_session, "stations", [row], today=TODAY, now_ms=clock(), **BY | more)


@pytest.fixture
async def following(seeded: Database, clock: Any) -> Database:
    """A list without prices that the machine follows."""
    async with seeded.write() as db_session:
        await service.make_list(db_session, "stations", "駅", now_ms=clock(), **BY)
        await service.follow(db_session, MACHINE, "stations")
    return seeded


async def charged(database: Database, slot: str = "A1") -> tuple[int, int]:
    """Revision and price of a slot."""
    async with database.read() as db_session:
        found = await machines.planogram(db_session, MACHINE)
    assert found is not None
    return found.rev, next(row.price_minor for row in found.slots if row.slot == slot)


async def test_price_list_when_its_day_comes_in_the_machines_time_zone_then_one_revision_follows(
    following: Database, clock: Any
) -> None:
    await enter(following, TOMORROW, 170, clock)
    assert await publish_due(following, clock) == 0
    clock.now_ms += 12 * 3_600_000 - 1  # a millisecond before midnight in Tokyo
    assert (await publish_due(following, clock), await charged(following)) == (0, (1, 160))
    clock.now_ms += 1
    assert (await publish_due(following, clock), await charged(following)) == (1, (2, 170))
    assert (await publish_due(following, clock), await charged(following)) == (0, (2, 170))
    async with following.read() as db_session:
        now = await machines.planogram(db_session, MACHINE)
    assert now is not None
    assert {row.slot: row.price_minor for row in now.slots if row.slot != "A1"}["A3"] == 120


async def test_plan_when_its_day_comes_then_it_is_published_with_the_prices_of_the_list_and_older_plans_are_passed(
    following: Database, clock: Any
) -> None:
    async with following.read() as db_session:
        now = await machines.planogram(db_session, MACHINE)
    assert now is not None
    two, one = list(now.slots[:2]), list(now.slots[:1])
    async with following.write() as db_session:
        for day, slots in ((TOMORROW, two), (TOMORROW + timedelta(days=1), one)):
            await service.make_plan(db_session, MACHINE, day, slots, now_ms=clock(), **BY)
    await enter(following, TOMORROW, 150, clock)
    clock.now_ms += 48 * 3_600_000
    assert await publish_due(following, clock) == 1
    async with following.read() as db_session:
        found = await machines.planogram(db_session, MACHINE)
        plans = await service.plans(db_session, MACHINE)
    assert found is not None
    assert [(row.slot, row.price_minor) for row in found.slots] == [("A1", 150)]
    assert [(row.published_rev, row.withdrawn_at_ms) for row in plans] == [(2, 0), (0, clock())]
    assert await publish_due(following, clock) == 0


async def test_prices_when_below_cost_or_far_from_before_then_they_wait_for_a_yes(
    following: Database, clock: Any
) -> None:
    with pytest.raises(
        DoubtfulError, match=r"16 yen is below its cost of 84; .*16 yen is more than 50 % away from 160"
    ):
        await enter(following, TODAY, 16, clock)
    async with following.read() as db_session:
        assert await service.entered(db_session, "stations") == []
    await enter(following, TODAY, 16, clock, is_confirmed=True)
    assert (await publish_due(following, clock), await charged(following)) == (1, (2, 16))


async def test_prices_when_the_day_is_over_or_the_product_unknown_then_they_are_refused(
    following: Database, clock: Any
) -> None:
    with pytest.raises(PastDayError, match="2026-11-19 is over"):
        await enter(following, TODAY - timedelta(days=1), 160, clock)
    with pytest.raises(UnknownProductError, match="'umbrella'"):
        await enter(following, TODAY, 500, clock, product="umbrella")


# --- over HTTP -------------------------------------------------------------------------------------------


async def test_price_list_when_made_followed_and_filled_over_http_then_the_machine_gets_its_prices_at_once(
    client: AsyncClient, app: Any
) -> None:
    made = await client.post(LISTS, json={"id": "stations", "name": "駅"}, headers={"Idempotency-Key": "k"})
    again = await client.post(LISTS, json={"id": "stations", "name": "駅"}, headers={"Idempotency-Key": "k"})
    assert (made.status_code, again.status_code) == (201, 200)
    assert (await client.post(LISTS, json={"id": "stations", "name": "駅"})).json()["code"] == "price_list_exists"
    path = f"/api/v1/vending/machines/{MACHINE}/price-list"
    assert (await client.put(path, json={"list_id": "stations"})).status_code == 200
    assert (await client.get(path)).json() == {"list_id": "stations"}
    assert (await client.put(path, json={"list_id": "none"})).json()["code"] == "no_such_price_list"
    rows = [{"product_id": "green-tea", "valid_from": "2026-11-20", "price_minor": 180}]
    answers = [
        await client.post(f"{LISTS}/stations/prices", json={"prices": rows}, headers={"Idempotency-Key": "p"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert await charged(app.state.database) == (2, 180)
    prices = (await client.get(f"{LISTS}/stations/prices")).json()["items"]
    assert prices == [{"product_id": "green-tea", "price_minor": 180}]
    (entry,) = (await client.get(f"{LISTS}/stations/entries")).json()["items"]
    assert (entry["entered_by"], entry["price_minor"]) == ("op@example.com", 180)
    assert (await client.get(f"{LISTS}/stations")).json()["machines"] == [MACHINE]


async def test_prices_when_doubtful_over_http_then_the_answer_names_each_and_a_yes_enters_them(
    client: AsyncClient,
) -> None:
    await client.post(LISTS, json={"id": "stations", "name": "駅"})
    body: dict[str, Any] = {"prices": [{"product_id": "green-tea", "valid_from": "2026-11-20", "price_minor": 50}]}
    answer = await client.post(f"{LISTS}/stations/prices", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "needs_confirmation")
    assert "green-tea: 50 yen is below its cost of 84" in answer.json()["detail"]
    assert (await client.post(f"{LISTS}/stations/prices", json=body | {"is_confirmed": True})).status_code == 201


async def test_plan_when_made_and_withdrawn_over_http_then_it_never_reaches_the_machine(
    client: AsyncClient, app: Any, clock: Any
) -> None:
    now = (await client.get(f"/api/v1/vending/machines/{MACHINE}/planogram")).json()
    made = await client.post(PLANS, json={"valid_from": "2026-11-21", "slots": now["slots"][:3]})
    assert (made.status_code, made.json()["published_rev"]) == (201, 0)
    gone = await client.delete(f"{PLANS}/{made.json()['id']}")
    assert gone.json()["withdrawn_at_ms"] == clock()
    assert (await client.delete(f"{PLANS}/{made.json()['id']}")).json()["code"] == "no_such_plan"
    clock.now_ms += 48 * 3_600_000
    assert (await publish_due(app.state.database, clock), await charged(app.state.database)) == (0, (1, 160))


async def test_plan_when_it_is_for_today_then_it_is_published_at_once(client: AsyncClient, app: Any) -> None:
    now = (await client.get(f"/api/v1/vending/machines/{MACHINE}/planogram")).json()
    slots = [row | {"price_minor": 165} if row["slot"] == "A1" else row for row in now["slots"]]
    made = await client.post(PLANS, json={"valid_from": "2026-11-20", "slots": slots})
    assert (made.status_code, made.json()["published_rev"]) == (201, 2)
    assert await charged(app.state.database) == (2, 165)
    twice = await client.post(PLANS, json={"valid_from": "2026-11-20", "slots": slots[:1] * 2})
    assert (twice.status_code, twice.json()["code"]) == (422, "invalid")
