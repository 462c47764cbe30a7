"""The pages of the agents, by way of the application."""

from typing import Any

import pytest
from httpx import AsyncClient

from cloud.agents.loop.loop import Loop
from cloud.agents.loop.rules import Terms
from cloud.jobs.kinds import agent_kinds
from cloud.jobs.runner import Runner


async def test_page_when_an_agent_is_asked_to_work_then_its_run_and_what_was_said_can_be_read(
    client: AsyncClient, bench: Any, app: Any
) -> None:
    form = {"agent_type": "vending", "machine_id": "vm-test-0001", "instructions": "夏の値段に <b>してください</b>"}
    assert (await client.post("/dashboard/agents/tasks", data=form)).status_code == 303
    assert "待機中" in (await client.get("/dashboard/agents")).text
    secrecy = app.state.house.secrecy
    loop = Loop(bench.database, bench.desk, secrecy, Terms(), timezone="Asia/Tokyo", clock=bench.clock)
    kinds = agent_kinds(loop, {"vending": bench.agent}, timezone="Asia/Tokyo", clock=bench.clock)
    assert await Runner(bench.database, kinds, timezone="Asia/Tokyo", clock=bench.clock).run_next()
    page = (await client.get("/dashboard/agents")).text
    assert "規則では何もしません。" in page
    run = page.split("/dashboard/agents/runs/")[1][:32]
    shown = (await client.get(f"/dashboard/agents/runs/{run}")).text
    assert "夏の値段に &lt;b&gt;" in shown
    assert "担当者の依頼" in shown
    part = await client.get("/dashboard/agents", params={"part": "agents_today"})
    assert "販売" in part.text
    assert "<html" not in part.text


@pytest.mark.parametrize("form", [{"agent_type": "customer"}, {"agent_type": "vending", "machine_id": "vm-nobody"}])
async def test_page_when_the_form_is_wrong_then_it_says_so_and_nothing_is_asked(
    client: AsyncClient, form: dict[str, str]
) -> None:
    answer = await client.post("/dashboard/agents/tasks", data=form)
    assert answer.status_code == 422
    assert "依頼できませんでした" in answer.text
    assert (await client.get("/api/v1/ai/tasks")).json()["items"] == []


async def test_page_when_a_run_is_unknown_then_it_is_not_found(client: AsyncClient) -> None:
    assert (await client.get(f"/dashboard/agents/runs/{'0' * 32}")).status_code == 404
