"""The gate: check passwords, begin and end sessions, exchange refresh tokens, say who a token speaks for.

Each method is one boundary: it commits what it does, refusals included, because wrong tries must count.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.database import Database
from cloud.identity import activity, repository, rules, service
from cloud.identity.activity import REFUSED, Deed, Origin
from cloud.identity.models import LoginSession, RefreshToken, User
from cloud.identity.passwords import Passwords
from cloud.identity.permissions import Permission, Role, allows
from cloud.identity.tokens import BadTokenError, Claims, TokenSigner
from cloud.kit.clock import Clock, system_clock

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS


class WrongPasswordError(Exception):
    """E-mail or password is wrong; which one is not told."""

    def __init__(self) -> None:
        super().__init__("the e-mail address or the password is wrong")


class TooManyTriesError(Exception):
    """Too many wrong passwords; even the right one is not looked at now."""

    def __init__(self, wait_ms: int) -> None:
        self.wait_s = -(-wait_ms // 1000)
        super().__init__(f"too many wrong passwords; try again in {self.wait_s} s")


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """Who asks."""

    id: int
    email: str
    role: Role
    session_id: str

    def may(self, permission: Permission) -> bool:
        """Whether the user's role has a permission."""
        return allows(self.role, permission)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a program gets: one token to ask with, one to get the next pair with."""

    access: str
    access_s: int
    """Seconds the access token is good."""
    refresh: str
    refresh_s: int
    """Seconds until somebody must log in again."""
    user: CurrentUser


class Gate:
    """Checks passwords and tokens. Holds the signing key, so there is one per application."""

    def __init__(
        self,
        database: Database,
        signer: TokenSigner,
        clock: Clock = system_clock,
        passwords: Passwords | None = None,
    ) -> None:
        self._database = database
        self._signer = signer
        self._clock = clock
        self._passwords = passwords or service.passwords
        self._nobody = self._passwords.nobody  # made now: the first wrong address must not take longer

    def now_ms(self) -> int:
        """Now by the clock that logins follow, ms since 1970 UTC."""
        return self._clock()

    async def login_browser(self, email: str, password: str, origin: Origin) -> str:
        """Check a password and begin a browser's session.

        Returns:
            A token for `rules.BROWSER_HOURS` hours.

        Raises:
            WrongPasswordError: e-mail or password is wrong.
            TooManyTriesError: too many were wrong before; wait.
        """
        email, stronger = await self._checked(email, password, origin)
        async with self._database.write() as db_session:
            user = await self._enter(db_session, email, stronger, origin)
            session = await self._begin(db_session, user, "browser", rules.BROWSER_HOURS * _HOUR_MS, origin)
        return self._sign(session, session.expires_at_ms)

    async def login_api(self, email: str, password: str, origin: Origin) -> Tokens:
        """Check a password and begin a program's session.

        Raises:
            WrongPasswordError: e-mail or password is wrong.
            TooManyTriesError: too many were wrong before; wait.
        """
        email, stronger = await self._checked(email, password, origin)
        async with self._database.write() as db_session:
            user = await self._enter(db_session, email, stronger, origin)
            session = await self._begin(db_session, user, "api", rules.API_DAYS * _DAY_MS, origin)
            return self._tokens(db_session, session, user)

    async def refresh(self, refresh_token: str, origin: Origin) -> Tokens:
        """Exchange a refresh token for the next pair. A second use means that two hold it: the session ends for both.

        Raises:
            BadTokenError: it is not ours, was used before, or its session is over.
        """
        now_ms = self._clock()
        tokens = None
        async with self._database.write() as db_session:
            row = await repository.refresh_token(db_session, _digest(refresh_token))
            found = row and await repository.session_and_user(db_session, row.session_id, for_update=True)
            if row and found and _is_open(*found, now_ms):
                session, user = found
                if row.used_at_ms:
                    await repository.end_sessions(
                        db_session, session_id=session.id, why="refresh_reused", now_ms=now_ms
                    )
                    deed = Deed(user.email, "token.reused", session.id, origin, user.role, REFUSED)
                    await activity.record(db_session, deed, now_ms)
                else:
                    row.used_at_ms = session.used_at_ms = now_ms
                    tokens = self._tokens(db_session, session, user)
        if tokens is None:
            raise BadTokenError("the refresh token is not valid any more; log in again")
        return tokens

    async def revoke(self, refresh_token: str, origin: Origin) -> None:
        """End the session of a refresh token; one that is not ours changes nothing."""
        async with self._database.write() as db_session:
            row = await repository.refresh_token(db_session, _digest(refresh_token))
            if row is not None:
                await self._log_out(db_session, row.session_id, origin)

    async def logout(self, token: str, origin: Origin) -> None:
        """End the session of a token; one that is not good any more changes nothing."""
        try:
            claims = self._signer.read(token, now_ms=self._clock())
        except BadTokenError:
            return
        async with self._database.write() as db_session:
            await self._log_out(db_session, claims.session_id, origin)

    async def user_of(self, token: str) -> CurrentUser:
        """Who a token speaks for, as the database knows them now.

        Raises:
            BadTokenError: it is not ours, has expired, or its session is over.
        """
        now_ms = self._clock()
        claims = self._signer.read(token, now_ms=now_ms)
        async with self._database.read() as db_session:
            found = await repository.session_and_user(db_session, claims.session_id)
        if found is None or found[1].id != claims.user_id or not _is_open(*found, now_ms):
            raise BadTokenError("this login is over; log in again")
        return _current(*found)

    async def is_password(self, user: CurrentUser, password: str, origin: Origin) -> bool:
        """Whether this is the password of somebody who is logged in; a wrong one counts as at the login.

        Raises:
            TooManyTriesError: too many were wrong before; wait.
        """
        try:
            await self._checked(user.email, password, origin)
        except WrongPasswordError:
            return False
        return True

    async def refused(self, user: CurrentUser, permission: Permission, target: str, origin: Origin) -> None:
        """Write down that somebody tried what their role may not do."""
        deed = Deed(user.email, permission, target, origin, user.role, REFUSED)
        async with self._database.write() as db_session:
            await activity.record(db_session, deed, self._clock())

    # --- the steps -------------------------------------------------------------------------------

    async def _checked(self, email: str, password: str, origin: Origin) -> tuple[str, str | None]:
        """The address as it is kept, and a stronger hash if there is one to keep; a wrong password is counted."""
        email = rules.normal(email)[: rules.MAX_EMAIL_CHARS]
        async with self._database.read() as db_session:
            await self._refuse_if_closed(db_session, email, origin)
            row = await repository.user(db_session, email)
        is_right, stronger = await self._passwords.check(
            password[: rules.MAX_PASSWORD_CHARS], row.password_hash if row else self._nobody
        )
        if row is None or not is_right or not row.is_active:
            await self._count_failure(email, origin, row.role if row else "")
            raise WrongPasswordError
        return email, stronger

    async def _enter(self, db_session: AsyncSession, email: str, stronger: str | None, origin: Origin) -> User:
        """The right password was given: start counting from zero.

        Looks again whether the login is closed: many tries at once must not slip in before they are counted.
        """
        await self._refuse_if_closed(db_session, email, origin)
        user = await repository.user(db_session, email)
        if user is None or not user.is_active:
            raise WrongPasswordError
        if stronger:
            user.password_hash = stronger
        await repository.forget_throttle(db_session, f"email:{email}")
        return user

    async def _begin(
        self, db_session: AsyncSession, user: User, kind: str, lasts_ms: int, origin: Origin
    ) -> LoginSession:
        now_ms = self._clock()
        await repository.forget_sessions(db_session, now_ms - rules.SESSIONS_KEPT_DAYS * _DAY_MS)
        session = LoginSession(
            id=secrets.token_hex(16),
            user_id=user.id,
            kind=kind,
            address=origin.address,
            agent=origin.agent,
            created_at_ms=now_ms,
            used_at_ms=now_ms,
            expires_at_ms=now_ms + lasts_ms,
        )
        repository.add_session(db_session, session)
        deed = Deed(user.email, "user.logged_in", session.id, origin, user.role, detail={"kind": kind})
        await activity.record(db_session, deed, now_ms)
        return session

    async def _log_out(self, db_session: AsyncSession, session_id: str, origin: Origin) -> None:
        now_ms = self._clock()
        found = await repository.session_and_user(db_session, session_id)
        ended = await repository.end_sessions(db_session, session_id=session_id, why="logged_out", now_ms=now_ms)
        if found and ended:
            deed = Deed(found[1].email, "user.logged_out", session_id, origin, found[1].role)
            await activity.record(db_session, deed, now_ms)

    def _sign(self, session: LoginSession, until_ms: int) -> str:
        claims = Claims(session.user_id, session.id)
        return self._signer.sign(claims, now_ms=self._clock(), until_ms=until_ms)

    def _tokens(self, db_session: AsyncSession, session: LoginSession, user: User) -> Tokens:
        now_ms = self._clock()
        until_ms = min(now_ms + rules.ACCESS_MINUTES * _MINUTE_MS, session.expires_at_ms)
        refresh = secrets.token_urlsafe(32)
        repository.add_refresh_token(
            db_session, RefreshToken(token_sha256=_digest(refresh), session_id=session.id, issued_at_ms=now_ms)
        )
        return Tokens(
            access=self._sign(session, until_ms),
            access_s=(until_ms - now_ms) // 1000,
            refresh=refresh,
            refresh_s=(session.expires_at_ms - now_ms) // 1000,
            user=_current(session, user),
        )

    async def _refuse_if_closed(self, db_session: AsyncSession, email: str, origin: Origin) -> None:
        until_ms = await repository.longest_block(db_session, [subject for subject, _ in _subjects(email, origin)])
        if (wait_ms := until_ms - self._clock()) > 0:
            raise TooManyTriesError(wait_ms)

    async def _count_failure(self, email: str, origin: Origin, role: str) -> None:
        now_ms = self._clock()
        async with self._database.write() as db_session:
            await repository.forget_throttles(db_session, now_ms - rules.FORGET_AFTER_MS)
            for subject, free in _subjects(email, origin):
                row = await repository.throttle(db_session, subject, now_ms)
                row.failures += 1
                row.last_at_ms = now_ms
                row.blocked_until_ms = now_ms + rules.wait_after(row.failures, free)
            # What was typed is written down only when it looks like an address: it may be a password.
            who = email if "@" in email else ""
            await activity.record(db_session, Deed(who, "user.login_failed", who, origin, role, REFUSED), now_ms)


def _subjects(email: str, origin: Origin) -> list[tuple[str, int]]:
    """What wrong passwords are counted for, and how many are free."""
    found = [(f"email:{email}", rules.FREE_TRIES)]
    if origin.address:
        found.append((f"from:{origin.address}", rules.FREE_TRIES_FROM))
    return found


def _digest(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()


def _is_open(session: LoginSession, user: User, now_ms: int) -> bool:
    return not session.ended_at_ms and session.expires_at_ms > now_ms and user.is_active


def _current(session: LoginSession, user: User) -> CurrentUser:
    return CurrentUser(user.id, user.email, Role(user.role), session.id)
