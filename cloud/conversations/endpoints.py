"""`/api/v1/tablet`: a customer's own conversations. `/api/v1/conversations`: all of them, for the operator.

What is answered in a conversation is the clerk's affair, not decided here.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from cloud.conversations.schemas import Hit, Session, SessionHead
from cloud.conversations.service import ConversationError, Conversations, NoSuchSessionError
from cloud.customers import service as customers
from cloud.customers.access import GuestDep
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, Refusals, refusals, refusing
from cloud.kit.pages import AskedDep, Page
from cloud.machines import service as machines
from cloud.machines.service import NoSuchMachineError

tablet = APIRouter(prefix="/api/v1/tablet", tags=["tablet"])
router = APIRouter(prefix="/api/v1/conversations", tags=["customers"])

SessionName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
MOST_HITS: Final = 100
REFUSED: Final[Refusals] = {
    NoSuchSessionError: (404, "no_such_conversation"),
    NoSuchMachineError: (404, "no_such_machine"),
    ConversationError: (409, ""),
}
OpenDep = Annotated[Writer, Depends(Writes(Permission.CUSTOMERS_READ, "conversation.opened"))]
SearchDep = Annotated[Writer, Depends(Writes(Permission.CUSTOMERS_READ, "conversations.searched"))]


def conversations_of(request: Request) -> Conversations:
    """The application's conversations."""
    found: Conversations = request.app.state.conversations
    return found


def now_of(request: Request) -> int:
    """Now, ms since 1970 UTC."""
    return int(request.app.state.clock())


ConversationsDep = Annotated[Conversations, Depends(conversations_of)]
NowDep = Annotated[int, Depends(now_of)]


class BeginBody(BaseModel):
    """Where a conversation is held."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"machine_id": "vm-test-0001", "language": "ja"}]}
    )

    machine_id: str = Field(max_length=40, pattern=r"^[a-z0-9-]+$")
    language: str = Field(default="ja", pattern=r"^(ja|en)$")


@tablet.post("/sessions", status_code=201, responses=refusals(http_404="no_such_machine"))
async def begin(
    body: BeginBody, guest: GuestDep, database: DatabaseDep, conversations: ConversationsDep, now_ms: NowDep
) -> Session:
    """Begin a conversation at a machine."""
    with refusing(REFUSED):
        async with database.write() as db_session:
            await machines.machine(db_session, body.machine_id)
            await customers.seen(db_session, guest.customer_id, now_ms, body.machine_id)
        context: dict[str, Any] = {"language": body.language}
        return await conversations.begin(guest.customer_id, body.machine_id, now_ms, context)


@tablet.get("/sessions")
async def my_sessions(guest: GuestDep, conversations: ConversationsDep, asked: AskedDep) -> Page[SessionHead]:
    """My conversations, newest first."""
    before = asked.after(int, str)
    rows = await conversations.history(guest.customer_id, limit=asked.one_more, before=before)
    return asked.page(rows, key_of)


@tablet.get("/sessions/{session_id}", responses=refusals(http_404="no_such_conversation"))
async def my_session(session_id: SessionName, guest: GuestDep, conversations: ConversationsDep) -> Session:
    """One conversation of mine."""
    with refusing(REFUSED):
        return await conversations.session(session_id, guest.customer_id)


@tablet.post("/sessions/{session_id}/end", responses=refusals(http_404="no_such_conversation", http_409="busy"))
async def end(session_id: SessionName, guest: GuestDep, conversations: ConversationsDep, now_ms: NowDep) -> SessionHead:
    """End a conversation of mine."""
    with refusing(REFUSED):
        await conversations.session(session_id, guest.customer_id, limit=1)
        return await conversations.end(session_id, now_ms)


@router.get("", dependencies=[needs(Permission.CUSTOMERS_READ)])
async def list_conversations(
    conversations: ConversationsDep,
    asked: AskedDep,
    customer_id: Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")] = "",
) -> Page[SessionHead]:
    """Conversations with their summaries, newest first; of one customer or of all."""
    before = asked.after(int, str)
    if customer_id:
        rows = await conversations.history(customer_id, limit=asked.one_more, before=before)
    else:
        rows = await conversations.listing(limit=asked.one_more, before=before)
    return asked.page(rows, key_of)


@router.get("/search")
async def search(
    writer: SearchDep,
    conversations: ConversationsDep,
    q: Annotated[str, Query(min_length=1, max_length=100)],
    customer_id: Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_HITS)] = 50,
) -> list[Hit]:
    """Messages that hold all of these words, newest first. That somebody searched is written down, not for what."""
    async with writer.write(customer=customer_id):
        return await conversations.search(q, limit=limit, customer_id=customer_id)


@router.get("/{session_id}", responses=refusals(http_404="no_such_conversation"))
async def get_conversation(session_id: SessionName, writer: OpenDep, conversations: ConversationsDep) -> Session:
    """One conversation as it was said. Who opened it is written down."""
    with refusing(REFUSED):
        found = await conversations.session(session_id)
        async with writer.write(customer=found.customer_id):
            return found


def key_of(row: SessionHead) -> tuple[int, str]:
    """What lists of sessions are ordered by."""
    return round(row.start_time.timestamp() * 1000), row.session_id
