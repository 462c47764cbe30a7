"""Progress of a task over a real WebSocket."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from cloud.db.database import Database
from cloud.jobs.kinds import Outcome, Work
from cloud.jobs.runner import Runner

EMAIL, PASSWORD = "op@example.com", "correct horse"
PATIENCE_S = 10.0

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_socket_when_a_task_is_carried_out_then_its_steps_are_told_to_its_end(
    served: str, seeded: Database
) -> None:
    async with httpx.AsyncClient(base_url=served) as client:
        answer = await client.post("/api/v1/admin/login", json={"email": EMAIL, "password": PASSWORD})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        task = (await client.post("/api/v1/ai/tasks", json={"agent_type": "vending"}, headers=headers)).json()
    url = served.replace("http", "ws") + f"/ws/tasks/{task['task_id']}"
    go_on = asyncio.Event()

    async def vending(work: Work, steps: Any) -> Outcome:
        await steps.step("set_price", 3, 6)
        await go_on.wait()
        return Outcome("done")

    async with connect(url, additional_headers=headers) as peer:
        assert json.loads(await peer.recv()) == {
            "task_id": task["task_id"],
            "progress": 0,
            "status": "queued",
            "current_step": "",
        }
        running = asyncio.create_task(Runner(seeded, {"vending": vending}, timezone="Asia/Tokyo").run_next())
        async with asyncio.timeout(PATIENCE_S):
            while (told := json.loads(await peer.recv()))["current_step"] != "set_price":
                pass
            assert (told["status"], told["progress"]) == ("running", 50)
            go_on.set()
            while (told := json.loads(await peer.recv()))["status"] != "done":
                pass
            assert told["progress"] == 100
            with pytest.raises(ConnectionClosed):
                await peer.recv()
            assert await running
    assert peer.close_code == 1000
    for given, code, path in (({}, 4401, url), (headers, 4404, url[:-1] + "z")):
        async with connect(path, additional_headers=given) as peer:
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(peer.recv(), PATIENCE_S)
        assert peer.close_code == code
