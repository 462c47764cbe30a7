"""The application as a whole, over HTTP: every door locked, every page rendered, every number right."""

from typing import Any

import pytest
from alembic.script import ScriptDirectory
from fastapi import FastAPI
from httpx import AsyncClient

from cloud.db.database import Database, open_database
from cloud.db.migrate import alembic_config
from cloud.doors import is_customers
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.main import equip

EMAIL, PASSWORD = "op@example.com", "correct horse"
LOGIN = "/api/v1/admin"
PUBLIC = {"/", "/health", "/ready"} | {
    f"{LOGIN}/{name}" for name in ("login", "logout", "token", "token/refresh", "token/revoke")
}


@pytest.fixture
async def after_sales(seeded: Database, script: Any) -> None:
    script.restock()
    script.restock("B4", "corn-soup", 2)
    script.sale()
    script.sale("B4", "corn-soup", 150)
    script.failed_vend()
    script.add("fault.raised", {"code": "slot.jammed", "where": "A1"})
    script.add("hologram.shown", {"text": "<script>alert(1)</script>"})
    await Receiver(seeded).handle(script.messages())
    interpreter = Interpreter(seeded)
    while await interpreter.run_once():
        pass


async def test_public_pages_when_asked_by_a_stranger_then_they_say_what_runs(stranger: AsyncClient) -> None:
    root = (await stranger.get("/")).json()
    assert (root["status"], root["machine_state"]) == ("running", {"online": 0, "total": 1})
    assert (await stranger.get("/health")).json()["status"] == "healthy"
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert (await stranger.get("/ready")).json() == {"status": "ready", "database_revision": newest}


def api_routes(app: FastAPI) -> Any:
    for route in app.openapi()["paths"].items():
        path, methods = route
        for method in methods:
            yield method.upper(), path


async def test_api_when_nobody_is_logged_in_then_every_door_is_locked(app: FastAPI, stranger: AsyncClient) -> None:
    checked = 0
    for method, path in api_routes(app):
        if path in PUBLIC or (method, path) == ("POST", "/api/v1/customer"):
            continue
        answer = await stranger.request(method, path.replace("{", "").replace("}", ""))
        assert answer.status_code == 401, (method, path)
        assert answer.json()["code"] == ("no_customer" if is_customers(path) else "not_logged_in"), path
        checked += 1
    assert checked > 15


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/",
        "/dashboard/machines/vm-test-0001",
        "/dashboard/journal",
        "/dashboard/statements",
        "/dashboard/tasks",
        "/dashboard/inbox",
    ],
)
async def test_pages_when_nobody_is_logged_in_then_they_lead_to_the_login(stranger: AsyncClient, path: str) -> None:
    answer = await stranger.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/dashboard/login?next={path}"


async def test_login_when_the_password_is_wrong_then_the_answer_is_clear_and_no_cookie_is_set(
    stranger: AsyncClient,
) -> None:
    answer = await stranger.post("/api/v1/admin/login", json={"email": EMAIL, "password": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_password")
    assert "set-cookie" not in answer.headers


async def test_login_when_wrong_too_often_then_429_says_how_long_to_wait(stranger: AsyncClient) -> None:
    for _ in range(5):
        await stranger.post("/api/v1/admin/login", json={"email": EMAIL, "password": "wrong"})
    answer = await stranger.post("/api/v1/admin/login", json={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


async def test_login_page_when_used_then_the_cookie_is_closed_to_scripts_and_other_sites(stranger: AsyncClient) -> None:
    form = {"username": EMAIL, "password": PASSWORD}
    answer = await stranger.post("/dashboard/login?next=/dashboard/journal", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/journal")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test/", "/dashboard/\\evil.test", "javascript:x"])
async def test_login_page_when_next_leads_elsewhere_then_it_is_not_followed(stranger: AsyncClient, wanted: str) -> None:
    form = {"username": EMAIL, "password": PASSWORD}
    answer = await stranger.post("/dashboard/login", params={"next": wanted}, data=form)
    assert answer.headers["location"] == "/dashboard/"


async def test_login_page_when_the_password_is_wrong_then_it_says_so_in_japanese(stranger: AsyncClient) -> None:
    answer = await stranger.post("/dashboard/login", data={"username": EMAIL, "password": "wrong"})
    assert answer.status_code == 401
    assert "パスワードが違います" in answer.text


@pytest.mark.usefixtures("after_sales")
@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("/dashboard/", ["緑茶", "コーンスープ", "¥310", "vm-test-0001"]),
        ("/dashboard/machines/vm-test-0001", ["緑茶", "slot.jammed", "A1", "5<span"]),
        ("/dashboard/journal", ["商品売上 - 緑茶", "売上原価 - コーンスープ", "資本金払込"]),
        ("/dashboard/journal/4001", ["商品売上 - 緑茶"]),
        ("/dashboard/statements", ["売上総利益", "借方と貸方は一致しています", "当期純利益"]),
        ("/dashboard/statements?month=2026-10", ["2026年10月", "資産合計", "次の月"]),
        ("/dashboard/journal/4001?start=2026-11-01&end=2026-11-30", ["元帳 売上高", "商品売上 - 緑茶"]),
        ("/dashboard/journal/4001?end=2026-10-31", ["元帳 売上高", "まだ仕訳はありません"]),
        ("/dashboard/inbox", ["未知のイベント", "&lt;script&gt;"]),
    ],
)
async def test_pages_when_there_were_sales_then_they_show_them(
    client: AsyncClient, path: str, texts: list[str]
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    for text in texts:
        assert text in answer.text, text
    assert "<script>alert" not in answer.text


@pytest.mark.usefixtures("after_sales")
@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/dashboard/", ["attention", "metrics", "hourly", "sales", "machines", "events"]),
        ("/dashboard/machines/vm-test-0001", ["machine_state", "faults", "slots", "events"]),
        ("/dashboard/journal", ["entries"]),
        ("/dashboard/statements", ["profit", "balance", "cash_flow", "trial"]),
        ("/dashboard/inbox", ["items"]),
    ],
)
async def test_pages_when_a_part_is_asked_for_then_only_it_comes(
    client: AsyncClient, path: str, parts: list[str]
) -> None:
    for part in parts:
        answer = await client.get(path, params={"part": part}, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert f'id="{part}"' in answer.text
        assert "<html" not in answer.text
    assert (await client.get(path, params={"part": "../base"})).status_code == 404


@pytest.mark.usefixtures("after_sales")
async def test_metrics_when_there_were_sales_then_they_have_the_agreed_shape(client: AsyncClient) -> None:
    found = (await client.get("/api/v1/dashboard/metrics/realtime")).json()
    assert set(found) == {"timestamp", "sales", "inventory", "customers", "system"}
    assert set(found["sales"]) >= {"today_revenue", "today_transactions", "hourly_trend"}
    assert set(found["inventory"]) == {"total_products", "low_stock_alerts", "out_of_stock", "inventory_value"}
    assert found["customers"] == {"active_sessions": 0, "satisfaction_score": 0.6667, "repeat_customers": 0}
    assert set(found["system"]) >= {"uptime", "ai_response_time", "error_rate"}
    assert (found["inventory"]["low_stock_alerts"], found["inventory"]["out_of_stock"]) == (1, 10)


@pytest.mark.usefixtures("after_sales")
async def test_transactions_when_paged_then_every_sale_comes_once(client: AsyncClient) -> None:
    seen, cursor = [], None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/v1/transactions", params=params)).json()
        seen += [row["seq"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 3


@pytest.mark.usefixtures("after_sales")
async def test_accounting_when_asked_then_statements_agree_with_each_other(client: AsyncClient) -> None:
    trial = (await client.get("/api/v1/accounting/trial-balance")).json()
    assert trial["debit"] == trial["credit"] > 0
    period = {"start": "2026-11-01", "end": "2026-11-30"}
    income = (await client.get("/api/v1/accounting/income-statement", params=period)).json()
    assert (income["sales_revenue"], income["cost_of_goods_sold"]) == (149 + 139, 84 + 80)
    sheet = (await client.get("/api/v1/accounting/balance-sheet", params={"at": "2026-11-30"})).json()
    assert sheet["is_balanced"] is True
    found = (await client.get("/api/v1/accounting/verification")).json()
    assert found["is_sound"] is True


async def test_accounting_when_an_entry_is_reversed_over_http_then_once_and_by_name(client: AsyncClient) -> None:
    answer = await client.post("/api/v1/accounting/journal/1/reversal", json={"why": "test"})
    assert answer.status_code == 201
    assert EMAIL in answer.json()["description"]
    again = await client.post("/api/v1/accounting/journal/1/reversal", json={"why": "test"})
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")


@pytest.mark.usefixtures("after_sales")
async def test_inventory_when_asked_then_each_product_says_where_it_is(client: AsyncClient) -> None:
    rows = {row["product_id"]: row for row in (await client.get("/api/v1/inventory/products")).json()["items"]}
    assert rows["green-tea"] == {
        "product_id": "green-tea",
        "vending_machine_stock": 5,
        "storage_stock": 42,
        "total_stock": 47,
        "is_negative": False,
    }


async def test_planogram_when_published_with_a_stale_revision_then_409_and_nothing_changes(client: AsyncClient) -> None:
    path = "/api/v1/vending/machines/vm-test-0001/planogram"
    document = (await client.get(path)).json()
    assert (await client.put(path, json=document)).status_code == 409
    document["rev"] = 2
    assert (await client.put(path, json=document)).status_code == 200
    assert (await client.get(path)).json()["rev"] == 2


async def test_machines_when_registered_then_the_secret_is_shown_once_and_bad_names_are_refused(
    client: AsyncClient,
) -> None:
    answer = await client.post("/api/v1/vending/machines", json={"id": "vm-test-0002"})
    assert answer.status_code == 201
    assert len(answer.json()["secret"]) >= 43
    assert answer.json()["secret"] not in (await client.get("/api/v1/vending/machines")).text
    assert (await client.post("/api/v1/vending/machines", json={"id": "vm-test-0002"})).status_code == 409
    assert (await client.post("/api/v1/vending/machines", json={"id": "VM/+"})).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/v1/products/nothing",
        "/api/v1/transactions/99",
        "/api/v1/vending/machines/nobody/slots",
        "/dashboard/machines/nobody",
    ],
)
async def test_errors_when_something_is_not_there_then_the_answer_says_so_in_one_shape(
    client: AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"status", "code", "detail"}


async def test_static_files_when_asked_by_a_stranger_then_they_are_served(stranger: AsyncClient) -> None:
    assert (await stranger.get("/dashboard/static/dashboard.css")).status_code == 200


async def test_docs_when_opened_then_lists_every_operation_without_asking_another_host(
    client: AsyncClient,
) -> None:
    page = await client.get("/docs")
    document = (await client.get("/openapi.json")).json()
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert all(f"<code>{path}</code>" in page.text for path in document["paths"])
    assert "https://" not in page.text


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_request_when_the_database_is_busy_then_it_is_told_to_come_again_and_kept_nothing(
    built_app: FastAPI, client: AsyncClient, new_settings: Any, seeded: Database, clock: Any
) -> None:
    impatient = open_database(new_settings().database_url, busy_timeout_ms=1)
    equip(built_app, new_settings(), impatient, clock)
    async with seeded.write():
        body = {"id": "cola", "name_ja": "コーラ", "name_en": "Cola", "tax_class": "food"}
        answer = await client.put("/api/v1/products/cola", json=body)
    await impatient.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "database_busy"), answer.text
    assert answer.headers["retry-after"] == "1"
