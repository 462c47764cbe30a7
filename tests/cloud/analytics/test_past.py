"""What days that are over say is kept while nothing of such a day comes in, and no longer."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cloud.accounting import service as accounting
from cloud.accounting.rules import Draft, Leg
from cloud.analytics import demand, statistics
from cloud.analytics.past import KEPT_MS, Today, of_days_over
from cloud.db.database import Database
from cloud.inventory import service as inventory
from cloud.inventory.service import WAREHOUSE, Movement

TODAY = date(2026, 11, 20)
DAY_MS = 86_400_000


class Asked:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> int:
        self.times += 1
        return self.times


@pytest.fixture
def today(clock: Any) -> Today:
    return Today(TODAY, "Asia/Tokyo", clock())


async def ask(database: Database, today: Today, asked: Asked) -> int:
    async with database.read() as db_session:
        return await of_days_over(db_session, today, ("test",), asked)


async def post(database: Database, day: date, source: str) -> None:
    async with database.write() as db_session:
        await accounting.post(db_session, [Draft(source, day, 0, "x", (Leg("1001", 5), Leg("4001", -5)))])


async def move(database: Database, at_ms: int) -> None:
    async with database.write() as db_session:
        await inventory.move(db_session, [Movement(f"m{at_ms}", "yokan", 1, at_ms, to_place=WAREHOUSE, cost_minor=5)])


async def test_days_over_when_only_today_goes_on_then_they_are_asked_once_and_again_when_something_comes_late(
    seeded: Database, sold: Any, today: Today
) -> None:
    asked = Asked()
    assert [await ask(seeded, today, asked) for _ in range(2)] == [1, 1]
    await sold(seeded, {0: {"green-tea": 2}})
    await post(seeded, TODAY, "today")
    await move(seeded, today.now_ms)
    assert await ask(seeded, today, asked) == 1
    await sold(seeded, {3: {"green-tea": 1}})
    assert [await ask(seeded, today, asked) for _ in range(2)] == [2, 2]
    await post(seeded, TODAY - timedelta(days=1), "yesterday")
    assert await ask(seeded, today, asked) == 3
    await move(seeded, today.now_ms - 2 * DAY_MS)
    assert await ask(seeded, today, asked) == 4


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_days_over_when_time_goes_on_or_a_writer_asks_then_nothing_old_is_told(
    seeded: Database, today: Today
) -> None:
    asked = Asked()
    assert await ask(seeded, today, asked) == 1
    async with seeded.write() as db_session:
        assert await of_days_over(db_session, today, ("test",), asked) == 2
    assert await ask(seeded, replace(today, now_ms=today.now_ms + KEPT_MS - 1), asked) == 1
    assert await ask(seeded, replace(today, now_ms=today.now_ms + KEPT_MS), asked) == 3
    tomorrow = replace(today, day=TODAY + timedelta(days=1), now_ms=today.now_ms + KEPT_MS)
    assert await ask(seeded, tomorrow, asked) == 4


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_figures_when_a_sale_of_yesterday_comes_late_then_forecast_and_statistics_have_it(
    seeded: Database, sold: Any, filled: Any, clock: Any
) -> None:
    await filled(seeded)
    await sold(seeded, {ago: {"green-tea": 4} for ago in range(1, 40)})

    async def figures() -> tuple[int, int, int]:
        async with seeded.read() as db_session:
            rows = await demand.forecasts(db_session, TODAY, "Asia/Tokyo", clock())
            first, last = TODAY - timedelta(days=7), TODAY - timedelta(days=1)
            found = await statistics.gather(db_session, first, last, timezone="Asia/Tokyo", now_ms=clock())
        tea = next(row for row in rows if row.product_id == "green-tea")
        return tea.sold_7_days, found.sales.units, found.customers.vends

    assert await figures() == (28, 28, 28)
    assert await figures() == (28, 28, 28)
    await sold(seeded, {1: {"green-tea": 3}}, failed={1: 1})
    assert await figures() == (31, 31, 32)
