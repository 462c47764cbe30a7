"""Where conversations are kept: the port both databases answer to. It keeps documents and cannot read them.

An adapter has transactions of its own: what it says is done is on disk, whatever a caller's transaction becomes. On
SQLite do not call what writes while you hold a writing session: there is one writer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SessionDocument:
    """A session as it is kept. Times are ms since 1970 UTC."""

    session_id: str
    customer_id: str
    machine_id: str
    start_ms: int
    end_ms: int
    """0 while it goes on."""
    last_ms: int
    """When something was last said; decides when it is deleted."""
    revision: int
    """1 at first; each change of the session carries the next."""
    key_name: str
    sealed: bytes
    """Context, insights, tags, summary."""


@dataclass(frozen=True, slots=True)
class MessageDocument:
    """A message as it is kept."""

    session_id: str
    customer_id: str
    number: int
    """1 for the first of its session."""
    role: str
    at_ms: int
    key_name: str
    sealed: bytes
    """Content and metadata."""
    words: tuple[int, ...] = ()
    """What it can be found by. An adapter need not give them back."""


@dataclass(frozen=True, slots=True)
class WholeConversation:
    """A session with everything said in it: what a backup carries, as it is kept."""

    session: SessionDocument
    messages: tuple[MessageDocument, ...]
    """In order, with their words."""

    def holds(self, other: "WholeConversation") -> bool:
        """The other is the same, or as much of it as a restore that was cut short has put in."""
        return self.session == other.session and set(other.messages) <= set(self.messages)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which messages are looked for: those that have every word of one of the sets."""

    word_sets: Sequence[Sequence[int]]
    """One set for each key there is; none is empty."""
    limit: int
    customer_id: str = ""
    """Of one customer only; empty for all."""
    before: tuple[int, str, int] | None = None
    """(at_ms, session, number) of the last one of the page before."""


class TakenError(Exception):
    """A number, a session's id or a revision that somebody else took meanwhile; read again and retry."""


class Store(Protocol):
    """Keeps sessions and messages. Every method may raise the database's own error when it is gone."""

    async def add_session(self, document: SessionDocument) -> None:
        """Keep a new session.

        Raises:
            TakenError: there is one of that id.
        """

    async def change_session(self, document: SessionDocument) -> None:
        """Replace a session by its next revision.

        Raises:
            TakenError: the kept one's revision is not the one before; or there is none.
        """

    async def session(self, session_id: str) -> SessionDocument | None:
        """One session, or None."""

    async def sessions(
        self, *, limit: int, customer_id: str = "", before: tuple[int, str] | None = None
    ) -> list[SessionDocument]:
        """Sessions, the newest start first; `before` is (start_ms, session_id) of the last one of the page before."""

    async def session_count(self, customer_id: str) -> int:
        """How many a customer had."""

    async def add_message(self, document: MessageDocument) -> None:
        """Keep a message and note in its session when it was said.

        Raises:
            TakenError: there is one of that number, or no such session.
        """

    async def replace_message(self, document: MessageDocument) -> None:
        """Replace a message by the same one under another key, with its words."""

    async def messages(self, session_id: str, *, limit: int) -> list[MessageDocument]:
        """The newest messages of a session, the oldest of them first."""

    async def message_count(self, session_id: str) -> int:
        """Number of the newest message of a session; 0 for none."""

    async def find(self, sought: Sought) -> list[MessageDocument]:
        """Messages with these words, the newest first."""

    async def delete_of(self, customer_id: str) -> int:
        """Delete everything a customer said and was told; how many sessions that were."""

    async def delete_before(self, at_ms: int, *, limit: int) -> int:
        """Delete sessions in which nothing was said since then; how many, at most `limit`."""

    async def stale_sessions(self, key_name: str, *, limit: int) -> list[SessionDocument]:
        """Sessions that another key sealed."""

    async def stale_messages(self, key_name: str, *, limit: int) -> list[MessageDocument]:
        """Messages that another key sealed."""

    async def close(self) -> None:
        """Let go of connections that are the store's own."""


class OutsideStore(Store, Protocol):
    """A store outside the cloud's database: a backup has to ask for what it keeps."""

    async def whole(self, after: str, *, limit: int) -> list[WholeConversation]:
        """Whole conversations in the order of their sessions' ids, `after` one of them; empty begins with the first.

        Who goes on with the last id meets everything that stays, once, whatever is added and deleted meanwhile.
        """

    async def put(self, conversations: Sequence[WholeConversation]) -> None:
        """Keep them as they are. What is there already is written over, so that it can be done again."""

    async def clear(self) -> None:
        """Delete everything."""
