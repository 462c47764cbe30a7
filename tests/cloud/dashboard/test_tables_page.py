"""Tables on the pages: a check names every wrong row and changes nothing, then the same table is taken."""

from httpx import AsyncClient

PRICES = "/dashboard/prices/stations/csv"
PLAN = "/dashboard/machines/vm-test-0001/planogram/csv"
TABLE = "product_id,valid_from,price_minor\ngreen-tea,2026-12-01,170\n"


async def test_prices_when_sent_as_a_table_then_they_are_checked_first_and_then_taken(client: AsyncClient) -> None:
    made = await client.post("/api/v1/price-lists", json={"id": "stations", "name": "駅"})
    assert made.status_code == 201
    assert "確かめる" in (await client.get(PRICES)).text
    wrong = TABLE + "nothing,2026-12-01,170\ngreen-tea,soon,170\n"
    refused = await client.post(PRICES, data={"csv": wrong, "step": "take"})
    assert (refused.status_code, "line 3, product_id" in refused.text, "line 4, valid_from" in refused.text) == (
        422,
        True,
        True,
    )
    checked = await client.post(PRICES, files={"file": ("prices.csv", TABLE.encode("cp932"))}, data={"step": "check"})
    assert (checked.status_code, "1 件が変わります" in checked.text, "green-tea,2026-12-01" in checked.text) == (
        200,
        True,
        True,
    )
    address = "/api/v1/price-lists/stations/entries"
    assert (await client.get(address)).json()["items"] == []
    taken = await client.post(PRICES, data={"csv": TABLE, "step": "take"})
    assert (taken.status_code, taken.headers["location"]) == (303, "/dashboard/prices/stations")
    assert [row["price_minor"] for row in (await client.get(address)).json()["items"]] == [170]
    odd = TABLE.replace("170", "1")
    doubtful = await client.post(PRICES, data={"csv": odd.replace("12-01", "12-02"), "step": "take"})
    assert (doubtful.status_code, "この価格で間違いありません" in doubtful.text) == (422, True)


async def test_planogram_when_its_table_comes_back_unchanged_then_the_check_finds_nothing_wrong(
    client: AsyncClient,
) -> None:
    table = (await client.get("/api/v1/vending/machines/vm-test-0001/planogram/csv")).text
    checked = await client.post(PLAN, data={"csv": table, "step": "check"})
    assert (checked.status_code, "12 件が変わります" in checked.text) == (200, True)
    empty = await client.post(PLAN, data={"csv": "", "step": "check"})
    assert (empty.status_code, "the file is empty" in empty.text) == (422, True)
