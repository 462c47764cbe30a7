"""`vend report export` writes a whole file or none."""

from pathlib import Path
from typing import Any

import pytest

from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from cloud.seed import seed_demo
from tools import cli
from tools.books import oracles


@pytest.fixture
async def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    found = f"sqlite+aiosqlite:///{tmp_path}/books.db"
    database = open_database(found)
    await upgrade_database(database)
    async with database.write() as db_session:
        await seed_demo(db_session, "vm-test-0001", "machine-secret-of-the-tests-0123456789")
    await database.close()
    for name in ("MQTT_PASSWORD", "JWT_SECRET_KEY", "ENCRYPTION_KEY"):
        monkeypatch.setenv(name, f"{name} of the tests, long enough to be taken")
    monkeypatch.setenv("DATABASE_URL", found)
    return found


@pytest.mark.usefixtures("url")
def test_export_when_the_books_are_written_then_their_program_finds_nothing_wrong(tmp_path: Path) -> None:
    for name, judge in (("beancount", oracles.beancount_balances), ("hledger", oracles.hledger_balances)):
        path = tmp_path / f"books.{name}"
        with pytest.raises(SystemExit) as ended:
            cli.main(["report", "export", name, str(path)])
        assert ended.value.code == 0
        assert judge(path)["Equity:3001-資本金"] == -300_000
        assert not list(tmp_path.glob("*.part"))


@pytest.mark.usefixtures("url")
def test_export_when_the_file_exists_then_it_is_kept_and_the_reason_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[Any]
) -> None:
    path = tmp_path / "books.hledger"
    path.write_text("mine")
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", "export", "hledger", str(path)])
    assert ended.value.code == 1
    assert path.read_text() == "mine"
    assert "it exists" in capsys.readouterr().err
