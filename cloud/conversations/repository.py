"""Conversations in the cloud's database: the default adapter of the port."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, text, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.conversations.models import Conversation, ConversationMessage, ConversationWord
from cloud.conversations.port import MessageDocument, SessionDocument, Sought, TakenError
from cloud.db.database import Database
from cloud.db.statements import insert_many

_COLUMNS = tuple(SessionDocument.__slots__)


class SqlStore:
    """Keeps conversations in three tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_session(self, document: SessionDocument) -> None:
        """See `Store`."""
        try:
            async with self._database.write() as db_session:
                await db_session.execute(insert(Conversation).values(_values(document)))
        except IntegrityError as error:
            raise TakenError(document.session_id) from error

    async def change_session(self, document: SessionDocument) -> None:
        """See `Store`."""
        known = and_(Conversation.session_id == document.session_id, Conversation.revision == document.revision - 1)
        new = {name: getattr(document, name) for name in ("end_ms", "revision", "key_name", "sealed")}
        async with self._database.write() as db_session:
            changed = update(Conversation).where(known).values(new).returning(Conversation.session_id)
            if await db_session.scalar(changed) is None:
                raise TakenError(document.session_id)

    async def session(self, session_id: str) -> SessionDocument | None:
        """See `Store`."""
        async with self._database.read() as db_session:
            row = await db_session.get(Conversation, session_id)
        return _document(row) if row else None

    async def sessions(
        self, *, limit: int, customer_id: str = "", before: tuple[int, str] | None = None
    ) -> list[SessionDocument]:
        """See `Store`."""
        query = select(Conversation).order_by(Conversation.start_ms.desc(), Conversation.session_id.desc()).limit(limit)
        if customer_id:
            query = query.where(Conversation.customer_id == customer_id)
        if before:
            query = query.where(tuple_(Conversation.start_ms, Conversation.session_id) < before)
        async with self._database.read() as db_session:
            return [_document(row) for row in await db_session.scalars(query)]

    async def session_count(self, customer_id: str) -> int:
        """See `Store`."""
        query = select(func.count()).select_from(Conversation).where(Conversation.customer_id == customer_id)
        async with self._database.read() as db_session:
            return int(await db_session.scalar(query) or 0)

    async def add_message(self, document: MessageDocument) -> None:
        """See `Store`."""
        try:
            async with self._database.write() as db_session:
                said = update(Conversation).where(Conversation.session_id == document.session_id)
                said = said.values(last_ms=document.at_ms).returning(Conversation.session_id)
                if await db_session.scalar(said) is None:
                    raise TakenError(document.session_id)
                await db_session.execute(insert(ConversationMessage).values(_message_values(document)))
                await _index(db_session, document)
        except IntegrityError as error:
            raise TakenError(f"{document.session_id}/{document.number}") from error

    async def replace_message(self, document: MessageDocument) -> None:
        """See `Store`."""
        async with self._database.write() as db_session:
            here = (
                ConversationMessage.session_id == document.session_id,
                ConversationMessage.number == document.number,
            )
            new = {"key_name": document.key_name, "sealed": document.sealed}
            await db_session.execute(update(ConversationMessage).where(*here).values(new))
            words = (ConversationWord.session_id == document.session_id, ConversationWord.number == document.number)
            await db_session.execute(delete(ConversationWord).where(*words))
            await _index(db_session, document)

    async def messages(self, session_id: str, *, limit: int) -> list[MessageDocument]:
        """See `Store`."""
        query = _MESSAGES.where(ConversationMessage.session_id == session_id)
        query = query.order_by(ConversationMessage.number.desc()).limit(limit)
        async with self._database.read() as db_session:
            return [_found(row) for row in reversed((await db_session.execute(query)).all())]

    async def message_count(self, session_id: str) -> int:
        """See `Store`."""
        query = select(func.max(ConversationMessage.number)).where(ConversationMessage.session_id == session_id)
        async with self._database.read() as db_session:
            return int(await db_session.scalar(query) or 0)

    async def find(self, sought: Sought) -> list[MessageDocument]:
        """See `Store`."""
        order = (ConversationMessage.at_ms, ConversationMessage.session_id, ConversationMessage.number)
        query = _MESSAGES.where(or_(*(_has(words) for words in sought.word_sets)))
        if sought.customer_id:
            query = query.where(Conversation.customer_id == sought.customer_id)
        if sought.before:
            query = query.where(tuple_(*order) < sought.before)
        query = query.order_by(*(column.desc() for column in order)).limit(sought.limit)
        async with self._database.read() as db_session:
            return [_found(row) for row in await db_session.execute(query)]

    async def delete_of(self, customer_id: str) -> int:
        """See `Store`."""
        return await self._delete(Conversation.customer_id == customer_id, None)

    async def delete_before(self, at_ms: int, *, limit: int) -> int:
        """See `Store`."""
        return await self._delete(Conversation.last_ms < at_ms, limit)

    async def _delete(self, which: ColumnElement[bool], limit: int | None) -> int:
        async with self._database.write() as db_session:
            if db_session.get_bind().dialect.name == "sqlite":
                await db_session.execute(text("PRAGMA secure_delete = ON"))
            query = select(Conversation.session_id).where(which).limit(limit).with_for_update()
            chosen = list(await db_session.scalars(query))
            for table in (ConversationWord, ConversationMessage, Conversation):
                await db_session.execute(delete(table).where(table.session_id.in_(chosen)))
        return len(chosen)

    async def stale_sessions(self, key_name: str, *, limit: int) -> list[SessionDocument]:
        """See `Store`."""
        query = select(Conversation).where(Conversation.key_name != key_name).limit(limit)
        async with self._database.read() as db_session:
            return [_document(row) for row in await db_session.scalars(query)]

    async def stale_messages(self, key_name: str, *, limit: int) -> list[MessageDocument]:
        """See `Store`."""
        query = _MESSAGES.where(ConversationMessage.key_name != key_name).limit(limit)
        async with self._database.read() as db_session:
            return [_found(row) for row in await db_session.execute(query)]

    async def close(self) -> None:
        """See `Store`: the database is its owner's."""


_MESSAGES = select(ConversationMessage, Conversation.customer_id).join(
    Conversation, Conversation.session_id == ConversationMessage.session_id
)


def _has(words: Sequence[int]) -> ColumnElement[bool]:
    """The message has every word of a set. Looked up by the word, so the rarest decides how much is read."""
    here = tuple_(ConversationMessage.session_id, ConversationMessage.number)
    parts = (
        here.in_(select(ConversationWord.session_id, ConversationWord.number).where(ConversationWord.word == word))
        for word in words
    )
    return and_(*parts)


async def _index(db_session: AsyncSession, document: MessageDocument) -> None:
    rows = [(word, document.session_id, document.number) for word in document.words]
    table: Any = ConversationWord.__table__
    await insert_many(db_session, table, ("word", "session_id", "number"), rows)


def _values(document: SessionDocument) -> dict[str, Any]:
    return {name: getattr(document, name) for name in _COLUMNS}


def _message_values(document: MessageDocument) -> dict[str, Any]:
    names = ("session_id", "number", "role", "at_ms", "key_name", "sealed")
    return {name: getattr(document, name) for name in names}


def _document(row: Conversation) -> SessionDocument:
    return SessionDocument(**{name: getattr(row, name) for name in _COLUMNS})


def _found(row: Any) -> MessageDocument:
    message, customer_id = row
    return MessageDocument(
        message.session_id,
        customer_id,
        message.number,
        message.role,
        message.at_ms,
        message.key_name,
        message.sealed,
    )
