"""The pages of products, prices and planograms, as a browser without scripts uses them."""

import io
from typing import Any

import pytest
from httpx import AsyncClient
from PIL import Image

from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver

PRODUCT = "/dashboard/products/green-tea"
PLANOGRAM = "/dashboard/machines/vm-test-0001/planogram"
TYPED = {
    "name_ja": "新茶",
    "name_en": "New tea",
    "tax_class": "food",
    "temperature": "cold",
    "size_amount": "500",
    "size_unit": "ml",
    "is_active": "true",
    "allergens": ["soybean", "milk"],
}


def png() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 40), (0, 120, 60)).save(target, "PNG")
    return target.getvalue()


def slots(**changes: str) -> dict[str, Any]:
    """A form of two slots."""
    typed: dict[str, Any] = {"slot": ["A1", "A2", "new"], "valid_from": "2026-11-20", "new.slot": ""}
    for name, product in (("A1", "green-tea"), ("A2", "oolong-tea")):
        fields = {"product_id": product, "price_minor": "160", "capacity": "8", "par_level": "6"}
        typed |= {f"{name}.{field}": value for field, value in fields.items()}
    return typed | changes


async def test_products_page_when_searched_then_only_what_matches_is_shown_and_leads_to_its_page(
    client: AsyncClient,
) -> None:
    page = (await client.get("/dashboard/products", params={"q": "コーヒー", "temperature": "hot"})).text
    assert 'href="/dashboard/products/black-coffee"' in page
    assert "green-tea" not in page.replace("art/green-tea.svg", "")


async def test_product_page_when_saved_then_the_history_says_what_changed(client: AsyncClient) -> None:
    assert (await client.post(PRODUCT, data=TYPED)).status_code == 303
    saved = (await client.get("/api/v1/products/green-tea")).json()
    assert (saved["name_ja"], saved["allergens"], saved["jan"]) == ("新茶", ["milk", "soybean"], None)
    page = (await client.get(PRODUCT)).text
    assert "商品名 → 新茶" in page
    assert "アレルゲン → 乳、大豆" in page


async def test_product_pages_when_read_in_english_then_the_english_name_comes_first(client: AsyncClient) -> None:
    client.cookies.set("language", "en")
    assert (await client.post(PRODUCT, data=TYPED)).status_code == 303
    page = (await client.get(PRODUCT)).text
    assert '<h1>New tea <small class="quiet" lang="ja">新茶</small></h1>' in page
    assert "Allergens → Milk, Soybean" in page
    assert "<b>New tea</b>" in (await client.get("/dashboard/products")).text
    assert ">New tea</option>" in (await client.get(PLANOGRAM)).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jan": "4901234567890"}, "最後の1桁が合いません"),
        ({"jan": "2000000000022"}, "ほかの商品に登録されています"),
        ({"size_unit": ""}, "1以上の数と単位を"),
        ({"name_kana": "漢字"}, "ひらがなかカタカナで"),
    ],
)
async def test_product_page_when_a_field_is_wrong_then_it_says_so_beside_it_and_keeps_what_was_typed(
    client: AsyncClient, changes: dict[str, str], words: str
) -> None:
    answer = await client.post(PRODUCT, data=TYPED | changes)
    assert answer.status_code in {409, 422}
    assert words in answer.text
    assert 'value="新茶"' in answer.text
    assert (await client.get("/api/v1/products/green-tea")).json()["name_ja"] == "緑茶"


async def test_product_page_when_somebody_else_was_first_then_it_is_not_overwritten(client: AsyncClient) -> None:
    answer = await client.post(PRODUCT, data=TYPED | {"tag": '"0000000000000000"'})
    assert (answer.status_code, "ほかの方が先に変更しました" in answer.text) == (412, True)


async def test_product_page_when_a_new_one_is_added_then_it_has_a_page_and_a_taken_code_is_refused(
    client: AsyncClient,
) -> None:
    added = await client.post("/dashboard/products/+", data=TYPED | {"id": "new-tea"})
    assert (added.status_code, added.headers["location"]) == (303, "/dashboard/products/new-tea")
    assert (await client.get("/dashboard/products/new-tea")).status_code == 200
    again = await client.post("/dashboard/products/+", data=TYPED | {"id": "new-tea"})
    assert (again.status_code, "すでに使われています" in again.text) == (422, True)
    assert (await client.get("/dashboard/products/nothing")).status_code == 404


async def test_product_page_when_a_photo_is_sent_then_it_is_shown_and_can_be_taken_away(client: AsyncClient) -> None:
    sent = await client.post(f"{PRODUCT}/picture", files={"photo": ("a.png", png(), "image/png")})
    assert sent.status_code == 303
    assert "/api/v1/products/green-tea/picture?size=large" in (await client.get(PRODUCT)).text
    wrong = await client.post(f"{PRODUCT}/picture", files={"photo": ("a.png", b"text", "image/png")})
    assert (wrong.status_code, "JPEG、PNG、WebPの写真を" in wrong.text) == (422, True)
    await client.post(f"{PRODUCT}/picture", data={"remove": "1"})
    assert (await client.get("/api/v1/products/green-tea")).json()["photo"] == ""


async def test_products_page_when_a_table_is_checked_then_only_the_import_changes_something(
    client: AsyncClient,
) -> None:
    table = {"table": ("t.csv", "id,name_ja\nyokan,水ようかん\n".encode("cp932"), "text/csv")}
    preview = await client.post("/dashboard/products/+/table", files=table, data={"preview": "1"})
    assert "1 行のうち 1 行が変わります" in preview.text
    assert (await client.get("/api/v1/products/yokan")).json()["name_ja"] == "ようかん"
    await client.post("/dashboard/products/+/table", files=table)
    assert (await client.get("/api/v1/products/yokan")).json()["name_ja"] == "水ようかん"
    bad = await client.post("/dashboard/products/+/table", files={"table": ("t.csv", b"id,jan\nyokan,1\n", "text/csv")})
    assert (bad.status_code, "最後の1桁が合いません" in bad.text) == (422, True)


async def test_price_list_page_when_a_price_is_doubtful_then_it_asks_and_a_yes_reaches_the_machine(
    client: AsyncClient,
) -> None:
    made = await client.post("/dashboard/prices", data={"list_id": "stations", "name": "駅"})
    assert made.headers["location"] == "/dashboard/prices/stations"
    twice = await client.post("/dashboard/prices", data={"list_id": "stations", "name": "駅"})
    assert (twice.status_code, "すでにあります" in twice.text) == (409, True)
    await client.post("/dashboard/prices/stations/machines", data={"machine_id": "vm-test-0001"})
    typed = {"product_id": "green-tea", "valid_from": "2026-11-20", "price_minor": "50"}
    asked = await client.post("/dashboard/prices/stations", data=typed)
    assert asked.status_code == 409
    assert "50円は、原価を下回ります(原価 84円)" in asked.text
    assert (await client.post("/dashboard/prices/stations", data=typed | {"is_confirmed": "true"})).status_code == 303
    machine = (await client.get("/api/v1/vending/machines/vm-test-0001/planogram")).json()
    assert next(row["price_minor"] for row in machine["slots"] if row["slot"] == "A1") == 50
    past = await client.post("/dashboard/prices/stations", data=typed | {"valid_from": "2026-11-19"})
    assert (past.status_code, "過ぎた日は選べません" in past.text) == (422, True)


async def test_planogram_page_when_sent_then_it_is_the_next_revision_and_empty_slots_are_left_out(
    client: AsyncClient,
) -> None:
    form = slots(
        **{
            "A1.price_minor": "170",
            "A2.product_id": "",
            "new.slot": "d1",
            "new.product_id": "yokan",
            "new.price_minor": "120",
            "new.capacity": "8",
            "new.par_level": "6",
        }
    )
    assert (await client.post(PLANOGRAM, data=form)).status_code == 303
    found = (await client.get("/api/v1/vending/machines/vm-test-0001/planogram")).json()
    assert [(row["slot"], row["product_id"], row["price_minor"]) for row in found["slots"]] == [
        ("A1", "green-tea", 170),
        ("D1", "yokan", 120),
    ]


async def test_planogram_page_when_the_machine_refused_it_then_it_says_why_and_the_same_can_be_sent_again(
    app: Any, client: AsyncClient, clock: Any, script: Any
) -> None:
    async def sent() -> int:
        assert (await client.post(PLANOGRAM, data=slots())).status_code == 303
        return int((await client.get("/api/v1/vending/machines/vm-test-0001")).json()["planogram_rev"])

    assert [await sent(), await sent()] == [2, 2]
    script.add("settings.applied", {"name": "planogram", "rev": 2, "ok": False, "why": "slots: too many"})
    await Receiver(app.state.database, clock).handle(script.messages())
    await Interpreter(app.state.database, clock=clock).run_once()
    page = (await client.get(PLANOGRAM)).text
    assert "自販機は第 2 版を受け付けませんでした。自販機の答え: slots: too many" in page
    assert "第 2 版を受け付けませんでした" in (await client.get("/dashboard/machines/vm-test-0001")).text
    assert [await sent(), await sent()] == [3, 3]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"A1.price_minor": "x"}, 422, "価格は1円以上"),
        ({"A1.price_minor": "20"}, 409, "原価を下回ります"),
        ({"valid_from": "2026-11-19"}, 422, "過ぎた日は選べません"),
        ({"new.slot": "A1", "new.product_id": "yokan", "new.price_minor": "120"}, 422, "ご確認ください"),
    ],
)
async def test_planogram_page_when_something_is_wrong_then_it_says_so_and_nothing_is_published(
    client: AsyncClient, changes: dict[str, str], status: int, words: str
) -> None:
    answer = await client.post(PLANOGRAM, data=slots(**changes))
    assert (answer.status_code, words in answer.text) == (status, True)
    assert (await client.get("/api/v1/vending/machines/vm-test-0001")).json()["planogram_rev"] == 1


async def test_planogram_page_when_planned_for_a_day_then_it_waits_and_can_be_taken_back(client: AsyncClient) -> None:
    assert (await client.post(PLANOGRAM, data=slots(valid_from="2026-12-01"))).status_code == 303
    assert "待っています" in (await client.get(PLANOGRAM)).text
    gone = await client.post("/dashboard/machines/vm-test-0001/plans/1/withdraw")
    assert gone.status_code == 303
    assert "取り消し" in (await client.get(PLANOGRAM)).text
