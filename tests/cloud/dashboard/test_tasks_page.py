"""作業: what a person sees of tasks, and the form they answer with."""

from html.parser import HTMLParser
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.dashboard.task_wording import resolution_text, task_lines
from cloud.db.database import Database
from cloud.staff_tasks import rules, service
from cloud.staff_tasks.rules import RESOLUTIONS, NewTask
from cloud.staff_tasks.service import TaskView

PAGE = "/dashboard/tasks"


def new_task(kind: str, source: str = "", **changes: Any) -> NewTask:
    values: dict[str, Any] = {"slot": "A1", "product_id": "green-tea", "amount_minor": 1_160, "claim": "7K3Q-9MXA"}
    values |= {"reference": "pay-1", "opened_at_ms": 1_795_143_600_000}
    return NewTask(kind, "vm-test-0001", source or f"e/{kind}", **values | changes)


async def opened(database: Database, *tasks: NewTask) -> list[int]:
    async with database.write() as db_session:
        await service.open_tasks(db_session, tasks)
        return [task.id for task in await service.listing(db_session, limit=100)]


class Text(HTMLParser):
    """Everything a reader sees, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def read(page: str) -> str:
    parser = Text()
    parser.feed(page)
    return " ".join(word for word in parser.words if word)


@pytest.mark.parametrize("kind", sorted(RESOLUTIONS))
def test_wording_when_a_kind_is_ours_then_it_has_sentences_and_every_resolution_has_words(kind: str) -> None:
    view = TaskView.model_validate(
        {name: getattr(new_task(kind), name) for name in NewTask.__slots__}
        | {"id": 1, "state": "open", "resolved_at_ms": 0, "resolved_by": "", "resolution": "", "note": ""}
    )
    what, todo = task_lines(view, "緑茶")
    assert what != task_lines(view.model_copy(update={"kind": "newer"}), "緑茶")[0]
    assert todo.endswith("ください。")
    assert "{" not in what + todo
    for name in (*RESOLUTIONS[kind], rules.SETTLED_BY_MACHINE):
        assert resolution_text(kind, name) != name


async def test_page_when_nothing_waits_then_it_says_so_and_the_count_is_hidden(client: AsyncClient) -> None:
    page = (await client.get(PAGE)).text
    assert "人を待っている作業はありません。" in page
    assert 'data-hide="zero" hidden>0</b>' in page
    assert "人の確認を待つ作業" not in (await client.get("/dashboard/")).text


async def test_page_when_tasks_wait_then_each_says_what_to_do_and_the_oldest_is_first(
    client: AsyncClient, seeded: Database
) -> None:
    await opened(
        seeded, new_task("debt"), new_task("vend_uncertain", opened_at_ms=1_795_143_500_000, reference="<b>v</b>")
    )
    page = (await client.get(PAGE)).text
    text = read(page)
    assert text.index("棚 A1 の 緑茶 が出たか分かりません") < text.index("お客様に ¥1,160 をお返しできていません")
    assert "番号 7K3Q-9MXA をお持ちのお客様が来たら、現金でお返ししてください。" in text
    assert page.count('type="radio"') == 2 + 3
    assert 'href="/api/v1/monitoring/events/e/debt"' in page
    assert "<b>v</b>" not in page


@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/journal", "/dashboard/inbox", PAGE])
async def test_navigation_when_tasks_wait_then_every_page_counts_them(
    client: AsyncClient, seeded: Database, path: str
) -> None:
    await opened(seeded, new_task("debt"), new_task("store_replaced"))
    page = (await client.get(path)).text
    assert 'data-hide="zero">2</b>' in page
    if path == "/dashboard/":
        assert "人の確認を待つ作業が 2 件あります" in page
        figures = (await client.get("/api/v1/dashboard/metrics/realtime")).json()
        assert figures["system"]["open_tasks"] == 2


async def test_form_when_sent_then_the_task_is_resolved_by_name_and_moves_to_the_records(
    client: AsyncClient, seeded: Database
) -> None:
    (task_id,) = await opened(seeded, new_task("debt"))
    form = {"resolution": "paid_out", "note": "  <i>at the counter</i> "}
    answer = await client.post(f"{PAGE}/{task_id}/resolve", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    page = (await client.get(PAGE)).text
    assert "人を待っている作業はありません。" in page
    text = read(page)
    assert "現金でお返しした" in text
    assert "op@example.com" in text
    assert "&lt;i&gt;at the counter&lt;/i&gt;" in page
    journal = (await client.get("/dashboard/journal")).text
    assert "お返し不足の支払い 番号 7K3Q-9MXA" in journal
    assert f'href="/api/v1/monitoring/tasks/{task_id}"' in journal


@pytest.mark.parametrize(
    ("resolution", "status", "words"),
    [("refused", 409, "ほかの方が先に記録しました"), ("counted", 422, "もう一度お選びください")],
)
async def test_form_when_the_task_cannot_be_resolved_so_then_the_page_says_it(
    client: AsyncClient, seeded: Database, resolution: str, status: int, words: str
) -> None:
    (task_id,) = await opened(seeded, new_task("debt"))
    await client.post(f"{PAGE}/{task_id}/resolve", data={"resolution": "paid_out"})
    answer = await client.post(f"{PAGE}/{task_id}/resolve", data={"resolution": resolution})
    assert answer.status_code == status
    assert words in answer.text
    assert 'role="alert"' in answer.text


async def test_form_when_nobody_is_logged_in_then_it_leads_to_the_login_and_nothing_is_resolved(
    stranger: AsyncClient, seeded: Database
) -> None:
    (task_id,) = await opened(seeded, new_task("debt"))
    answer = await stranger.post(f"{PAGE}/{task_id}/resolve", data={"resolution": "paid_out"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/dashboard/login")
    async with seeded.read() as db_session:
        assert await service.open_count(db_session) == 1


async def test_page_when_a_part_is_asked_for_then_only_it_comes(client: AsyncClient, seeded: Database) -> None:
    await opened(seeded, new_task("debt"))
    for part in ("open_tasks", "resolved_tasks"):
        answer = await client.get(PAGE, params={"part": part})
        assert f'id="{part}"' in answer.text
        assert "<html" not in answer.text


async def test_page_when_a_debt_was_refused_then_its_customer_can_still_be_paid(
    client: AsyncClient, seeded: Database
) -> None:
    (number,) = await opened(seeded, new_task("debt"))
    assert "断ったお返し" not in (await client.get(PAGE)).text
    await client.post(f"{PAGE}/{number}/resolve", data={"resolution": "refused"})
    page = (await client.get(PAGE)).text
    assert f'action="{PAGE}/{number}/payment"' in page
    answer = await client.post(f"{PAGE}/{number}/payment", data={"note": "番号を確認"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#refused_debts")
    page = (await client.get(PAGE)).text
    assert f'action="{PAGE}/{number}/payment"' not in page
    assert "番号を確認" in read(page)
    refused = await client.post(f"{PAGE}/{number + 1}/payment", data={})
    assert (refused.status_code, "記録できませんでした" in refused.text) == (409, True)
    api = "/api/v1/monitoring/tasks"
    other = await client.post(f"{api}/{number}/payment", json={"note": "twice"})
    assert (other.status_code, other.json()["code"]) == (409, "already_resolved")
    assert (await client.post(f"{api}/999/payment", json={})).status_code == 404
