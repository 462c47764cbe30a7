"""The clerk behind the cloud's WebSocket. Connected only while somebody talks; every end of the line is told.

Not responsible for what is shown, nor for how long a customer may be silent (`edge/screens/clerk.py`).
Source: `cloud/phone/screens.py` describes the messages.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any, Final

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from edge.clerk.port import Answered, Heard, Piece, Silent

CONNECT_S: Final = 4.0
ANSWER_S: Final = 20.0
"""A customer waits no longer for the next word."""
LARGEST_BYTES: Final = 65_536

_log = structlog.get_logger(__name__)


class WebSocketClerk:
    """One line, opened with the first customer who wants it. `run` is its background task."""

    def __init__(self, url: str, machine_id: str, secret: str) -> None:
        """Prepare it; nothing is connected yet.

        Args:
            url: `wss://…/m/{machine}/screen`, or `ws://` on loopback.
            machine_id: who we are.
            secret: this machine's, as for the broker.
        """
        self._url = url
        known = base64.b64encode(f"{machine_id}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {known}"}
        self._listeners: list[Callable[[Heard], None]] = []
        self._wanted: asyncio.Queue[_Talk] = asyncio.Queue()
        self._talk: _Talk | None = None

    def listen(self, listener: Callable[[Heard], None]) -> None:
        """Call `listener` with everything that is heard."""
        self._listeners.append(listener)

    def greet(self, language: str) -> None:
        """Begin a new conversation."""
        self.part()
        self._talk = _Talk(language)
        self._wanted.put_nowait(self._talk)

    def say(self, words: str) -> None:
        """Say something in the conversation that was begun."""
        if self._talk is None or self._talk.is_over:
            self._tell(Silent("offline"))
            return
        self._talk.words.put_nowait(words)

    def part(self) -> None:
        """End the conversation; what is still heard of it is dropped."""
        if self._talk is not None:
            self._talk.end()
        self._talk = None

    async def run(self) -> None:
        """Hold one conversation after the other, for ever."""
        while True:
            talk = await self._wanted.get()
            if talk.is_over:
                continue
            talk.line = asyncio.create_task(self._hold(talk), name="clerk")
            try:
                await talk.line
            except (OSError, WebSocketException, TimeoutError) as error:
                _log.warning("the clerk cannot be reached", reason=type(error).__name__)
                self._tell_of(talk, Silent("offline"))
            except asyncio.CancelledError:
                if _is_ending() or not talk.is_over:
                    raise
            finally:
                talk.is_over = True

    async def _hold(self, talk: "_Talk") -> None:
        options: dict[str, Any] = {"additional_headers": self._headers, "max_size": LARGEST_BYTES}
        async with connect(self._url, open_timeout=CONNECT_S, close_timeout=1.0, **options) as line:
            await line.send(_frame("greet", language=talk.language))
            await self._answer(line, talk)
            while True:
                await line.send(_frame("say", text=await talk.words.get()))
                await self._answer(line, talk)

    async def _answer(self, line: ClientConnection, talk: "_Talk") -> None:
        """Hear one answer to its end."""
        while True:
            async with asyncio.timeout(ANSWER_S):
                heard = _heard(await line.recv())
            if heard is not None:
                self._tell_of(talk, heard)
            if isinstance(heard, Answered | Silent):
                return

    def _tell_of(self, talk: "_Talk", heard: Heard) -> None:
        if talk is self._talk:
            self._tell(heard)

    def _tell(self, heard: Heard) -> None:
        for listener in self._listeners:
            listener(heard)


class _Talk:
    """One conversation, and what is still to be said in it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words: asyncio.Queue[str] = asyncio.Queue()
        self.line: asyncio.Task[None] | None = None
        self.is_over = False

    def end(self) -> None:
        """Hang up, also in the middle of an answer."""
        self.is_over = True
        if self.line is not None:
            self.line.cancel()


def _is_ending() -> bool:
    """Whether the whole process is being ended, not only a conversation."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _frame(kind: str, **values: str) -> str:
    return json.dumps({"type": kind, **values}, ensure_ascii=False)


def _heard(raw: str | bytes) -> Heard | None:
    """One message of the cloud; None for one we do not know (a newer cloud may send some)."""
    try:
        message = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    text = message.get("text")
    match message.get("type"):
        case "piece" if isinstance(text, str):
            return Piece(text)
        case "answer" if isinstance(text, str):
            questions = message.get("questions")
            found = questions if isinstance(questions, list) else []
            return Answered(text, tuple(one for one in found if isinstance(one, str)))
        case "silent":
            why = message.get("why")
            return Silent(why if why in {"busy", "too_long", "refused"} else "offline")
    return None
