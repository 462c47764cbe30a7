"""`/api/v1/admin/users`: who may log in, what they may do, and their sessions."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud.crew import service as crew
from cloud.identity import service
from cloud.identity.access import Creates, Creator, GateDep, Writer, Writes, needs
from cloud.identity.endpoints import EmailText, PasswordText
from cloud.identity.permissions import Permission, Role
from cloud.identity.rules import BadEmailError, WeakPasswordError
from cloud.identity.service import (
    LastOwnerError,
    NoSuchUserError,
    SessionView,
    StaleUserError,
    UserExistsError,
    UserView,
)
from cloud.kit.http import DatabaseDep, IfMatch, RowId, refusals, refusing, revision_of
from cloud.kit.pages import AskedDep, Page

router = APIRouter(prefix="/api/v1/admin/users", tags=["users"])

_MANAGE: Final = [needs(Permission.USERS_MANAGE)]


class NewUser(BaseModel):
    """Somebody who shall be able to log in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "hana@example.com", "role": "staff", "password": "a first sentence to change"}]
        },
    )

    email: EmailText
    role: Role
    password: PasswordText


class UserChange(BaseModel):
    """What to change; what is absent stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "operator"}]})

    role: Role | None = None
    is_active: bool | None = None


class PasswordOfUser(BaseModel):
    """Another password."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"password": "a first sentence to change"}]}
    )

    password: PasswordText = Field(min_length=1)


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int


REFUSED: Final = {
    NoSuchUserError: (404, "no_such_user"),
    UserExistsError: (409, "user_exists"),
    LastOwnerError: (409, "last_owner"),
    StaleUserError: (412, "changed_meanwhile"),
    WeakPasswordError: (422, "weak_password"),
    BadEmailError: (422, "bad_email"),
}
"""What is refused about users, for the API and for the pages."""


def _tagged(response: Response, user: UserView) -> UserView:
    response.headers["ETag"] = f'"{user.revision}"'
    return user


@router.get("", dependencies=_MANAGE)
async def list_users(
    database: DatabaseDep,
    asked: AskedDep,
    role: Role | None = None,
    is_active: bool | None = None,  # noqa: FBT001 - a filter in the address
) -> Page[UserView]:
    """Everybody who was ever allowed to log in, by number."""
    async with database.read() as db_session:
        rows = await service.users(
            db_session, limit=asked.one_more, after=asked.after(int) or 0, role=role, is_active=is_active
        )
    return asked.page(rows, lambda row: row.id)


@router.post(
    "", status_code=201, responses=refusals(http_409="user_exists, key_reused", http_422="bad_email, weak_password")
)
async def add_user(
    body: NewUser,
    creator: Annotated[Creator, Depends(Creates(Permission.USERS_MANAGE, "user.added"))],
    response: Response,
    gate: GateDep,
) -> UserView:
    """Add a user. The password is the first one; the user changes it."""
    password = await service.new_password(body.password)
    with refusing(REFUSED):
        async with creator.once(body, email=body.email, role=body.role) as work:
            if work.is_new:
                user = await service.create_user(
                    work.db_session, body.email, password, role=body.role, now_ms=gate.now_ms()
                )
                work.made = str(user.id)
            else:
                user = await service.user(work.db_session, int(work.made))
    return _tagged(response, user)


@router.get("/{user_id}", dependencies=_MANAGE, responses=refusals(http_404="no_such_user"))
async def get_user(user_id: RowId, database: DatabaseDep, response: Response) -> UserView:
    """One user; the `ETag` is for a change."""
    with refusing(REFUSED):
        async with database.read() as db_session:
            return _tagged(response, await service.user(db_session, user_id))


@router.patch(
    "/{user_id}", responses=refusals(http_404="no_such_user", http_409="last_owner", http_412="changed_meanwhile")
)
async def change_user(
    user_id: RowId,
    body: UserChange,
    writer: Annotated[Writer, Depends(Writes(Permission.USERS_MANAGE, "user.changed"))],
    response: Response,
    gate: GateDep,
    if_match: IfMatch = None,
) -> UserView:
    """Change a user's role, or switch the user off or on. A change ends the user's sessions."""
    wanted = body.model_dump(exclude_none=True)
    with refusing(REFUSED):
        async with writer.write(**wanted) as db_session:
            await crew.hold(db_session)
            user = await service.change_user(
                db_session, user_id, now_ms=gate.now_ms(), revision=revision_of(if_match), **wanted
            )
            await crew.publish(db_session, crew.Change(writer.user.email, writer.now_ms))
    return _tagged(response, user)


@router.put(
    "/{user_id}/password",
    status_code=204,
    responses=refusals(http_404="no_such_user", http_422="weak_password"),
)
async def set_password(
    user_id: RowId,
    body: PasswordOfUser,
    writer: Annotated[Writer, Depends(Writes(Permission.USERS_MANAGE, "user.password_set"))],
    gate: GateDep,
) -> None:
    """Give a user another password; the user's sessions end."""
    password = await service.new_password(body.password)
    with refusing(REFUSED):
        async with writer.write() as db_session:
            await service.set_password(db_session, user_id, password, now_ms=gate.now_ms())


@router.get("/{user_id}/sessions", dependencies=_MANAGE, responses=refusals(http_404="no_such_user"))
async def list_sessions(user_id: RowId, database: DatabaseDep, asked: AskedDep, gate: GateDep) -> Page[SessionView]:
    """Where a user is logged in, newest first."""
    with refusing(REFUSED):
        async with database.read() as db_session:
            rows = await service.sessions(
                db_session, user_id, gate.now_ms(), limit=asked.one_more, before=asked.after(int, str)
            )
    return asked.page(rows, lambda row: (row.created_at_ms, row.id))


@router.delete("/{user_id}/sessions", responses=refusals(http_404="no_such_user"))
async def end_sessions(
    user_id: RowId,
    writer: Annotated[Writer, Depends(Writes(Permission.USERS_MANAGE, "user.sessions_ended"))],
    gate: GateDep,
) -> Ended:
    """Log a user out everywhere."""
    with refusing(REFUSED):
        async with writer.write() as db_session:
            return Ended(ended=await service.end_sessions(db_session, user_id, now_ms=gate.now_ms()))
