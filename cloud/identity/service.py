"""The door of the users: add them, change what they may do, end their sessions. Commits nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.identity import repository, rules
from cloud.identity.models import LoginSession, User
from cloud.identity.passwords import Passwords
from cloud.identity.permissions import Role
from cloud.kit.clock import system_clock

passwords: Final = Passwords()
"""How new passwords are kept."""


@dataclass(frozen=True, slots=True, repr=False)
class NewPassword:
    """A password somebody shall have."""

    text: str
    """To check against the rules; never kept."""
    hash: str


async def new_password(text: str) -> NewPassword:
    """Hash a password before a transaction is begun: it takes a tenth of a second, and others wait for a writer."""
    return NewPassword(text, await passwords.hash(text))


class UserExistsError(ValueError):
    """An e-mail address that is taken."""

    def __init__(self, email: str) -> None:
        self.email = email
        super().__init__(f"there is a user {email!r} already")


class NoSuchUserError(LookupError):
    """A user nobody knows."""

    def __init__(self, name: str | int) -> None:
        super().__init__(f"there is no user {name!r}")


class StaleUserError(ValueError):
    """Somebody else changed the user in between."""

    def __init__(self, user: "UserView") -> None:
        self.user = user
        super().__init__(f"{user.email} was changed in between and is revision {user.revision} now; read it again")


class LastOwnerError(ValueError):
    """Without an owner nobody could manage users any more."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is the only active owner; make somebody else an owner first")


class UserView(BaseModel):
    """A user as others see them."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    role: Role
    is_active: bool
    revision: int
    """Counts changes of role and of being active."""
    created_at_ms: int


class SessionView(BaseModel):
    """A login that is not over."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: str
    """browser or api."""
    address: str
    agent: str
    created_at_ms: int
    used_at_ms: int
    """Begun, or last refreshed."""
    expires_at_ms: int


async def create_user(
    db_session: AsyncSession, email: str, password: NewPassword, *, role: Role = Role.OWNER, now_ms: int | None = None
) -> UserView:
    """Add a user.

    Args:
        db_session: a writing session.
        email: the login name; upper and lower case are the same.
        password: see `rules.check_password`; only its Argon2id hash is kept.
        role: what the user may do.
        now_ms: ms since 1970 UTC; now when None.

    Raises:
        WeakPasswordError: the password is easy to guess.
        BadEmailError: the address is not one.
        UserExistsError: it is taken.
    """
    email = rules.check_email(email)
    rules.check_password(password.text, email)
    if await repository.user(db_session, email):
        raise UserExistsError(email)
    created = system_clock() if now_ms is None else now_ms
    row = User(email=email, role=role, password_hash=password.hash, is_active=True, revision=1, created_at_ms=created)
    repository.add_user(db_session, row)
    try:
        await db_session.flush()
    except IntegrityError as error:  # somebody else added the same user at this moment
        raise UserExistsError(email) from error
    return _view(row)


async def is_anybody(db_session: AsyncSession) -> bool:
    """Whether there is any user."""
    return bool(await repository.user_count(db_session))


async def ensure_first_user(db_session: AsyncSession, email: str, password: NewPassword) -> bool:
    """Create this user as an owner when there is none at all.

    Returns:
        Whether it was created.
    """
    if await is_anybody(db_session):
        return False
    await create_user(db_session, email, password)
    return True


async def users(
    db_session: AsyncSession,
    *,
    limit: int,
    after: int = 0,
    role: Role | None = None,
    is_active: bool | None = None,
) -> list[UserView]:
    """A page of users by number; `after` is the number of the last row of the page before."""
    rows = await repository.users(db_session, limit=limit, after=after, role=role, is_active=is_active)
    return [_view(row) for row in rows]


async def user(db_session: AsyncSession, user_id: int) -> UserView:
    """One user.

    Raises:
        NoSuchUserError: nobody has this number.
    """
    return _view(await _row(db_session, user_id))


async def user_of_email(db_session: AsyncSession, email: str) -> UserView:
    """One user by address.

    Raises:
        NoSuchUserError: nobody has it.
    """
    row = await repository.user(db_session, rules.normal(email))
    if row is None:
        raise NoSuchUserError(email)
    return _view(row)


async def change_user(
    db_session: AsyncSession,
    user_id: int,
    *,
    now_ms: int,
    role: Role | None = None,
    is_active: bool | None = None,
    revision: int | None = None,
) -> UserView:
    """Change what a user may do; whoever is logged in as them is logged out.

    Args:
        db_session: a writing session.
        user_id: number of the user.
        now_ms: ms since 1970 UTC.
        role: the new role; None to leave it.
        is_active: whether they may log in; None to leave it.
        revision: the one this change follows; None for any.

    Raises:
        NoSuchUserError: nobody has this number.
        StaleUserError: it is another revision now.
        LastOwnerError: nobody would be left to manage users.
    """
    owners = await repository.lock_active(db_session, Role.OWNER)
    row = await _row(db_session, user_id, for_update=True)
    if revision is not None and revision != row.revision:
        raise StaleUserError(_view(row))
    after = (role or row.role, row.is_active if is_active is None else is_active)
    if after == (row.role, row.is_active):
        return _view(row)
    if (row.role, row.is_active) == (Role.OWNER, True) and owners == 1:
        raise LastOwnerError(row.email)
    row.role, row.is_active = after
    row.revision += 1
    await repository.end_sessions(db_session, user_id=row.id, why="user_changed", now_ms=now_ms)
    await db_session.flush()
    return _view(row)


async def set_password(db_session: AsyncSession, user_id: int, password: NewPassword, *, now_ms: int) -> UserView:
    """Give a user another password; whoever is logged in as them is logged out.

    Raises:
        NoSuchUserError: nobody has this number.
        WeakPasswordError: the password is easy to guess.
    """
    row = await _row(db_session, user_id, for_update=True)
    rules.check_password(password.text, row.email)
    row.password_hash = password.hash
    await repository.end_sessions(db_session, user_id=row.id, why="password_changed", now_ms=now_ms)
    await repository.forget_throttle(db_session, f"email:{row.email}")
    await db_session.flush()
    return _view(row)


async def end_sessions(db_session: AsyncSession, user_id: int, *, now_ms: int) -> int:
    """Log a user out everywhere.

    Returns:
        How many sessions there were.

    Raises:
        NoSuchUserError: nobody has this number.
    """
    await _row(db_session, user_id)
    return await repository.end_sessions(db_session, user_id=user_id, why="ended", now_ms=now_ms)


async def sessions(
    db_session: AsyncSession, user_id: int, now_ms: int, *, limit: int, before: tuple[int, str] | None = None
) -> list[SessionView]:
    """A user's sessions that are not over, newest first.

    Raises:
        NoSuchUserError: nobody has this number.
    """
    await _row(db_session, user_id)
    rows: Sequence[LoginSession] = await repository.sessions(db_session, user_id, now_ms, limit=limit, before=before)
    return [SessionView.model_validate(row) for row in rows]


async def session_counts(db_session: AsyncSession, now_ms: int) -> dict[int, int]:
    """User number to how many sessions are not over, for those that have any."""
    return await repository.session_counts(db_session, now_ms)


async def _row(db_session: AsyncSession, user_id: int, *, for_update: bool = False) -> User:
    row = await repository.user_of_id(db_session, user_id, for_update=for_update)
    if row is None:
        raise NoSuchUserError(user_id)
    return row


def _view(row: User) -> UserView:
    return UserView.model_validate(row)
