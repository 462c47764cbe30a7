"""`/m/{machine}/ws`: the clerk while the page is open. One message at a time, the answer sentence by sentence.

The phone sends `{"say": "…"}`. It gets `{"type": "piece", "text"}` as the answer comes, then `{"type": "answer", …}`,
whose content holds, or `{"type": "refused", "code", "detail"}`.
"""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, WebSocket
from sqlalchemy.exc import OperationalError

from cloud.agents.customer.shelf import shelf
from cloud.conversations.service import ConversationError
from cloud.identity.access import is_same_origin
from cloud.identity.sockets import NOT_ALLOWED, NOT_LOGGED_IN
from cloud.machines.service import NoSuchMachineError
from cloud.phone.chat import MOST_CHARS, BusyError, Chat, Visit
from cloud.phone.counter import Counter
from cloud.phone.guests import Caller, caller_of
from cloud.phone.pages import why_not
from cloud.phone.streaming import listen, say_to
from cloud.phone.views import TEXTS, language_from

router = APIRouter(prefix="/m", include_in_schema=False)

NO_MACHINE: Final = 4404
"""Close code, as the two below; 4000-4999 are ours (RFC 6455 section 7.4.2)."""
TOO_OFTEN: Final = 4429
CONVERSATION_OVER: Final = 4410


class _Line:
    """One open socket."""

    def __init__(self, socket: WebSocket, caller: Caller, visit: Visit) -> None:
        self.socket = socket
        self.caller = caller
        self.visit = visit
        self.chat: Chat = socket.app.state.chat
        self.counter: Counter = socket.app.state.phone_counter

    async def refuse(self, code: str, **values: Any) -> None:
        """Say why a message is not answered."""
        detail = TEXTS.text(self.visit.language, f"refused.{code}", **values)
        await self.socket.send_json({"type": "refused", "code": code, "detail": detail})

    async def take(self, raw: str) -> None:
        """Answer one frame."""
        words = _words(raw)
        if words is None or not words.strip():
            await self.refuse("empty")
        elif len(words) > MOST_CHARS:
            await self.refuse("long", most=MOST_CHARS)
        elif not self.counter.allows("say", self.caller, self.socket.app.state.clock()):
            await self.refuse("rate")
        else:
            await self._answer(words.strip())

    async def _answer(self, words: str) -> None:
        try:
            spoken = await say_to(self.socket, self.chat, self.visit, words)
        except (BusyError, ConversationError, OperationalError) as error:
            detail = why_not(error, self.visit.language)
            await self.socket.send_json({"type": "refused", "code": "not_now", "detail": detail})
            if isinstance(error, ConversationError):
                await self.socket.close(CONVERSATION_OVER, error.code)  # the page comes back, with another one
            return
        await self.socket.send_json({"type": "answer"} | spoken.to_json())


def _words(raw: str) -> str | None:
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    said = found.get("say") if isinstance(found, dict) else None
    return said if isinstance(said, str) else None


@router.websocket("/{machine_id}/ws")
async def talk(socket: WebSocket, machine_id: str, lang: Annotated[str | None, Query(max_length=8)] = None) -> None:
    """Talk to the clerk; a customer is known by the page's cookie."""
    await socket.accept()
    state = socket.app.state
    caller = caller_of(socket)
    if not is_same_origin(socket):
        await socket.close(NOT_ALLOWED, "wrong_origin")
        return
    if caller.is_new:
        await socket.close(NOT_LOGGED_IN, "open_the_page_first")  # the page gives the cookie
        return
    if not state.phone_counter.allows("connect", caller, int(state.clock())):
        await socket.close(TOO_OFTEN, "too_often")
        return
    try:
        async with state.database.read() as db_session:
            await shelf(db_session, machine_id)
    except NoSuchMachineError:
        await socket.close(NO_MACHINE, "no_such_machine")
        return
    language = language_from(lang, socket.headers.get("accept-language", ""))
    visit = await state.chat.come(caller.customer_id, machine_id, language)
    await listen(socket, _Line(socket, caller, visit).take)
