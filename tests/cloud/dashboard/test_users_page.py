"""利用者, 操作記録, アカウント: what an owner sees and changes in the browser, and what others are told."""

import re
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.dashboard.activity_page import ACTIONS
from cloud.dashboard.users_page import ROLES
from cloud.db.database import Database
from cloud.identity import activity
from cloud.identity.activity import Deed, Origin
from cloud.identity.permissions import Role
from cloud.identity.service import create_user, new_password, user_of_email
from cloud.staff_tasks import service
from cloud.staff_tasks.rules import NewTask

EMAIL, PASSWORD = "op@example.com", "correct horse"
PAGE = "/dashboard/users"
FORM = {"email": "hana@example.com", "role": "staff", "password": "a first sentence"}


async def user_id(database: Database, email: str) -> int:
    async with database.read() as db_session:
        return (await user_of_email(db_session, email)).id


async def test_page_when_a_user_is_added_changed_and_switched_off_then_it_shows_it(
    client: AsyncClient, seeded: Database
) -> None:
    added = await client.post(PAGE, data=FORM)
    assert (added.status_code, added.headers["location"]) == (303, PAGE)
    page = (await client.get(PAGE)).text
    assert "hana@example.com" in page
    assert ROLES[Role.STAFF] in page
    path = f"{PAGE}/{await user_id(seeded, FORM['email'])}"
    changed = await client.post(path, data={"role": "viewer", "revision": "1"})
    assert changed.status_code == 303
    assert "停止中" in (await client.get(PAGE)).text
    stale = await client.post(path, data={"role": "viewer", "revision": "1", "is_active": "true"})
    assert stale.status_code == 412
    assert "ほかの方が先に変更しました" in stale.text


async def test_page_when_sessions_are_ended_then_the_user_is_logged_out(client: AsyncClient, seeded: Database) -> None:
    await client.post(PAGE, data=FORM)
    login = {"email": FORM["email"], "password": FORM["password"]}
    token = (await client.post("/api/v1/admin/token", json=login)).json()["access_token"]
    assert "ログイン中 1 件" in (await client.get(PAGE)).text
    path = f"{PAGE}/{await user_id(seeded, FORM['email'])}/sessions/end"
    assert (await client.post(path)).status_code == 303
    answer = await client.get("/api/v1/admin/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"email": EMAIL}, 409, "すでにいます"),
        ({"email": "nobody"}, 422, "メールアドレスの形が正しくありません"),
        ({"password": "short"}, 422, "10 文字以上"),
    ],
)
async def test_page_when_the_form_is_refused_then_it_says_why(
    client: AsyncClient, change: dict[str, str], status: int, words: str
) -> None:
    answer = await client.post(PAGE, data=FORM | change)
    assert answer.status_code == status
    assert words in answer.text
    assert 'role="alert"' in answer.text


async def test_page_when_the_last_owner_would_go_then_it_says_so(client: AsyncClient, seeded: Database) -> None:
    path = f"{PAGE}/{await user_id(seeded, EMAIL)}"
    answer = await client.post(path, data={"role": "viewer", "revision": "1", "is_active": "true"})
    assert answer.status_code == 409
    assert "オーナーが一人もいなくなる" in answer.text
    assert (await client.post(f"{PAGE}/99/sessions/end")).status_code == 404


@pytest.fixture
async def member(stranger: AsyncClient, seeded: Database, request: Any) -> AsyncClient:
    async with seeded.write() as db_session:
        await create_user(
            db_session, "hana@example.com", await new_password("a first sentence"), role=Role(request.param)
        )
    body = {"email": "hana@example.com", "password": "a first sentence"}
    assert (await stranger.post("/api/v1/admin/login", json=body)).status_code == 200
    return stranger


EVERYBODY = ["今日", "自販機"]
GOODS = ["商品", "価格表", "在庫", "補充計画"]
BOUGHT = ["仕入", "仕入先"]
MONEY = ["売上", "現金", "入金", "買掛金", "経費", "採算", "決算", "仕訳帳", "月次締め", "税率"]
AGENTS = ["エージェントの動き", "承認待ち", "判断の記録", "分析"]


@pytest.mark.parametrize(
    ("member", "links"),
    [
        (
            "owner",
            [
                *EVERYBODY,
                "作業",
                *GOODS,
                *BOUGHT,
                *MONEY,
                "お客様",
                *AGENTS,
                "訪問",
                "担当者",
                "受信箱",
                "利用者",
                "操作記録",
            ],
        ),
        ("accountant", [*EVERYBODY, "作業", *GOODS, *BOUGHT, *MONEY, *AGENTS, "訪問", "受信箱", "操作記録"]),
        ("operator", [*EVERYBODY, "作業", *GOODS, *BOUGHT, "売上", "お客様", *AGENTS, "訪問", "担当者", "受信箱"]),
        ("staff", [*EVERYBODY, "作業", *GOODS, *BOUGHT, "訪問", "受信箱"]),
        ("viewer", [*EVERYBODY, *GOODS, "売上", "訪問", "受信箱"]),
    ],
    indirect=["member"],
)
async def test_navigation_when_somebody_looks_then_it_has_what_they_may_open(
    member: AsyncClient, links: list[str]
) -> None:
    page = (await member.get("/dashboard/")).text
    navigation = page[page.index("<nav") : page.index("</nav>")]
    assert re.findall(r"<span>([^<]+)", navigation) == links
    for href in re.findall(r'href="([^"#]+)', navigation):
        assert (await member.get(href)).status_code == 200


@pytest.mark.parametrize("member", ["accountant"], indirect=True)
async def test_tasks_when_somebody_may_only_look_then_there_is_no_form(member: AsyncClient, seeded: Database) -> None:
    async with seeded.write() as db_session:
        await service.open_tasks(db_session, [NewTask("debt", "vm-test-0001", "e/1", 1, amount_minor=40)])
    page = (await member.get("/dashboard/tasks")).text
    assert 'class="tasks"' in page
    assert 'class="resolve"' not in page


@pytest.mark.parametrize("member", ["staff"], indirect=True)
async def test_page_when_somebody_may_not_then_a_page_says_whom_to_ask(member: AsyncClient) -> None:
    answer = await member.get(PAGE, params={"part": "x"})
    assert answer.status_code == 403
    assert "オーナーに権限の変更をお願いしてください" in answer.text
    assert FORM["email"] not in answer.text


async def test_activity_when_shown_then_deeds_are_in_words_and_filters_hold(client: AsyncClient) -> None:
    await client.post(PAGE, data=FORM | {"email": "<b>@example.com"})
    await client.post(PAGE, data=FORM)
    page = (await client.get("/dashboard/activity")).text
    assert ACTIONS["user.added"] in page
    assert "hana@example.com" in page
    assert "<b>@" not in page
    rows = (await client.get("/dashboard/activity", params={"action": "user.logged_in"})).text
    assert "role: staff" not in rows
    assert "当てはまる記録はありません。" in (await client.get("/dashboard/activity", params={"who": "x"})).text


async def test_activity_when_there_is_more_than_a_page_then_the_older_ones_are_a_link_away(
    client: AsyncClient, seeded: Database
) -> None:
    async with seeded.write() as db_session:
        for number in range(105):
            deed = Deed("x@example.com", "product.saved", f"/p/{number}/", Origin("api"))
            await activity.record(db_session, deed, number)
    page = (await client.get("/dashboard/activity", params={"who": "x@example.com"})).text
    (older,) = re.findall(r'href="([^"]+)">古い記録', page)
    second = (await client.get(older.replace("&amp;", "&"))).text
    assert [f"/p/{number}/" in second for number in (0, 4, 5)] == [True, True, False]


async def test_account_when_the_password_is_changed_then_the_browser_must_log_in_again(client: AsyncClient) -> None:
    page = "/dashboard/account"
    wrong = await client.post(page, data={"password": "wrong", "new_password": "a new sentence"})
    assert (wrong.status_code, "今のパスワードが違います" in wrong.text) == (403, True)
    weak = await client.post(page, data={"password": PASSWORD, "new_password": "short"})
    assert (weak.status_code, "10 文字以上" in weak.text) == (422, True)
    done = await client.post(page, data={"password": PASSWORD, "new_password": "a new sentence"})
    assert (done.status_code, done.headers["location"]) == (303, "/dashboard/login?next=/dashboard/account")
    assert (await client.get(page)).status_code == 303
    form = {"username": EMAIL, "password": "a new sentence"}
    assert (await client.post("/dashboard/login", data=form)).status_code == 303
