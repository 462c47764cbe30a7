"""What every adapter must do: keep what was said in order, find it, show nobody else's, forget it, change its key."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from cloud.conversations.mongo import MongoStore
from cloud.conversations.port import Store, TakenError
from cloud.conversations.schemas import MOST_CHARS, InsightsBody
from cloud.conversations.service import ConversationError, Conversations, NoSuchSessionError
from cloud.kit.secrecy import CannotOpenError, Secrecy

NOW = 1_795_143_600_000
ME, OTHER = "c" * 32, "d" * 32
DAY = 86_400_000


async def test_session_when_something_is_said_then_it_comes_back_in_the_asked_for_shape(
    conversations: Conversations,
) -> None:
    begun = await conversations.begin(ME, "vm-test-0001", NOW, {"language": "ja"})
    await conversations.say(begun.session_id, "user", "つめたいお茶は\0ありますか😀", NOW + 1, {"a": [1, None]})
    await conversations.say(begun.session_id, "assistant", "はい、160円です。", NOW + 2)
    found = await conversations.session(begun.session_id, ME)
    assert list(found.model_dump()) == [
        "session_id", "customer_id", "machine_id", "start_time", "end_time", "context", "ai_insights", "tags",
        "summary", "messages",
    ]  # fmt: skip
    assert [(row.role, row.content) for row in found.messages] == [
        ("user", "つめたいお茶は\0ありますか😀"), ("assistant", "はい、160円です。"),
    ]  # fmt: skip
    assert found.messages[0].metadata == {"a": [1, None]}
    assert found.messages[0].timestamp == datetime(2026, 11, 20, 3, 0, 0, 1000, tzinfo=UTC)
    assert (found.context, found.end_time) == ({"language": "ja"}, None)
    newest = await conversations.session(begun.session_id, limit=1)
    assert [row.role for row in newest.messages] == ["assistant"]


async def test_session_when_it_is_somebody_elses_then_it_is_not_there(conversations: Conversations) -> None:
    begun = await conversations.begin(ME, "", NOW)
    for session_id, who in ((begun.session_id, OTHER), ("f" * 32, ME), ("f" * 32, "")):
        with pytest.raises(NoSuchSessionError):
            await conversations.session(session_id, who)
    with pytest.raises(NoSuchSessionError):
        await conversations.say("f" * 32, "user", "x", NOW)
    with pytest.raises(NoSuchSessionError):
        await conversations.for_agent(OTHER, begun.session_id)


async def test_messages_when_many_are_said_at_once_then_each_has_a_number_of_its_own(
    conversations: Conversations,
) -> None:
    begun = await conversations.begin(ME, "", NOW)
    await asyncio.gather(*(conversations.say(begun.session_id, "user", f"言葉{n}", NOW + n) for n in range(4)))
    found = await conversations.session(begun.session_id)
    assert sorted(row.content for row in found.messages) == [f"言葉{n}" for n in range(4)]


async def test_session_when_two_change_it_then_neither_word_is_lost(conversations: Conversations) -> None:
    begun = await conversations.begin(ME, "", NOW)
    notes = [InsightsBody(ai_insights={f"n{n}": n}) for n in range(3)]
    await asyncio.gather(*(conversations.note(begun.session_id, note) for note in notes))
    await conversations.note(begun.session_id, InsightsBody(tags=["茶", "茶"], summary="お茶の話"))
    found = await conversations.session(begun.session_id)
    assert (found.ai_insights, found.tags, found.summary) == ({"n0": 0, "n1": 1, "n2": 2}, ["茶"], "お茶の話")


async def test_session_when_it_ends_then_it_has_a_summary_and_nothing_more_is_said(
    conversations: Conversations,
) -> None:
    begun = await conversations.begin(ME, "", NOW)
    await conversations.say(begun.session_id, "user", "お茶\n ください", NOW)
    ended = await conversations.end(begun.session_id, NOW + 5)
    assert ended.summary == "お茶 ください (1)"
    assert ended == await conversations.end(begun.session_id, NOW + 9)
    with pytest.raises(ConversationError, match="is over"):
        await conversations.say(begun.session_id, "user", "まだ?", NOW + 6)
    with pytest.raises(ConversationError, match="4000 characters"):
        await conversations.say((await conversations.begin(ME, "", NOW)).session_id, "user", "x" * (MOST_CHARS + 1), 0)


async def test_history_when_asked_for_then_it_is_newest_first_in_pages_and_only_theirs(
    conversations: Conversations,
) -> None:
    ids = [(await conversations.begin(ME, "", NOW + n)).session_id for n in range(3)]
    await conversations.begin(OTHER, "", NOW + 9)
    first = await conversations.history(ME, limit=2)
    assert [head.session_id for head in first] == [ids[2], ids[1]]
    rest = await conversations.history(ME, limit=2, before=(NOW + 1, ids[1]))
    assert [head.session_id for head in rest] == [ids[0]]
    assert await conversations.count(ME) == 3
    assert len(await conversations.listing(limit=9)) == 4
    assert await conversations.history("", limit=9) == []


SAID = {
    "お茶": ["つめたい緑茶とお茶があります"],
    "緑茶 冷たい": [],
    "ｸﾘｰﾑｿｰﾀﾞ": ["クリームソーダが飲みたい"],
    "ソーダ クリーム": ["クリームソーダが飲みたい"],
    "茶": ["つめたい緑茶とお茶があります", "ほうじ茶はいつ入りますか"],
    "MELON": ["Do you have melon bread?"],
    "melon tea": [],
    "ムー": [],
    "!?": [],
    "%": [],
}


async def test_search_when_asked_in_japanese_or_english_then_it_finds_what_holds_all_words(
    conversations: Conversations,
) -> None:
    texts = ["ほうじ茶はいつ入りますか", "クリームソーダが飲みたい", "Do you have melon bread?"]
    begun = await conversations.begin(ME, "", NOW)
    for at, content in enumerate([*texts, "つめたい緑茶とお茶があります"]):
        await conversations.say(begun.session_id, "user", content, NOW + at)
    other = await conversations.begin(OTHER, "", NOW)
    await conversations.say(other.session_id, "user", "ほうじ茶", NOW - 5)
    for words, contents in SAID.items():
        hits = await conversations.search(words, limit=9, customer_id=ME)
        assert [hit.message.content for hit in hits] == contents, words
    assert len(await conversations.search("ほうじ茶", limit=9)) == 2
    assert len(await conversations.search("茶", limit=1)) == 1


async def test_agent_when_it_talks_to_somebody_then_it_sees_their_past_and_nobody_elses(
    conversations: Conversations,
) -> None:
    for who, mood, at in ((ME, "angry", 0), (OTHER, "secret", 1), (ME, "calm", 2)):
        past = await conversations.begin(who, "", NOW + at)
        await conversations.note(past.session_id, InsightsBody(ai_insights={"mood": mood}, summary=f"was {mood}"))
    now = await conversations.begin(ME, "", NOW + 9, {"machine": "vm-test-0001"})
    await conversations.say(now.session_id, "user", "こんにちは", NOW + 9)
    seen = await conversations.for_agent(ME, now.session_id)
    assert [head.summary for head in seen.history] == ["was calm", "was angry"]
    assert seen.previous_insights == {"mood": "calm"}
    assert seen.summary == "2026-11-20: was calm\n2026-11-20: was angry"
    assert (seen.context, [row.content for row in seen.messages]) == ({"machine": "vm-test-0001"}, ["こんにちは"])


async def test_forgetting_when_asked_then_nothing_of_theirs_is_left_and_everything_of_others(
    conversations: Conversations,
) -> None:
    for who in (ME, OTHER, ME):
        begun = await conversations.begin(who, "", NOW)
        await conversations.say(begun.session_id, "user", "ひみつの話", NOW)
    assert len(await conversations.export(ME)) == 2
    assert await conversations.forget(ME) == 2
    assert await conversations.forget("") == 0
    assert await conversations.export(ME) == []
    assert [hit.customer_id for hit in await conversations.search("ひみつ", limit=9)] == [OTHER]


async def test_retention_when_its_time_is_over_then_a_session_goes_by_its_last_word(
    conversations: Conversations,
) -> None:
    old, fresh = [(await conversations.begin(ME, "", NOW - 400 * DAY)).session_id for _ in range(2)]
    await conversations.say(fresh, "user", "まだいます", NOW - 364 * DAY)
    assert await conversations.expire(NOW) == 1
    assert await conversations.expire(NOW) == 0
    await conversations.session(fresh)
    with pytest.raises(NoSuchSessionError):
        await conversations.session(old)


async def test_key_when_changed_then_all_is_read_and_found_and_sealed_anew_once(store: Store) -> None:
    before = Conversations(store, Secrecy("e" * 40), retention_days=365)
    begun = await before.begin(ME, "", NOW, {"language": "ja"})
    await before.say(begun.session_id, "user", "ひみつの話", NOW)
    after = Conversations(store, Secrecy("n" * 40, ["e" * 40]), retention_days=365)
    await after.say(begun.session_id, "assistant", "ひみつは守ります", NOW + 1)
    assert len(await after.search("ひみつ", limit=9)) == 2
    assert (await after.reseal(), await after.reseal()) == (2, 0)
    without = Conversations(store, Secrecy("n" * 40), retention_days=365)
    assert [row.content for row in (await without.session(begun.session_id)).messages] == [
        "ひみつの話", "ひみつは守ります",
    ]  # fmt: skip
    assert len(await without.search("ひみつ", limit=9)) == 2
    with pytest.raises(CannotOpenError):
        await before.session(begun.session_id)


async def test_store_when_a_number_is_taken_then_it_says_so(store: Store, conversations: Conversations) -> None:
    begun = await conversations.begin(ME, "", NOW)
    document = await store.session(begun.session_id)
    assert document is not None
    with pytest.raises(TakenError):
        await store.add_session(document)
    with pytest.raises(TakenError):
        await store.change_session(document)
    await conversations.say(begun.session_id, "user", "x", NOW)
    (message,) = await store.messages(begun.session_id, limit=9)
    with pytest.raises(TakenError):
        await store.add_message(message)


async def test_mongodb_when_it_is_gone_then_it_is_told_as_what_passes() -> None:
    # No socket of that name: unlike a port nobody listens at, it leaves the driver nothing half open when it is closed.
    store = MongoStore("mongodb://%2Fnowhere%2Fmongodb.sock", patience_ms=50)
    conversations = Conversations(store, Secrecy("k" * 40), retention_days=30)
    with pytest.raises(OperationalError, match="MongoDB"):
        await conversations.begin(ME, "vm-test-0001", 1)
    await store.close()
