"""Conversations in MongoDB go into the backup and come back: all of them, once, and never over somebody else's."""

import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from cloud.backup.archive import CONVERSATIONS, BadArchiveError, part_of
from cloud.backup.conversations import AT_ONCE, ConversationsError, NoPlaceError, OtherConversationsError
from cloud.backup.restore import restore
from cloud.backup.save import backup
from cloud.conversations.mongo import MongoStore
from cloud.conversations.port import MessageDocument, SessionDocument, WholeConversation
from cloud.conversations.service import Conversations
from cloud.db.database import Database, open_database
from cloud.kit.secrecy import Secrecy

NOW = 1_795_143_600_000
ME = "c" * 32
KEY = "e" * 40

on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])


def whole(number: int, messages: int = 1) -> WholeConversation:
    """A conversation nobody can read."""
    session_id = f"{number:032x}"
    session = SessionDocument(session_id, ME, "vm-test-0001", NOW, 0, NOW + messages, 1, "k1", b"\0sealed\xff")
    said = (
        MessageDocument(session_id, ME, n, "user", NOW + n, "k1", bytes([n]), (n, 7)) for n in range(1, messages + 1)
    )
    return WholeConversation(session, tuple(said))


async def held(store: MongoStore) -> list[WholeConversation]:
    return await store.whole("", limit=1000)


@pytest.fixture
async def store(mongodb: str) -> AsyncIterator[MongoStore]:
    found = MongoStore(mongodb)
    yield found
    await found.close()


@pytest.fixture
async def new(mongodb_names: Any) -> AsyncIterator[MongoStore]:
    """Another one, empty."""
    found = MongoStore(next(mongodb_names))
    yield found
    await found.close()


@pytest.fixture
async def gone() -> AsyncIterator[MongoStore]:
    found = MongoStore("mongodb://%2Fnowhere%2Fmongodb.sock", patience_ms=50)
    yield found
    await found.close()


@pytest.fixture
async def blank(new_url: Callable[..., str]) -> AsyncIterator[Database]:
    found = open_database(new_url("sqlite", is_blank=True))
    yield found
    await found.close()


@pytest.fixture
async def file(database: Database, store: MongoStore, tmp_path: Path) -> Path:
    """A backup with one conversation more than goes in at once."""
    await store.put([whole(number, 1 + number % 3) for number in range(AT_ONCE + 1)])
    path = tmp_path / "backup.zip"
    await backup(database, path, outside=store)
    return path


def is_untouched(database: Database) -> bool:
    path = Path(str(database.engine.url.database))
    return not path.exists() or not path.stat().st_size


@on_sqlite
async def test_backup_when_restored_then_every_word_is_there_can_be_found_and_saved_again(
    database: Database, blank: Database, store: MongoStore, new: MongoStore, tmp_path: Path
) -> None:
    before = Conversations(store, Secrecy(KEY), retention_days=365)
    for number in range(3):
        begun = await before.begin(ME, "vm-test-0001", NOW + number, {"language": "ja"})
        await before.say(begun.session_id, "user", f"ほうじ茶は{number}本ありますか", NOW + number)
        await before.say(begun.session_id, "assistant", "はい", NOW + number)
    saved = await backup(database, tmp_path / "first.zip", outside=store)
    assert saved.conversations is not None
    assert (saved.conversations.sessions, saved.conversations.messages) == (3, 6)
    await restore(blank, tmp_path / "first.zip", outside=new)
    after = Conversations(new, Secrecy(KEY), retention_days=365)
    assert await after.export(ME) == await before.export(ME)
    assert len(await after.search("ほうじ茶", limit=9)) == 3
    await after.say(begun.session_id, "user", "ください", NOW + 9)
    assert await after.forget(ME) == 3
    assert (await held(new), len(await held(store))) == ([], 3)
    assert (await backup(blank, tmp_path / "second.zip", outside=store)).conversations == saved.conversations


async def test_store_when_read_in_pages_then_everything_comes_once_in_order_though_others_write(
    store: MongoStore,
) -> None:
    await store.put([whole(number, number) for number in (4, 2, 9, 11)])
    await store.put([whole(2, 2)])
    first = await store.whole("", limit=2)
    await store.put([whole(3), whole(10)])
    await store.delete_before(whole(9, 9).session.last_ms + 1, limit=99)
    rest = await store.whole(first[-1].session.session_id, limit=9)
    assert [*first, *rest] == [whole(2, 2), whole(4, 4), whole(11, 11)]
    await store.clear()
    assert (await held(store), await store.message_count(f"{11:032x}")) == ([], 0)


@on_sqlite
async def test_backup_when_read_without_us_then_a_line_is_a_conversation_with_nothing_opened(file: Path) -> None:
    with zipfile.ZipFile(file) as found:
        lines = [orjson.loads(line) for line in found.open(CONVERSATIONS)]
    assert len(lines) == AT_ONCE + 1
    assert lines[1]["session"]["session_id"] == f"{1:032x}"
    assert lines[1]["session"]["sealed"] == "AHNlYWxlZP8="
    assert [(row["number"], row["words"]) for row in lines[1]["messages"]] == [(1, [1, 7]), (2, [2, 7])]


@on_sqlite
async def test_backup_when_mongodb_cannot_be_reached_then_it_says_so_and_there_is_no_file(
    database: Database, gone: MongoStore, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    with pytest.raises(ConversationsError, match=r"MONGODB_URL.*there is no backup: .*No such file or directory$"):
        await backup(database, path, outside=gone)
    assert not path.exists()
    assert not part_of(path).exists()


@on_sqlite
async def test_restore_when_mongodb_cannot_be_reached_or_is_not_named_then_nothing_is_touched(
    blank: Database, file: Path, gone: MongoStore
) -> None:
    for replace in (False, True):
        with pytest.raises(ConversationsError, match="nothing was touched"):
            await restore(blank, file, outside=gone, replace_outside=replace)
    with pytest.raises(NoPlaceError, match=r"51 sessions with 102 messages.*Set MONGODB_URL"):
        await restore(blank, file)
    assert is_untouched(blank)


@on_sqlite
async def test_restore_when_mongodb_holds_something_else_then_it_is_refused_unless_told(
    blank: Database, file: Path, new: MongoStore, store: MongoStore
) -> None:
    expected = await held(store)
    for other in (whole(AT_ONCE + 1), whole(5, 9), whole(0, 2)):
        await new.clear()
        await new.put([whole(3), other])
        with pytest.raises(OtherConversationsError, match=rf"{other.session.session_id}.*--replace"):
            await restore(blank, file, outside=new)
        assert len(await held(new)) == 2
    assert is_untouched(blank)
    await restore(blank, file, outside=new, replace_outside=True)
    assert await held(new) == expected


@on_sqlite
async def test_restore_when_cut_short_then_the_database_is_as_it_was_and_once_more_makes_it_whole(
    blank: Database, file: Path, new: MongoStore, store: MongoStore
) -> None:
    def cut(what: str, done: int, _: int) -> None:
        if "MongoDB" in what and done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await restore(blank, file, outside=new, told=cut)
    assert len(await held(new)) == AT_ONCE
    await new.put([WholeConversation(whole(AT_ONCE, 3).session, ())])  # cut between a session and its messages
    await restore(blank, file, outside=new)
    assert await held(new) == await held(store)


@on_sqlite
async def test_restore_when_the_database_refuses_then_mongodb_keeps_what_it_holds(
    blank: Database, file: Path, new: MongoStore, tmp_path: Path
) -> None:
    await new.put([whole(900)])
    newer = edited(file, tmp_path, [b'"revision": "', b'"revision": "9'])
    with pytest.raises(BadArchiveError, match="update it first"):
        await restore(blank, newer, outside=new, replace_outside=True)
    assert await held(new) == [whole(900)]


@on_sqlite
async def test_restore_when_the_backup_has_no_documents_then_mongodb_is_left_alone(
    database: Database, blank: Database, new: MongoStore, tmp_path: Path
) -> None:
    await new.put([whole(900)])
    manifest = await backup(database, tmp_path / "plain.zip")
    assert manifest.conversations is None
    without = edited(tmp_path / "plain.zip", tmp_path, [b',\n  "conversations": null', b""])
    await restore(blank, without, outside=new, replace_outside=True)
    assert await held(new) == [whole(900)]


def edited(file: Path, folder: Path, manifest: Sequence[bytes], lines: bytes | None = None) -> Path:
    """The archive with other words in its manifest, and with other conversations."""
    old, new = manifest
    target = folder / "edited.zip"
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            data = source.read(name)
            if name == "manifest.json":
                assert old in data
                data = data.replace(old, new)
            made.writestr(name, lines if name == CONVERSATIONS and lines is not None else data)
    return target


DAMAGE = [
    (b'"sealed":"', b'"sealed":"?', "cannot read"),
    (b'"number":1', b'"number":"one"', "cannot read"),
    (b'"session":', b'"sitting":', "cannot read"),
    (b'"messages":[', b'"messages":[],"_":[', "more or fewer"),
]
"""What somebody changed who also keeps the sums right, and what is said then."""


@on_sqlite
async def test_restore_when_a_conversation_is_not_one_then_it_is_refused_before_anything(
    blank: Database, file: Path, new: MongoStore, tmp_path: Path
) -> None:
    with zipfile.ZipFile(file) as source:
        kept = source.read(CONVERSATIONS)
    for old, damage, says in DAMAGE:
        lines = kept.replace(old, damage)
        sums = [sha256(data).hexdigest().encode() for data in (kept, lines)]
        path = edited(file, tmp_path, sums, lines)
        with pytest.raises(BadArchiveError, match=says):
            await restore(blank, path, outside=new)
        with pytest.raises(BadArchiveError, match="of the conversations is not what"):
            await restore(blank, edited(file, tmp_path, [b'"format"', b' "format"'], lines), outside=new)
    assert (is_untouched(blank), await held(new)) == (True, [])
