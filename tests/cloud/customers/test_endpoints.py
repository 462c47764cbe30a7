"""Customers over HTTP: a token opens what is theirs and nothing else; what they said is gone when they say so."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from cloud.conversations.service import Conversations
from cloud.customers import coupons
from cloud.customers.access import COOKIE, BadCustomerTokenError, CustomerTokens
from cloud.customers.coupons import Grant
from cloud.db.database import Database
from cloud.doors import CUSTOMERS, PUBLIC, asks_for_customer, is_customers, routes_of
from cloud.kit.secrecy import Secrecy

HERE = "/api/v1/customer"
MACHINE = "vm-test-0001"
WORDS = ("ひみつの言葉", "みどり", "無糖の紅茶")
Hear = Callable[[list[Any]], Awaitable[None]]


@pytest.fixture
async def phone(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody's phone that has been here once."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://cloud.test") as client:
        client.headers["X-Customer-Token"] = (await client.post(HERE)).json()["token"]
        client.cookies.clear()
        yield client


async def id_of(phone: AsyncClient) -> str:
    return str((await phone.get(f"{HERE}/profile")).json()["customer_id"])


async def test_customer_when_coming_for_the_first_time_then_the_cookie_is_theirs_and_nothing_is_kept(
    stranger: AsyncClient, seeded: Database
) -> None:
    first = await stranger.post(HERE)
    assert (first.status_code, first.json()["is_new"]) == (201, True)
    cookie = first.headers["set-cookie"]
    assert all(word in cookie for word in (COOKIE, "HttpOnly", "SameSite=strict"))
    again = await stranger.post(HERE)
    assert (again.json()["is_new"], again.json()["customer_id"]) == (False, first.json()["customer_id"])
    answer = await stranger.get(f"{HERE}/profile")
    assert (answer.json()["customer_id"], answer.json()["first_seen_ms"]) == (first.json()["customer_id"], 0)
    assert (await stranger.get("/api/v1/products")).status_code == 401
    other = await stranger.put(f"{HERE}/profile", json={}, headers={"origin": "https://evil.test"})
    assert (other.status_code, other.json()["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", f"{'c' * 32}.9999999999.{'0' * 32}", f"{'c' * 32}..", "。.。.。"])
async def test_doors_when_a_token_is_not_ours_then_no_customers_door_opens(
    app: FastAPI, stranger: AsyncClient, token: str
) -> None:
    sent = {"X-Customer-Token": token.encode()}
    for route in routes_of(app):
        if asks_for_customer(route):
            assert is_customers(route.path)
            for method in route.methods - {"HEAD"}:
                answer = await stranger.request(method, route.path, headers=sent)
                assert (answer.status_code, answer.json()["code"]) == (401, "no_customer")


def test_doors_when_below_the_customers_addresses_then_each_asks_for_one_or_is_public(app: FastAPI) -> None:
    below = [route for route in routes_of(app) if route.path.startswith(tuple(f"{name}/" for name in CUSTOMERS))]
    assert len(below) > 10
    assert all(asks_for_customer(route) or route.path in PUBLIC for route in below)


def test_token_when_old_or_signed_with_another_key_then_it_is_refused() -> None:
    tokens = CustomerTokens(Secrecy("e" * 40))
    customer_id, token = tokens.new(0)
    assert tokens.read(token, 0) == customer_id
    assert CustomerTokens(Secrecy("n" * 40, ["e" * 40])).read(token, 0) == customer_id
    for reader, now_ms in ((tokens, 401 * 86_400_000), (CustomerTokens(Secrecy("n" * 40)), 0)):
        with pytest.raises(BadCustomerTokenError):
            reader.read(token, now_ms)


async def test_profile_when_told_then_it_is_kept_and_unknown_allergens_are_refused(phone: AsyncClient) -> None:
    told = {"name": "みどり", "language": "en", "avoided_allergens": ["milk"]}
    assert (await phone.put(f"{HERE}/profile", json=told)).status_code == 200
    found = (await phone.get(f"{HERE}/profile")).json()
    assert {name: found[name] for name in told} == told
    assert (await phone.put(f"{HERE}/profile", json={"avoided_allergens": ["stones"]})).status_code == 422


async def test_coupon_when_granted_then_its_customer_uses_it_and_sees_no_inner_figures(
    phone: AsyncClient,
    stranger: AsyncClient,
    client: AsyncClient,
    seeded: Database,
    clock: Any,
    script: Any,
    hear: Hear,
) -> None:
    await hear([script.birth()])
    customer_id = await id_of(phone)
    async with seeded.write() as db_session:
        wish = Grant(customer_id, "green-tea", 160, 130, clock() + 1_000_000, "agent:customer")
        code = (await coupons.grant(db_session, wish, clock())).code
    (mine,) = (await phone.get(f"{HERE}/coupons")).json()["items"]
    assert (mine["code"], mine["price"], mine["state"]) == (code, 130, "open")
    assert not {"granted_by", "ended_by"} & set(mine)
    other = {"X-Customer-Token": (await stranger.post(HERE, headers={"X-Customer-Token": "x"})).json()["token"]}
    theirs = await stranger.post(f"{HERE}/coupons/{code}/offer", json={"machine_id": MACHINE}, headers=other)
    assert theirs.status_code in {401, 404}
    shown = await phone.post(f"{HERE}/coupons/{code}/offer", json={"machine_id": MACHINE})
    assert (shown.status_code, shown.json()["slot"], shown.json()["coupon"]["state"]) == (200, "A1", "offered")
    what = {"slot": "A1", "product_id": "green-tea", "price_minor": 130, "planogram_rev": 1, "vend_id": "v"}
    script.add("vend.dispensed", what | {"list_minor": 160, "coupon": code, "credit_minor": 0, "on_hand": 5})
    await hear(script.messages())
    (bought,) = (await phone.get(f"{HERE}/history")).json()["items"]
    assert (bought["paid"], bought["list_price"], bought["coupon"]) == (130, 160, code)
    assert not [name for name in bought if "cost" in name or "net" in name]
    assert (await phone.get(f"{HERE}/loyalty")).json()["score"] == 5 + 20 + 1 + 2
    tastes = (await phone.get(f"{HERE}/preferences")).json()
    assert (tastes["products"], tastes["usual_price"]) == ([{"product_id": "green-tea", "times": 1}], 130)
    seen = (await client.get(f"/api/v1/customers/{customer_id}")).json()
    assert (seen["loyalty"], seen["customer"]["purchases"]) == (28, 1)
    refused = await client.post(f"/api/v1/customers/coupons/{code}/withdraw")
    assert (refused.status_code, refused.json()["code"]) == (409, "coupon_used")


async def test_wishes_when_sent_then_they_are_counted_by_likeness_and_limited(
    phone: AsyncClient, client: AsyncClient
) -> None:
    for text in ("メロンソーダが欲しい", "ﾒﾛﾝｿｰﾀﾞください", "x" * 900, "お茶", "水"):
        assert (await phone.post(f"{HERE}/requests", json={"text": text})).status_code == 201
    many = await phone.post(f"{HERE}/requests", json={"text": "もっと"})
    assert (many.status_code, many.json()["code"]) == (429, "too_many")
    wanted = (await client.get("/api/v1/customers/requests")).json()
    assert (wanted[0]["times"], wanted[0]["customers"], len(wanted)) == (2, 1, 4)
    assert {len(row["text"]) for row in wanted} == {1, 2, 11, 200}
    assert (await client.post("/api/v1/customers/requests/notes", json={"ids": wanted[0]["ids"]})).json() == {
        "noted": 2
    }
    assert len((await client.get("/api/v1/customers/requests")).json()) == 3


async def test_conversation_when_an_operator_opens_or_searches_then_it_is_written_down_without_the_words(
    phone: AsyncClient, client: AsyncClient, app: FastAPI
) -> None:
    begun = (await phone.post("/api/v1/tablet/sessions", json={"machine_id": MACHINE})).json()
    here = f"/api/v1/tablet/sessions/{begun['session_id']}"
    conversations: Conversations = app.state.conversations
    await conversations.say(begun["session_id"], "user", WORDS[0], 5)
    assert (await phone.get(here)).json()["messages"][0]["content"] == WORDS[0]
    assert (await phone.post(f"{here}/end")).json()["summary"] == f"{WORDS[0]} (1)"
    (hit,) = (await client.get("/api/v1/conversations/search", params={"q": "ひみつ"})).json()
    opened = (await client.get(f"/api/v1/conversations/{hit['session_id']}")).json()
    assert opened["messages"][0]["content"] == WORDS[0]
    rows = (await client.get("/api/v1/admin/activity")).json()["items"]
    assert [row["action"] for row in rows[:2]] == ["conversation.opened", "conversations.searched"]
    assert "ひみつ" not in str(rows)
    stranger = AsyncClient(transport=ASGITransport(app), base_url="http://cloud.test")
    other = {"X-Customer-Token": (await stranger.post(HERE)).json()["token"]}
    assert (await stranger.get(here, headers=other)).status_code == 404
    await stranger.aclose()


async def test_person_when_deleted_then_nothing_readable_is_left_in_the_database_file(
    phone: AsyncClient, app: FastAPI, seeded: Database, database_url: str, clock: Any, capsys: Any
) -> None:
    await phone.put(f"{HERE}/profile", json={"name": WORDS[1]})
    await phone.post(f"{HERE}/requests", json={"text": WORDS[2]})
    begun = (await phone.post("/api/v1/tablet/sessions", json={"machine_id": MACHINE})).json()
    await app.state.conversations.say(begun["session_id"], "user", WORDS[0], 5)
    everything = (await phone.get(f"{HERE}/export")).json()
    assert all(word in str(everything) for word in WORDS)
    customer_id = await id_of(phone)
    assert not found_in(database_url, *WORDS)
    assert (await phone.delete(f"{HERE}/profile")).status_code == 204
    empty = (await phone.get(f"{HERE}/export")).json()
    assert (empty["about"]["requests"], empty["conversations"], empty["about"]["profile"]["name"]) == ([], [], "")
    async with seeded.write() as db_session:
        await (await db_session.connection()).exec_driver_sql("SELECT 1")
    await seeded.close()  # the last connection puts what is left of the log into the file
    assert not found_in(database_url, customer_id, begun["session_id"], *WORDS)
    printed = capsys.readouterr()
    assert not [word for word in WORDS if word in printed.out + printed.err]


def found_in(url: str, *words: str) -> list[str]:
    """Which words the database's files hold, readable as UTF-8, UTF-16 or escaped."""
    path = Path(url.partition(":///")[2])
    content = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    spelled = {word: (word.encode(), word.encode("utf-16-le"), ascii(word)[1:-1].encode()) for word in words}
    return [word for word, forms in spelled.items() if any(form in content for form in forms)]
