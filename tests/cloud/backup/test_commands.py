"""`vend backup`, `vend restore`, `vend rebuild` as an operator types them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud.conversations.mongo import MongoStore
from cloud.conversations.service import Conversations
from cloud.db.database import Database
from cloud.kit.secrecy import Secrecy
from tools.cli import main


@pytest.fixture
def vend(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Runs the command in a thread of its own, as it brings its own loop; returns its exit code."""
    monkeypatch.chdir(tmp_path)
    secrets = {"MQTT_PASSWORD": "m" * 40, "JWT_SECRET_KEY": "j" * 40, "ENCRYPTION_KEY": "e" * 40}
    for name, value in {"DATABASE_URL": database_url, **secrets}.items():
        monkeypatch.setenv(name, value)

    async def run(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(main, [*words])
        return int(ended.value.code or 0)

    return run


async def test_commands_when_typed_then_they_save_restore_and_rebuild_and_say_what_they_did(
    busy: Database, vend: Any, new_url: Callable[..., str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert await vend("backup", "all.zip") == 0
    assert "ledger entry" in capfd.readouterr().out
    assert await vend("restore", "all.zip", "--into", new_url("postgres", is_blank=True)) == 0
    assert "trial balance are sound" in capfd.readouterr().out
    assert await vend("rebuild") == 0
    assert "the same, byte for byte" in capfd.readouterr().out


async def test_commands_when_refused_then_they_say_why_and_end_with_1(
    busy: Database, vend: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await vend("backup", "all.zip") == 0
    assert await vend("backup", "all.zip") == 1
    assert await vend("restore", "all.zip") == 1
    (tmp_path / "cut.zip").write_bytes(b"PK")
    assert await vend("restore", "cut.zip", "--replace") == 1
    assert await vend("restore", "none.zip") == 1
    said = " ".join(capfd.readouterr().err.split())
    for words in ("choose another name", "--replace", "not a whole backup", "No such file"):
        assert words in said


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_commands_when_conversations_are_in_mongodb_then_they_say_how_many_and_spare_those_of_the_running_cloud(
    database: Database,
    vend: Any,
    new_url: Callable[..., str],
    mongodb: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    store = MongoStore(mongodb)
    conversations = Conversations(store, Secrecy("e" * 40), retention_days=365)
    begun = await conversations.begin("c" * 32, "vm-test-0001", 1)
    monkeypatch.setenv("MONGODB_URL", mongodb)
    assert await vend("backup", "all.zip") == 0
    assert "conversations in MongoDB: 1 sessions with 0 messages" in capfd.readouterr().out
    await conversations.say(begun.session_id, "user", "お茶", 2)
    into = ["--into", new_url("sqlite", is_blank=True)]
    assert await vend("restore", "all.zip", *into, "--replace") == 1
    assert "without --into" in " ".join(capfd.readouterr().err.split())
    assert await conversations.count("c" * 32) == 1
    await conversations.forget("c" * 32)
    assert await vend("restore", "all.zip", *into) == 0
    assert "conversations in MongoDB: 1 sessions" in capfd.readouterr().out
    assert await conversations.count("c" * 32) == 1
    await store.close()
