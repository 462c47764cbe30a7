"""`/api/v1/ai/tasks`, by way of the application."""

from typing import Any

import pytest
from httpx import AsyncClient

BODY = {"agent_type": "vending", "priority": "high", "configuration": {"machine_id": "vm-test-0001"}}


async def test_tasks_when_one_is_asked_for_then_it_is_queued_with_an_estimate_and_is_made_once(
    client: AsyncClient,
) -> None:
    headers = {"Idempotency-Key": "k1"}
    answer = await client.post("/api/v1/ai/tasks", json=BODY, headers=headers)
    assert answer.status_code == 201
    task = answer.json()
    assert (task["status"], task["priority"], task["estimated_time"]) == ("queued", "high", 30)
    again = await client.post("/api/v1/ai/tasks", json=BODY, headers=headers)
    assert (again.status_code, again.json()["task_id"]) == (200, task["task_id"])
    listed = (await client.get("/api/v1/ai/tasks", params={"agent_type": "vending", "limit": 1})).json()
    assert [row["task_id"] for row in listed["items"]] == [task["task_id"]]
    assert (await client.get(f"/api/v1/ai/tasks/{task['task_id']}")).json()["configuration"] == BODY["configuration"]


async def test_tasks_when_cancelled_then_they_never_begin_and_not_twice(client: AsyncClient) -> None:
    task_id = (await client.post("/api/v1/ai/tasks", json={"agent_type": "analytics"})).json()["task_id"]
    assert (await client.post(f"/api/v1/ai/tasks/{task_id}/cancel")).json()["status"] == "cancelled"
    again = await client.post(f"/api/v1/ai/tasks/{task_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "task_ended")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"agent_type": "customer"}, 422, "invalid"),
        ({"agent_type": "vending", "priority": "urgent"}, 422, "invalid"),
        ({"agent_type": "vending", "configuration": {"machine_id": "vm-nobody-0001"}}, 404, "no_such_machine"),
        ({"agent_type": "vending", "configuration": {"override_safety": True}}, 422, "invalid"),
    ],
)
async def test_tasks_when_the_request_is_wrong_then_it_says_what(
    client: AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await client.post("/api/v1/ai/tasks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_tasks_when_there_is_none_of_that_id_then_it_says_so(client: AsyncClient) -> None:
    answer = await client.get(f"/api/v1/ai/tasks/{'0' * 32}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_task")


async def test_schedules_when_looked_at_then_each_says_when(client: AsyncClient) -> None:
    rows = (await client.get("/api/v1/ai/schedules")).json()
    assert {row["name"]: row["when"] for row in rows}["procurement-daily"] == "毎日 06:00"
