from typing import Any

import jwt
import pytest

from cloud.db.database import Database
from cloud.identity.rules import FREE_TRIES, LONGEST_WAIT_MS, wait_after
from cloud.identity.service import (
    BadTokenError,
    Gate,
    OperatorExistsError,
    TooManyTriesError,
    WeakPasswordError,
    WrongPasswordError,
    create_operator,
)

KEY = "k" * 40
EMAIL, PASSWORD = "op@example.com", "correct horse"


@pytest.fixture
async def gate(database: Database, clock: Any) -> Any:
    async with database.write() as db_session:
        await create_operator(db_session, EMAIL, PASSWORD)
    return Gate(database, KEY, clock)


async def test_login_when_the_password_is_right_then_the_token_names_the_operator(gate: Gate) -> None:
    token = await gate.login("  OP@example.com", PASSWORD)
    assert (await gate.operator_of(token)).email == EMAIL


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_login_when_wrong_then_the_answer_does_not_tell_whether_the_address_exists(
    gate: Gate, email: str
) -> None:
    with pytest.raises(WrongPasswordError, match="the e-mail address or the password is wrong"):
        await gate.login(email, "wrong password")


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_login_when_wrong_too_often_then_even_the_right_password_must_wait(
    gate: Gate, clock: Any, email: str
) -> None:
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongPasswordError):
            await gate.login(email, "wrong password")
    with pytest.raises(TooManyTriesError, match="try again in 30 s"):
        await gate.login(email, PASSWORD)


async def test_login_when_the_wait_is_over_then_the_right_password_clears_the_count(gate: Gate, clock: Any) -> None:
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongPasswordError):
            await gate.login(EMAIL, "wrong password")
    clock.now_ms += 30_001
    await gate.login(EMAIL, PASSWORD)
    with pytest.raises(WrongPasswordError):
        await gate.login(EMAIL, "wrong password")


def test_wait_when_failures_go_on_then_it_doubles_up_to_a_limit() -> None:
    waits = [wait_after(number) for number in range(FREE_TRIES - 1, FREE_TRIES + 40)]
    assert waits[:4] == [0, 30_000, 60_000, 120_000]
    assert waits[-1] == LONGEST_WAIT_MS


async def test_token_when_twelve_hours_have_passed_then_it_opens_nothing(gate: Gate, clock: Any) -> None:
    token = await gate.login(EMAIL, PASSWORD)
    clock.now_ms += 12 * 3_600_000
    with pytest.raises(BadTokenError, match="expired"):
        await gate.operator_of(token)


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        jwt.encode({"sub": EMAIL, "aud": "operator", "exp": 9_999_999_999}, "x" * 40, algorithm="HS256"),
        jwt.encode({"sub": EMAIL, "aud": "service", "exp": 9_999_999_999}, KEY, algorithm="HS256"),
        jwt.encode({"sub": EMAIL, "aud": "operator"}, KEY, algorithm="HS256"),
        jwt.encode({"sub": EMAIL, "aud": "operator", "exp": 9_999_999_999}, None, algorithm="none"),
        jwt.encode({"sub": "gone@example.com", "aud": "operator", "exp": 9_999_999_999}, KEY, algorithm="HS256"),
    ],
)
async def test_token_when_it_is_not_ours_then_it_opens_nothing(gate: Gate, token: str) -> None:
    with pytest.raises(BadTokenError):
        await gate.operator_of(token)


async def test_create_operator_when_weak_or_taken_then_it_is_refused(gate: Gate, database: Database) -> None:
    async with database.write() as db_session:
        with pytest.raises(WeakPasswordError):
            await create_operator(db_session, "b@example.com", "short")
        with pytest.raises(OperatorExistsError):
            await create_operator(db_session, EMAIL.upper(), PASSWORD)
        with pytest.raises(ValueError, match="not an e-mail address"):
            await create_operator(db_session, "nobody", PASSWORD)
