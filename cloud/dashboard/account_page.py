"""`/dashboard/account`: everybody's own password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.dashboard.contexts import Contexts
from cloud.dashboard.language import say
from cloud.dashboard.locks import PageLock, PageWrites
from cloud.dashboard.pages import show, with_status
from cloud.dashboard.users_page import REFUSALS, ROLES
from cloud.db.database import Database
from cloud.identity import service
from cloud.identity.access import GateDep, OriginDep, Writer
from cloud.identity.gate import CurrentUser, TooManyTriesError
from cloud.identity.permissions import Permission
from cloud.identity.rules import MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, WeakPasswordError
from cloud.kit.http import DatabaseDep

router = APIRouter(prefix="/dashboard/account", include_in_schema=False)

Self = Annotated[CurrentUser, Depends(PageLock(Permission.SELF))]
ChangesPassword = Annotated[Writer, Depends(PageWrites(Permission.SELF, "user.password_changed"))]
PasswordField = Annotated[str, Form(max_length=MAX_PASSWORD_CHARS)]


@router.get("")
async def account(request: Request, user: Self, database: DatabaseDep) -> Response:
    """アカウント."""
    return await _page(request, user, database)


@router.post("")
async def change_password(
    request: Request,
    writer: ChangesPassword,
    gate: GateDep,
    origin: OriginDep,
    password: PasswordField,
    new_password: PasswordField,
) -> Response:
    """Change the password; every session ends, so the browser is led to the login."""
    database: Database = request.app.state.database
    try:
        if not await gate.is_password(writer.user, password, origin):
            return await _page(request, writer.user, database, "今のパスワードが違います。", 403)
        kept = await service.new_password(new_password)
        async with writer.write() as db_session:
            await service.set_password(db_session, writer.user.id, kept, now_ms=gate.now_ms())
    except TooManyTriesError as error:
        return await _page(
            request, writer.user, database, say("{wait}秒待ってから、もう一度お試しください。", wait=error.wait_s), 429
        )
    except WeakPasswordError:
        return await _page(
            request, writer.user, database, say(REFUSALS["weak_password"], least=MIN_PASSWORD_CHARS), 422
        )
    return RedirectResponse("/dashboard/login?next=/dashboard/account", status_code=303)


async def _page(
    request: Request,
    user: CurrentUser,
    database: Database,
    error: str = "",
    status: int = 200,
) -> Response:
    async def build(_contexts: Contexts) -> dict[str, Any]:
        return {"error": error, "role": ROLES[user.role], "least": MIN_PASSWORD_CHARS}

    return with_status(await show(request, database, user, "account", "アカウント", build), status)
