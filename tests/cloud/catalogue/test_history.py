"""A sale keeps the name and the tax of its time, whatever the product is called later."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from cloud.accounting import service as accounting
from cloud.backup.rebuild import rebuild
from cloud.catalogue import service
from cloud.catalogue.service import Catalogue, JanTakenError, ProductView, Revision
from cloud.catalogue.views import TaxChange
from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver

TEA = "/api/v1/products/green-tea"


async def interpreted(database: Database, script: Any, clock: Any) -> None:
    await Receiver(database, clock).handle(script.messages())
    while await Interpreter(database, clock=clock).run_once():
        pass


async def changed(database: Database, now_ms: int, **changes: Any) -> ProductView:
    async with database.write() as db_session:
        before = await service.product(db_session, "green-tea")
        assert before is not None
        after = before.model_copy(update=changes)
        await service.save(db_session, [after], by="op@example.com", now_ms=now_ms)
    return after


async def sold(database: Database) -> list[tuple[str, int]]:
    """Description and tax of each sale, as booked."""
    async with database.read() as db_session:
        rows = await db_session.execute(
            text(
                "SELECT description, amount_minor FROM journal_entries JOIN postings ON entry_number = number "
                "WHERE account_code = '2050' ORDER BY number"
            )
        )
        return [(row.description, -row.amount_minor) for row in rows]


def test_names_when_read_in_english_then_each_time_has_its_own_and_japanese_stands_in_for_one_that_lacks() -> None:
    docs = [{"name_ja": "緑茶", "name_en": ""}, {"name_ja": "新茶", "name_en": "New tea"}]
    rows = [
        Revision("tea", number, doc | {"picture": "", "tax_class": "food"}, 1000 * number, "op", 0)
        for number, doc in enumerate(docs)
    ]
    english, books = Catalogue(rows, {}, "en"), Catalogue(rows, {})
    assert (english.name("tea"), english.name_at("tea", 500), english.name("cola")) == ("New tea", "緑茶", "cola")
    assert (books.name("tea"), books.name_at("tea", 500)) == ("新茶", "緑茶")


async def test_rename_when_a_sale_of_before_arrives_after_then_it_has_the_old_name_and_a_replay_says_the_same(
    seeded: Database, script: Any, clock: Any
) -> None:
    script.restock()
    script.sale()
    await interpreted(seeded, script, clock)
    script.sale()
    renamed_ms = clock() + 3_600_000
    await changed(seeded, renamed_ms, name_ja="新茶")
    script._t = renamed_ms
    script.sale()
    await interpreted(seeded, script, clock)
    assert [words for words, _ in await sold(seeded)] == ["商品売上 - 緑茶", "商品売上 - 緑茶", "商品売上 - 新茶"]
    assert (await rebuild(seeded)).differences == []


async def test_tax_class_when_it_changes_on_a_day_then_sales_from_that_day_on_have_the_other_rate(
    seeded: Database, script: Any, clock: Any
) -> None:
    change = TaxChange(valid_from=date(2026, 11, 21), tax_class="standard")
    script.restock()
    script.sale()
    await interpreted(seeded, script, clock)
    await changed(seeded, clock(), tax_changes=[change])
    script.sale()
    script._t += 24 * 3_600_000
    script.sale()
    await interpreted(seeded, script, clock)
    assert [tax for _, tax in await sold(seeded)] == [11, 11, 14]
    assert (await rebuild(seeded)).differences == []
    async with seeded.read() as db_session:
        assert await accounting.verify(db_session) == []


async def test_product_when_described_after_it_was_sold_then_the_sale_stays_as_it_was_and_a_replay_says_the_same(
    seeded: Database, script: Any, clock: Any
) -> None:
    script.sale(slot="B1", product="umbrella", price=330)
    await interpreted(seeded, script, clock)
    umbrella = ProductView(id="umbrella", name_ja="傘", name_en="Umbrella", tax_class="food")
    async with seeded.write() as db_session:
        assert await service.save(db_session, [umbrella], by="op@example.com", now_ms=clock()) == 1
        assert await service.save(db_session, [umbrella], by="op@example.com", now_ms=clock()) == 0
    assert await sold(seeded) == [("商品売上 - umbrella", 30)]
    assert (await rebuild(seeded)).differences == []


async def test_product_when_two_have_one_jan_then_the_second_is_refused_and_nothing_is_kept(seeded: Database) -> None:
    twin = ProductView(id="twin", name_ja="緑茶", name_en="Tea", tax_class="food", jan="2000000000015")
    other = ProductView(id="other", name_ja="水", name_en="Water", tax_class="food")
    with pytest.raises(JanTakenError, match="belongs to 'green-tea'"):
        async with seeded.write() as db_session:
            await service.save(db_session, [other, twin])
    async with seeded.read() as db_session:
        assert await service.product(db_session, "other") is None


async def test_product_when_changed_over_http_then_its_history_says_who_when_and_what(
    client: AsyncClient, clock: Any
) -> None:
    answer = await client.get(TEA)
    tag = answer.headers["ETag"]
    wanted = answer.json() | {"name_ja": "新茶", "shelf_life_days": 300, "photo": "f" * 64}
    saved = await client.put(TEA, json=wanted, headers={"If-Match": tag})
    assert (saved.status_code, saved.json()["photo"]) == (200, "")
    again = await client.put(TEA, json=wanted, headers={"If-Match": tag})
    assert (again.status_code, again.json()["code"]) == (412, "changed_meanwhile")
    rows = (await client.get(f"{TEA}/revisions")).json()["items"]
    assert [(row["number"], row["changed_by"], row["changed"]) for row in rows] == [
        (2, "op@example.com", ["name_ja", "shelf_life_days"]),
        (1, "", []),
    ]
    assert (rows[0]["changed_at_ms"], rows[1]["product"]["name_ja"]) == (clock(), "緑茶")
    page = (await client.get(f"{TEA}/revisions", params={"limit": 1})).json()
    rest = (await client.get(f"{TEA}/revisions", params={"cursor": page["next"]})).json()
    assert [row["number"] for row in rest["items"]] == [1]
    assert (await client.get("/api/v1/products/nothing/revisions")).json()["code"] == "no_such_product"


async def test_products_when_searched_over_http_then_only_those_are_listed(client: AsyncClient) -> None:
    found = (await client.get("/api/v1/products", params={"q": "ちゃ"})).json()["items"]
    assert [row["id"] for row in found] == ["green-tea", "oolong-tea"]


async def test_product_when_it_has_the_jan_of_another_then_the_answer_is_409(client: AsyncClient) -> None:
    wanted = (await client.get(TEA)).json() | {"jan": "2000000000022"}
    answer = await client.put(TEA, json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "jan_taken")
    assert "oolong-tea" in answer.json()["detail"]
