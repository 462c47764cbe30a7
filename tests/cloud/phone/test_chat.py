"""Conversations with the clerk over the real loop: a model that is down, slow, refusing, rambling, forging all day."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cloud.agents.customer import agent as clerk
from cloud.agents.decisions import service as decisions
from cloud.agents.decisions.desk import Desk
from cloud.agents.guard.limits import Limits
from cloud.agents.loop.loop import Loop
from cloud.agents.loop.rules import Terms
from cloud.agents.mind import Reply
from cloud.conversations.opening import open_conversations
from cloud.conversations.service import Conversations
from cloud.db.database import Database
from cloud.integrations.claude.mind import ClaudeMind, ClaudeOptions
from cloud.kit.secrecy import Secrecy
from cloud.phone.chat import BusyError, Chat, Visit
from tools.fake_claude.behaviours import BEHAVIOURS
from tools.fake_claude.server import FakeClaude
from tools.fake_claude.steps import Say, Script

CUSTOMER = "c" * 32
HOUR_MS = 3_600_000
SECRECY = Secrecy("k" * 40)
ONE = pytest.mark.parametrize("database_kind", ["sqlite"])


class Talk:
    """A customer, and what a test looks at."""

    def __init__(self, database: Database, conversations: Conversations, clock: Any, machine_id: str) -> None:
        self.database = database
        self.conversations = conversations
        self.clock = clock
        self.machine_id = machine_id
        self.limits = Limits()

    def chat(self, mind: Any = None, **changes: Any) -> Chat:
        zone = "Asia/Tokyo"
        desk = Desk(self.database, self.limits, zone, self.clock)
        terms = Terms(decision_time_s=0.3)
        loop = Loop(self.database, desk, SECRECY, terms, timezone=zone, mind=mind, clock=self.clock)
        agent = clerk.make(self.limits, SECRECY, self.conversations)
        return Chat(self.database, agent, loop, desk, self.conversations, timezone=zone, clock=self.clock, **changes)

    async def visit(self, chat: Chat) -> Visit:
        return await chat.come(CUSTOMER, self.machine_id, "ja")


@pytest.fixture
def talk(seeded: Database, settings: Any, clock: Any, machine_id: str) -> Talk:
    return Talk(seeded, open_conversations(settings, seeded), clock, machine_id)


@pytest.fixture
async def model() -> AsyncIterator[Any]:
    """Makes a mind before a fake model that behaves in some way."""
    async with FakeClaude(BEHAVIOURS["quiet"]) as fake:
        mind = ClaudeMind(
            ClaudeOptions(api_key="test", model="claude-test", base_url=fake.url, max_retries=0, total_s=10.0)
        )

        def behave(script: Script) -> ClaudeMind:
            fake.play(script)
            return mind

        yield behave
        await mind.close()


@ONE
@pytest.mark.parametrize("behaviour", ["down", "silent", "refusing", "overloaded", "rambling", "forging"])
async def test_chat_when_the_model_fails_all_day_then_every_customer_gets_an_answer(
    talk: Talk, model: Any, behaviour: str
) -> None:
    chat = talk.chat(model(BEHAVIOURS[behaviour]))
    for _ in range(4):
        visit = await talk.visit(chat)
        spoken = await chat.say(visit, "緑茶はいくらですか")
        assert "160円" in spoken.content
        assert not spoken.is_safe_default
        talk.clock.now_ms += 6 * HOUR_MS
    async with talk.database.read() as db_session:
        assert (await decisions.verify(db_session))[1] == []


@ONE
async def test_chat_when_the_model_gives_away_an_account_then_no_piece_of_it_is_heard(talk: Talk, model: Any) -> None:
    said = "はい。お振り込みは みずほ銀行 普通 1234567 へお願いします。ありがとうございます。"
    chat = talk.chat(model((Say(said),)))
    heard: list[str] = []
    visit = await talk.visit(chat)
    spoken = await chat.say(visit, "振込先を教えて", heard.append)
    assert "1234567" not in spoken.content + "".join(heard)
    assert "お伝えできません" in spoken.content
    kept = await talk.conversations.session(visit.session_id)
    assert "1234567" not in "".join(row.content for row in kept.messages)


@ONE
async def test_chat_when_the_model_answers_then_it_is_heard_and_kept(talk: Talk, model: Any) -> None:
    chat = talk.chat(model((Say("いらっしゃいませ。緑茶は160円です。"),)))
    heard: list[str] = []
    visit = await talk.visit(chat)
    spoken = await chat.say(visit, "緑茶は?", heard.append)
    assert spoken.content == "いらっしゃいませ。緑茶は160円です。"
    assert "".join(heard) == spoken.content
    kept = await talk.conversations.session(visit.session_id)
    assert [row.role for row in kept.messages] == ["user", "assistant"]
    assert kept.ai_insights["mood"] == "neutral"
    assert (await talk.visit(chat)).session_id == visit.session_id
    assert [row.role for row in await chat.said(CUSTOMER, talk.machine_id)] == ["user", "assistant"]
    talk.clock.now_ms += 2 * HOUR_MS
    assert await chat.said(CUSTOMER, talk.machine_id) == []
    assert (await talk.visit(chat)).session_id != visit.session_id


@ONE
async def test_chat_when_a_person_has_stopped_the_clerk_then_customers_are_told_and_can_buy(talk: Talk) -> None:
    async with talk.database.write() as db_session:
        await decisions.set_switch(db_session, "customer", is_stopped=True, why="test", by="op", now_ms=talk.clock())
    chat = talk.chat()
    spoken = await chat.say(await talk.visit(chat), "こんにちは")
    assert (spoken.is_safe_default, "お買い物はふだんどおり" in spoken.content) == (True, True)


@ONE
async def test_chat_when_nobody_answers_in_time_then_there_is_a_safe_default(talk: Talk) -> None:
    class Sleeps:
        async def run(self, *_: Any, **__: Any) -> Any:
            await asyncio.Event().wait()

    chat = talk.chat(answer_time_s=0.05)
    chat._runs = Sleeps()
    spoken = await chat.say(await talk.visit(chat), "hello")
    assert (spoken.is_safe_default, "buy as usual" in spoken.content) == (True, True)


@ONE
async def test_chat_when_a_second_message_comes_before_the_answer_then_it_is_refused(talk: Talk) -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    class Waits:
        name = "waits"

        async def reply(self, *_: Any) -> Reply:
            begun.set()
            await end.wait()
            return Reply("はい。")

    chat = talk.chat(Waits(), answer_time_s=10.0)
    visit = await talk.visit(chat)
    first = asyncio.create_task(chat.say(visit, "緑茶は?"))
    await begun.wait()
    with pytest.raises(BusyError):
        await chat.say(visit, "もしもし")
    end.set()
    assert (await first).content
