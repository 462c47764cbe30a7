"""Logins, throttling, sessions, refresh tokens: what opens, and when it opens no more."""

import asyncio
from typing import Any

import jwt
import pytest
from sqlalchemy import text

from cloud.db.database import Database
from cloud.identity import activity, service
from cloud.identity.activity import Origin
from cloud.identity.gate import Gate, TooManyTriesError, WrongPasswordError
from cloud.identity.passwords import Passwords
from cloud.identity.permissions import Role
from cloud.identity.rules import FREE_TRIES, FREE_TRIES_FROM, LONGEST_WAIT_MS, wait_after
from cloud.identity.service import NewPassword
from cloud.identity.tokens import BadTokenError, Claims, TokenSigner, key_id

KEY = "k" * 40
EMAIL, PASSWORD = "op@example.com", "correct horse"
MINUTE_MS = 60_000


async def wrong(gate: Gate, origin: Origin, email: str = EMAIL, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongPasswordError):
            await gate.login_browser(email, "wrong password", origin)


async def test_login_when_the_password_is_right_then_the_token_names_the_user(gate: Gate, here: Origin) -> None:
    user = await gate.user_of(await gate.login_browser("  OP@example.com", PASSWORD, here))
    assert (user.email, user.role) == (EMAIL, Role.OWNER)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_login_when_wrong_then_the_answer_does_not_tell_whether_the_address_exists(
    gate: Gate, here: Origin, email: str
) -> None:
    with pytest.raises(WrongPasswordError, match="the e-mail address or the password is wrong"):
        await gate.login_browser(email, "wrong password", here)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_login_when_wrong_too_often_then_even_the_right_password_must_wait(
    gate: Gate, here: Origin, email: str
) -> None:
    await wrong(gate, here, email, FREE_TRIES)
    with pytest.raises(TooManyTriesError, match="try again in 30 s"):
        await gate.login_api(email, PASSWORD, here)


async def test_login_when_the_wait_is_over_then_the_right_password_clears_the_count(
    gate: Gate, clock: Any, here: Origin
) -> None:
    await wrong(gate, here, times=FREE_TRIES)
    clock.now_ms += 30_001
    await gate.login_browser(EMAIL, PASSWORD, here)
    await wrong(gate, here)


async def test_login_when_one_address_guesses_at_many_users_then_it_waits_and_others_do_not(
    gate: Gate, here: Origin
) -> None:
    for number in range(FREE_TRIES_FROM):
        await wrong(gate, here, f"guess-{number}@example.com")
    with pytest.raises(TooManyTriesError):
        await gate.login_browser(EMAIL, PASSWORD, here)
    await gate.login_browser(EMAIL, PASSWORD, Origin("api", "198.51.100.1"))


async def test_login_when_tried_many_times_at_once_then_the_right_one_does_not_slip_in_after_the_limit(
    gate: Gate, here: Origin
) -> None:
    tries = [gate.login_browser(EMAIL, "wrong password", here) for _ in range(FREE_TRIES)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(answer) for answer in answers] == [WrongPasswordError] * FREE_TRIES
    with pytest.raises(TooManyTriesError):
        await gate.login_browser(EMAIL, PASSWORD, here)


def test_wait_when_failures_go_on_then_it_doubles_up_to_a_limit() -> None:
    waits = [wait_after(number) for number in range(FREE_TRIES - 1, FREE_TRIES + 40)]
    assert waits[:4] == [0, 30_000, 60_000, 120_000]
    assert waits[-1] == LONGEST_WAIT_MS


async def test_login_when_the_kept_hash_is_weaker_than_todays_then_it_is_replaced(
    gate: Gate, database: Database, clock: Any, cheap: Passwords, here: Origin
) -> None:
    gate = Gate(database, TokenSigner(KEY), clock)
    old = await cheap.hash(PASSWORD)
    async with database.write() as db_session:
        await db_session.execute(text("UPDATE users SET password_hash = :old"), {"old": old})
    await gate.login_browser(EMAIL, PASSWORD, here)
    async with database.read() as db_session:
        kept = await db_session.scalar(text("SELECT password_hash FROM users"))
    assert "m=8,t=1,p=1" in old
    assert "m=65536,t=3,p=4" in kept
    await gate.login_browser(EMAIL, PASSWORD, here)


# --- tokens --------------------------------------------------------------------------------------


async def test_token_when_twelve_hours_have_passed_then_it_opens_nothing(gate: Gate, clock: Any, here: Origin) -> None:
    token = await gate.login_browser(EMAIL, PASSWORD, here)
    clock.now_ms += 12 * 60 * MINUTE_MS
    with pytest.raises(BadTokenError, match="expired"):
        await gate.user_of(token)


def forged(key: str = KEY, kid: str | None = None, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {"iss": "ai-vending-cloud", "aud": "ai-vending-api", "sub": "1", "sid": "0" * 32, "exp": 9_999_999_999}
    wanted = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(wanted, key, algorithm=algorithm, headers={"kid": key_id(KEY) if kid is None else kid})


BAD = {
    "nonsense": "nonsense",
    "not text": "\udcff.\udcff.\udcff",
    "another key": forged("x" * 40),
    "another key by name": forged("x" * 40, key_id("x" * 40)),
    "another algorithm": forged("k" * 64, algorithm="HS512"),
    "no algorithm": jwt.encode(
        {"sub": "1", "exp": 9_999_999_999}, None, algorithm="none", headers={"kid": key_id(KEY)}
    ),
    "another audience": forged(aud="somebody"),
    "another issuer": forged(iss="somebody"),
    "no end": forged(exp=None),
    "no session": forged(sid=None),
    "no number": forged(sub="one"),
    "no such session": forged(),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
async def test_token_when_it_is_not_ours_then_it_opens_nothing(gate: Gate, token: str) -> None:
    with pytest.raises(BadTokenError):
        await gate.user_of(token)


async def test_token_when_the_user_is_not_the_sessions_then_it_opens_nothing(gate: Gate, here: Origin) -> None:
    user = await gate.user_of(await gate.login_browser(EMAIL, PASSWORD, here))
    swapped = TokenSigner(KEY).sign(Claims(user.id + 1, user.session_id), now_ms=0, until_ms=9_999_999_999_000)
    with pytest.raises(BadTokenError):
        await gate.user_of(swapped)


async def test_token_when_the_key_was_changed_then_the_earlier_key_still_reads_and_the_new_one_signs(
    gate: Gate, database: Database, clock: Any, here: Origin
) -> None:
    old_token = await gate.login_browser(EMAIL, PASSWORD, here)
    changed = Gate(database, TokenSigner("n" * 40, [KEY]), clock)
    assert (await changed.user_of(old_token)).email == EMAIL
    new_token = await changed.login_browser(EMAIL, PASSWORD, here)
    with pytest.raises(BadTokenError):
        await gate.user_of(new_token)


# --- sessions and refresh tokens -----------------------------------------------------------------


async def test_refresh_when_exchanged_then_the_next_pair_opens_and_the_access_token_is_short(
    gate: Gate, clock: Any, here: Origin
) -> None:
    first = await gate.login_api(EMAIL, PASSWORD, here)
    clock.now_ms += 15 * MINUTE_MS
    with pytest.raises(BadTokenError, match="expired"):
        await gate.user_of(first.access)
    second = await gate.refresh(first.refresh, here)
    assert (await gate.user_of(second.access)).session_id == first.user.session_id
    assert second.refresh != first.refresh
    assert second.refresh_s == first.refresh_s - 15 * 60


async def test_refresh_when_one_is_used_twice_then_the_session_ends_for_both_and_it_is_on_record(
    gate: Gate, database: Database, here: Origin
) -> None:
    first = await gate.login_api(EMAIL, PASSWORD, here)
    second = await gate.refresh(first.refresh, here)
    thief = Origin("api", "203.0.113.9")
    for token in (first.refresh, second.refresh):
        with pytest.raises(BadTokenError):
            await gate.refresh(token, thief)
    with pytest.raises(BadTokenError):
        await gate.user_of(second.access)
    async with database.read() as db_session:
        newest = (await activity.listing(db_session, limit=1))[0]
    assert (newest.action, newest.outcome, newest.address) == ("token.reused", "refused", "203.0.113.9")


async def test_refresh_when_sent_twice_at_once_then_at_most_one_pair_comes_of_it(gate: Gate, here: Origin) -> None:
    first = await gate.login_api(EMAIL, PASSWORD, here)
    answers = await asyncio.gather(*(gate.refresh(first.refresh, here) for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(answer, BadTokenError) for answer in answers) == 1


async def test_refresh_when_a_month_has_passed_then_somebody_must_log_in(gate: Gate, clock: Any, here: Origin) -> None:
    tokens = await gate.login_api(EMAIL, PASSWORD, here)
    for _ in range(3):
        clock.now_ms += 10 * 24 * 60 * MINUTE_MS - 1
        tokens = await gate.refresh(tokens.refresh, here)
    clock.now_ms += 3
    with pytest.raises(BadTokenError):
        await gate.refresh(tokens.refresh, here)


async def test_refresh_tokens_when_given_out_then_only_digests_are_kept(
    gate: Gate, database: Database, here: Origin
) -> None:
    tokens = await gate.login_api(EMAIL, PASSWORD, here)
    async with database.read() as db_session:
        kept = (await db_session.scalars(text("SELECT token_sha256 FROM refresh_tokens"))).all()
    assert len(kept) == 1
    assert tokens.refresh not in kept[0]


@pytest.mark.parametrize("token", ["", "nonsense", "\udcff"])
async def test_refresh_when_the_token_is_not_ours_then_it_is_refused(gate: Gate, here: Origin, token: str) -> None:
    with pytest.raises(BadTokenError):
        await gate.refresh(token, here)
    await gate.revoke(token, here)


async def test_session_when_revoked_then_neither_token_opens_and_another_session_goes_on(
    gate: Gate, here: Origin
) -> None:
    one, other = await gate.login_api(EMAIL, PASSWORD, here), await gate.login_api(EMAIL, PASSWORD, here)
    await gate.revoke(one.refresh, here)
    with pytest.raises(BadTokenError):
        await gate.user_of(one.access)
    with pytest.raises(BadTokenError):
        await gate.refresh(one.refresh, here)
    assert (await gate.user_of(other.access)).email == EMAIL


@pytest.mark.parametrize("change", ["logout", "password", "role", "disable", "end"])
async def test_session_when_the_user_changes_then_every_token_is_void(
    gate: Gate, database: Database, here: Origin, clock: Any, quick: Passwords, change: str
) -> None:
    async with database.write() as db_session:
        kept = NewPassword(PASSWORD, await quick.hash(PASSWORD))
        other = await service.create_user(db_session, "b@example.com", kept, role=Role.STAFF)
    token = await gate.login_browser("b@example.com", PASSWORD, here)
    if change == "logout":
        await gate.logout(token, here)
    async with database.write() as db_session:
        if change == "password":
            kept = NewPassword("another sentence", await quick.hash("another sentence"))
            await service.set_password(db_session, other.id, kept, now_ms=clock())
        elif change == "role":
            await service.change_user(db_session, other.id, now_ms=clock(), role=Role.VIEWER)
        elif change == "disable":
            await service.change_user(db_session, other.id, now_ms=clock(), is_active=False)
        elif change == "end":
            await service.end_sessions(db_session, other.id, now_ms=clock())
    with pytest.raises(BadTokenError):
        await gate.user_of(token)


async def test_session_when_long_over_then_it_is_forgotten_with_its_tokens(
    gate: Gate, database: Database, clock: Any, here: Origin
) -> None:
    await gate.login_api(EMAIL, PASSWORD, here)
    clock.now_ms += 121 * 24 * 60 * MINUTE_MS
    await gate.login_browser(EMAIL, PASSWORD, here)
    async with database.read() as db_session:
        counts = [
            await db_session.scalar(text(f"SELECT COUNT(*) FROM {table}"))  # noqa: S608 - names of ours
            for table in ("login_sessions", "refresh_tokens")
        ]
    assert counts == [1, 0]
