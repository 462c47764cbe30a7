"""The talk with the clerk: what is shown of it, when it is forgotten, and the line to the cloud on a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from edge.clerk.port import Answered, Heard, Piece, Silent
from edge.clerk.websocket import WebSocketClerk
from edge.screens.clerk import FORGET_S, MOST_CHARACTERS, MOST_LINES, ClerkPresenter, ClerkView


@dataclass
class FakeClerk:
    """Keeps what it was told."""

    told: list[str] = field(default_factory=list)
    listeners: list[Callable[[Heard], None]] = field(default_factory=list)

    def listen(self, listener: Callable[[Heard], None]) -> None:
        self.listeners.append(listener)

    def greet(self, language: str) -> None:
        self.told.append(f"greet {language}")

    def say(self, words: str) -> None:
        self.told.append(f"say {words}")

    def part(self) -> None:
        self.told.append("part")

    def speak(self, heard: Heard) -> None:
        for listener in self.listeners:
            listener(heard)


@pytest.fixture
def clerk() -> FakeClerk:
    return FakeClerk()


@pytest.fixture
def talk(clerk: FakeClerk) -> ClerkPresenter:
    presenter = ClerkPresenter(clerk)
    presenter.open("ja", now=0.0)
    clerk.speak(Answered("いらっしゃいませ"))
    return presenter


def shown(presenter: ClerkPresenter, language: str = "ja") -> ClerkView:
    view = presenter.view(language)
    assert view is not None
    return view


def test_talk_when_the_machine_has_no_clerk_then_is_not_offered() -> None:
    presenter = ClerkPresenter(None)
    presenter.open("ja", now=0.0)
    assert presenter.view("ja") is None


def test_talk_when_closed_then_shows_nothing_that_was_said(talk: ClerkPresenter, clerk: FakeClerk) -> None:
    talk.say("おすすめは?", now=1.0)
    talk.close()
    assert (shown(talk).standing, shown(talk).lines) == ("closed", ())
    assert clerk.told == ["greet ja", "say おすすめは?", "part"]


def test_answer_when_it_comes_in_pieces_then_grows_and_is_replaced_by_the_whole(
    talk: ClerkPresenter, clerk: FakeClerk
) -> None:
    talk.say("お茶は?", now=1.0)
    clerk.speak(Piece("緑茶が"))
    clerk.speak(Piece("160円"))
    assert (shown(talk).lines[-1].text, shown(talk).lines[-1].is_whole) == ("緑茶が160円", False)
    clerk.speak(Answered("緑茶が160円です", ("冷たい?",)))
    view = shown(talk)
    assert [line.text for line in view.lines] == ["いらっしゃいませ", "お茶は?", "緑茶が160円です"]
    assert (view.standing, view.questions) == ("listening", ("冷たい?",))


def test_words_when_the_clerk_is_still_answering_then_are_not_sent(talk: ClerkPresenter, clerk: FakeClerk) -> None:
    talk.say("one", now=1.0)
    talk.say("two", now=1.0)
    assert clerk.told == ["greet ja", "say one"]


@pytest.mark.parametrize("words", ["", "   ", "長" * (MOST_CHARACTERS + 1)])
def test_words_when_none_or_too_many_then_are_not_sent(talk: ClerkPresenter, clerk: FakeClerk, words: str) -> None:
    talk.say(words, now=1.0)
    assert clerk.told == ["greet ja"]


@pytest.mark.parametrize(("why", "standing"), [("offline", "offline"), ("busy", "listening"), ("refused", "listening")])
def test_clerk_when_silent_then_says_why_in_both_languages(
    talk: ClerkPresenter, clerk: FakeClerk, why: str, standing: str
) -> None:
    talk.say("hello", now=1.0)
    clerk.speak(Piece("half of an ans"))
    clerk.speak(Silent(why))
    assert shown(talk).standing == standing
    assert shown(talk, "ja").note != shown(talk, "en").note
    assert all(line.is_whole for line in shown(talk).lines)


def test_talk_when_untouched_then_is_forgotten_and_not_before(talk: ClerkPresenter, clerk: FakeClerk) -> None:
    talk.say("秘密", now=10.0)
    clerk.speak(Answered("はい"))
    assert talk.forget_after(10.0 + FORGET_S - 1) == 1.0
    assert shown(talk).lines
    assert talk.forget_after(10.0 + FORGET_S) == 0.0
    assert (shown(talk).standing, shown(talk).lines, clerk.told[-1]) == ("closed", (), "part")
    clerk.speak(Answered("遅い"))
    assert shown(talk).lines == ()


def test_talk_when_long_then_keeps_the_newest_lines(talk: ClerkPresenter, clerk: FakeClerk) -> None:
    for number in range(MOST_LINES):
        talk.say(str(number), now=1.0)
        clerk.speak(Answered(f"answer {number}"))
    assert (len(shown(talk).lines), shown(talk).lines[-1].text) == (MOST_LINES, f"answer {MOST_LINES - 1}")


# --- the line -----------------------------------------------------------------------------------------
SECRET = "a-secret-of-this-machine"


class Cloud:
    """The other end of the line, on loopback."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.authorization = ""
        self.script: list[str] = []
        self.is_closing = False

    async def talk(self, line: ServerConnection) -> None:
        assert line.request is not None
        self.authorization = line.request.headers["Authorization"]
        async for raw in line:
            self.heard.append(json.loads(raw))
            if self.is_closing:
                return
            for message in self.script:
                await line.send(message)


class Ear:
    """What the screen hears, in order."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Heard] = asyncio.Queue()

    async def next(self) -> Heard:
        return await asyncio.wait_for(self.queue.get(), 10)


@pytest.fixture
async def cloud() -> AsyncIterator[tuple[Cloud, str]]:
    made = Cloud()
    server: Server = await serve(made.talk, "127.0.0.1", 0)
    yield made, f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
    server.close()
    await server.wait_closed()


async def running(url: str) -> tuple[WebSocketClerk, Ear, asyncio.Task[None]]:
    clerk, ear = WebSocketClerk(url, "vm-test-0001", SECRET), Ear()
    clerk.listen(ear.queue.put_nowait)
    return clerk, ear, asyncio.create_task(clerk.run())


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.real_time
async def test_line_when_a_customer_talks_then_carries_words_both_ways(cloud: tuple[Cloud, str]) -> None:
    there, url = cloud
    there.script = [
        '{"type":"piece","text":"い"}',
        '{"type":"news"}',
        '{"type":"answer","text":"いらっしゃい","questions":["A"]}',
    ]
    clerk, ear, task = await running(url)
    clerk.greet("ja")
    assert [await ear.next(), await ear.next()] == [Piece("い"), Answered("いらっしゃい", ("A",))]
    clerk.say("お茶")
    assert [await ear.next(), await ear.next()] == [Piece("い"), Answered("いらっしゃい", ("A",))]
    assert there.heard == [{"type": "greet", "language": "ja"}, {"type": "say", "text": "お茶"}]
    assert there.authorization.startswith("Basic ")
    await ended(task)


@pytest.mark.real_time
async def test_line_when_the_cloud_hangs_up_then_the_clerk_is_silent_and_can_be_called_again(
    cloud: tuple[Cloud, str],
) -> None:
    there, url = cloud
    there.is_closing = True
    clerk, ear, task = await running(url)
    clerk.greet("en")
    assert await ear.next() == Silent("offline")
    clerk.say("hello?")
    assert await ear.next() == Silent("offline")
    there.is_closing, there.script = False, ['{"type":"answer","text":"Hello"}']
    clerk.greet("en")
    assert await ear.next() == Answered("Hello")
    await ended(task)


@pytest.mark.real_time
async def test_line_when_the_customer_goes_while_it_is_answered_then_the_next_one_is_served_at_once(
    cloud: tuple[Cloud, str],
) -> None:
    there, url = cloud
    there.script = ['{"type":"piece","text":"very long"}']
    clerk, ear, task = await running(url)
    clerk.greet("en")
    assert await ear.next() == Piece("very long")
    clerk.part()
    there.script = ['{"type":"answer","text":"Hello"}']
    clerk.greet("ja")
    assert await ear.next() == Answered("Hello")
    await ended(task)


@pytest.mark.real_time
async def test_line_when_nobody_answers_at_the_address_then_says_offline() -> None:
    clerk, ear, task = await running("ws://127.0.0.1:9/")
    clerk.greet("ja")
    assert await ear.next() == Silent("offline")
    await ended(task)
