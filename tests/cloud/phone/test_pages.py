"""The phone page and its forms, through the whole application."""

import re
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.staff_tasks import service as staff_tasks

SAME = {"origin": "http://cloud.test"}


@pytest.fixture
async def stocked(app: Any, seeded: Database, script: Any, clock: Any) -> None:
    """Six green teas, a tea sold, 40 yen of change owed; the machine is connected."""
    script.restock()
    script.restock("A2", "oolong-tea")
    script.sale(short=40)
    receiver, interpreter = Receiver(seeded, clock), Interpreter(seeded, clock=clock)
    await receiver.handle(script.messages(per_frame=50))
    await receiver.handle([script.birth()])
    while await interpreter.run_once():
        pass


async def page(phone: AsyncClient, machine_id: str, lang: str = "ja") -> str:
    answer = await phone.get(f"/m/{machine_id}?lang={lang}")
    assert answer.status_code == 200
    return answer.text


async def test_page_when_a_phone_opens_it_then_it_shows_what_the_machine_charges_and_has(
    stranger: AsyncClient, stocked: None, machine_id: str
) -> None:
    ja = await page(stranger, machine_id)
    assert re.search(r"緑茶.*?160円.*?つめた〜い.*?残り5点", ja, re.DOTALL)
    assert re.search(r"天然水.*?売切", ja, re.DOTALL)
    assert "販売中" in ja
    en = await page(stranger, machine_id, "en")
    assert re.search(r"Green tea.*?¥160.*?Cold.*?5 left", en, re.DOTALL)
    assert '<html lang="en">' in en


async def test_page_when_the_machine_is_not_connected_then_it_says_so_and_since_when(
    stranger: AsyncClient, stocked: None, seeded: Database, script: Any, clock: Any, machine_id: str
) -> None:
    await Receiver(seeded, clock).handle([script.birth(online=False)])
    part = (await stranger.get(f"/m/{machine_id}/shelf?lang=ja")).text
    assert "通信が切れています" in part
    assert "現金でのお買い物はできます" in part
    assert "12:00 に分かったもの" in part


async def test_page_when_there_is_no_such_machine_then_it_is_said_on_a_page(stranger: AsyncClient) -> None:
    answer = await stranger.get("/m/vm-nobody?lang=en")
    assert answer.status_code == 404
    assert "no machine vm-nobody" in answer.text


async def test_clerk_when_somebody_asks_without_the_script_then_the_page_shows_both(
    stranger: AsyncClient, stocked: None, machine_id: str
) -> None:
    await page(stranger, machine_id)
    answer = await stranger.post(f"/m/{machine_id}/say?lang=ja", data={"words": "緑茶はありますか"}, headers=SAME)
    assert answer.status_code == 200
    assert "A1 緑茶は160円(税込)、冷たい商品、残り5点です。" in answer.text
    assert "緑茶はありますか" in await page(stranger, machine_id)


async def test_clerk_when_another_phone_opens_the_page_then_it_sees_nothing_of_it(
    stranger: AsyncClient, stocked: None, machine_id: str
) -> None:
    await page(stranger, machine_id)
    await stranger.post(f"/m/{machine_id}/say", data={"words": "緑茶はありますか"}, headers=SAME)
    stranger.cookies.clear()
    assert "緑茶はありますか" not in await page(stranger, machine_id)


@pytest.mark.parametrize(("words", "problem"), [("", "メッセージを書いて"), ("あ" * 501, "500文字まで")])
async def test_clerk_when_a_message_cannot_be_taken_then_it_is_said_beside_the_form(
    stranger: AsyncClient, machine_id: str, words: str, problem: str
) -> None:
    answer = await stranger.post(f"/m/{machine_id}/say?lang=ja", data={"words": words}, headers=SAME)
    assert (answer.status_code, problem in answer.text) == (422, True)


async def test_forms_when_another_site_or_too_much_is_sent_then_they_are_refused(
    stranger: AsyncClient, machine_id: str
) -> None:
    where = f"/m/{machine_id}/say"
    other = await stranger.post(where, data={"words": "hello"}, headers={"origin": "https://evil.example"})
    large = await stranger.post(where, data={"words": "a" * 70_000}, headers=SAME)
    assert (other.status_code, large.status_code) == (403, 413)


async def test_report_when_it_is_sent_twice_then_the_staff_has_one_task(
    stranger: AsyncClient, stocked: None, seeded: Database, machine_id: str
) -> None:
    text = await page(stranger, machine_id)
    found = re.search(r'name="form_id" value="([0-9a-f]{32})"', text)
    assert found
    form = {"form_id": found[1], "kind": "not_delivered", "slot": "A2", "minutes_ago": "5", "details": "出ません"}
    for _ in range(2):
        answer = await stranger.post(f"/m/{machine_id}/report?lang=ja", data=form, headers=SAME)
        assert "係員に知らせました" in answer.text
    async with seeded.read() as db_session:
        tasks = await staff_tasks.listing(db_session, limit=10, kind="customer_report")
    assert [(task.slot, task.detail) for task in tasks] == [("A2", "not_delivered A2 出ません")]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"slot": "H9"}, "no such slot"),
        ({"code": "12"}, "eight letters"),
        ({"minutes_ago": "soon"}, "0 to 20,160 minutes"),
    ],
)
async def test_report_when_a_field_is_wrong_then_it_is_said_and_what_was_typed_stays(
    stranger: AsyncClient, machine_id: str, changes: dict[str, str], problem: str
) -> None:
    form = {"kind": "change", "details": "my own words"} | changes
    answer = await stranger.post(f"/m/{machine_id}/report?lang=en", data=form, headers=SAME)
    assert answer.status_code == 422
    assert problem in answer.text
    assert "my own words" in answer.text


async def test_claim_when_the_code_is_known_then_its_money_is_told(
    stranger: AsyncClient, stocked: None, seeded: Database, machine_id: str
) -> None:
    async with seeded.write() as db_session:
        task = staff_tasks.NewTask("debt", machine_id, "x/1#debt", 1, amount_minor=40, claim="7K3Q-9MXA")
        await staff_tasks.open_tasks(db_session, [task])
    where = f"/m/{machine_id}/claim?lang=ja"
    known = await stranger.post(where, data={"code": "7k3q9mxa"}, headers=SAME)
    assert "番号 7K3Q-9MXA は、40円をお返しする件" in known.text
    unknown = await stranger.post(where, data={"code": "0000-0001"}, headers=SAME)
    assert "番号 0000-0001 の記録がありません" in unknown.text
    for _ in range(9):
        last = await stranger.post(where, data={"code": "0000-0001"}, headers=SAME)
    assert (last.status_code, "1分ほど待って" in last.text) == (422, True)


async def test_chat_when_a_program_talks_to_the_clerk_then_content_insights_and_actions_come(
    stranger: AsyncClient, stocked: None, machine_id: str
) -> None:
    token = (await stranger.post("/api/v1/customer")).json()["token"]
    headers = {"X-Customer-Token": token}
    begun = await stranger.post("/api/v1/tablet/sessions", json={"machine_id": machine_id}, headers=headers)
    where = f"/api/v1/tablet/sessions/{begun.json()['session_id']}/chat"
    greeting = (await stranger.post(where, json={"content": ""}, headers=headers)).json()
    assert "自動応対" in greeting["content"]
    answer = (await stranger.post(where, json={"content": "お釣りが足りません"}, headers=headers)).json()
    assert answer["insights"]["mood"] == "upset"
    assert "report" in answer["suggested_actions"]
    assert not answer["is_safe_default"]
    stranger.cookies.clear()
    other = (await stranger.post("/api/v1/customer")).json()["token"]
    refused = await stranger.post(where, json={"content": "hi"}, headers={"X-Customer-Token": other})
    assert (other != token, refused.status_code) == (True, 404)
