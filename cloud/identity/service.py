"""The door of identity: create operators, check passwords, issue and read tokens."""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Final

import jwt
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.database import Database
from cloud.identity import repository, rules
from cloud.identity.models import LoginThrottle, Operator
from cloud.kit.clock import Clock, system_clock

TOKEN_HOURS: Final = 12
_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "operator"

_hasher: Final = PasswordHash((Argon2Hasher(),))


class WeakPasswordError(ValueError):
    """A password that is too short."""

    def __init__(self) -> None:
        super().__init__(f"a password needs at least {rules.MIN_PASSWORD_CHARS} characters")


class OperatorExistsError(ValueError):
    """An e-mail address that is taken."""

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__(f"there is an operator {email!r} already")


class WrongPasswordError(Exception):
    """E-mail or password is wrong; which one is not told."""

    def __init__(self) -> None:
        super().__init__("the e-mail address or the password is wrong")


class TooManyTriesError(Exception):
    """Too many wrong passwords; even the right one is not looked at now."""

    def __init__(self, wait_ms: int) -> None:
        self.wait_s = -(-wait_ms // 1000)
        super().__init__(f"too many wrong passwords; try again in {self.wait_s} s")


class BadTokenError(Exception):
    """A token that is forged, expired, or of somebody who may not enter any more."""


@dataclass(frozen=True, slots=True)
class CurrentOperator:
    """Who asks."""

    email: str


def normal(email: str) -> str:
    """An address as it is kept and compared."""
    return email.strip().lower()


async def create_operator(db_session: AsyncSession, email: str, password: str, *, now_ms: int | None = None) -> None:
    """Add an operator.

    Args:
        db_session: a writing session.
        email: the login name; upper and lower case are the same.
        password: at least `rules.MIN_PASSWORD_CHARS` characters; only its Argon2id hash is kept.
        now_ms: ms since 1970 UTC; now when None.

    Raises:
        WeakPasswordError: it is too short.
        OperatorExistsError: the address is taken.
        ValueError: the address is not one.
    """
    email = normal(email)
    if not 3 <= len(email) <= 254 or "@" not in email:
        raise ValueError(f"{email!r} is not an e-mail address")
    if len(password) < rules.MIN_PASSWORD_CHARS:
        raise WeakPasswordError
    if await repository.operator(db_session, email):
        raise OperatorExistsError(email)
    password_hash = await asyncio.to_thread(_hasher.hash, password)
    created = system_clock() if now_ms is None else now_ms
    repository.add_operator(db_session, Operator(email=email, password_hash=password_hash, created_at_ms=created))
    await db_session.flush()


async def ensure_first_operator(db_session: AsyncSession, email: str, password: str) -> bool:
    """Create this operator when there is none at all.

    Returns:
        Whether it was created.
    """
    if await repository.operator_count(db_session):
        return False
    await create_operator(db_session, email, password)
    return True


class Gate:
    """Checks passwords and tokens. Holds the signing key, so there is one per application."""

    def __init__(self, database: Database, signing_key: str, clock: Clock = system_clock) -> None:
        self._database = database
        self._key = signing_key
        self._clock = clock
        # Verified when the address is unknown, so that both answers take the same time.
        self._nobody = _hasher.hash(uuid.uuid4().hex)

    async def login(self, email: str, password: str) -> str:
        """Check a password.

        Returns:
            A token for `TOKEN_HOURS` hours.

        Raises:
            WrongPasswordError: e-mail or password is wrong.
            TooManyTriesError: too many were wrong before; wait.
        """
        email = normal(email)[:254]
        await self._refuse_if_closed(email)
        async with self._database.read() as db_session:
            row = await repository.operator(db_session, email)
        password_hash = row.password_hash if row else self._nobody
        is_right = await asyncio.to_thread(_hasher.verify, password, password_hash)
        if row is None or not is_right or not row.is_active:
            await self._count_failure(email)
            raise WrongPasswordError
        async with self._database.write() as db_session:
            await repository.forget_throttle(db_session, email)
        return self.token(email)

    def token(self, email: str) -> str:
        """A signed token for somebody whose identity is certain."""
        now_s = self._clock() // 1000
        claims = {
            "sub": email,
            "aud": _AUDIENCE,
            "iat": now_s,
            "exp": now_s + TOKEN_HOURS * 3600,
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    async def operator_of(self, token: str) -> CurrentOperator:
        """Who a token speaks for.

        Raises:
            BadTokenError: it is not ours, has expired, or the operator is gone.
        """
        try:
            # The expiry is compared below, with our own clock.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise BadTokenError("the token is not valid; log in again") from error
        if int(claims["exp"]) * 1000 <= self._clock():
            raise BadTokenError("the token has expired; log in again")
        async with self._database.read() as db_session:
            row = await repository.operator(db_session, str(claims["sub"]))
        if row is None or not row.is_active:
            raise BadTokenError("this operator may not enter any more")
        return CurrentOperator(row.email)

    async def _refuse_if_closed(self, email: str) -> None:
        async with self._database.read() as db_session:
            row = await repository.throttle(db_session, email)
        wait_ms = row.blocked_until_ms - self._clock() if row else 0
        if wait_ms > 0:
            raise TooManyTriesError(wait_ms)

    async def _count_failure(self, email: str) -> None:
        now_ms = self._clock()
        async with self._database.write() as db_session:
            await repository.forget_throttles(db_session, now_ms - rules.FORGET_AFTER_MS)
            row = await repository.throttle(db_session, email)
            if row is None:
                row = LoginThrottle(email=email, failures=0, blocked_until_ms=0, last_at_ms=now_ms)
                repository.add_throttle(db_session, row)
            row.failures += 1
            row.last_at_ms = now_ms
            row.blocked_until_ms = now_ms + rules.wait_after(row.failures)
