"""Weeks of sales of the demo machine, written as the interpreter would have."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from cloud.db.database import Database
from cloud.inventory import service as inventory
from cloud.inventory.service import Movement
from cloud.kit.clock import local
from cloud.sales import service as sales
from cloud.sales.service import SaleFact

TODAY = date(2026, 11, 20)
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def fact(machine: str, seq: int, at_ms: int, slot: str, product: str, **changes: Any) -> SaleFact:
    values: dict[str, Any] = {
        "machine_id": machine,
        "epoch": "e" * 32,
        "seq": seq,
        "vend_id": f"v-{seq}",
        "status": "completed",
        "slot": slot,
        "product_id": product,
        "currency": "JPY",
        "occurred_at_ms": at_ms,
        "sold_on": local(at_ms, "Asia/Tokyo").date(),
        "tender": "cash",
        "gross_minor": 160,
        "tax_percent": 8,
        "tax_minor": 11,
        "net_minor": 149,
        "cost_minor": 84,
    }
    return SaleFact(**values | changes)


@pytest.fixture
def sold(machine_id: str, clock: Any) -> Callable[..., Awaitable[None]]:
    """Record sales of whole days: `sold(database, {days ago: units of each product})`, spread over the day."""
    made = 0

    async def record(
        database: Database, days: dict[int, dict[str, int]], *, failed: dict[int, int] | None = None
    ) -> None:
        nonlocal made
        slots = {"green-tea": "A1", "cider": "A4", "yokan": "C4"}
        midnight = clock() - 12 * HOUR_MS
        facts = []
        for ago, products in days.items():
            for product, units in products.items():
                for at in range(units):
                    made += 1
                    when = midnight - ago * DAY_MS + 8 * HOUR_MS + at * 12 * HOUR_MS // max(units, 1)
                    facts.append(fact(machine_id, made, when, slots[product], product))
        for ago, times in (failed or {}).items():
            for _ in range(times):
                made += 1
                when = midnight - ago * DAY_MS + 9 * HOUR_MS
                more = {"status": "failed", "reason": "jammed", "tender": ""}
                zero = dict.fromkeys(("gross_minor", "tax_minor", "net_minor", "cost_minor", "tax_percent"), 0)
                facts.append(fact(machine_id, made, when, "A1", "green-tea", **more, **zero))
        async with database.write() as db_session:
            await sales.record(db_session, facts)

    return record


@pytest.fixture
def filled(machine_id: str, clock: Any) -> Callable[[Database], Awaitable[None]]:
    """Every slot has had goods for months."""

    async def fill(database: Database) -> None:
        long_ago = clock() - 200 * DAY_MS
        rows = [("A1", "green-tea"), ("A4", "cider"), ("C4", "yokan")]
        moves = [
            Movement(f"fill/{slot}", product, 6, long_ago, from_place="warehouse", to_place=f"{machine_id}/{slot}")
            for slot, product in rows
        ]
        async with database.write() as db_session:
            await inventory.move(db_session, moves)

    return fill


def day(ago: int) -> date:
    return TODAY - timedelta(days=ago)
