"""The messages that keep the link itself: birth and will, hello, ack, want. Source: docs/decisions/0003."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from protocol.ids import Epoch
from protocol.messages import Message

Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Seq = Annotated[int, Field(ge=0, lt=2**63)]


class State(Message):
    """Retained on `up/state`: a birth when online, the broker's last will when not.

    `conn` lets the cloud ignore a late will that belongs to an older connection.
    """

    online: bool
    conn: Nonce
    """Fresh random per connection; the cloud echoes it in everything it asks of this session."""
    ep: Epoch
    boot: Annotated[int, Field(ge=1)]
    last_seq: Seq = 0
    """Newest event in the store."""
    proto: tuple[int, int] = (1, 1)
    """Oldest and newest envelope version spoken."""
    applied: dict[str, int] = Field(default_factory=dict)
    """Settings document name to the revision in force."""
    software: str = ""


class Hello(Message):
    """The cloud's answer to a birth; also a time source as good as the round trip."""

    conn: Nonce
    ep: Epoch
    upto: Seq
    """Highest contiguous seq stored for this epoch; the machine goes on after it."""
    time_ms: Annotated[int, Field(ge=0)]
    spread_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """Wait a random part of this before draining a backlog, so that a fleet does not come back at once."""


class Ack(Message):
    """Everything up to `upto` is committed in the cloud. Cumulative: may be lost, repeated or reordered."""

    ep: Epoch
    upto: Seq
    want: list[tuple[int, int]] = Field(default_factory=list)
    """Holes to send again, as inclusive ranges."""
    win: Annotated[int, Field(ge=0, le=1000)] = 20
    """Frames the machine may have unacknowledged; 0 pauses events."""
    wait_ms: Annotated[int, Field(ge=0)] = 0


class Want(Message):
    """A settings document travelling to a machine. Lost or reordered ones are harmless: see `protocol.desired`."""

    name: Literal["planogram"] | str
    rev: Annotated[int, Field(ge=1)]
    doc: dict[str, Any]
