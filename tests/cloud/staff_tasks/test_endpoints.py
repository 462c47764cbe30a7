from typing import Any

import pytest
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.staff_tasks import service
from cloud.staff_tasks.rules import NewTask

TASKS = "/api/v1/monitoring/tasks"


@pytest.fixture
async def three(seeded: Database) -> None:
    new = [
        NewTask("debt", "vm-test-0001", "e/1#debt", 300, amount_minor=40, claim="7K3Q-9MXA"),
        NewTask("vend_uncertain", "vm-test-0001", "e/2#vend", 100, slot="A1", product_id="green-tea", amount_minor=160),
        NewTask("store_replaced", "vm-test-0002", "e/3#fault", 200),
    ]
    async with seeded.write() as db_session:
        await service.open_tasks(db_session, new)


async def kinds(client: AsyncClient, **params: Any) -> Any:
    return [row["kind"] for row in (await client.get(TASKS, params=params)).json()["items"]]


@pytest.mark.usefixtures("three")
async def test_list_when_filtered_then_the_oldest_comes_first(client: AsyncClient) -> None:
    assert await kinds(client) == ["vend_uncertain", "store_replaced", "debt"]
    assert await kinds(client, machine_id="vm-test-0001") == ["vend_uncertain", "debt"]
    assert await kinds(client, kind="debt") == ["debt"]
    assert await kinds(client, state="resolved") == []


@pytest.mark.usefixtures("three")
async def test_list_when_paged_then_every_task_comes_once(client: AsyncClient) -> None:
    first = (await client.get(TASKS, params={"limit": 2})).json()
    second = (await client.get(TASKS, params={"limit": 2, "cursor": first["next"]})).json()
    assert [row["kind"] for row in first["items"] + second["items"]] == ["vend_uncertain", "store_replaced", "debt"]
    assert second["next"] is None


@pytest.mark.usefixtures("three")
async def test_task_when_resolved_over_http_then_who_when_and_how_are_kept(client: AsyncClient, clock: Any) -> None:
    (task,) = (await client.get(TASKS, params={"kind": "debt"})).json()["items"]
    assert task["resolutions"] == ["paid_out", "refused", "written_off"]
    body = {"resolution": "paid_out", "note": "at the counter"}
    answer = await client.post(f"{TASKS}/{task['id']}/resolve", json=body)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["state"], found["resolved_by"], found["resolved_at_ms"]) == (
        "resolved",
        "op@example.com",
        clock.now_ms,
    )
    assert (await client.get(f"{TASKS}/{task['id']}")).json() == found
    assert (await client.post(f"{TASKS}/{task['id']}/resolve", json=body)).json() == found
    refused = await client.post(f"{TASKS}/{task['id']}/resolve", json={"resolution": "refused"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_resolved")
    assert "op@example.com" in refused.json()["detail"]
    (entry,) = (await client.get("/api/v1/accounting/journal", params={"limit": 1})).json()["items"]
    assert entry["source"] == f"task:{task['id']}#transfer"


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("999/resolve", {"resolution": "paid_out"}, (404, "no_such_task")),
        ("1/resolve", {"resolution": "counted"}, (422, "wrong_resolution")),
        ("1/resolve", {}, (422, "invalid")),
        ("1/resolve", {"resolution": "paid_out", "note": "n" * 501}, (422, "invalid")),
        ("1/resolve", {"resolution": "paid_out", "by": "somebody else"}, (422, "invalid")),
    ],
)
async def test_task_when_it_cannot_be_resolved_so_then_the_answer_says_why(
    client: AsyncClient, path: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    answer = await client.post(f"{TASKS}/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == expected


async def test_task_when_nobody_is_logged_in_then_401(stranger: AsyncClient) -> None:
    assert (await stranger.post(f"{TASKS}/1/resolve", json={"resolution": "paid_out"})).status_code == 401


async def test_task_when_there_is_none_then_404(client: AsyncClient) -> None:
    assert (await client.get(f"{TASKS}/1")).json()["code"] == "no_such_task"
