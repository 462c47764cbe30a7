"""Stock pages: what needs somebody is shown, forms do what the API does, and figures lead to what they are made of."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from cloud.inventory import repository
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver

STOCK = "/dashboard/stock"


@pytest.fixture
async def pages(client: AsyncClient) -> AsyncClient:
    answer = await client.put("/api/v1/inventory/places/van-1", json={"kind": "van", "name": "配送車1号"})
    assert answer.status_code == 200
    return client


async def on_hand(app: FastAPI, place: str, product: str) -> int:
    async with app.state.database.read() as db_session:
        return (await repository.on_hand_at(db_session, [(place, product)])).get((place, product), 0)


async def test_stock_page_when_slots_are_empty_and_goods_expire_then_it_says_so_and_links_to_the_movements(
    pages: AsyncClient, app: FastAPI, script: Any, clock: Any
) -> None:
    script.restock(added=1)
    script.sale()
    await Receiver(app.state.database, clock).handle(script.messages())
    await Interpreter(app.state.database, clock=clock).run_once()
    over = date(2026, 11, 20) - timedelta(days=3)
    form = {"product_id": "yokan", "quantity": "5", "cost": "310", "place_id": "warehouse", "lot": "Y1"}
    form |= {"paid_by": "payable"}
    refused = await pages.post(f"{STOCK}/receive", data=form)  # it is not said to whom it is owed
    assert refused.status_code == 422
    form |= {"payee": "駅前商店"}
    answer = await pages.post(f"{STOCK}/receive", data=form | {"best_before": over.isoformat()})
    assert answer.status_code == 303
    page = (await pages.get(STOCK)).text
    assert "3日過ぎ" in page
    assert page.count("売切</span>") == 12
    assert 'href="/dashboard/stock/movements?product_id=green-tea&amp;place_id=vm-test-0001/A1"' in page
    movements = (await pages.get(f"{STOCK}/movements?product_id=green-tea&place_id=vm-test-0001/A1")).text
    assert re.findall(r">(販売|補充)</a>", movements) == ["販売", "補充"]
    assert re.search(r'href="/api/v1/accounting/journal/\d+"><span class="yen">¥84', movements)
    document = (await pages.get(answer.headers["location"])).text
    assert "入荷" in document
    assert "Y1 5個" in document


async def test_move_form_when_goods_are_thrown_away_then_a_document_shows_it_and_the_journal_leads_there(
    pages: AsyncClient, app: FastAPI
) -> None:
    form = {"kind": "spoilage", "product_id": "yokan", "quantity": "2", "start": "warehouse", "reason": "破損"}
    answer = await pages.post(f"{STOCK}/move", data=form)
    assert (answer.status_code, await on_hand(app, "warehouse", "yokan")) == (303, 22)
    assert "破損" in (await pages.get(answer.headers["location"])).text
    assert answer.headers["location"] in (await pages.get("/dashboard/journal/5101")).text
    given = await pages.post(f"{STOCK}/move", data=form | {"kind": "giveaway", "reason": "開店祝い"})
    assert (given.status_code, await on_hand(app, "warehouse", "yokan")) == (303, 20)
    assert "進呈" in (await pages.get(given.headers["location"])).text
    assert given.headers["location"] in (await pages.get("/dashboard/journal/6012")).text


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"quantity": "500"}, 409, "帳簿にある数より多くは動かせません"),
        ({"quantity": "two"}, 422, "数量や金額をご確認ください"),
        ({"end": "warehouse"}, 422, "移す元と移す先が同じです"),
        ({"end": "nowhere"}, 404, "その場所は登録されていません"),
        ({"kind": "spoilage", "reason": ""}, 422, "数量や金額をご確認ください"),
    ],
)
async def test_move_form_when_it_cannot_be_done_then_the_page_says_why_and_keeps_what_was_typed(
    pages: AsyncClient, app: FastAPI, changes: dict[str, str], status: int, words: str
) -> None:
    form = {"kind": "transfer", "product_id": "yokan", "quantity": "7", "start": "warehouse", "end": "van-1"}
    answer = await pages.post(f"{STOCK}/move", data=form | changes)
    assert (answer.status_code, await on_hand(app, "warehouse", "yokan")) == (status, 24)
    assert words in answer.text
    assert (
        f'name="quantity" inputmode="numeric" pattern="[0-9]*" maxlength="6" value="{(form | changes)["quantity"]}"'
        in (answer.text)
    )


async def test_count_form_when_sent_then_the_difference_is_booked_and_the_books_were_not_shown_before(
    pages: AsyncClient, app: FastAPI
) -> None:
    begun = await pages.post(f"{STOCK}/counts", data={"place_id": "warehouse"})
    form = (await pages.get(begun.headers["location"])).text
    assert 'name="n-green-tea"' in form
    assert "48" not in re.sub(r"\d\d:\d\d:\d\d|[0-9a-f]{32}", "", form.split("<main")[1])
    wrong = await pages.post(begun.headers["location"], data={"n-green-tea": "many"})
    assert (wrong.status_code, 'value="many"' in wrong.text) == (422, True)
    closed = await pages.post(begun.headers["location"], data={"n-green-tea": "47", "n-yokan": "", "reason": "?"})
    assert closed.status_code == 303
    result = (await pages.get(closed.headers["location"])).text
    assert '<span class="down">-1</span>' in result
    assert await on_hand(app, "warehouse", "green-tea") == 47
    again = await pages.post(begun.headers["location"], data={"n-green-tea": "48"})
    assert (again.status_code, "もう一度数えてください" in again.text) == (409, True)


async def test_plan_page_when_taken_as_somebody_changed_it_then_the_pick_list_is_by_slot_and_the_rest_comes_back(
    pages: AsyncClient, app: FastAPI, machine_id: str
) -> None:
    plan = (await pages.get(f"{STOCK}/plan")).text
    assert f'name="q/{machine_id}/A1/green-tea"' in plan
    form = {"source_id": "warehouse", "van_id": "van-1", f"q/{machine_id}/A1/green-tea": "5"}
    form |= {f"q/{machine_id}/C4/yokan": "2", f"q/{machine_id}/A2/oolong-tea": "0"}
    taken = await pages.post(f"{STOCK}/trips", data=form)
    assert taken.status_code == 303
    trip = (await pages.get(taken.headers["location"])).text
    assert re.findall(r'<th scope="row">([A-C]\d)</th>', trip) == ["A1", "C4"]
    assert await on_hand(app, "van-1", "green-tea") == 5
    busy = await pages.post(f"{STOCK}/trips", data=form)
    assert (busy.status_code, "もう巡回に出ています" in busy.text) == (409, True)
    many = await pages.post(f"{taken.headers['location']}/close", data={"r/green-tea": "9"})
    assert (many.status_code, "先に棚卸をしてください" in many.text) == (409, True)
    done = await pages.post(f"{taken.headers['location']}/close", data={"r/green-tea": "5", "r/yokan": "2"})
    assert (done.status_code, await on_hand(app, "warehouse", "green-tea")) == (303, 48)
    assert "積み戻しの伝票" in (await pages.get(done.headers["location"])).text
    assert "終わり" in (await pages.get(f"{STOCK}/trips")).text


async def test_place_form_when_the_id_is_no_id_then_it_is_said_and_a_good_one_is_listed(pages: AsyncClient) -> None:
    bad = await pages.post(f"{STOCK}/places", data={"place_id": "第二", "kind": "van", "name": "二号"})
    assert (bad.status_code, "英小文字" in bad.text) == (422, True)
    good = await pages.post(f"{STOCK}/places", data={"place_id": "store-2", "kind": "warehouse", "name": "第二倉庫"})
    assert good.status_code == 303
    assert "第二倉庫" in (await pages.get(STOCK)).text
    assert "ここには何もありません" in (await pages.get(f"{STOCK}/place?id=store-2")).text
