"""お客様: what the operator sees of customers, and what becomes of the forms."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from cloud.customers import coupons, requests, service
from cloud.customers.coupons import Grant
from cloud.customers.service import ProfileBody
from cloud.db.database import Database

CUSTOMER = "c" * 32
HERE = "/dashboard/customers"


@pytest.fixture
async def session_id(app: FastAPI, seeded: Database, clock: Any) -> str:
    """A customer with a coupon, a wish and a conversation."""
    secrecy, now_ms = app.state.secrecy, clock()
    async with seeded.write() as db_session:
        await service.save_profile(db_session, secrecy, CUSTOMER, ProfileBody(name="みどり"), now_ms)
        await coupons.grant(db_session, Grant(CUSTOMER, "green-tea", 160, 130, now_ms + 9, "agent:customer"), now_ms)
        await requests.wish(db_session, secrecy, CUSTOMER, "<b>無糖の紅茶</b>", machine_id="", now_ms=now_ms)
    begun = await app.state.conversations.begin(CUSTOMER, "vm-test-0001", now_ms)
    await app.state.conversations.say(begun.session_id, "user", "<i>お茶</i>をください", now_ms)
    return str(begun.session_id)


async def test_pages_when_opened_then_they_show_what_is_there_and_never_what_a_customer_told_of_themselves(
    client: AsyncClient, session_id: str
) -> None:
    everybody = (await client.get(HERE)).text
    one = (await client.get(f"{HERE}/{CUSTOMER}")).text
    talk = (await client.get(f"/dashboard/conversations/{session_id}")).text
    found = (await client.get("/dashboard/conversations", params={"q": "ｵ茶 ください"})).text
    assert "&lt;b&gt;無糖の紅茶&lt;/b&gt;" in everybody
    assert "&lt;i&gt;お茶&lt;/i&gt;をください" in talk
    assert "&lt;i&gt;お茶&lt;/i&gt;をください" in found
    assert "ご要望と会話" in one
    assert not [page for page in (everybody, one, talk) if "みどり" in page]
    activity = (await client.get("/dashboard/activity")).text
    assert "お客様との会話を開いた" in activity
    assert "お客様との会話を検索した" in activity
    for path in (f"{HERE}/{'f' * 32}", f"/dashboard/conversations/{'f' * 32}"):
        assert (await client.get(path)).status_code == 404


async def test_coupon_when_given_and_withdrawn_on_the_page_then_it_is_and_a_wrong_price_is_said_beside_the_form(
    client: AsyncClient, session_id: str, seeded: Database, clock: Any
) -> None:
    form = {"product_id": "green-tea", "list_price": "160", "price": "100", "days": "7", "reason": "お詫び"}
    given = await client.post(f"{HERE}/{CUSTOMER}/coupons", data=form)
    assert (given.status_code, given.headers["location"]) == (303, f"{HERE}/{CUSTOMER}")
    wrong = (
        ({"price": "170"}, "通常価格より安い"),
        ({"price": "百"}, "円単位の整数"),
        ({"days": "0"}, "180 日まで"),
        ({"days": "9999"}, "180 日まで"),
    )
    for changes, words in wrong:
        answer = await client.post(f"{HERE}/{CUSTOMER}/coupons", data=form | changes)
        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="お詫び"' in answer.text
    async with seeded.read() as db_session:
        newest, _ = await coupons.of_customer(db_session, CUSTOMER, clock())
    assert (newest.price_minor, newest.granted_by) == (100, "op@example.com")
    assert (await client.post(f"{HERE}/coupons/{newest.code}/withdraw")).status_code == 303
    again = await client.post(f"{HERE}/coupons/{newest.code}/withdraw")
    assert (again.status_code, "取り消されています" in again.text) == (422, True)


async def test_wish_and_person_when_dealt_with_then_the_wish_is_noted_and_the_person_is_gone(
    client: AsyncClient, session_id: str, app: FastAPI
) -> None:
    assert (await client.post(f"{HERE}/requests/notes", data={"ids": "1"})).status_code == 303
    assert "新しいご要望はありません" in (await client.get(HERE)).text
    assert (await client.post(f"{HERE}/{CUSTOMER}/delete", data={"sure": "true"})).status_code == 303
    assert (await client.get(f"{HERE}/{CUSTOMER}")).status_code == 404
    assert (await client.get(f"/dashboard/conversations/{session_id}")).status_code == 404
    assert await app.state.conversations.count(CUSTOMER) == 0
