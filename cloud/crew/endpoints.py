"""`/api/v1/admin/crew`: who may begin visits at which machines. A PIN goes in, or is drawn and comes out once."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud.crew import rules, service
from cloud.crew.rules import WeakPinError
from cloud.crew.service import Change, MayNotVisitError, MemberView, NotOfTheCrewError, Profile, Right, StaleMemberError
from cloud.identity.access import Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.identity.service import NoSuchUserError
from cloud.kit.http import DatabaseDep, IfMatch, RowId, refusals, refusing, revision_of
from cloud.kit.pages import AskedDep, Page
from cloud.machines.service import NoSuchMachineError

router = APIRouter(prefix="/api/v1/admin/crew", tags=["users"])

_MANAGE: Final = [needs(Permission.CREW_MANAGE)]

REFUSED: Final = {
    NoSuchUserError: (404, "no_such_user"),
    NotOfTheCrewError: (404, "not_of_the_crew"),
    MayNotVisitError: (409, "may_not_visit"),
    StaleMemberError: (412, "changed_meanwhile"),
    NoSuchMachineError: (422, "no_such_machine"),
    WeakPinError: (422, "weak_pin"),
}
"""What is refused about the crew, for the API and for the page."""


class MemberBody(BaseModel):
    """Somebody who shall be able to begin visits. Without `pin` theirs stays; who has none gets one drawn."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "佐藤 花子", "name_kana": "サトウ ハナコ", "rights": ["restock", "cash"], "machines": []}
            ]
        },
    )

    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")
    name_kana: str = Field(default="", max_length=80, pattern=r"^[^\x00]*$")
    language: str = Field(default="ja", pattern=r"^(ja|en)$")
    rights: list[Right] = Field(max_length=4)
    machines: list[Annotated[str, Field(max_length=40)]] = Field(default_factory=list, max_length=1_000)
    """Machine ids; empty for all."""
    pin: str | None = Field(default=None, max_length=32)
    """6 to 8 digits."""
    is_drawn: bool = False
    """Draw a new PIN instead; it is in the answer, once."""


class SavedMember(MemberView):
    """The member; with the PIN when one was drawn: the only time it is shown."""

    pin: str | None = None


async def saved(writer: Writer, user_id: int, body: MemberBody, revision: int | None) -> SavedMember:
    """Save what was sent, and draw a PIN where one is needed.

    Raises:
        WeakPinError, NoSuchUserError, MayNotVisitError, StaleMemberError, NoSuchMachineError: see `service`.
    """
    drawn = rules.drawn_pin() if body.is_drawn and body.pin is None else None
    profile = Profile(body.name, sorted(set(body.rights)), body.name_kana, body.language, body.machines)
    text = body.pin or drawn
    pin = await service.new_pin(text) if text else None
    # Never the PIN itself, nor its hash.
    detail = {"name": body.name, "rights": list(profile.rights), "machines": body.machines, "new_pin": pin is not None}
    async with writer.write(user=user_id, **detail) as db_session:
        change = Change(writer.user.email, writer.now_ms)
        found = await service.save(db_session, user_id, profile, change, pin=pin, revision=revision)
    return SavedMember(**found.model_dump(), pin=drawn)


def _tagged(response: Response, member: MemberView) -> None:
    response.headers["ETag"] = f'"{member.revision}"'


@router.get("", dependencies=_MANAGE)
async def list_crew(database: DatabaseDep, asked: AskedDep) -> Page[MemberView]:
    """Everybody with a PIN, by number of their user."""
    async with database.read() as db_session:
        rows = await service.members(db_session)
    return asked.cut(rows, lambda row: row.user_id, int)


@router.get("/{user_id}", dependencies=_MANAGE, responses=refusals(http_404="not_of_the_crew"))
async def get_member(user_id: RowId, database: DatabaseDep, response: Response) -> MemberView:
    """One of them; the `ETag` is for a change."""
    with refusing(REFUSED):
        async with database.read() as db_session:
            found = await service.member(db_session, user_id)
    _tagged(response, found)
    return found


@router.put(
    "/{user_id}",
    responses=refusals(
        http_404="no_such_user, not_of_the_crew",
        http_409="may_not_visit",
        http_412="changed_meanwhile",
        http_422="weak_pin, no_such_machine",
    ),
)
async def save_member(
    user_id: RowId,
    body: MemberBody,
    writer: Annotated[Writer, Depends(Writes(Permission.CREW_MANAGE, "crew.saved"))],
    response: Response,
    if_match: IfMatch = None,
) -> SavedMember:
    """Let a user begin visits, or change how. Who is new needs `pin` or `is_drawn`. Their machines hear of it."""
    with refusing(REFUSED):
        found = await saved(writer, user_id, body, revision_of(if_match))
    _tagged(response, found)
    return found


@router.delete("/{user_id}", status_code=204, responses=refusals(http_404="not_of_the_crew"))
async def remove_member(
    user_id: RowId, writer: Annotated[Writer, Depends(Writes(Permission.CREW_MANAGE, "crew.removed"))]
) -> None:
    """Take somebody off every machine's list."""
    with refusing(REFUSED):
        async with writer.write(user=user_id) as db_session:
            await service.remove(db_session, user_id, Change(writer.user.email, writer.now_ms))
