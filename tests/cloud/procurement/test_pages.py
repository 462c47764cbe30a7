"""The pages of the procurement, followed by form from a supplier to its payment."""

import re
from datetime import date
from typing import Any

from httpx import AsyncClient, Response

from cloud.dashboard.procurement_words import price_chart, unit_text
from cloud.db.database import Database
from cloud.integrations.web_search.port import Finding
from cloud.integrations.web_search.recorded import RecordedSearch
from cloud.inventory import service as inventory

SUPPLIERS = "/dashboard/suppliers"
SUPPLIER = {
    "name": "みどり飲料",
    "kana": "ミドリインリョウ",
    "registration_number": "T7000012050002",
    "shipping": "800",
}


def revision(page: Response) -> str:
    return re.findall(r'name="revision" value="(\d+)"', page.text)[0]


async def run_out(database: Database, product: str) -> None:
    async with database.write() as db_session:
        (row,) = await inventory.stock_of_products(db_session, [product])
        gone = inventory.Movement("gone", product, row.storage_stock, 1, from_place="warehouse")
        await inventory.move(db_session, [gone])


async def test_pages_when_followed_from_supplier_to_payment_then_each_leads_to_the_next(
    client: AsyncClient, seeded: Database
) -> None:
    made = await client.post(SUPPLIERS, data=SUPPLIER)
    here = made.headers["location"]
    page = await client.get(here)
    assert "未承認" in page.text
    await client.post(f"{here}/standing", data={"revision": revision(page), "is_allowed": "true", "is_active": "true"})
    for price, day in (("1900", "2026-01-01"), ("2000", "2026-11-01")):
        offer = {"product_id": "green-tea", "pack_size": "24", "price": price, "valid_from": day}
        assert (await client.post(f"{here}/offers", data=offer)).status_code == 303
    prices = (await client.get(f"{SUPPLIERS}/prices/green-tea?units=30")).text
    assert "送料 ¥800" in prices
    assert "<polyline" in prices

    await run_out(seeded, "green-tea")
    overview = await client.get("/dashboard/procurement")
    assert "値上がり" in overview.text
    assert 'action="/dashboard/procurement/proposals"' in overview.text
    proposed = (await client.post("/dashboard/procurement/proposals")).text
    order = re.findall(r'href="(/dashboard/procurement/orders/\d+)"', proposed)[0]
    page = await client.get(order)
    assert "発注点" in page.text
    approval = {"revision": revision(page)}
    assert (await client.post(f"{order}/approve", data=approval)).status_code == 303
    again = await client.post(f"{order}/approve", data=approval)
    assert again.status_code == 412
    assert "ほかの人が先に変更しました" in again.text
    await client.post(f"{order}/send", data={"revision": revision(await client.get(order)), "note": "ファクス"})

    arrived = {"revision": revision(await client.get(order)), "units_1": "25", "expires_1": "2027-03-31"}
    refused = await client.post(f"{order}/receipts", data=arrived)
    assert refused.status_code == 409
    assert "注文と違うところがあります" in refused.text
    assert 'value="25"' in refused.text
    assert (await client.post(f"{order}/receipts", data=arrived | {"units_1": "24"})).status_code == 303
    twice = await client.post(f"{order}/receipts", data=arrived | {"units_1": "24"})
    assert twice.status_code in {409, 412}
    assert "2027-03-31" in (await client.get(order)).text

    owed = await client.get("/dashboard/payables")
    invoices = re.findall(r'action="(/dashboard/payables/suppliers/\d+/invoices)"', owed.text)[0]
    receipt = re.findall(r'name="receipt" value="(\d+)"', owed.text)[0]
    written = {"number": "S-1", "issued_on": "2026-11-20", "registration_number": "T7000012050002", "receipt": receipt}
    written |= {"net_8": "2000", "tax_8": "160", "net_10": "900", "tax_10": "90"}
    invoice = (await client.post(invoices, data=written)).headers["location"]
    assert "税抜金額が違う" in (await client.get(invoice)).text
    await client.post(f"{invoice}/accept", data={"why": "送料の改定"})
    paid = {"amount": "3150", "paid_before": "0"}
    assert (await client.post(f"{invoice}/payments", data=paid)).status_code == 303
    assert (await client.post(f"{invoice}/payments", data=paid)).status_code == 409
    assert "支払済み" in (await client.get(order)).text
    assert "期日どおり 1" in (await client.get(SUPPLIERS)).text
    journal = (await client.get("/dashboard/journal/2001?place=supplier:1")).text
    documents = set(re.findall(r'href="(/dashboard/p[^"]+/\d+)"', journal))
    assert len(documents) == 3
    for document in documents:
        assert (await client.get(document)).status_code in {200, 303}


async def test_pages_when_read_in_english_then_terms_proposals_and_reasons_are(
    client: AsyncClient, seeded: Database
) -> None:
    here = (await client.post(SUPPLIERS, data=SUPPLIER)).headers["location"]
    client.cookies.set("language", "en")
    assert "End of month, paid end of next month" in (await client.get(here)).text
    offer = {"product_id": "green-tea", "pack_size": "24", "price": "1980", "valid_from": "2026-11-01"}
    await client.post(f"{here}/offers", data=offer)
    await run_out(seeded, "green-tea")
    made = (await client.post("/dashboard/procurement/proposals")).text
    assert re.search("Green tea: [0-9]+ units needed, but no approved supplier", made)
    await client.post(f"{here}/standing", data={"revision": "1", "is_allowed": "true", "is_active": "true"})
    made = (await client.post("/dashboard/procurement/proposals")).text
    assert re.search("Green tea: [0-9]+ units from みどり飲料, ¥[0-9,]+ with shipping", made)
    ranking = (await client.get("/dashboard/suppliers/prices/green-tea?units=24")).text
    assert "<h1>Green tea " in ranking
    assert "Where to buy 24 units" in ranking
    assert re.search("¥[0-9.,]+ a unit · [0-9]+ cases?, [0-9]+ units", ranking)


async def test_form_when_a_field_is_wrong_then_the_page_names_it_and_keeps_what_was_typed(
    client: AsyncClient, add_supplier: Any, seeded: Database
) -> None:
    wrong = await client.post(SUPPLIERS, data=SUPPLIER | {"registration_number": "T7000012050003"})
    assert wrong.status_code == 422
    assert "登録番号" in wrong.text
    assert 'value="T7000012050003"' in wrong.text
    number = await add_supplier(seeded, "丸井")
    offer = {"product_id": "green-tea", "pack_size": "0", "price": "5", "valid_from": "2026-01-01"}
    answer = await client.post(f"{SUPPLIERS}/{number}/offers", data=offer)
    assert (answer.status_code, "入数" in answer.text) == (422, True)
    taken = await client.post(SUPPLIERS, data=SUPPLIER | {"name": "丸井"})
    assert (taken.status_code, "同じ名前" in taken.text) == (409, True)
    assert (await client.get(f"{SUPPLIERS}/99")).status_code == 404
    assert (await client.get(f"{SUPPLIERS}/prices/no-such-tea")).status_code == 404


async def test_search_when_strangers_wrote_the_answer_then_the_page_shows_it_as_text(
    client: AsyncClient, app: Any
) -> None:
    page = f"{SUPPLIERS}/search"
    assert "検索先が設定されていません" in (await client.get(page, params={"q": "緑茶"})).text
    found = Finding("<img src=x> 緑茶", "https://shop.example/a?b=1&c=2", "¥1,980", "web", (1_980,))
    app.state.searches = [RecordedSearch({"緑茶 卸": [found]})]
    text = (await client.get(page, params={"q": " 緑茶  卸 "})).text
    assert "&lt;img src=x&gt; 緑茶" in text
    assert 'href="https://shop.example/a?b=1&amp;c=2" rel="noopener noreferrer nofollow"' in text
    assert "¥1,980" in text
    assert "nothing is recorded" in (await client.get(page, params={"q": "x"})).text


async def test_payables_when_the_form_is_wrong_then_it_says_which_field(
    client: AsyncClient, add_supplier: Any, seeded: Database
) -> None:
    number = await add_supplier(seeded, "丸井")
    answer = await client.post(f"/dashboard/payables/suppliers/{number}/invoices", data={"number": "1"})
    assert answer.status_code == 422
    assert "対象の入荷" in answer.text


def test_chart_when_there_is_nothing_then_there_is_none() -> None:
    assert price_chart([], {}, date(2026, 11, 20)) is None
    assert unit_text(8_350) == "¥83.5"
