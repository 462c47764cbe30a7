"""Products, prices and planograms as tables: out and in again, all rows or none, every mistake named."""

from typing import Any

import pytest
from httpx import AsyncClient

PRODUCTS = "/api/v1/products/all/csv"
PRICES = "/api/v1/price-lists/stations/csv"
SLOTS = "/api/v1/vending/machines/vm-test-0001/planogram/csv"


def fields(answer: Any) -> list[str]:
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_table"), answer.text
    return [row["field"] for row in answer.json()["fields"]]


@pytest.fixture
async def listed(client: AsyncClient) -> AsyncClient:
    """With a list of two prices."""
    await client.post("/api/v1/price-lists", json={"id": "stations", "name": "駅"})
    rows = [
        {"product_id": "green-tea", "valid_from": "2026-11-20", "price_minor": 160},
        {"product_id": "yokan", "valid_from": "2026-12-01", "price_minor": 130},
    ]
    assert (await client.post("/api/v1/price-lists/stations/prices", json={"prices": rows})).status_code == 201
    return client


@pytest.mark.parametrize("path", [PRODUCTS, PRICES, SLOTS])
async def test_table_when_sent_back_as_it_was_then_nothing_changes_and_it_is_the_same_again(
    listed: AsyncClient, path: str
) -> None:
    table = (await listed.get(path)).content
    answer = await listed.post(path, content=table)
    assert answer.status_code == 200
    assert answer.json().get("changes", []) == []
    assert (await listed.get(path)).content == table
    history = (await listed.get("/api/v1/products/green-tea/revisions")).json()["items"]
    assert (len(history), (await listed.get("/api/v1/vending/machines/vm-test-0001")).json()["planogram_rev"]) == (1, 1)


async def test_products_when_previewed_then_the_changes_are_named_and_only_the_import_makes_them(
    client: AsyncClient,
) -> None:
    table = "id,name_ja,name_en,tax_class,allergens\ngreen-tea,新茶,Green tea,,\numbrella,傘,Umbrella,standard,\n"
    preview = await client.post(PRODUCTS, content=table.encode("cp932"), params={"dry_run": True})
    assert [(row["line"], row["id"], row["is_new"]) for row in preview.json()["changes"]] == [
        (2, "green-tea", False),
        (3, "umbrella", True),
    ]
    assert preview.json()["changes"][0]["changed"] == ["name_ja"]
    assert (await client.get("/api/v1/products/umbrella")).status_code == 404
    done = await client.post(PRODUCTS, content=table.encode("cp932"))
    assert (done.json()["is_dry_run"], done.json()["changes"]) == (False, preview.json()["changes"])
    tea = (await client.get("/api/v1/products/green-tea")).json()
    assert (tea["name_ja"], tea["jan"], tea["tax_class"]) == ("新茶", "2000000000015", "food")


async def test_products_when_some_rows_are_wrong_then_each_cell_is_named_and_no_row_is_taken(
    client: AsyncClient,
) -> None:
    table = (
        "id,name_ja,name_en,tax_class,jan,size_amount,allergens\r\n"
        "green-tea,新茶,Green tea,food,,500,\r\n"
        "Umbrella,傘,Umbrella,standard,,,\r\n"
        "soup,スープ,Soup,food,4901234567890,much,moss\r\n"
        "green-tea,緑茶,Green tea,food,,500,\r\n"
    )
    answer = await client.post(PRODUCTS, content=table.encode())
    assert fields(answer) == [
        "line 3, id",
        "line 4, jan",
        "line 4, size_amount",
        "line 4, allergens",
        "line 5, id",
    ]
    assert (await client.get("/api/v1/products/green-tea")).json()["name_ja"] == "緑茶"
    taken = await client.post(PRODUCTS, content=b"id,jan\nyokan,2000000000015\n")
    assert fields(taken) == ["line 2, jan"]


async def test_prices_when_some_rows_are_wrong_then_each_cell_is_named_and_no_row_is_taken(listed: AsyncClient) -> None:
    table = (
        "product_id,valid_from,price_minor\n"
        "green-tea,2026-11-19,170\n"
        "umbrella,2026-12-01,500\n"
        "yokan,tomorrow,1.5\n"
        "yokan,2026-12-02,140\n"
        "yokan,2026-12-02,150\n"
    )
    assert fields(await listed.post(PRICES, content=table.encode())) == [
        "line 2, valid_from",
        "line 3, product_id",
        "line 4, valid_from",
        "line 4, price_minor",
        "line 6, valid_from",
    ]
    assert len((await listed.get("/api/v1/price-lists/stations/entries")).json()["items"]) == 2


async def test_prices_when_far_from_before_then_the_table_waits_for_a_yes(listed: AsyncClient) -> None:
    table = b"product_id,valid_from,price_minor\ngreen-tea,2026-12-01,1600\n"
    assert (await listed.post(PRICES, content=table)).json()["code"] == "needs_confirmation"
    yes = {"is_confirmed": True}
    preview = await listed.post(PRICES, content=table, params=yes | {"dry_run": True})
    done = await listed.post(PRICES, content=table, params=yes)
    assert (preview.json()["changed"], done.json()["changed"]) == (1, 1)
    assert len((await listed.get("/api/v1/price-lists/stations/entries")).json()["items"]) == 3


async def test_planogram_when_a_table_is_sent_then_it_is_the_next_revision_with_names_of_the_catalogue(
    client: AsyncClient,
) -> None:
    table = b"slot,product_id,price_minor,temperature,capacity,par_level\nA1,yokan,120,ambient,6,4\n"
    assert (await client.post(SLOTS, content=table, params={"dry_run": True})).json()["changed"] == 1
    assert (await client.post(SLOTS, content=table)).status_code == 200
    found = (await client.get("/api/v1/vending/machines/vm-test-0001/planogram")).json()
    assert (found["rev"], [(row["slot"], row["name_ja"]) for row in found["slots"]]) == (2, [("A1", "ようかん")])
    wrong = b"slot,product_id,price_minor,temperature,capacity,par_level\nA1,yokan,0,ambient,6,4\nB,none,1,cold,1,1\n"
    assert fields(await client.post(SLOTS, content=wrong)) == ["line 2, price_minor", "line 3, product_id"]
