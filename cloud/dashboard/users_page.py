"""`/dashboard/users`: who may log in and what they may do, for owners."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.crew import service as crew
from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.db.database import Database
from cloud.identity import service
from cloud.identity.access import GateDep, Writer
from cloud.identity.gate import CurrentUser, Gate
from cloud.identity.permissions import Permission, Role
from cloud.identity.rules import MAX_EMAIL_CHARS, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS
from cloud.identity.user_endpoints import REFUSED
from cloud.kit.http import DatabaseDep, ProblemError, RowId, refusing

router = APIRouter(prefix="/dashboard/users", include_in_schema=False)

USERS_SHOWN: Final = 500

ROLES: Final = {
    Role.OWNER: "オーナー — すべて",
    Role.ACCOUNTANT: "経理 — 帳簿と決算",
    Role.OPERATOR: "運営 — 自販機、価格、遠隔販売",
    Role.STAFF: "スタッフ — 補充と作業",
    Role.VIEWER: "閲覧 — 見るだけ",
}
"""Roles in words."""

REFUSALS: Final = {
    "user_exists": "このメールアドレスの利用者は、すでにいます。",
    "last_owner": "オーナーが一人もいなくなるため、変更できません。先に、ほかの方をオーナーにしてください。",
    "changed_meanwhile": "ほかの方が先に変更しました。今の内容をご確認のうえ、もう一度お試しください。",
    "weak_password": "パスワードは {least} 文字以上で、メールアドレスとは別のものにしてください。",
    "bad_email": "メールアドレスの形が正しくありません。",
    "no_such_user": "この利用者は見つかりません。",
}

Manages = Annotated[CurrentUser, Depends(PageLock(Permission.USERS_MANAGE))]
Adds = Annotated[Writer, Depends(PageWrites(Permission.USERS_MANAGE, "user.added"))]
Changes = Annotated[Writer, Depends(PageWrites(Permission.USERS_MANAGE, "user.changed"))]
Ends = Annotated[Writer, Depends(PageWrites(Permission.USERS_MANAGE, "user.sessions_ended"))]


@router.get("")
async def users(request: Request, user: Manages, database: DatabaseDep, gate: GateDep) -> Response:
    """利用者."""
    return await _page(request, user, database, gate)


@router.post("")
async def add(
    request: Request,
    writer: Adds,
    gate: GateDep,
    email: Annotated[str, Form(max_length=MAX_EMAIL_CHARS)],
    role: Annotated[Role, Form()],
    password: Annotated[str, Form(max_length=MAX_PASSWORD_CHARS)],
) -> Response:
    """Add a user from the form."""
    try:
        with refusing(REFUSED):
            kept = await service.new_password(password)
            async with writer.write(email=email, role=role) as db_session:
                await service.create_user(db_session, email, kept, role=role, now_ms=gate.now_ms())
    except ProblemError as error:
        return await _refused(request, writer, gate, error)
    return RedirectResponse("/dashboard/users", status_code=303)


@router.post("/{user_id}")
async def change(
    user_id: RowId,
    request: Request,
    writer: Changes,
    gate: GateDep,
    role: Annotated[Role, Form()],
    revision: Annotated[int, Form(ge=1, lt=2**31)],
    is_active: Annotated[bool, Form()] = False,  # noqa: FBT002 - a box that is not ticked is not sent
) -> Response:
    """Change a user's role, or switch the user off or on."""
    try:
        with refusing(REFUSED):
            async with writer.write(role=role, is_active=is_active) as db_session:
                await crew.hold(db_session)
                await service.change_user(
                    db_session,
                    user_id,
                    now_ms=gate.now_ms(),
                    role=role,
                    is_active=is_active,
                    revision=revision,
                )
                await crew.publish(db_session, crew.Change(writer.user.email, writer.now_ms))
    except ProblemError as error:
        return await _refused(request, writer, gate, error)
    return RedirectResponse("/dashboard/users", status_code=303)


@router.post("/{user_id}/sessions/end")
async def end_sessions(user_id: RowId, request: Request, writer: Ends, gate: GateDep) -> Response:
    """Log a user out everywhere."""
    try:
        with refusing(REFUSED):
            async with writer.write() as db_session:
                await service.end_sessions(db_session, user_id, now_ms=gate.now_ms())
    except ProblemError as error:
        return await _refused(request, writer, gate, error)
    return RedirectResponse("/dashboard/users", status_code=303)


async def _refused(request: Request, writer: Writer, gate: Gate, problem: ProblemError) -> Response:
    database: Database = request.app.state.database
    return with_status(
        await _page(request, writer.user, database, gate, say(REFUSALS[problem.code], least=MIN_PASSWORD_CHARS)),
        problem.status,
    )


async def _page(request: Request, user: CurrentUser, database: Database, gate: Gate, error: str = "") -> Response:
    async def build(contexts: Contexts) -> dict[str, Any]:
        rows = await service.users(contexts.db_session, limit=USERS_SHOWN)
        counts = await service.session_counts(contexts.db_session, gate.now_ms())
        return {
            "users": [row.model_dump() | {"sessions": counts.get(row.id, 0)} for row in rows],
            "roles": ROLES,
            "least": MIN_PASSWORD_CHARS,
            "error": error,
        }

    return await show(request, database, user, "users", "利用者", build)
