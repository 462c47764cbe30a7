"""Conversations kept in MongoDB: saved and put back as they are, sealed. Those in the database are rows of it."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, Final

import orjson
from pydantic import TypeAdapter
from sqlalchemy.exc import OperationalError

from cloud.backup.archive import CONVERSATIONS, Archive, ArchiveWriter, BadArchiveError, ConversationsInfo
from cloud.backup.progress import Told
from cloud.conversations.port import OutsideStore, WholeConversation

AT_ONCE: Final = 50
"""Conversations; each has tens of messages."""

_TOLD: Final = "conversations in MongoDB"
_SHAPE: Final = TypeAdapter(WholeConversation)


class ConversationsError(RuntimeError):
    """MongoDB does not do what a backup or a restore needs of it; says what was done and what to do."""


class NoPlaceError(ConversationsError):
    """The backup has conversations of MongoDB, and the settings name none."""

    def __init__(self, info: ConversationsInfo) -> None:
        super().__init__(
            f"the backup has {info.sessions:,} sessions with {info.messages:,} messages that were kept in MongoDB, and "
            "the settings name none; nothing was touched. Set MONGODB_URL (and not USE_NOSQL_FOR_CONVERSATIONS=false)"
        )


class OtherConversationsError(ConversationsError):
    """MongoDB holds what is not in the backup."""

    def __init__(self, session_id: str) -> None:
        super().__init__(
            f"MongoDB holds conversations that are not in the backup, or not as they are there (session {session_id}); "
            "nothing was touched. Let MONGODB_URL name another database, or say --replace, without --into, to throw "
            "away what it holds"
        )


@contextmanager
def _reaching(what_then: str) -> Iterator[None]:
    """A MongoDB that fails is told in one sentence.

    Raises:
        ConversationsError: it failed.
    """
    try:
        yield
    except OperationalError as error:
        # The driver's text goes on with its settings and everything it knows of its servers.
        why = str(error.orig).partition(" (configured timeouts:")[0]
        raise ConversationsError(f"MongoDB (MONGODB_URL) failed; {what_then}: {why}") from error


async def reach(store: OutsideStore, what_then: str) -> None:
    """Ask for something small, before work that would be in vain.

    Raises:
        ConversationsError: MongoDB cannot be reached; the error says `what_then`.
    """
    with _reaching(what_then):
        await store.whole("", limit=1)


# --- saving ----------------------------------------------------------------------------------------------


async def save(store: OutsideStore, writer: ArchiveWriter, told: Told) -> ConversationsInfo:
    """Write everything into the archive.

    Raises:
        ConversationsError: MongoDB failed.
    """
    sessions = messages = 0

    async def lines() -> AsyncIterator[bytes]:
        nonlocal sessions, messages
        async for whole in _everything(store):
            sessions, messages = sessions + 1, messages + len(whole.messages)
            if not sessions % AT_ONCE:
                told(_TOLD, sessions, sessions)
            yield orjson.dumps(whole, default=_base64)

    with _reaching("there is no backup"):
        _, digest = await writer.add_lines(CONVERSATIONS, lines())
    return ConversationsInfo(sessions=sessions, messages=messages, sha256=digest)


def _base64(value: Any) -> str:
    return b64encode(value).decode()


async def _everything(store: OutsideStore) -> AsyncIterator[WholeConversation]:
    after = ""
    while found := await store.whole(after, limit=AT_ONCE):
        for whole in found:
            yield whole
        after = found[-1].session.session_id


# --- restoring -------------------------------------------------------------------------------------------


async def check_place(store: OutsideStore | None, archive: Archive, *, replace: bool) -> None:
    """Look, before anything is touched, whether the archive's conversations can be put in without a loss.

    What a restore that was cut short has left is in the archive, so it may be there.

    Args:
        store: the restoring cloud's MongoDB; None when its settings name none.
        archive: one whose sums are right.
        replace: what MongoDB holds may be thrown away.

    Raises:
        BadArchiveError: they are not in the shape this software knows.
        ConversationsError: no MongoDB, none that answers, or one that holds something else.
    """
    info = archive.manifest.conversations
    if info is None:
        return
    if sum(len(whole.messages) for whole in _saved(archive, info)) != info.messages:
        raise BadArchiveError("the backup's conversations have more or fewer messages than its manifest says")
    if store is None:
        if info.sessions:
            raise NoPlaceError(info)
        return
    await reach(store, "nothing was touched")
    if not replace:
        with _reaching("nothing was touched"), closing(_saved(archive, info)) as saved:
            await _check_kept(store, saved)


async def _check_kept(store: OutsideStore, saved: Iterator[WholeConversation]) -> None:
    """Both are in the order of their ids."""
    async for kept in _everything(store):
        session_id = kept.session.session_id
        same = next((whole for whole in saved if whole.session.session_id >= session_id), None)
        if same is None or not same.holds(kept):
            raise OtherConversationsError(session_id)


async def fill(store: OutsideStore, archive: Archive, *, replace: bool, told: Told) -> None:
    """Put the archive's conversations into MongoDB; twice is the same as once.

    Args:
        store: one that `check_place` was asked about.
        archive: the same as then.
        replace: delete what MongoDB holds before.
        told: hears of progress.

    Raises:
        ConversationsError: MongoDB failed; it may hold a part of them.
    """
    info = archive.manifest.conversations
    if info is None:
        return
    done, what_then = 0, "the database is as it was, MongoDB may hold a part of the backup; restore again"
    with _reaching(what_then), closing(_saved(archive, info)) as saved:
        if replace:
            await store.clear()
        while part := list(islice(saved, AT_ONCE)):
            told(_TOLD, done, info.sessions)
            await store.put(part)
            done += len(part)


def _saved(archive: Archive, info: ConversationsInfo) -> Generator[WholeConversation]:
    with closing(archive.lines(info)) as lines:
        yield from map(_read, lines)


def _read(line: bytes) -> WholeConversation:
    try:
        found = orjson.loads(line)
        for document in (found["session"], *found["messages"]):
            document["sealed"] = b64decode(document["sealed"], validate=True)
        return _SHAPE.validate_python(found)
    except (KeyError, TypeError, ValueError) as error:
        raise BadArchiveError(f"the backup's conversations have a line this software cannot read: {error}") from error
