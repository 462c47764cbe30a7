"""The machine's page on loopback: its locks, its files, and what a press does."""

import asyncio
import json
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from edge.front.server import COOKIE, FrontServer
from edge.screens.display import Display
from tests.edge.machine_bench import Bench, PowerCutError

pytestmark = pytest.mark.real_time
TOKEN = "a local token for tests"


@pytest.fixture
async def front(bench: Bench) -> AsyncIterator[FrontServer]:
    display = Display(bench.runtime, is_online=lambda: True)
    server = FrontServer(bench.runtime, display, host="127.0.0.1", port=0, token=TOKEN)
    await server.start()
    yield server
    await server.close()


async def get(front: FrontServer, path: str, host: str = "") -> tuple[int, dict[str, str], bytes]:
    def ask() -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", front.port, timeout=5)
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{front.port}"})
        answer = connection.getresponse()
        found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        connection.close()
        return found

    return await asyncio.to_thread(ask)


def opened(front: FrontServer, **headers: str) -> connect:
    return connect(f"ws://127.0.0.1:{front.port}/ws", additional_headers=headers)


async def said(page: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(page.recv(), 5))


async def test_page_when_opened_then_comes_with_a_cookie_and_a_policy(front: FrontServer) -> None:
    status, headers, body = await get(front, "/")
    assert (status, b"<html" in body) == (200, True)
    assert "HttpOnly; SameSite=Strict" in headers["set-cookie"]
    assert "default-src 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/static/machine.js", "/static/tokens.css", "/static/art/green-tea.svg"])
async def test_file_when_asked_for_then_is_served(front: FrontServer, path: str) -> None:
    assert (await get(front, path))[0] == 200


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/none.js", "/etc/passwd", "/static/art"])
async def test_file_when_not_ours_to_give_then_is_not_there(front: FrontServer, path: str) -> None:
    assert (await get(front, path))[0] == 404


async def test_request_when_under_another_name_then_is_refused(front: FrontServer) -> None:
    assert (await get(front, "/", host="evil.example"))[0] == 403


async def test_socket_when_nobody_we_know_opens_it_then_is_refused(front: FrontServer) -> None:
    for headers in ({}, {"Cookie": f"{COOKIE}=guess"}, {"Authorization": "Bearer guess"}):
        with pytest.raises(InvalidStatus) as refused:
            await opened(front, **headers)
        assert refused.value.response.status_code == 401


async def test_socket_when_the_page_opens_it_then_shows_the_machine(front: FrontServer) -> None:
    cookie = (await get(front, "/"))[1]["set-cookie"].partition(";")[0]
    async with opened(front, Cookie=cookie) as page:
        shown = await said(page)
        assert (shown["type"], shown["view"]["screen"]) == ("view", "home")


async def test_page_when_the_controller_was_started_again_then_is_still_known(front: FrontServer, bench: Bench) -> None:
    cookie = (await get(front, "/"))[1]["set-cookie"].partition(";")[0]
    display = Display(bench.runtime, is_online=lambda: True)
    again = FrontServer(bench.runtime, display, host="127.0.0.1", port=0, token=TOKEN)
    await again.start()
    async with opened(again, Cookie=cookie) as page:
        assert (await said(page))["type"] == "view"
    await again.close()


async def test_press_when_malformed_then_is_answered_with_the_reason_and_the_page_stays(front: FrontServer) -> None:
    async with opened(front, Authorization=f"Bearer {TOKEN}") as page:
        await said(page)
        await page.send("{")
        assert "not JSON" in (await said(page))["why"]
        await page.send('{"type":"intent","intent":"language","code":"en"}')
        assert (await said(page))["view"]["language"] == "en"


async def test_hand_when_the_machine_is_real_then_is_refused(front: FrontServer) -> None:
    async with opened(front, Authorization=f"Bearer {TOKEN}") as page:
        await said(page)
        await page.send('{"type":"world","do":"insert_coin","value":500}')
        assert "this machine is real" in (await said(page))["why"]


async def test_press_when_it_cannot_be_written_then_ends_the_process_and_not_only_the_page(
    front: FrontServer, bench: Bench
) -> None:
    async with opened(front, Authorization=f"Bearer {TOKEN}") as page:
        await said(page)
        bench.store.fuse = bench.store.commits + 1
        await page.send('{"type":"intent","intent":"select","slot":"A1"}')
        with pytest.raises(ConnectionClosed):
            await page.recv()
    with pytest.raises(PowerCutError):
        await asyncio.wait_for(front.watch(), 5)
