"""`/dashboard/crew`: who may begin visits at the machines, their PINs and rights."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from cloud.crew import service as crew
from cloud.crew.endpoints import REFUSED, MemberBody, saved
from cloud.crew.rules import LEAST_DIGITS, MOST_DIGITS
from cloud.crew.service import ALLOWED_ROLES, MemberView
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.staff_wording import RIGHTS
from cloud.db.database import Database
from cloud.identity import service as identity
from cloud.identity.access import Writer
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, refusing
from cloud.machines import service as machines

router = APIRouter(prefix="/dashboard/crew", include_in_schema=False)

USERS_SHOWN: Final = 500

REFUSALS: Final = {
    "invalid": "お名前と言語をご確認ください。お名前は80文字までです。",
    "pins_differ": "二つの暗証番号が違います。同じ番号を二回ご記入ください。",
    "weak_pin": "暗証番号は {least}〜{most} 桁の数字です。同じ数字の並びや連番は使えません。",
    "may_not_visit": "この利用者は停止中か、自販機で作業する権限がありません。先に利用者の画面で変更してください。",
    "changed_meanwhile": "ほかの方が先に変更しました。今の内容をご確認のうえ、もう一度お試しください。",
    "no_such_machine": "選ばれた自販機が見つかりません。",
    "no_such_user": "この利用者は見つかりません。",
    "not_of_the_crew": "暗証番号をご記入になるか、「番号を自動で決める」をお選びください。",
}

Manages = Annotated[CurrentUser, Depends(PageLock(Permission.CREW_MANAGE))]
Saves = Annotated[Writer, Depends(PageWrites(Permission.CREW_MANAGE, "crew.saved"))]
Removes = Annotated[Writer, Depends(PageWrites(Permission.CREW_MANAGE, "crew.removed"))]


@router.get("")
async def people(request: Request, user: Manages, database: DatabaseDep) -> Response:
    """担当者."""
    return await _page(request, user, database, {})


@router.post("/{user_id}")
async def save(user_id: RowId, request: Request, writer: Saves, database: DatabaseDep) -> Response:
    """Save the form; a PIN that was drawn is shown on the page that answers, and never again."""
    sent = await request.form()
    try:
        body = _body(sent)
        revision = str(sent.get("revision", ""))
        with refusing(REFUSED):
            made = await saved(writer, user_id, body, int(revision) if revision.isdecimal() else None)
    except ValidationError:
        return await _refused(request, writer, user_id, ProblemError(422, "invalid", "The form is not complete."))
    except ProblemError as problem:
        return await _refused(request, writer, user_id, problem)
    if made.pin:
        return await _page(request, writer.user, database, {"drawn": made.pin, "drawn_for": made.name})
    return RedirectResponse("/dashboard/crew", status_code=303)


def _body(sent: FormData) -> MemberBody:
    text = {name: str(sent.get(name, "")).strip() for name in ("name", "name_kana", "language", "pin", "pin_again")}
    if text["pin"] != text["pin_again"]:
        raise ProblemError(422, "pins_differ", "The two PINs are not the same.")
    return MemberBody.model_validate(
        {
            "name": text["name"],
            "name_kana": text["name_kana"],
            "language": text["language"] or "ja",
            "rights": [str(value) for value in sent.getlist("rights")],
            "machines": [str(value) for value in sent.getlist("machines")],
            "pin": text["pin"] or None,
            "is_drawn": not text["pin"] and bool(sent.get("is_drawn")),
        }
    )


@router.post("/{user_id}/remove")
async def remove(user_id: RowId, request: Request, writer: Removes) -> Response:
    """Take somebody off every machine's list."""
    try:
        with refusing(REFUSED):
            async with writer.write(user=user_id) as db_session:
                await crew.remove(db_session, user_id, crew.Change(writer.user.email, writer.now_ms))
    except ProblemError as problem:
        return await _refused(request, writer, user_id, problem)
    return RedirectResponse("/dashboard/crew", status_code=303)


async def _refused(request: Request, writer: Writer, user_id: int, problem: ProblemError) -> Response:
    database: Database = request.app.state.database
    said = {"error": say(REFUSALS[problem.code], least=LEAST_DIGITS, most=MOST_DIGITS), "error_of": user_id}
    return with_status(await _page(request, writer.user, database, said), problem.status)


async def _page(request: Request, user: CurrentUser, database: Database, said: dict[str, Any]) -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        known = {row.user_id: row for row in await crew.members(contexts.db_session)}
        users = await identity.users(contexts.db_session, limit=USERS_SHOWN, is_active=True)
        fleet = await machines.names(contexts.db_session)
        lists = await machines.documents(contexts.db_session, list(fleet))
        return {
            "people": [_person(row.id, row.email, known.get(row.id)) for row in users if row.role in ALLOWED_ROLES],
            "rights": RIGHTS,
            "machines": fleet,
            "waiting": sorted(row.machine_id for row in lists.values() if row.name == "staff" and not _arrived(row)),
            "digits": (LEAST_DIGITS, MOST_DIGITS),
            "error": "",
            "error_of": 0,
            "drawn": "",
        } | said

    return await show(request, database, user, "crew", "担当者", build)


def _arrived(row: machines.DocumentView) -> bool:
    return row.answered_rev == row.rev and row.is_applied


def _person(user_id: int, email: str, member: MemberView | None) -> dict[str, Any]:
    return {
        "id": user_id,
        "email": email,
        "has_pin": member is not None,
        "name": member.name if member else "",
        "name_kana": member.name_kana if member else "",
        "language": member.language if member else "ja",
        "rights": member.rights if member else ["restock"],
        "machines": member.machines if member else [],
        "revision": member.revision if member else "",
    }
