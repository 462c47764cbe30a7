"""What runs low, proposals that wait for a person, lists that are imported, and what a search answers."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.integrations.web_search.port import Finding
from cloud.integrations.web_search.recorded import RecordedSearch
from cloud.inventory import service as inventory
from cloud.procurement import generator, needs, ordering
from cloud.procurement.needs import Level
from cloud.procurement.ordering import Maker

TODAY = date(2026, 11, 20)
API = "/api/v1/procurement"


def level(**changes: Any) -> Level:
    found = {"product_id": "x", "par_level": 6, "on_hand": 0, "on_order": 0, "sold": 28, "lead_days": 3}
    return Level(**found | changes)


@pytest.mark.parametrize(
    ("changes", "units"),
    [
        ({"on_hand": 9}, None),
        ({"on_hand": 8}, 6 + 17 - 8),
        ({"on_hand": 8, "on_order": 1}, None),
        ({"on_hand": 8, "lead_days": 2}, None),
        ({"on_hand": -5}, 23),
        ({"par_level": 0, "sold": 0}, None),
        ({"on_hand": 6, "sold": 1}, 1),
    ],
)
def test_need_when_stock_does_not_last_until_new_goods_come_then_it_is_filled_up(
    changes: dict[str, int], units: int | None
) -> None:
    found = needs.need_of(level(**changes))
    assert (found.units if found else None) == units


async def run_out(database: Database, *products: str) -> None:
    """Everything of these products is gone."""
    async with database.write() as db_session:
        rows = await inventory.stock_of_products(db_session, products)
        gone = [
            inventory.Movement(f"gone/{row.product_id}", row.product_id, row.storage_stock, 1, from_place="warehouse")
            for row in rows
        ]
        await inventory.move(db_session, gone)


async def propose(database: Database, now_ms: int = 1) -> list[generator.Proposal]:
    async with database.write() as db_session:
        return await generator.propose(db_session, Maker("a@example.com", "generator", now_ms, TODAY))


async def test_propose_when_products_run_out_then_each_supplier_gets_one_order_that_waits(
    seeded: Database, add_supplier: Any, add_offer: Any
) -> None:
    near, far = await add_supplier(seeded, "近い"), await add_supplier(seeded, "遠い", lead_days=10, shipping=900)
    await add_offer(seeded, near, "green-tea", 2_000)
    await add_offer(seeded, far, "green-tea", 1_990)
    await add_offer(seeded, near, "cider", 1_800)
    await add_offer(seeded, far, "yokan", 1_500)
    await run_out(seeded, "green-tea", "cider", "yokan", "corn-soup")
    found = {row.product: row for row in await propose(seeded)}
    assert {name: (row.supplier, row.status, row.units) for name, row in found.items()} == {
        "green-tea": ("近い", "pending_human_approval", 24),
        "cider": ("近い", "pending_human_approval", 24),
        "yokan": ("遠い", "pending_human_approval", 24),
        "corn-soup": (None, "no_supplier", 6),
    }
    assert found["green-tea"].order_id == found["cider"].order_id != found["yokan"].order_id
    assert "発注点 6" in found["green-tea"].order_instruction
    assert "見積りがありません" in found["corn-soup"].order_instruction
    async with seeded.read() as db_session:
        orders = await ordering.listing(db_session, limit=9)
        assert {row.status for row in orders} == {"pending_human_approval"}
        assert [row.product for row in await generator.waiting(db_session)] == ["yokan", "cider", "green-tea"]
    again = await propose(seeded, 2)
    assert [row.product for row in again] == ["corn-soup"]


async def test_propose_when_only_together_the_least_order_is_reached_then_they_go_together_or_elsewhere(
    seeded: Database, add_supplier: Any, add_offer: Any
) -> None:
    big = await add_supplier(seeded, "大きい", minimum_order=3_000)
    small = await add_supplier(seeded, "小さい")
    for product in ("green-tea", "cider"):
        await add_offer(seeded, big, product, 1_600)
        await add_offer(seeded, small, product, 1_700)
    await run_out(seeded, "green-tea")
    assert [row.supplier for row in await propose(seeded)] == ["小さい"]
    async with seeded.write() as db_session:
        (order,) = await ordering.listing(db_session, limit=9)
        await ordering.take_step(db_session, order.id, "cancel", ordering.Doing("a@example.com", 2))
    await run_out(seeded, "cider")
    assert {row.product: row.supplier for row in await propose(seeded)} == {"green-tea": "大きい", "cider": "大きい"}


async def test_propose_when_nobody_may_be_paid_then_it_says_why(
    seeded: Database, add_supplier: Any, add_offer: Any
) -> None:
    unknown = await add_supplier(seeded, "未承認", is_allowed=False)
    await add_offer(seeded, unknown, "green-tea", 1)
    await run_out(seeded, "green-tea")
    (found,) = await propose(seeded)
    assert (found.status, found.supplier) == ("no_supplier", None)
    assert "承認された取引先ではありません" in found.order_instruction


async def test_proposals_when_asked_over_the_api_then_they_have_the_asked_for_shape(
    client: AsyncClient, seeded: Database, add_supplier: Any, add_offer: Any
) -> None:
    seller = await add_supplier(seeded, "みどり")
    await add_offer(seeded, seller, "green-tea", 2_000)
    await run_out(seeded, "green-tea")
    (need,) = (await client.get(f"{API}/needs")).json()
    assert (need["product_id"], need["units"], need["reorder_point"]) == ("green-tea", 6, 6)
    (made,) = (await client.post(f"{API}/proposals")).json()
    assert {"product", "supplier", "order_instruction", "status"} <= set(made)
    assert (made["product"], made["supplier"], made["status"]) == ("green-tea", "みどり", "pending_human_approval")
    assert (await client.get(f"{API}/proposals")).json()[0]["order_id"] == made["order_id"]
    assert (await client.get(f"{API}/needs")).json() == []


async def test_order_document_when_asked_for_then_json_and_pdf_say_whether_it_binds(
    client: AsyncClient, seeded: Database, add_supplier: Any, add_offer: Any
) -> None:
    seller = await add_supplier(seeded, "みどり", closing_day=20, pay_months=1, pay_day=31)
    offer = await add_offer(seeded, seller, "green-tea", 2_000)
    body = {"supplier_id": seller, "lines": [{"offer_id": offer, "packs": 2}]}
    made = (await client.post(f"{API}/orders", json=body)).json()
    here = f"{API}/orders/{made['id']}"
    found = (await client.get(f"{here}/document")).json()
    assert (found["is_binding"], found["total"], found["payment_terms"]) == (False, 4_320, "20日締め翌月末払い")
    await client.post(f"{here}/approve", json={})
    assert (await client.get(f"{here}/document")).json()["is_binding"]
    answers = [await client.get(f"{here}/pdf") for _ in range(2)]
    assert answers[0].headers["content-type"] == "application/pdf"
    assert answers[0].content.startswith(b"%PDF-")
    assert answers[0].content == answers[1].content


LIST = "supplier,product_id,pack_size,price\n新しい,green-tea,24,1980\nみどり,cider,20,1755\n"


async def test_import_when_every_row_is_right_then_all_are_recorded_and_nobody_may_order_by_them_yet(
    client: AsyncClient, seeded: Database, add_supplier: Any
) -> None:
    await add_supplier(seeded, "みどり")
    report = (await client.post(f"{API}/imports", json={"kind": "csv", "text": LIST})).json()
    assert (report["is_imported"], report["suppliers_added"], report["offers_added"]) == (True, 1, 2)
    offers = (await client.get(f"{API}/offers", params={"is_confirmed": False})).json()["items"]
    assert [(row["source"], row["confirmed_by"]) for row in offers] == [("list", "")] * 2
    asked = {"product_id": "cider", "units": 1}
    assert (await client.get(f"{API}/finder", params=asked)).json() == []
    await client.post(f"{API}/offers/{offers[0]['id']}/confirm")
    assert len((await client.get(f"{API}/finder", params=asked)).json()) == 1


async def test_import_when_one_row_is_wrong_then_nothing_is_recorded_and_the_row_is_named(client: AsyncClient) -> None:
    for text, row in (
        (LIST + "みどり,no-such-tea,24,1980\n", "row 4 product_id"),
        (LIST + "みどり,cider,24,free\n", "row 4 price"),
        ("supplier,product_id,pack_size,price,registration_number\nX,cider,24,5,T1\n", "row 2 registration_number"),
        ("supplier\n", "file"),
    ):
        report = (await client.post(f"{API}/imports", json={"kind": "csv", "text": text})).json()
        assert (report["is_imported"], [one["field"] for one in report["problems"]][-1]) == (False, row)
    assert (await client.get(f"{API}/offers")).json()["items"] == []


async def test_search_when_it_is_set_up_then_it_answers_and_otherwise_it_says_what_to_set(
    client: AsyncClient, app: Any
) -> None:
    nobody = await client.get(f"{API}/searches", params={"q": "緑茶"})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "no_search")
    found = Finding("緑茶 24本", "https://shop.example/tea", "¥1,980", "recorded", (1_980,))
    app.state.searches = [RecordedSearch({"緑茶": [found]}), RecordedSearch({})]
    answer = (await client.get(f"{API}/searches", params={"q": "緑茶"})).json()
    assert answer["findings"][0]["prices"] == [1_980]
    assert answer["unavailable"] == ["nothing is recorded for '緑茶'"]
