"""`vend user`: what it changes, what it says, and that it is on record."""

import argparse
import io
import sys
from typing import Any

import pytest

from cloud.db.database import Database
from cloud.identity import activity, service
from cloud.identity.cli import add_arguments, carry_out, run
from cloud.identity.gate import Gate, WrongPasswordError
from cloud.identity.service import LastOwnerError, NoSuchUserError


def typed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody types these lines."""

    def type_in(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return type_in


async def test_user_when_added_changed_and_switched_off_then_it_is_told_and_on_record(
    database: Database, gate: Gate, here: Any, says: Any
) -> None:
    says("a first sentence", "a second sentence")
    told = [
        await carry_out(database, typed("add", "Hana@example.com", "--role", "staff")),
        await carry_out(database, typed("role", "hana@example.com", "viewer")),
        await carry_out(database, typed("password", "hana@example.com")),
    ]
    await gate.login_api("hana@example.com", "a second sentence", here)
    told += [await carry_out(database, typed("disable", "hana@example.com")), await carry_out(database, typed("list"))]
    assert told == [
        "hana@example.com is staff now",
        "hana@example.com is viewer now",
        "hana@example.com has another password",
        "hana@example.com may not log in any more",
        "op@example.com  owner  active\nhana@example.com  viewer  disabled",
    ]
    with pytest.raises(WrongPasswordError):
        await gate.login_api("hana@example.com", "a second sentence", here)
    await carry_out(database, typed("enable", "hana@example.com"))
    await gate.login_api("hana@example.com", "a second sentence", here)
    async with database.read() as db_session:
        rows = await activity.listing(db_session, limit=50)
    by_tool = [row.action for row in reversed(rows) if row.via == "tool"]
    assert by_tool == ["user.added", "user.changed", "user.password_set", "user.changed", "user.changed"]
    assert "sentence" not in str([row.detail for row in rows])


@pytest.mark.usefixtures("gate")
async def test_user_when_refused_then_nothing_is_changed_or_on_record(database: Database) -> None:
    with pytest.raises(LastOwnerError):
        await carry_out(database, typed("disable", "op@example.com"))
    with pytest.raises(NoSuchUserError):
        await carry_out(database, typed("role", "nobody@example.com", "viewer"))
    async with database.read() as db_session:
        assert (await service.user_of_email(db_session, "op@example.com")).is_active
        assert await activity.listing(db_session, limit=1) == []


def test_user_when_run_as_a_command_then_a_refusal_is_one_line_and_a_status(
    tmp_path: Any, says: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/new.db"
    says("short", "a first sentence")
    add = typed("add", "hana@example.com", "--role", "owner")
    assert (run(url, add), run(url, add)) == (1, 0)
    shown = capsys.readouterr()
    assert shown.err == "vend user: a password needs at least 10 characters\n"
    assert shown.out == "hana@example.com is owner now\n"


def test_user_when_a_word_or_role_is_unknown_then_the_parser_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("promote", "a@x"), ("role", "a@x", "king"), ("add", "a@x")):
        with pytest.raises(SystemExit):
            typed(*words)
    assert "king" in capsys.readouterr().err
