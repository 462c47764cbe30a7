"""The served application: real HTTP and WebSocket on loopback."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from cloud import main
from cloud.db.database import Database
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.settings import Settings
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.rules import NewTask
from cloud.staff_tasks.service import Answer

EMAIL, PASSWORD = "op@example.com", "correct horse"
PATIENCE_S = 10.0


@pytest.fixture
async def token(served: str) -> Any:
    async with httpx.AsyncClient(base_url=served) as client:
        answer = await client.post("/api/v1/admin/login", json={"email": EMAIL, "password": PASSWORD})
    return answer.json()["access_token"]


def socket_url(served: str) -> Any:
    return served.replace("http", "ws") + "/api/v1/dashboard/ws/realtime"


async def figures(peer: Any) -> Any:
    return json.loads(await asyncio.wait_for(peer.recv(), PATIENCE_S))


@pytest.mark.parametrize("header", ["Authorization", "Cookie"])
async def test_socket_when_a_sale_is_interpreted_then_the_figures_are_pushed(
    served: str, token: str, seeded: Database, script: Any, header: str
) -> None:
    value = f"Bearer {token}" if header == "Authorization" else f"vend_session={token}"
    async with connect(socket_url(served), additional_headers={header: value}) as peer:
        first = await figures(peer)
        assert first["system"]["quarantined"] == 0
        script.add("hologram.shown", {})
        await Receiver(seeded).handle(script.messages())
        await Interpreter(seeded).run_once()
        async with asyncio.timeout(PATIENCE_S):
            while (await figures(peer))["system"]["quarantined"] != 1:
                pass


async def test_socket_when_a_task_is_opened_and_resolved_then_the_count_is_pushed(
    served: str, token: str, seeded: Database, clock: Any
) -> None:
    async with connect(socket_url(served), additional_headers={"Authorization": f"Bearer {token}"}) as peer:
        assert (await figures(peer))["system"]["open_tasks"] == 0
        async with seeded.write() as db_session:
            await staff_tasks.open_tasks(db_session, [NewTask("store_replaced", "vm-test-0001", "test", 1)])
        async with asyncio.timeout(PATIENCE_S):
            while (await figures(peer))["system"]["open_tasks"] != 1:
                pass
        async with seeded.write() as db_session:
            answer = Answer("counted", "", EMAIL)
            await staff_tasks.resolve(db_session, 1, answer, now_ms=clock(), timezone="Asia/Tokyo")
        async with asyncio.timeout(PATIENCE_S):
            while (await figures(peer))["system"]["open_tasks"] != 0:
                pass


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer forged"}, {"Cookie": "vend_session=forged"}])
async def test_socket_when_nobody_is_logged_in_then_it_closes_with_the_reason(
    served: str, headers: dict[str, str]
) -> None:
    async with connect(socket_url(served), additional_headers=headers) as peer:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(peer.recv(), PATIENCE_S)
    assert peer.close_code == 4401


async def test_socket_when_another_sites_page_uses_our_cookie_then_it_is_refused(served: str, token: str) -> None:
    headers = {"Cookie": f"vend_session={token}"}
    async with connect(socket_url(served), additional_headers=headers, origin="https://evil.test") as peer:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(peer.recv(), PATIENCE_S)
    assert peer.close_code == 4403


async def test_serve_when_the_port_is_taken_then_it_fails_instead_of_waiting(
    new_settings: Callable[..., Settings], served: str
) -> None:
    settings = new_settings(port=int(served.rpartition(":")[2]))
    with pytest.raises(RuntimeError, match="cannot start on"):
        await asyncio.wait_for(main.serve(settings, asyncio.Event()), PATIENCE_S)
