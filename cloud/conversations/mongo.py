"""Conversations in MongoDB: the adapter for many, chosen by MONGODB_URL.

Each message is a document of its own, so that a long session is no large document and two speakers write two of them.
Search is by the numbers that stand for pairs of letters, in an array with an index; no text index could read them.
There are no transactions over documents: a session is touched before its message is there, and deleted after it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Final, TypeVar

from bson import Binary
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError
from sqlalchemy.exc import OperationalError

from cloud.conversations.port import MessageDocument, SessionDocument, Sought, TakenError, WholeConversation

DATABASE: Final = "vend"
"""When the URL names none."""
PATIENCE_MS: Final = 5000
"""So long an operation waits for a server."""

_Document = dict[str, Any]
_Store = TypeVar("_Store")
_NEWEST: Final = [("at_ms", DESCENDING), ("session_id", DESCENDING), ("number", DESCENDING)]


def _told_alike(store: type[_Store]) -> type[_Store]:
    """What passes is an OperationalError here too: whoever asks need not know which database keeps the words."""

    def passing(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(method)
        async def asked(*values: Any, **named: Any) -> Any:
            try:
                return await method(*values, **named)
            except PyMongoError as error:
                raise OperationalError(f"MongoDB: {method.__name__}", None, error) from error

        return asked

    for name, method in list(vars(store).items()):
        if iscoroutinefunction(method) and not name.startswith("_"):
            setattr(store, name, passing(method))
    return store


@_told_alike
class MongoStore:
    """Keeps conversations in two collections.

    Raises, from every method: `sqlalchemy.exc.OperationalError`: MongoDB is busy or gone; try again.
    """

    def __init__(self, url: str, *, patience_ms: int = PATIENCE_MS) -> None:
        """Prepare the client; nothing is connected yet.

        Args:
            url: `mongodb://…`, with or without a database's name.
            patience_ms: so long an operation waits for a server.
        """
        self._client: AsyncMongoClient[_Document] = AsyncMongoClient(
            url, serverSelectionTimeoutMS=patience_ms, connectTimeoutMS=patience_ms, timeoutMS=4 * patience_ms
        )
        database = self._client.get_default_database(DATABASE)
        self._sessions: AsyncCollection[_Document] = database["conversations"]
        self._messages: AsyncCollection[_Document] = database["conversation_messages"]
        self._is_ready = False

    async def close(self) -> None:
        """See `Store`."""
        await self._client.close()

    async def _ready(self) -> None:
        """Make the indexes, once per process; those that are there stay."""
        if self._is_ready:
            return
        for keys in (["customer_id", "start_ms"], ["start_ms"], ["last_ms"]):
            await self._sessions.create_index([(key, ASCENDING) for key in keys])
        for keys in (["session_id", "number"], ["words"], ["customer_id", "at_ms"], ["at_ms"]):
            await self._messages.create_index([(key, ASCENDING) for key in keys])
        self._is_ready = True

    async def add_session(self, document: SessionDocument) -> None:
        """See `Store`."""
        await self._ready()
        try:
            await self._sessions.insert_one(_of_session(document))
        except DuplicateKeyError as error:
            raise TakenError(document.session_id) from error

    async def change_session(self, document: SessionDocument) -> None:
        """See `Store`."""
        was = {"_id": document.session_id, "revision": document.revision - 1}
        new = {name: value for name, value in _of_session(document).items() if name not in {"_id", "last_ms"}}
        changed = await self._sessions.update_one(was, {"$set": new})
        if not changed.matched_count:
            raise TakenError(document.session_id)

    async def session(self, session_id: str) -> SessionDocument | None:
        """See `Store`."""
        row = await self._sessions.find_one({"_id": session_id})
        return _session(row) if row else None

    async def sessions(
        self, *, limit: int, customer_id: str = "", before: tuple[int, str] | None = None
    ) -> list[SessionDocument]:
        """See `Store`."""
        wanted: _Document = {"customer_id": customer_id} if customer_id else {}
        if before:
            at_ms, session_id = before
            wanted["$or"] = [{"start_ms": {"$lt": at_ms}}, {"start_ms": at_ms, "_id": {"$lt": session_id}}]
        found = self._sessions.find(wanted).sort([("start_ms", DESCENDING), ("_id", DESCENDING)]).limit(limit)
        return [_session(row) for row in await found.to_list()]

    async def session_count(self, customer_id: str) -> int:
        """See `Store`."""
        return int(await self._sessions.count_documents({"customer_id": customer_id}))

    async def add_message(self, document: MessageDocument) -> None:
        """See `Store`."""
        await self._ready()
        said = await self._sessions.update_one({"_id": document.session_id}, {"$set": {"last_ms": document.at_ms}})
        if not said.matched_count:
            raise TakenError(document.session_id)
        try:
            await self._messages.insert_one(_of_message(document))
        except DuplicateKeyError as error:
            raise TakenError(f"{document.session_id}/{document.number}") from error

    async def replace_message(self, document: MessageDocument) -> None:
        """See `Store`."""
        new = _of_message(document)
        changed = {name: new[name] for name in ("key_name", "sealed", "words")}
        await self._messages.update_one({"_id": new["_id"]}, {"$set": changed})

    async def messages(self, session_id: str, *, limit: int) -> list[MessageDocument]:
        """See `Store`."""
        found = self._messages.find({"session_id": session_id}).sort([("number", DESCENDING)]).limit(limit)
        return [_message(row) for row in reversed(await found.to_list())]

    async def message_count(self, session_id: str) -> int:
        """See `Store`."""
        newest = await self.messages(session_id, limit=1)
        return newest[0].number if newest else 0

    async def find(self, sought: Sought) -> list[MessageDocument]:
        """See `Store`."""
        wanted: list[_Document] = [{"$or": [{"words": {"$all": list(words)}} for words in sought.word_sets]}]
        if sought.customer_id:
            wanted.append({"customer_id": sought.customer_id})
        if sought.before:
            wanted.append(_before(sought.before))
        found = self._messages.find({"$and": wanted}).sort(_NEWEST).limit(sought.limit)
        return [_message(row) for row in await found.to_list()]

    async def delete_of(self, customer_id: str) -> int:
        """See `Store`."""
        return await self._delete({"customer_id": customer_id}, 0)

    async def delete_before(self, at_ms: int, *, limit: int) -> int:
        """See `Store`."""
        return await self._delete({"last_ms": {"$lt": at_ms}}, limit)

    async def _delete(self, which: _Document, limit: int) -> int:
        ids = [row["_id"] for row in await self._sessions.find(which).limit(limit).to_list()]
        if ids:
            await self._messages.delete_many({"session_id": {"$in": ids}})
            await self._sessions.delete_many({"_id": {"$in": ids}})
        return len(ids)

    async def stale_sessions(self, key_name: str, *, limit: int) -> list[SessionDocument]:
        """See `Store`."""
        found = self._sessions.find({"key_name": {"$ne": key_name}}).limit(limit)
        return [_session(row) for row in await found.to_list()]

    async def stale_messages(self, key_name: str, *, limit: int) -> list[MessageDocument]:
        """See `Store`."""
        found = self._messages.find({"key_name": {"$ne": key_name}}).limit(limit)
        return [_message(row) for row in await found.to_list()]

    async def whole(self, after: str, *, limit: int) -> list[WholeConversation]:
        """See `OutsideStore`."""
        found = self._sessions.find({"_id": {"$gt": after}}).sort([("_id", ASCENDING)]).limit(limit)
        sessions = [_session(row) for row in await found.to_list()]
        said: dict[str, list[MessageDocument]] = {session.session_id: [] for session in sessions}
        order = [("session_id", ASCENDING), ("number", ASCENDING)]
        for row in await self._messages.find({"session_id": {"$in": list(said)}}).sort(order).to_list():
            said[row["session_id"]].append(replace(_message(row), words=tuple(row["words"])))
        return [WholeConversation(session, tuple(said[session.session_id])) for session in sessions]

    async def put(self, conversations: Sequence[WholeConversation]) -> None:
        """See `OutsideStore`: sessions first, so that no message is ever without one."""
        await self._ready()
        sessions = [_of_session(whole.session) for whole in conversations]
        messages = [_of_message(message) for whole in conversations for message in whole.messages]
        for collection, rows in ((self._sessions, sessions), (self._messages, messages)):
            if rows:
                await collection.bulk_write([_kept(row) for row in rows])

    async def clear(self) -> None:
        """See `OutsideStore`."""
        await self._messages.delete_many({})
        await self._sessions.delete_many({})


def _kept(row: _Document) -> UpdateOne:
    """Writes a document whether there is one of that name or not."""
    return UpdateOne({"_id": row["_id"]}, {"$set": {name: row[name] for name in row if name != "_id"}}, upsert=True)


def _before(last: tuple[int, str, int]) -> _Document:
    """What comes after the last one of a page, the newest first."""
    at_ms, session_id, number = last
    return {
        "$or": [
            {"at_ms": {"$lt": at_ms}},
            {"at_ms": at_ms, "session_id": {"$lt": session_id}},
            {"at_ms": at_ms, "session_id": session_id, "number": {"$lt": number}},
        ]
    }


_SESSION_NAMES: Final[Sequence[str]] = [name for name in SessionDocument.__slots__ if name != "session_id"]
_MESSAGE_NAMES: Final[Sequence[str]] = [name for name in MessageDocument.__slots__ if name not in {"sealed", "words"}]


def _of_session(document: SessionDocument) -> _Document:
    row = {name: getattr(document, name) for name in _SESSION_NAMES}
    return row | {"_id": document.session_id, "sealed": Binary(document.sealed)}


def _session(row: _Document) -> SessionDocument:
    plain = {name: row[name] for name in _SESSION_NAMES} | {"sealed": bytes(row["sealed"])}
    return SessionDocument(session_id=row["_id"], **plain)


def _of_message(document: MessageDocument) -> _Document:
    row = {name: getattr(document, name) for name in _MESSAGE_NAMES}
    name = f"{document.session_id}/{document.number}"
    return row | {"_id": name, "sealed": Binary(document.sealed), "words": list(document.words)}


def _message(row: _Document) -> MessageDocument:
    return MessageDocument(**{name: row[name] for name in _MESSAGE_NAMES}, sealed=bytes(row["sealed"]))
