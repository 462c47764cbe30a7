"""The machine's line to the clerk on a real socket: who may open it, and what is said when the clerk cannot answer."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from cloud.identity.sockets import NOT_LOGGED_IN
from cloud.phone.chat import MOST_CHARS
from cloud.phone.streaming import MOST_BYTES, TOO_LARGE

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
OTHER = "vm-other-0001"

Dial = Callable[..., connect]


@pytest.fixture
def dial(served: str, machine_id: str, machine_secret: str) -> Dial:
    """Opens the line as a machine would."""

    def make(to: str = machine_id, name: str = machine_id, secret: str = machine_secret) -> connect:
        known = base64.b64encode(f"{name}:{secret}".encode()).decode()
        url = f"{served.replace('http', 'ws')}/m/{to}/screen"
        return connect(url, additional_headers={"Authorization": f"Basic {known}"}, max_size=65_536)

    return make


async def heard(line: ClientConnection) -> dict[str, Any]:
    """What comes at the end of an answer; its pieces are put aside."""
    while True:
        message: dict[str, Any] = json.loads(await line.recv())
        if message["type"] != "piece":
            return message


async def told(line: ClientConnection, **message: str) -> dict[str, Any]:
    await line.send(json.dumps(message))
    return await heard(line)


async def test_customer_when_at_the_machine_then_is_greeted_and_answered_with_questions_to_press(dial: Dial) -> None:
    async with dial() as line:
        greeting = await told(line, type="greet", language="en")
        assert greeting["type"] == "answer"
        assert "What do you recommend?" in greeting["questions"]
        answer = await told(line, type="say", text="How much is the green tea?")
        assert "160" in answer["text"]


async def test_customer_when_the_next_one_comes_then_is_another_one_and_reads_nothing_of_the_first(
    dial: Dial, seeded: Any
) -> None:
    async with dial() as line:
        await told(line, type="greet", language="ja")
        await told(line, type="say", text="私は卵アレルギーです")
        await told(line, type="greet", language="ja")
        assert "卵" not in (await told(line, type="say", text="私のアレルギーは何でしたか"))["text"]


@pytest.mark.parametrize("text", ["", " ", "長" * (MOST_CHARS + 1)])
async def test_words_when_none_or_too_many_then_the_customer_is_told(dial: Dial, text: str) -> None:
    async with dial() as line:
        await told(line, type="greet", language="ja")
        assert await told(line, type="say", text=text) == {"type": "silent", "why": "too_long"}


async def test_frame_when_it_is_none_of_ours_then_the_line_goes_on(dial: Dial) -> None:
    async with dial() as line:
        for raw in ("{", "[]", '{"type":"say","text":"before a greeting"}', '{"type":"greet"}', '{"type":"later"}'):
            await line.send(raw)
        assert (await told(line, type="greet", language="ja"))["type"] == "answer"


@pytest.mark.parametrize(
    "wrong", [{"secret": "a guess"}, {"name": OTHER}, {"to": OTHER}, {"to": OTHER, "name": OTHER}, {"secret": ""}]
)
async def test_line_when_it_is_not_that_machine_then_is_closed(dial: Dial, wrong: dict[str, str]) -> None:
    async with dial(**wrong) as line:
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == NOT_LOGGED_IN


async def test_frame_when_too_large_then_the_line_is_closed(dial: Dial) -> None:
    async with dial() as line:
        await line.send("x" * (MOST_BYTES + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == TOO_LARGE
