"""The door of the crew: who may begin visits where. Each change publishes the lists it touches. Commits nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.crew import repository, rules
from cloud.crew.models import Member
from cloud.db import locks
from cloud.db.locks import Lock
from cloud.identity import service as identity
from cloud.identity.permissions import Role
from cloud.machines import service as machines

Right = Literal["restock", "cash", "devices", "update"]

RIGHTS: Final[tuple[Right, ...]] = ("restock", "cash", "devices", "update")
ALLOWED_ROLES: Final = frozenset({Role.OWNER, Role.OPERATOR, Role.STAFF})
"""Whose work may be at a machine."""
MOST_USERS: Final = 10_000


class NotOfTheCrewError(LookupError):
    """A user without a PIN."""

    def __init__(self, user_id: int) -> None:
        super().__init__(f"user {user_id} has no PIN for the machines")


class MayNotVisitError(ValueError):
    """A user who may not log in, or whose role has no work at a machine."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is switched off, or has a role without work at the machines; change that first")


class StaleMemberError(ValueError):
    """Somebody else changed it in between."""

    def __init__(self, member: "MemberView") -> None:
        self.member = member
        super().__init__(f"user {member.user_id} is revision {member.revision} now; read it again")


class MemberView(BaseModel):
    """Somebody who may begin visits; never their PIN."""

    model_config = ConfigDict(from_attributes=True)

    user_id: int
    """Number of the user, and their id in what machines tell."""
    name: str
    name_kana: str
    language: str
    rights: list[Right]
    machines: list[str]
    """Machine ids; empty for all."""
    revision: int
    changed_at_ms: int


@dataclass(frozen=True, slots=True, repr=False)
class Pin:
    """A PIN somebody shall have, hashed. Its text is not kept."""

    hash: str


async def new_pin(text: str) -> Pin:
    """Hash a PIN before a transaction is begun: others wait for a writer.

    Raises:
        WeakPinError: not 6 to 8 digits, or one that is guessed first.
    """
    return Pin(await asyncio.to_thread(rules.hash_pin, rules.check_pin(text)))


@dataclass(frozen=True, slots=True)
class Profile:
    """What a machine knows of somebody besides their PIN."""

    name: str
    rights: Sequence[Right]
    name_kana: str = ""
    language: str = "ja"
    machines: Sequence[str] = ()
    """Machine ids; empty for all."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something, and when."""

    by: str
    now_ms: int


async def hold(db_session: AsyncSession) -> None:
    """Before users or machines are changed and `publish` follows: two such changes wait for each other here."""
    await locks.take(db_session, Lock.FLEET)


async def members(db_session: AsyncSession) -> list[MemberView]:
    """Everybody with a PIN, by number of their user."""
    return [MemberView.model_validate(row) for row in await repository.members(db_session)]


async def member(db_session: AsyncSession, user_id: int) -> MemberView:
    """One of them.

    Raises:
        NotOfTheCrewError: they have no PIN.
    """
    row = await repository.member(db_session, user_id)
    if row is None:
        raise NotOfTheCrewError(user_id)
    return MemberView.model_validate(row)


async def names(db_session: AsyncSession) -> dict[str, str]:
    """Staff id, as machines tell it, to a name: of everybody who has a PIN, and the address of all other users."""
    found = {str(row.id): row.email for row in await identity.users(db_session, limit=MOST_USERS)}
    return found | {str(row.user_id): row.name for row in await repository.members(db_session)}


async def save(
    db_session: AsyncSession,
    user_id: int,
    profile: Profile,
    change: Change,
    *,
    pin: Pin | None = None,
    revision: int | None = None,
) -> MemberView:
    """Let somebody begin visits, or change how; the machines hear of it.

    Args:
        db_session: a writing session.
        user_id: who.
        profile: what the machines know of them.
        change: who changes it.
        pin: a new one; None keeps theirs.
        revision: the one this change follows; None for any.

    Raises:
        NoSuchUserError: nobody has this number.
        MayNotVisitError: switched off, or no such role.
        NotOfTheCrewError: they are new and no PIN is given.
        StaleMemberError: it is another revision now.
        NoSuchMachineError: one of the machines is not registered.
    """
    await hold(db_session)
    await _check(db_session, user_id, profile)
    row = await repository.member(db_session, user_id)
    if row is not None and revision is not None and revision != row.revision:
        raise StaleMemberError(MemberView.model_validate(row))
    if row is None:
        if pin is None:
            raise NotOfTheCrewError(user_id)
        row = Member(user_id=user_id, revision=0)
        repository.add(db_session, row)
    row.name, row.name_kana, row.language = profile.name, profile.name_kana, profile.language
    row.rights, row.machines = list(profile.rights), sorted(set(profile.machines))
    row.pin_hash = pin.hash if pin else row.pin_hash
    row.revision += 1
    row.changed_at_ms = change.now_ms
    await db_session.flush()
    await publish(db_session, change)
    return MemberView.model_validate(row)


async def _check(db_session: AsyncSession, user_id: int, profile: Profile) -> None:
    user = await identity.user(db_session, user_id)
    if not user.is_active or user.role not in ALLOWED_ROLES:
        raise MayNotVisitError(user.email)
    known = set(await machines.names(db_session))
    for name in profile.machines:
        if name not in known:
            raise machines.NoSuchMachineError(name)


async def remove(db_session: AsyncSession, user_id: int, change: Change) -> None:
    """Somebody may not begin visits any more; the machines hear of it.

    Raises:
        NotOfTheCrewError: they have no PIN.
    """
    await hold(db_session)
    row = await repository.member(db_session, user_id)
    if row is None:
        raise NotOfTheCrewError(user_id)
    await repository.remove(db_session, row)
    await db_session.flush()
    await publish(db_session, change)


async def publish(db_session: AsyncSession, change: Change) -> int:
    """Bring every machine's staff list up to date with who is there now; call it after any change of users or machines.

    Who was switched off or has another role now is on none, and has to be given a PIN anew.

    Returns:
        How many machines get another list.
    """
    allowed = {
        row.id
        for row in await identity.users(db_session, limit=MOST_USERS, is_active=True)
        if row.role in ALLOWED_ROLES
    }
    crew = []
    for row in await repository.members(db_session):
        if row.user_id in allowed:
            crew.append(row)
        else:
            await repository.remove(db_session, row)
    await db_session.flush()
    fleet = list(await machines.names(db_session))
    before = await machines.documents(db_session, fleet)
    changed = 0
    for name in fleet:
        staff = [_listed(row) for row in crew if not row.machines or name in row.machines]
        known = before.get((name, "staff"))
        if known is None and not staff:
            continue
        rev = await machines.publish_document(
            db_session, name, "staff", {"staff": staff}, by=change.by, now_ms=change.now_ms
        )
        changed += rev != (known.rev if known else 0)
    return changed


def _listed(row: Member) -> dict[str, object]:
    return {
        "id": str(row.user_id),
        "name": row.name,
        "name_kana": row.name_kana,
        "language": row.language,
        "pin": row.pin_hash,
        "rights": list(row.rights),
    }
