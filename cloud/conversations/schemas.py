"""Conversations as others see them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["user", "assistant", "system"]
MOST_CHARS: Final = 4000
"""Of one message."""
MOST_MESSAGES: Final = 400
"""Of one session."""
MOST_JSON_CHARS: Final = 20_000
"""Of a context or of insights."""

_MESSAGE: Final[Any] = {
    "role": "user",
    "content": "つめたいお茶はありますか",
    "timestamp": "2026-11-20T03:00:00Z",
    "metadata": {"language": "ja"},
}
_SESSION: Final[Any] = {
    "session_id": "0" * 32,
    "customer_id": "1" * 32,
    "machine_id": "vm-test-0001",
    "start_time": "2026-11-20T03:00:00Z",
    "end_time": None,
    "messages": [_MESSAGE],
    "context": {},
    "ai_insights": {"mood": "calm"},
    "tags": ["stock"],
    "summary": "",
}


class Message(BaseModel):
    """One thing that was said."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MESSAGE]})

    role: Role
    content: str
    timestamp: datetime
    """UTC."""
    metadata: dict[str, Any] = Field(default_factory=dict)


class SessionHead(BaseModel):
    """A session without its messages."""

    session_id: str
    customer_id: str
    machine_id: str
    """Empty when it was at none."""
    start_time: datetime
    end_time: datetime | None
    """Null while it goes on."""
    context: dict[str, Any]
    """What it began with, e.g. the language."""
    ai_insights: dict[str, Any]
    """What an agent made of it, e.g. mood and engagement."""
    tags: list[str]
    summary: str


class Session(SessionHead):
    """A session with its messages, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SESSION]})

    messages: list[Message]


class InsightsBody(BaseModel):
    """What an agent or a person makes of a session. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    context: dict[str, Any] | None = None
    ai_insights: dict[str, Any] | None = None
    """Added to those there are; the same name replaces."""
    tags: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=20)] | None = None
    summary: Annotated[str, Field(max_length=1000)] | None = None


class Hit(BaseModel):
    """A message that has the words."""

    session_id: str
    customer_id: str
    number: int
    """Of the message in its session, from 1."""
    message: Message


class AgentView(BaseModel):
    """What an agent may know when it talks to a customer: this session, and theirs of before. Nobody else's."""

    context: dict[str, Any]
    history: list[SessionHead]
    """Their last sessions, newest first, this one not included."""
    previous_insights: dict[str, Any]
    """Of all of these; the newest word counts."""
    summary: str
    """The last sessions in a few lines."""
    messages: list[Message]
    """Of this session."""
