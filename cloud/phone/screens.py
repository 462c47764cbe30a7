"""`/m/{machine}/screen`: customers who talk to the clerk at the machine itself. The machine is known by its secret.

A display in the street is no phone: each greeting is a new customer whom nobody knows again, so nothing of one is read
by the next. The machine sends `{"type": "greet", "language"}` and `{"type": "say", "text"}`; it gets pieces, then
`{"type": "answer", "text", "questions"}`, or `{"type": "silent", "why"}`: offline, busy, too_long or refused.
"""

import base64
import binascii
import json
from typing import Any, Final

import structlog
from fastapi import APIRouter, WebSocket
from sqlalchemy.exc import OperationalError

from cloud.agents.customer.understanding import Language
from cloud.conversations.service import ConversationError
from cloud.customers import access
from cloud.identity.sockets import NOT_LOGGED_IN
from cloud.machines import service as machines
from cloud.phone.chat import MOST_CHARS, BusyError, Chat, Spoken, Visit
from cloud.phone.counter import Counter
from cloud.phone.guests import Caller
from cloud.phone.streaming import listen, say_to
from cloud.phone.views import TEXTS

router = APIRouter(prefix="/m", include_in_schema=False)
log = structlog.get_logger()

MOST_QUESTIONS: Final = 4


class _Screen:
    """One open socket of one machine."""

    def __init__(self, socket: WebSocket, machine_id: str) -> None:
        self._socket = socket
        self._machine_id = machine_id
        self._chat: Chat = socket.app.state.chat
        self._counter: Counter = socket.app.state.phone_counter
        self._visit: Visit | None = None

    async def take(self, raw: str) -> None:
        """Answer one frame; what is none of ours is left alone (a newer machine may send more)."""
        match _frame(raw):
            case {"type": "greet", "language": str(wanted)}:
                self._visit = await self._come("en" if wanted == "en" else "ja")
                await self._answer(self._visit, "")
            case {"type": "say", "text": str(words)} if self._visit is not None:
                if not 0 < len(words.strip()) <= MOST_CHARS:
                    await self._silent("too_long")
                else:
                    await self._answer(self._visit, words.strip())

    async def _come(self, language: Language) -> Visit:
        state = self._socket.app.state
        customer_id, _ = access.tokens_of(self._socket).new(int(state.clock()))
        return await self._chat.come(customer_id, self._machine_id, language)

    async def _answer(self, visit: Visit, words: str) -> None:
        caller = Caller(visit.customer_id, "", f"machine {self._machine_id}")
        if not self._counter.allows("say", caller, int(self._socket.app.state.clock())):
            await self._silent("busy")
            return
        try:
            spoken = await say_to(self._socket, self._chat, visit, words)
        except BusyError:
            await self._silent("busy")
        except ConversationError:
            await self._silent("refused")
        except OperationalError as error:
            log.warning("the clerk could not reach the database", machine=self._machine_id, reason=str(error.orig))
            await self._silent("busy")
        else:
            await self._socket.send_json(_answer(spoken, visit.language))

    async def _silent(self, why: str) -> None:
        await self._socket.send_json({"type": "silent", "why": why})


def _answer(spoken: Spoken, language: Language) -> dict[str, Any]:
    named = TEXTS.of(language)
    asks = [named[f"ask.{key}"] for key in spoken.insights.suggested if f"ask.{key}" in named]
    return {"type": "answer", "text": spoken.content, "questions": asks[:MOST_QUESTIONS]}


def _frame(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


@router.websocket("/{machine_id}/screen")
async def talk(socket: WebSocket, machine_id: str) -> None:
    """Talk for the customers who stand at the machine."""
    await socket.accept()
    if not await _is_machine(socket, machine_id):
        await socket.close(NOT_LOGGED_IN, "unknown_machine")
        return
    await listen(socket, _Screen(socket, machine_id).take)


async def _is_machine(socket: WebSocket, machine_id: str) -> bool:
    """Whether it names itself with the secret that the broker knows it by."""
    scheme, _, given = socket.headers.get("authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    async with socket.app.state.database.read() as db_session:
        known = (await machines.broker_credentials(db_session)).get(machine_id)
    return scheme.lower() == "basic" and name == machine_id and known is not None and known.accepts(secret)
