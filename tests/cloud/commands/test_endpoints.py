from typing import Any

import pytest
from httpx import AsyncClient

MACHINE = "/api/v1/vending/machines/vm-test-0001"
VEND = f"{MACHINE}/vend"
OFFERS = f"{MACHINE}/offers"


async def refused(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) - {"fields"} == {"status", "code", "detail"}
    assert ("fields" in body) == (answer.status_code == 422)
    return answer.status_code, body["code"]


async def test_vend_when_asked_then_the_command_names_what_the_machine_has_and_who_asked(
    desk: Any, client: AsyncClient, clock: Any
) -> None:
    answer = await client.post(VEND, json={"slot": "A1", "payment": "pay-1"})
    assert answer.status_code == 201
    found = answer.json()
    assert found["args"] == {
        "slot": "A1",
        "product_id": "green-tea",
        "list_minor": 160,
        "paid_minor": 160,
        "currency": "JPY",
        "payment": "pay-1",
        "coupon": "",
    }
    assert {name: found[name] for name in ("n", "kind", "state", "issued_by", "issued_at_ms", "ttl_ms")} == {
        "n": 1,
        "kind": "vend.paid",
        "state": "created",
        "issued_by": "op@example.com",
        "issued_at_ms": clock.now_ms,
        "ttl_ms": 60_000,
    }
    assert (await client.get(f"{MACHINE}/commands/{found['id']}")).json() == found


async def test_offer_when_the_machine_is_offline_then_it_waits_for_its_birth(
    desk: Any, client: AsyncClient, script: Any
) -> None:
    await desk.receiver.handle([script.birth(online=False)])
    answer = await client.post(OFFERS, json={"slot": "A1", "price_minor": 130, "coupon": "RAIN", "ttl_ms": 5_000})
    assert answer.status_code == 201
    found = answer.json()
    assert (found["kind"], found["ttl_ms"], found["args"]["price_minor"]) == ("coupon.offer", 5_000, 130)
    assert (found["args"]["list_minor"], found["args"]["coupon"]) == (160, "RAIN")


async def test_vend_when_the_same_key_comes_again_then_it_is_the_same_command_even_if_the_machine_is_gone(
    desk: Any, client: AsyncClient, script: Any
) -> None:
    body, headers = {"slot": "A1", "payment": "pay-1"}, {"Idempotency-Key": "order-1"}
    first = await client.post(VEND, json=body, headers=headers)
    await desk.receiver.handle([script.birth(online=False)])
    again = await client.post(VEND, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len((await client.get(f"{MACHINE}/commands")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (VEND, {"slot": "A2", "payment": "pay-1"}),
        (VEND, {"slot": "A1", "payment": "pay-1", "ttl_ms": 5_000}),
        (OFFERS, {"slot": "A1", "price_minor": 130, "coupon": "RAIN"}),
    ],
)
async def test_vend_when_the_key_comes_with_another_request_then_409(
    desk: Any, client: AsyncClient, path: str, body: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "order-1"}
    await client.post(VEND, json={"slot": "A1", "payment": "pay-1"}, headers=headers)
    assert await refused(await client.post(path, json=body, headers=headers)) == (409, "key_reused")


async def test_vend_when_a_payment_is_spent_then_it_buys_nothing_more(desk: Any, client: AsyncClient) -> None:
    first = await client.post(VEND, json={"slot": "A1", "payment": "pay-1"})
    second = await client.post(VEND, json={"slot": "A2", "payment": "pay-1"})
    assert await refused(second) == (409, "payment_used")
    assert first.json()["id"] in second.json()["detail"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"slot": "Z9", "payment": "p"}, "no_such_slot"),
        ({"slot": "A1", "payment": "p", "product_id": "cider"}, "other_product"),
        ({"slot": "A1", "payment": "p", "paid_minor": 161}, "price_too_high"),
    ],
)
async def test_vend_when_the_planogram_says_otherwise_then_409_and_no_command(
    desk: Any, client: AsyncClient, body: dict[str, Any], code: str
) -> None:
    assert await refused(await client.post(VEND, json=body)) == (409, code)
    assert (await client.get(f"{MACHINE}/commands")).json() == {"items": [], "next": None}


async def test_vend_when_the_machine_is_not_connected_then_409_because_a_customer_would_wait(
    client: AsyncClient, seeded: Any
) -> None:
    answer = await client.post(VEND, json={"slot": "A1", "payment": "pay-1"})
    assert await refused(answer) == (409, "machine_offline")


async def test_vend_when_no_planogram_was_applied_then_409(desk: Any, client: AsyncClient, script: Any) -> None:
    await desk.receiver.handle([script.birth(planogram=0)])
    answer = await client.post(VEND, json={"slot": "A1", "payment": "pay-1"})
    assert await refused(answer) == (409, "no_planogram")


async def test_vend_when_a_newer_planogram_is_published_then_the_applied_one_still_names_the_price(
    desk: Any, client: AsyncClient
) -> None:
    document = (await client.get(f"{MACHINE}/planogram")).json()
    document["rev"] = 2
    document["slots"][0]["price_minor"] = 999
    assert (await client.put(f"{MACHINE}/planogram", json=document)).status_code == 200
    answer = await client.post(VEND, json={"slot": "A1", "payment": "pay-1"})
    assert answer.json()["args"]["list_minor"] == 160


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (VEND, {"slot": "A1"}),
        (VEND, {"slot": "A1", "payment": ""}),
        (VEND, {"slot": "A1", "payment": "p", "paid_minor": -1}),
        (VEND, {"slot": "A1", "payment": "p", "paid_minor": 1.5}),
        (VEND, {"slot": "A1", "payment": "p", "ttl_ms": 1}),
        (VEND, {"slot": "A1", "payment": "p", "ttl_ms": 86_400_001}),
        (VEND, {"slot": "A1", "payment": "p", "prize": 3}),
        (VEND, {"slot": "not a slot", "payment": "p"}),
        (OFFERS, {"slot": "A1", "price_minor": 130}),
        (OFFERS, {"slot": "A1", "price_minor": 130, "coupon": "x" * 65}),
    ],
)
async def test_orders_when_they_are_malformed_then_422_names_the_field(
    desk: Any, client: AsyncClient, path: str, body: dict[str, Any]
) -> None:
    assert await refused(await client.post(path, json=body)) == (422, "invalid")


async def test_orders_when_the_machine_is_nobody_then_404(client: AsyncClient) -> None:
    nobody = "/api/v1/vending/machines/vm-nobody-0001"
    answers = [
        await client.post(f"{nobody}/vend", json={"slot": "A1", "payment": "p"}),
        await client.post(f"{nobody}/offers", json={"slot": "A1", "price_minor": 1, "coupon": "X"}),
        await client.get(f"{nobody}/commands"),
    ]
    assert [await refused(answer) for answer in answers] == [(404, "no_such_machine")] * 3
    assert await refused(await client.get(f"{MACHINE}/commands/{'0' * 32}")) == (404, "no_such_command")


@pytest.mark.parametrize("path", [VEND, OFFERS])
async def test_orders_when_nobody_is_logged_in_then_401_before_anything_is_looked_at(
    desk: Any, stranger: AsyncClient, path: str
) -> None:
    assert await refused(await stranger.post(path, json={"slot": "A1"})) == (401, "not_logged_in")


async def test_commands_when_paged_then_every_one_comes_once_newest_first(desk: Any, client: AsyncClient) -> None:
    for _ in range(5):
        await desk.vend()
    await desk.sent()
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{MACHINE}/commands", params=params)).json()
        seen += [row["n"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [5, 4, 3, 2, 1]
    (sent,) = (await client.get(f"{MACHINE}/commands", params={"state": "sent"})).json()["items"]
    assert sent["n"] == 1
    assert (await client.get(f"{MACHINE}/commands", params={"state": "lost"})).status_code == 422


async def test_openapi_when_read_then_orders_have_examples_and_name_their_refusals(client: AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    operation = document["paths"]["/api/v1/vending/machines/{machine_id}/vend"]["post"]
    assert "machine_offline" in operation["responses"]["409"]["description"]
    assert {"Idempotency-Key", "machine_id"} == {one["name"] for one in operation["parameters"]}
    assert document["components"]["schemas"]["VendRequest"]["examples"][0]["slot"] == "A1"
