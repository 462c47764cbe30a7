"""Sessions that are kept and played again."""

from pathlib import Path
from typing import Any

import pytest

from cloud.agents.mind import MindError, Prompt, Told, Turn
from cloud.agents.tools import Answer
from cloud.integrations.claude.mind import ClaudeMind, ClaudeOptions
from cloud.integrations.claude.recording import Recorder, ReplayDiffersError, Replayer, difference
from tools.fake_claude.server import FakeClaude
from tools.fake_claude.steps import Fail, Say, Use

PROMPT = Prompt("You run a vending machine.", ())
FIRST = Told(situation={"day": 1}, words="合言葉は correct horse battery です")
SECRET = "correct horse battery"


def mind_at(url: str) -> ClaudeMind:
    return ClaudeMind(ClaudeOptions("sk-ant-test-key", "claude-test", url, max_retries=0))


async def recorded(path: Path) -> None:
    async with FakeClaude([Say("", (Use("look", id="t1"),), thinking="hm"), Say("はい。"), Fail(500)]) as fake:
        mind = mind_at(fake.url)
        recorder = Recorder(mind, path, [SECRET])
        turns: list[Turn] = [FIRST]
        turns += [await recorder.reply(PROMPT, turns), Told(answers=(Answer("t1", {"outcome": "done"}),))]
        await recorder.reply(PROMPT, turns)
        with pytest.raises(MindError):
            await recorder.reply(PROMPT, turns)
        await mind.close()


async def test_replay_when_asked_the_same_then_it_answers_the_same_without_a_network(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    await recorded(path)
    mind = mind_at("http://127.0.0.1:1")
    replayer = Replayer(mind, path, [SECRET])
    turns: list[Turn] = [FIRST]
    first = await replayer.reply(PROMPT, turns)
    assert [call.name for call in first.calls] == ["look"]
    assert first.usage.output_tokens > 0
    turns += [first, Told(answers=(Answer("t1", {"outcome": "done"}),))]
    heard: list[str] = []
    assert (await replayer.reply(PROMPT, turns, heard.append)).text == "はい。"
    assert heard == ["はい。"]
    with pytest.raises(MindError) as caught:
        await replayer.reply(PROMPT, turns)
    assert caught.value.why == "down"
    assert replayer.left == 0
    with pytest.raises(ReplayDiffersError, match="over"):
        await replayer.reply(PROMPT, turns)
    await mind.close()


async def test_recording_when_a_secret_is_said_then_it_is_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    await recorded(path)
    text = path.read_text("utf-8")
    assert SECRET not in text
    assert "sk-ant-test-key" not in text


async def test_replay_when_the_request_is_another_one_then_it_refuses_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    await recorded(path)
    mind = mind_at("http://127.0.0.1:1")
    with pytest.raises(ReplayDiffersError) as caught:
        await Replayer(mind, path, [SECRET]).reply(Prompt("You run two machines.", ()), [FIRST])
    assert caught.value.where.startswith("$.system[0].text: 'You run a vending machine.' was recorded")
    await mind.close()


@pytest.mark.parametrize(
    ("recorded_value", "asked", "where"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, ""),
        ({"a": [1, 2]}, {"a": [1]}, "$.a: 2 entries were recorded, 1 are asked"),
        ({"a": 1}, {"b": 1}, "$.a: 1 was recorded, None is asked"),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 2}]}}, "$.a.b[0].c: 1 was recorded, 2 is asked"),
    ],
)
def test_difference_when_compared_then_the_first_place_is_named(recorded_value: Any, asked: Any, where: str) -> None:
    assert difference(recorded_value, asked) == where
