"""`/api/v1/tablet/sessions/{id}/chat`: the clerk answers programs. The conversation itself is in `conversations/`."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from cloud.agents.customer.understanding import Language
from cloud.conversations.endpoints import ConversationsDep, SessionName
from cloud.conversations.service import ConversationError, NoSuchSessionError
from cloud.customers.access import GuestDep
from cloud.kit.http import ProblemError, Refusals, refusals, refusing
from cloud.phone.chat import MOST_CHARS, BusyError, Chat, Visit
from cloud.phone.counter import Counter
from cloud.phone.guests import caller_of

router = APIRouter(prefix="/api/v1/tablet", tags=["tablet"])

REFUSED: Final[Refusals] = {
    NoSuchSessionError: (404, "no_such_conversation"),
    ConversationError: (409, ""),
    BusyError: (409, "busy"),
}


class Said(BaseModel):
    """A message of a customer."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"content": "温かい飲み物はありますか"}, {"content": ""}]}
    )

    content: Annotated[str, Field(max_length=MOST_CHARS, pattern=r"^[^\x00]*$")]
    """In Japanese or English; empty lets the clerk begin: a greeting, a recommendation, what they could wish for."""


class Insight(BaseModel):
    """What the clerk makes of the conversation; a hint for people."""

    mood: str
    """pleased, neutral or upset."""
    engagement_level: str
    """low, medium or high."""
    intent: str
    suggested_actions: list[str]


class Answered(BaseModel):
    """What the clerk says."""

    session_id: str
    content: str
    insights: Insight
    suggested_actions: list[str]
    """Keys of what could be asked next: recommend, stock, allergens, price, wish, coupon, person, report."""
    is_safe_default: bool
    """Nobody could answer in time; `content` says so, and buying goes on as usual."""


def chat_of(request: Request) -> Chat:
    """The application's chat."""
    found: Chat = request.app.state.chat
    return found


ChatDep = Annotated[Chat, Depends(chat_of)]


@router.post(
    "/sessions/{session_id}/chat",
    responses=refusals(
        http_404="no_such_conversation",
        http_409="busy, ended, too_many",
        http_429="too_often",
    ),
)
async def chat(
    session_id: SessionName,
    body: Said,
    request: Request,
    guest: GuestDep,
    conversations: ConversationsDep,
    clerk: ChatDep,
) -> Answered:
    """Say something to the clerk in a conversation of mine, and get its answer."""
    counter: Counter = request.app.state.phone_counter
    if not counter.allows("say", caller_of(request), int(request.app.state.clock())):
        raise ProblemError(429, "too_often", "At most 20 messages a minute; wait a minute.", {"Retry-After": "60"})
    with refusing(REFUSED):
        session = await conversations.session(session_id, guest.customer_id, limit=1)
        language: Language = "en" if session.context.get("language") == "en" else "ja"
        visit = Visit(guest.customer_id, session.machine_id, session_id, language)
        spoken = await clerk.say(visit, body.content.strip())
    return Answered.model_validate(spoken.to_json() | {"session_id": session_id})
