"""The door of the conversations: begin one, say something, look back, search, forget. Seals before it keeps.

Keeps through a `Store` with transactions of its own, so nothing here takes a database session. Personal words never go
into logs or errors.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cloud.conversations.port import MessageDocument, SessionDocument, Sought, Store, TakenError
from cloud.conversations.schemas import (
    MOST_CHARS,
    MOST_JSON_CHARS,
    MOST_MESSAGES,
    AgentView,
    Hit,
    InsightsBody,
    Message,
    Role,
    Session,
    SessionHead,
)
from cloud.kit.letters import holds, pairs, wanted_pairs
from cloud.kit.secrecy import Secrecy

DAY_MS: Final = 86_400_000
TRIES: Final = 8
"""So often is a number tried that somebody else may take."""
MOST_WORDS: Final = 40
"""Pairs of letters a search looks for; the text itself is compared after it."""
AT_ONCE: Final = 200
_USE: Final = "conversation words"
_SUMMARY_CHARS: Final = 80


class NoSuchSessionError(LookupError):
    """A session that is not there, or not this customer's."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"there is no conversation {session_id!r}")


class ConversationError(ValueError):
    """Something that cannot be said or kept. `code` is for programs."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        super().__init__(why)


class Conversations:
    """All conversations."""

    def __init__(self, store: Store, secrecy: Secrecy, *, retention_days: int) -> None:
        """Put together.

        Args:
            store: where they are kept.
            secrecy: seals them.
            retention_days: so long after the last word a session is deleted.
        """
        self._store = store
        self._secrecy = secrecy
        self._retention_ms = retention_days * DAY_MS

    async def close(self) -> None:
        """Let go of what the store has open."""
        await self._store.close()

    # --- one session -----------------------------------------------------------------------------------------

    async def begin(
        self, customer_id: str, machine_id: str, now_ms: int, context: Mapping[str, Any] | None = None
    ) -> Session:
        """Begin a session.

        Raises:
            ConversationError: `too_long`, the context.
        """
        session_id = secrets.token_hex(16)
        rest = {"context": dict(context or {}), "ai_insights": {}, "tags": [], "summary": ""}
        document = SessionDocument(
            session_id, customer_id, machine_id, now_ms, 0, now_ms, 1, *self._sealed(session_id, rest)
        )
        await self._store.add_session(document)
        return self._session(document, [])

    async def say(
        self, session_id: str, role: Role, content: str, now_ms: int, metadata: Mapping[str, Any] | None = None
    ) -> Message:
        """Add a message to a session.

        Args:
            session_id: of the session.
            role: who says it.
            content: at most 4000 characters.
            now_ms: ms since 1970 UTC.
            metadata: JSON.

        Raises:
            NoSuchSessionError: there is no such session.
            ConversationError: `too_long`, `too_many`, `ended`.
        """
        if len(content) > MOST_CHARS:
            raise ConversationError(
                "too_long", f"a message has at most {MOST_CHARS} characters, this has {len(content)}"
            )
        head = await self._document(session_id)
        if head.end_ms:
            raise ConversationError("ended", "the conversation is over; begin another one")
        said = {"content": content, "metadata": dict(metadata or {})}
        for _ in range(TRIES):
            number = await self._store.message_count(session_id) + 1
            if number > MOST_MESSAGES:
                raise ConversationError(
                    "too_many", f"a conversation has at most {MOST_MESSAGES} messages; begin another"
                )
            document = self._message(head, number, role, now_ms, said)
            try:
                await self._store.add_message(document)
            except TakenError:
                await asyncio.sleep(0)
                continue
            return Message(role=role, content=content, timestamp=_at(now_ms), metadata=said["metadata"])
        raise ConversationError("busy", "too much is said at once; try again")

    async def session(self, session_id: str, customer_id: str = "", *, limit: int = MOST_MESSAGES) -> Session:
        """A session with its newest messages.

        Args:
            session_id: which.
            customer_id: whose it must be; empty for anybody's.
            limit: newest messages.

        Raises:
            NoSuchSessionError: there is no such session, or it is somebody else's.
            CannotOpenError: it was sealed with a key that is not in the settings any more.
        """
        document = await self._document(session_id, customer_id)
        rows = await self._store.messages(session_id, limit=limit)
        return self._session(document, [self._clear(row) for row in rows])

    async def note(self, session_id: str, body: InsightsBody) -> SessionHead:
        """Keep what somebody makes of a session.

        Raises:
            NoSuchSessionError: there is no such session.
            ConversationError: `too_long`, or `busy`.
        """
        return await self._change(session_id, body, None)

    async def end(self, session_id: str, now_ms: int) -> SessionHead:
        """End a session; one without a summary gets the customer's first words as one. Twice is harmless.

        Raises:
            NoSuchSessionError: there is no such session.
        """
        head = self._head(await self._document(session_id))
        if head.end_time is not None:
            return head
        if head.summary:
            return await self._change(session_id, InsightsBody(), now_ms)
        rows = [self._clear(row) for row in await self._store.messages(session_id, limit=MOST_MESSAGES)]
        first = next((row.content for row in rows if row.role == "user"), "")
        words = " ".join(first.split())
        short = words if len(words) <= _SUMMARY_CHARS else f"{words[:_SUMMARY_CHARS]}…"
        return await self._change(session_id, InsightsBody(summary=f"{short} ({len(rows)})" if rows else ""), now_ms)

    # --- looking back ----------------------------------------------------------------------------------------

    async def history(
        self, customer_id: str, *, limit: int, before: tuple[int, str] | None = None
    ) -> list[SessionHead]:
        """Sessions of a customer with their summaries, newest first; `before` as in `listing`."""
        rows = await self._store.sessions(limit=limit, customer_id=customer_id, before=before) if customer_id else []
        return [self._head(row) for row in rows]

    async def listing(self, *, limit: int, before: tuple[int, str] | None = None) -> list[SessionHead]:
        """Everybody's sessions, newest first; `before` is (start in ms, id) of the last one of the page before."""
        return [self._head(row) for row in await self._store.sessions(limit=limit, before=before)]

    async def count(self, customer_id: str) -> int:
        """How many sessions a customer had."""
        return await self._store.session_count(customer_id)

    async def search(self, words: str, *, limit: int, customer_id: str = "") -> list[Hit]:
        """Messages that hold all of these words, newest first. Width, case and kind of kana do not matter.

        Args:
            words: Japanese without spaces, or words with spaces between them; one ideograph is enough.
            limit: at most so many.
            customer_id: only what this customer said and was told; empty for everybody's.
        """
        wanted = sorted(wanted_pairs(words))[:MOST_WORDS]
        if not wanted:
            return []
        found: list[Hit] = []
        before: tuple[int, str, int] | None = None
        while len(found) < limit:
            rows = await self._store.find(Sought(self._word_sets(wanted), AT_ONCE, customer_id, before))
            found += [hit for hit in map(self._hit, rows) if holds(hit.message.content, words)]
            if len(rows) < AT_ONCE:
                break
            before = (rows[-1].at_ms, rows[-1].session_id, rows[-1].number)
        return found[:limit]

    async def for_agent(self, customer_id: str, session_id: str, *, sessions: int = 5) -> AgentView:
        """What an agent may know of the customer it talks to.

        Raises:
            NoSuchSessionError: the session is not this customer's.
        """
        now = await self.session(session_id, customer_id)
        past = await self.history(customer_id, limit=sessions + 1)
        past = [head for head in past if head.session_id != session_id][:sessions]
        insights: dict[str, Any] = {}
        for head in reversed(past):
            insights |= head.ai_insights
        lines = [f"{head.start_time:%Y-%m-%d}: {head.summary}" for head in past if head.summary]
        return AgentView(
            context=now.context,
            history=past,
            previous_insights=insights,
            summary="\n".join(lines),
            messages=now.messages,
        )

    # --- forgetting, and another key -------------------------------------------------------------------------

    async def export(self, customer_id: str) -> list[Session]:
        """Everything a customer said and was told, newest first."""
        found, before = [], None
        while rows := await self._store.sessions(limit=AT_ONCE, customer_id=customer_id, before=before):
            for row in rows:
                messages = await self._store.messages(row.session_id, limit=MOST_MESSAGES)
                found.append(self._session(row, [self._clear(one) for one in messages]))
            before = (rows[-1].start_ms, rows[-1].session_id)
        return found

    async def forget(self, customer_id: str) -> int:
        """Delete everything a customer said and was told; how many sessions that were."""
        return await self._store.delete_of(customer_id) if customer_id else 0

    async def expire(self, now_ms: int) -> int:
        """Delete sessions whose time is over; how many. For a job that runs daily."""
        done = 0
        while deleted := await self._store.delete_before(now_ms - self._retention_ms, limit=AT_ONCE):
            done += deleted
        return done

    async def reseal(self) -> int:
        """Seal anew what an earlier key sealed; how many sessions and messages."""
        done = 0
        while sessions := await self._store.stale_sessions(self._secrecy.key_name, limit=AT_ONCE):
            for row in sessions:
                await self._change(row.session_id, InsightsBody(), None)
                done += 1
        while messages := await self._store.stale_messages(self._secrecy.key_name, limit=AT_ONCE):
            for one in messages:
                head = await self._document(one.session_id)
                said = self._open(one)
                await self._store.replace_message(self._message(head, one.number, one.role, one.at_ms, said))
                done += 1
        return done

    # --- sealing ---------------------------------------------------------------------------------------------

    async def _document(self, session_id: str, customer_id: str = "") -> SessionDocument:
        found = await self._store.session(session_id)
        if found is None or (customer_id and found.customer_id != customer_id):
            raise NoSuchSessionError(session_id)
        return found

    async def _change(self, session_id: str, body: InsightsBody, end_ms: int | None) -> SessionHead:
        for _ in range(TRIES):
            was = await self._document(session_id)
            head = self._head(was)
            rest = {
                "context": head.context if body.context is None else body.context,
                "ai_insights": head.ai_insights | (body.ai_insights or {}),
                "tags": head.tags if body.tags is None else list(dict.fromkeys(body.tags)),
                "summary": head.summary if body.summary is None else body.summary,
            }
            document = SessionDocument(
                session_id,
                was.customer_id,
                was.machine_id,
                was.start_ms,
                was.end_ms if end_ms is None else end_ms,
                was.last_ms,
                was.revision + 1,
                *self._sealed(session_id, rest),
            )
            try:
                await self._store.change_session(document)
            except TakenError:
                await asyncio.sleep(0)
                continue
            return self._head(document)
        raise ConversationError("busy", "the conversation is being changed by somebody else; try again")

    def _sealed(self, session_id: str, rest: Mapping[str, Any]) -> tuple[str, bytes]:
        clear = _json(rest)
        return self._secrecy.key_name, self._secrecy.seal(clear, f"conversation {session_id}")

    def _message(
        self, head: SessionDocument, number: int, role: str, at_ms: int, said: Mapping[str, Any]
    ) -> MessageDocument:
        words = sorted({self._secrecy.word(pair, _USE) for pair in pairs(said["content"])})
        sealed = self._secrecy.seal(_json(said), f"message {head.session_id}/{number}")
        key_name = self._secrecy.key_name
        return MessageDocument(head.session_id, head.customer_id, number, role, at_ms, key_name, sealed, tuple(words))

    def _open(self, row: MessageDocument) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._secrecy.open(row.sealed, f"message {row.session_id}/{row.number}"))
        return found

    def _clear(self, row: MessageDocument) -> Message:
        said = self._open(row)
        return Message.model_validate({"role": row.role, "timestamp": _at(row.at_ms)} | said)

    def _hit(self, row: MessageDocument) -> Hit:
        return Hit(session_id=row.session_id, customer_id=row.customer_id, number=row.number, message=self._clear(row))

    def _head(self, row: SessionDocument) -> SessionHead:
        return SessionHead.model_validate(self._values(row))

    def _session(self, row: SessionDocument, messages: list[Message]) -> Session:
        return Session.model_validate(self._values(row) | {"messages": messages})

    def _values(self, row: SessionDocument) -> dict[str, Any]:
        rest: dict[str, Any] = json.loads(self._secrecy.open(row.sealed, f"conversation {row.session_id}"))
        return rest | {
            "session_id": row.session_id,
            "customer_id": row.customer_id,
            "machine_id": row.machine_id,
            "start_time": _at(row.start_ms),
            "end_time": _at(row.end_ms) if row.end_ms else None,
        }

    def _word_sets(self, wanted: list[str]) -> list[list[int]]:
        by_word = [self._secrecy.words(word, _USE) for word in wanted]
        return [sorted({numbers[key] for numbers in by_word}) for key in range(len(by_word[0]))]


def _at(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)


def _json(value: Mapping[str, Any]) -> bytes:
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(content) > MOST_JSON_CHARS:
        raise ConversationError("too_long", f"context, insights and metadata have at most {MOST_JSON_CHARS} characters")
    return content.encode("utf-8", "surrogatepass")
