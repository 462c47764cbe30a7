"""訪問: what was done at a machine, over the API and on its page."""

from typing import Any

import pytest
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver

VISIT = "5" * 32
WHO = {"visit": VISIT, "staff": "1"}

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_visit_when_staff_counted_and_collected_then_api_and_pages_say_so(
    client: AsyncClient, seeded: Database, clock: Any, script: Any, machine_id: str
) -> None:
    script.add("visit.started", WHO | {"how": "pin"})
    tea = {"slot": "A1", "product_id": "green-tea"}
    script.add("slot.restocked", WHO | tea | {"added": 6, "on_hand": 6})
    script.add("slot.counted", WHO | tea | {"counted": 5, "believed": 6, "on_hand": 5})
    cash = {"part": "cash_box", "believed_minor": 0, "counted_minor": 900, "collected_minor": 900, "bag": "B-17"}
    script.add("cash.counted", WHO | cash)
    script.add("shelf.dusted", ["a newer machine", 2])
    script.add("visit.ended", WHO | {"minutes": 14, "units_added": 6, "open_tasks": ["slot:B2"]})
    script.sale()
    await Receiver(seeded, clock).handle(script.messages())
    interpreter = Interpreter(seeded, clock=clock)
    while await interpreter.run_once():
        pass
    listed = (await client.get("/api/v1/vending/visits", params={"machine_id": machine_id, "limit": 1})).json()
    assert [row["id"] for row in listed["items"]] == [VISIT]
    detail = (await client.get(f"/api/v1/vending/visits/{machine_id}/{VISIT}")).json()
    assert [row["kind"] for row in detail["events"]][:3] == ["visit.started", "slot.restocked", "slot.counted"]
    assert [row["body"] for row in detail["events"] if row["kind"] == "shelf.dusted"] == [{}]
    assert (await client.get(f"/api/v1/vending/visits/{machine_id}/none")).status_code == 404
    page = (await client.get("/dashboard/visits")).text
    assert f"/dashboard/visits/{machine_id}/{VISIT}" in page
    assert "残り 1 件" in page
    one = (await client.get(f"/dashboard/visits/{machine_id}/{VISIT}")).text
    for words in ("op@example.com", "A1 を数えました: 5 個(差 -1)", "袋 B-17", "残した作業: 棚 B2", "¥900"):
        assert words in one, words
    assert "売れました" not in one
    assert "op@example.com" in (await client.get(f"/dashboard/cash/{machine_id}")).text
    assert (await client.get(f"/dashboard/visits/{machine_id}/none")).status_code == 404
