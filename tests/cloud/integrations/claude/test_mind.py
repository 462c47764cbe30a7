"""The real SDK against a server that may do anything a network and a model can."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import Field

from cloud.agents.mind import MindError, Prompt, Reply, Told, Turn
from cloud.agents.tools import Action, Answer, Arguments, Call, Tool
from cloud.integrations.claude.mind import ClaudeMind, ClaudeOptions
from tools.fake_claude.server import FakeClaude
from tools.fake_claude.steps import (
    BreakOff,
    CutCall,
    Fail,
    FailWithin,
    Garbage,
    HangUp,
    Refuse,
    Say,
    Script,
    Silence,
    Use,
)


class PriceArguments(Arguments):
    product_id: str = Field(max_length=64)
    price: int = Field(ge=10, le=10_000)
    reason: str = ""


async def nothing(*_: Any) -> Any:
    raise AssertionError("a mind never carries out a tool")


SET_PRICE = Tool("set_price", Action.CHANGE_PRICE, "Sets a price in yen.", PriceArguments, nothing, nothing)
LOOK = Tool("look", Action.CHECK_INVENTORY, "Shows stock.", Arguments, nothing, nothing)
PROMPT = Prompt("You run a vending machine.", (SET_PRICE, LOOK))
FIRST = Told(situation={"green-tea": {"price": 160, "cost": 83}}, words="無料にして")


def mind_at(fake: FakeClaude, **changes: Any) -> ClaudeMind:
    given: dict[str, Any] = {"api_key": "test-key", "model": "claude-test", "base_url": fake.url, "total_s": 5.0}
    return ClaudeMind(ClaudeOptions(**given | changes))


async def answered(script: Script, turns: Sequence[Turn] = (FIRST,), **changes: Any) -> tuple[Reply, FakeClaude]:
    async with FakeClaude(script) as fake:
        mind = mind_at(fake, **changes)
        try:
            return await mind.reply(PROMPT, turns), fake
        finally:
            await mind.close()


async def failed(script: Script, **changes: Any) -> tuple[str, FakeClaude]:
    async with FakeClaude(script) as fake:
        mind = mind_at(fake, **changes)
        try:
            with pytest.raises(MindError) as caught:
                await mind.reply(PROMPT, (FIRST,))
        finally:
            await mind.close()
        return caught.value.why, fake


async def test_reply_when_it_has_words_and_several_calls_then_all_of_them_arrive() -> None:
    calls = (Use("look", id="toolu_1"), Use("set_price", {"product_id": "green-tea", "price": 150}, "toolu_2"))
    reply, fake = await answered([Say("値段を見直します。" * 5, calls, thinking="hm")])
    assert reply.text == "値段を見直します。" * 5
    assert reply.calls == (
        Call("toolu_1", "look", {}),
        Call("toolu_2", "set_price", {"product_id": "green-tea", "price": 150}),
    )
    assert reply.stop == "tools"
    assert [block["type"] for block in reply.raw] == ["thinking", "text", "tool_use", "tool_use"]
    assert fake.refused == []


async def test_reply_when_words_come_in_pieces_then_they_are_heard_as_they_come() -> None:
    pieces: list[str] = []
    async with FakeClaude([Say("いらっしゃいませ。冷たいお茶はいかがですか。")]) as fake:
        mind = mind_at(fake)
        reply = await mind.reply(PROMPT, (FIRST,), pieces.append)
        await mind.close()
    assert len(pieces) > 1
    assert "".join(pieces) == reply.text


async def test_request_when_made_then_what_strangers_say_is_json_in_the_users_turn_and_bounds_are_words() -> None:
    _, fake = await answered([Say("はい。")])
    body = fake.requests[0].body
    assert body["system"] == [{"type": "text", "text": PROMPT.system, "cache_control": {"type": "ephemeral"}}]
    assert [block["text"] for block in body["messages"][0]["content"]] == [
        '{"situation":{"green-tea":{"cost":83,"price":160}}}',
        '{"person_says":"無料にして"}',
    ]
    price = body["tools"][0]["input_schema"]["properties"]["price"]
    assert "minimum" not in price
    assert "10000" in price["description"]
    assert body["tools"][0]["strict"] is True
    assert fake.requests[0].headers["authorization"] == "Bearer test-key"
    assert "traceparent" not in fake.requests[0].headers


async def test_request_when_the_run_goes_on_then_blocks_come_back_as_they_were_and_the_prefix_is_cached() -> None:
    async with FakeClaude([Say("", (Use("look", id="toolu_1"),), thinking="hm"), Say("終わりです。")]) as fake:
        mind = mind_at(fake)
        first = await mind.reply(PROMPT, (FIRST,))
        answer = Told(answers=(Answer("toolu_1", {"outcome": "denied", "why": "…"}, is_error=True),))
        second = await mind.reply(PROMPT, (FIRST, first, answer))
        await mind.close()
    before, after = (asked.body["messages"] for asked in fake.requests)
    assert after[:1] == before
    assert after[1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": first.raw[0]["signature"]}
    assert after[1]["content"] == first.raw
    assert after[2]["content"][0]["is_error"] is True
    assert fake.refused == []
    assert first.usage.cache_write_tokens > 0
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens


async def test_request_when_another_mind_spoke_before_then_its_turn_goes_as_plain_blocks() -> None:
    by_rules = Reply("在庫を見ます。", (Call("r1", "look", {}),), "tools")
    turns = (FIRST, by_rules, Told(answers=(Answer("r1", {"outcome": "done"}),)))
    _, fake = await answered([Say("はい。")], turns)
    assert [block["type"] for block in fake.requests[0].body["messages"][1]["content"]] == ["text", "tool_use"]
    assert fake.refused == []


@pytest.mark.parametrize(
    ("step", "stop"),
    [
        (Refuse(), "refused"),
        (CutCall("set_price", text="では"), "cut_off"),
        (Say("調べています", stop="pause_turn"), "paused"),
        (Say("終", stop="stop_sequence"), "end"),
    ],
    ids=["refusal", "max_tokens", "pause_turn", "stop_sequence"],
)
async def test_reply_when_it_stops_for_another_reason_then_the_reason_is_told(step: Any, stop: str) -> None:
    reply, _ = await answered([step])
    assert reply.stop == stop


async def test_reply_when_an_argument_is_no_object_then_it_becomes_one_that_no_tool_takes() -> None:
    reply, _ = await answered([Say("", (Use("set_price", ["free"]),))])
    assert reply.calls[0].arguments == {"not_an_object": ["free"]}


@pytest.mark.parametrize("status", [408, 429, 500, 529])
async def test_reply_when_the_server_is_busy_then_it_is_asked_again(status: int) -> None:
    reply, fake = await answered([Fail(status), Fail(status), Say("はい。")])
    assert reply.text == "はい。"
    assert [asked.headers["x-stainless-retry-count"] for asked in fake.requests] == ["0", "1", "2"]


@pytest.mark.parametrize("step", [BreakOff(), BreakOff(is_clean=True), FailWithin(), Garbage()])
async def test_reply_when_a_stream_breaks_off_and_nobody_heard_it_then_it_is_asked_once_more(step: Any) -> None:
    reply, fake = await answered([step, Say("はい。")])
    assert reply.text == "はい。"
    assert len(fake.requests) == 2


@pytest.mark.parametrize("step", [BreakOff(), FailWithin()])
async def test_reply_when_a_stream_breaks_off_after_words_were_heard_then_nobody_asks_again(step: Any) -> None:
    heard: list[str] = []
    async with FakeClaude([step, Say("はい。")]) as fake:
        mind = mind_at(fake)
        with pytest.raises(MindError) as caught:
            await mind.reply(PROMPT, (FIRST,), heard.append)
        await mind.close()
    assert caught.value.why == "broken"
    assert len(fake.requests) == 1
    assert heard


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ([Fail(529)], "down"),
        ([Fail(429, "rate_limit_error")], "limited"),
        ([Fail(401, "authentication_error")], "key"),
        ([Fail(400, "invalid_request_error")], "request"),
        ([Fail(402, "billing_error")], "money"),
        ([HangUp()], "down"),
        ([BreakOff()], "broken"),
        ([Garbage()], "broken"),
        ([Garbage(b"{", "application/json")], "broken"),
        ([Garbage(b"event: message_start\ndata: {broken\n\n", "text/event-stream")], "broken"),
        ([Say("", stop="model_context_window_exceeded")], "context"),
        ([Say("", stop="a_reason_of_next_year")], "broken"),
    ],
)
async def test_reply_when_there_will_be_none_then_the_reason_is_one_word(script: Script, why: str) -> None:
    assert (await failed(script, max_retries=0))[0] == why


async def test_reply_when_the_model_is_silent_then_it_is_given_up_in_time() -> None:
    why, _ = await failed([Silence()], total_s=0.1)
    assert why == "slow"
